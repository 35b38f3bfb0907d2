"""Reading what calls cost money for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.kept import keep_events
from hotline_ivr.routing.ledger import Batch, KeptEvents, Position
from hotline_ivr.routing.usage import usages
from hotline_ivr.store import costing
from hotline_ivr.store.columns import from_micros
from hotline_ivr.store.costing import recorded_call, recorded_calls
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from tests.routing.call_tables import CALL, FOLDER, START, read_call

FIRST = from_micros(START * 1_000_000)
SECOND = timedelta(seconds=1)


async def filled(url: str, count: int) -> Store:
    """So many calls at the same moment, of which the first was handed on to a number outside."""
    await upgrade(url)
    store = open_store(url)
    recorded = read_call(FOLDER / "overflowed.txt")
    handed_on = fold(recorded.events, (), node="main")
    closed = fold(read_call(FOLDER / "closed_heard_in_full.txt").events, (), node="main")
    assert handed_on is not None
    assert closed is not None
    others = [closed._replace(id=f"main-{START}.{number}", legs=()) for number in range(1, count)]
    kept = [KeptEvents("main", CALL, "cel", 1, 0, keep_events(recorded.events))]
    move = (None, Position(Source.CEL, 1, 1, 100, "1:a"))
    batch = Batch("main", moves=[move], records=[handed_on, *others], events=kept)
    await DatabaseLedger(store, "main").commit(batch)
    return store


async def with_calls(url: str, name: str) -> Store:
    """That recorded call with all its events."""
    await upgrade(url)
    store = open_store(url)
    recorded = read_call(FOLDER / f"{name}.txt")
    row = fold(recorded.events, recorded.queue_events, node="main")
    assert row is not None
    kept = [KeptEvents("main", CALL, "cel", 1, 0, keep_events(recorded.events))]
    move = (None, Position(Source.CEL, 1, 1, 100, "1:a"))
    await DatabaseLedger(store, "main").commit(Batch("main", moves=[move], records=[row], events=kept))
    return store


async def test_a_transfer_is_read_with_the_number_that_was_dialled(database_url: str) -> None:
    store = await filled(database_url, 1)
    found = await store.read(lambda connection: recorded_call(connection, CALL))
    await store.close()
    assert found is not None
    (leg,) = found.dialled
    assert (leg.trunk, leg.number) == ("carrier", "+4722850000")
    assert [(each.outgoing, each.seconds) for each in usages(found)] == [(False, 14), (True, 11)]


@pytest.mark.parametrize(
    ("name", "number", "seconds"),
    [
        ("called_back_and_answered", "+4798765432", 26),
        ("called_back_machine", "+4798765432", 6),
        ("operator_first", "+4798765432", 21),
    ],
)
async def test_an_answered_call_back_is_what_we_dialled_and_nothing_that_came_in(
    database_url: str, name: str, number: str, seconds: int
) -> None:
    """By both ways of reading, one call and all of a time."""
    store = await with_calls(database_url, name)
    one = await store.read(lambda connection: recorded_call(connection, CALL))
    (same,) = await store.read(lambda connection: list(recorded_calls(connection, FIRST, FIRST + SECOND)))
    await store.close()
    assert one == same
    assert [(each.outgoing, each.number, each.seconds) for each in usages(same)] == [(True, number, seconds)]


async def test_a_call_at_a_centre_is_read_with_the_number_that_took_it(database_url: str) -> None:
    store = await with_calls(database_url, "centre_took_it")
    found = await store.read(lambda connection: recorded_call(connection, CALL))
    await store.close()
    assert found is not None
    assert [(leg.trunk, leg.number) for leg in found.dialled] == [("carrier", "+4722850000")]


async def test_every_call_comes_once_in_the_order_of_arrival_over_all_pages(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of one microsecond, so that each page ends within it."""
    monkeypatch.setattr(costing, "PAGE", 3)
    store = await filled(database_url, 10)

    found = await store.read(lambda connection: list(recorded_calls(connection, FIRST, FIRST + SECOND)))
    none = await store.read(
        lambda connection: list(recorded_calls(connection, FIRST + SECOND, FIRST + SECOND))
    )
    await store.close()
    assert sorted(call.id for call in found) == sorted(f"main-{START}.{number}" for number in range(10))
    assert [len(call.dialled) for call in found if call.id == CALL] == [1]
    assert none == []


async def test_a_call_nobody_made_is_none(database_url: str) -> None:
    store = await filled(database_url, 1)
    assert await store.read(lambda connection: recorded_call(connection, "main-9.9")) is None
    await store.close()
