"""Counting arrivals in stretches of time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.ledger import Batch, Position
from hotline_ivr.store.columns import from_micros
from hotline_ivr.store.counting import count_arrivals
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from tests.routing.call_tables import FOLDER, read_call

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[tuple[Store, datetime, str]]:
    """Ten calls, a minute apart, beginning at the returned moment on the returned line."""
    await upgrade(database_url)
    store = open_store(database_url)
    recorded = fold(read_call(FOLDER / "closed_heard_in_full.txt").events, (), node="main")
    assert recorded is not None
    first = from_micros(recorded.arrived_at)
    records = [
        recorded._replace(id=f"main-{number}", arrived_at=recorded.arrived_at + number * 60_000_000)
        for number in range(10)
    ]
    move = (None, Position(Source.CEL, 1, 1, 100, "1:a"))
    await DatabaseLedger(store, "main").commit(Batch("main", moves=[move], records=records))
    yield store, first, recorded.line
    await store.close()


async def test_a_call_counts_where_its_arrival_lies_the_end_not_included(
    store: tuple[Store, datetime, str],
) -> None:
    base, first, line = store

    async def count(*spans: tuple[int, int], of: str = line) -> int:
        wanted = [(first + start * MINUTE, first + end * MINUTE) for start, end in spans]
        return await base.read(lambda connection: count_arrivals(connection, of, wanted))

    assert await count((0, 10)) == 10
    assert await count((2, 4)) == 2
    assert await count((0, 1), (9, 100)) == 2
    assert await count() == 0
    assert await count((0, 10), of="another") == 0
    # More stretches than one query takes.
    assert await count(*((number, number + 1) for number in range(450))) == 10
