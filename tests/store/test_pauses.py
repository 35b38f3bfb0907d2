"""The pause ledger in both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hotline_ivr.routing.presence import Period, Standing
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.pauses import DatabasePauses

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
READY = Period("anna", Standing.READY, "", NOON, None, "hotline", "")
READY_ENDED = Period("anna", Standing.READY, "", NOON, NOON + HOUR, "hotline", "anna")
LUNCH = Period("anna", Standing.PAUSED, "lunch", NOON + HOUR, None, "anna", "")
BJORN = Period("bjorn", Standing.READY, "", NOON, None, "hotline", "")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    await upgrade(database_url)
    opened = open_store(database_url)
    yield opened
    await opened.close()


async def test_the_end_of_a_period_takes_the_place_of_its_open_line(store: Store) -> None:
    pauses = DatabasePauses(store, "main")
    await pauses.write([READY, BJORN])
    await pauses.write([READY_ENDED, LUNCH])
    # As after a kill between the commit and the file.
    await pauses.write([READY_ENDED, LUNCH])
    assert await pauses.between(NOON, NOON + 2 * HOUR) == (READY_ENDED, BJORN, LUNCH)


async def test_a_line_takes_its_own_place_where_the_clock_was_set_since(store: Store) -> None:
    pauses = DatabasePauses(store, "main")
    await pauses.write([READY, BJORN])
    moved = replace(READY_ENDED, began_at=NOON + HOUR, ended_at=NOON + 2 * HOUR)
    # As after a kill between the commit and the file.
    for _ in range(2):
        await pauses.write([replace(moved, known_as=NOON)])
    assert await pauses.between(NOON, NOON + 3 * HOUR) == (BJORN, moved)


async def test_only_what_touches_the_time_is_told(store: Store) -> None:
    pauses = DatabasePauses(store, "main")
    await pauses.write([READY_ENDED, LUNCH, BJORN])
    assert await pauses.between(NOON - HOUR, NOON, "anna") == ()
    assert await pauses.between(NOON + HOUR, NOON + 2 * HOUR, "anna") == (LUNCH,)


async def test_a_week_of_a_large_floor_is_written_at_once(store: Store) -> None:
    pauses = DatabasePauses(store, "main")
    many = [Period("anna", Standing.READY, "", NOON + n * HOUR, None, "hotline", "") for n in range(1000)]
    await pauses.write(many)
    assert len(await pauses.between(NOON, NOON + 2000 * HOUR)) == 1000


async def test_nodes_in_one_database_do_not_see_one_another(store: Store) -> None:
    await DatabasePauses(store, "one").write([READY])
    assert await DatabasePauses(store, "two").between(NOON, NOON + HOUR) == ()
