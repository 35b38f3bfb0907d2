"""Reading the record."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import timedelta

import pytest

from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.kept import keep_events, keep_queue_events
from hotline_ivr.routing.ledger import Batch, KeptEvents, Position
from hotline_ivr.store import tables
from hotline_ivr.store.columns import from_micros
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.queries import CallFilter, StoredCall, StoredLeg, call_story, find_calls
from tests.routing.call_tables import CALL, FOLDER, START, read_call

NAMES = ["answered_caller_hangs_up", "closed_heard_in_full", "abandoned_while_ringing"]


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """Three recorded calls, ten seconds apart."""
    await upgrade(database_url)
    store = open_store(database_url)
    records, kept = [], []
    for number, name in enumerate(NAMES):
        recorded = read_call(FOLDER / f"{name}.txt")
        call = f"main-{START}.{number}"
        record = fold(recorded.events, recorded.queue_events, node="main")
        assert record is not None
        records.append(record._replace(id=call, arrived_at=record.arrived_at + number * 10_000_000))
        kept.append(KeptEvents("main", call, "cel", 1, number * 9_000, keep_events(recorded.events)))
        if recorded.queue_events:
            lines = keep_queue_events(recorded.queue_events)
            kept.append(KeptEvents("main", call, "queue_log", 1, number * 9_000, lines))
    move = (None, Position(Source.CEL, 1, 1, 100, "1:a"))
    await DatabaseLedger(store, "main").commit(Batch("main", moves=[move], records=records, events=kept))
    yield store
    await store.close()


async def ids(store: Store, wanted: CallFilter) -> list[int]:
    found = await store.read(lambda connection: find_calls(connection, wanted))
    return [int(call.id.rpartition(".")[2]) for call in found]


def test_a_stored_call_has_every_column() -> None:
    assert [field.name for field in fields(StoredCall)] == tables.call.c.keys()
    assert [field.name for field in fields(StoredLeg)] == tables.leg.c.keys()[2:]


async def test_calls_are_found_newest_first_by_time_line_and_outcome(store: Store) -> None:
    first = from_micros(START * 1_000_000)
    assert await ids(store, CallFilter()) == [2, 1, 0]
    assert await ids(store, CallFilter(limit=2)) == [2, 1]
    assert await ids(store, CallFilter(line="shut")) == [1]
    assert await ids(store, CallFilter(outcome="answered")) == [0]
    assert await ids(store, CallFilter(line="demo", outcome="closed")) == []
    assert await ids(store, CallFilter(since=first + timedelta(seconds=10))) == [2, 1]
    assert await ids(store, CallFilter(until=first + timedelta(seconds=10))) == [0]


async def test_a_calls_story_has_its_legs_and_events_in_order(store: Store) -> None:
    story = await store.read(lambda connection: call_story(connection, CALL))
    assert story is not None
    assert story.call.outcome == "answered"
    assert story.call.finished is True
    assert story.call.arrived_at == from_micros(START * 1_000_000)
    assert [(leg.operator, leg.result) for leg in story.legs] == [("anna", "answered")]
    recorded = read_call(FOLDER / f"{NAMES[0]}.txt")
    assert [event.kind for event in story.events] == [event.kind for event in recorded.events]
    assert [event.kind for event in story.queue_events] == [event.kind for event in recorded.queue_events]


async def test_a_call_nobody_made_has_no_story(store: Store) -> None:
    assert await store.read(lambda connection: call_story(connection, "main-1.1'; --")) is None


async def test_a_page_begins_where_the_one_before_it_ended(store: Store) -> None:
    """By arrival, then by id: calls of one microsecond stand on both sides of the end of a page."""
    newest, *_ = await store.read(lambda connection: find_calls(connection, CallFilter()))
    assert await ids(store, CallFilter(beyond=(newest.arrived_at, newest.id))) == [1, 0]
    assert await ids(store, CallFilter(beyond=(newest.arrived_at, newest.id + "0"))) == [2, 1, 0]
    assert await ids(store, CallFilter(beyond=(newest.arrived_at, "main-0.0"), limit=1)) == [1]
