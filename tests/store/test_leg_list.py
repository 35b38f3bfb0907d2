"""Legs and the pause ledger page by page: every row once, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from hotline_ivr.routing.ledger import Batch
from hotline_ivr.routing.presence import Period, Standing
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.leg_list import PageOf, find_legs, find_periods
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.pauses import DatabasePauses
from tests.store.test_ledger import a_record

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ARRIVED = a_record().arrived_at


def at(minute: int) -> datetime:
    return datetime.fromtimestamp((ARRIVED + minute * 60_000_000) / 1_000_000, UTC)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """Six calls of five legs each, of which two arrived at once; seven pauses, of which two began at once."""
    await upgrade(database_url)
    opened = open_store(database_url)
    records = [
        a_record()._replace(
            id=f"main-9.{number}",
            arrived_at=ARRIVED + minute * 60_000_000,
            line="open" if number % 2 else "demo",
        )
        for number, minute in ((1, 0), (2, 1), (3, 1), (4, 2), (5, 3), (6, 4))
    ]
    await DatabaseLedger(opened, "main").commit(Batch("main", records=records))
    pauses = [
        Period(operator, Standing.PAUSED, "break", NOON + timedelta(hours=hour), end, "anna", "anna")
        for operator, hour, end in (
            *(("anna", hour, NOON + timedelta(hours=hour, minutes=10)) for hour in range(5)),
            ("bjorn", 0, NOON + timedelta(minutes=5)),
            ("bjorn", 6, None),
        )
    ]
    await DatabasePauses(opened, "main").write(pauses)
    yield opened
    await opened.close()


def leg_place(row: Any) -> tuple[Any, ...]:
    return (row.arrived_at, row.call_id, row.channel)


def period_place(row: Any) -> tuple[Any, ...]:
    return (row.began_at, row.node, row.operator)


LISTS: list[tuple[Callable[[Connection, PageOf], Sequence[Any]], Callable[[Any], tuple[Any, ...]], int]] = [
    (find_legs, leg_place, 30),
    (find_periods, period_place, 7),
]


@pytest.mark.parametrize(("find", "place", "count"), LISTS)
@pytest.mark.parametrize("oldest", [False, True])
@pytest.mark.parametrize("limit", [1, 4, 50])
async def test_pages_put_together_are_all_rows_in_their_order(
    store: Store, find: Any, place: Any, count: int, oldest: bool, limit: int
) -> None:
    wanted, found = PageOf(limit=limit, oldest_first=oldest), []
    while page := await store.read(lambda on, wanted=wanted: find(on, wanted)):  # type: ignore[misc]
        found += [place(row) for row in page]
        wanted = replace(wanted, beyond=found[-1])
    assert len(set(found)) == count
    assert found == sorted(found, reverse=not oldest)


async def test_legs_are_chosen_by_the_time_and_line_of_their_call_and_by_operator(store: Store) -> None:
    async def calls(**wanted: Any) -> set[str]:
        found = await store.read(lambda on: find_legs(on, PageOf(**wanted)))
        return {row.call_id[-1] for row in found}

    assert await calls(since=at(2)) == {"4", "5", "6"}
    assert await calls(until=at(1)) == {"1"}
    assert await calls(line="open") == {"1", "3", "5"}
    operators = {leg.operator for leg in a_record().legs}
    assert "anna" in operators
    assert len(await calls(operator="anna")) == 6
    assert await calls(operator="nobody") == set()


async def test_pauses_are_those_that_touch_the_time(store: Store) -> None:
    async def found(**wanted: Any) -> list[tuple[str, int]]:
        rows = await store.read(lambda on: find_periods(on, PageOf(oldest_first=True, **wanted)))
        return [(row.operator, (row.began_at - NOON) // timedelta(hours=1)) for row in rows]

    assert await found(since=NOON + timedelta(hours=4, minutes=5)) == [("anna", 4), ("bjorn", 6)]
    assert await found(until=NOON + timedelta(minutes=1)) == [("anna", 0), ("bjorn", 0)]
    assert await found(operator="bjorn") == [("bjorn", 0), ("bjorn", 6)]
