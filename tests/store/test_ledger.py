"""The record in the database: written whole or not at all, and each event once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Table, func, select

from hotline_ivr.errors import StoreError
from hotline_ivr.routing.call_record import CallRecord, LegRecord
from hotline_ivr.routing.cel import QueueEvent, Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.kept import keep_events, kept_events
from hotline_ivr.routing.ledger import Batch, KeptEvents, LedgerConflictError, Position, RejectedLine
from hotline_ivr.routing.restarts import Restart
from hotline_ivr.store import tables
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from tests.routing.call_tables import CALL, FOLDER, read_call

RECORDED = read_call(FOLDER / "second_operator_answers.txt")


def a_record() -> CallRecord:
    record = fold(RECORDED.events, RECORDED.queue_events, node="main")
    assert record is not None
    return record


def place(offset: int, generation: int = 1, source: Source = Source.CEL) -> Position:
    return Position(source, generation, 2**64 - 1, offset, f"{offset}:abc")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    await upgrade(database_url)
    store = open_store(database_url)
    yield store
    await store.close()


@pytest.fixture
def ledger(store: Store) -> DatabaseLedger:
    return DatabaseLedger(store, "main")


async def rows(store: Store, table: Table) -> Sequence[tuple[object, ...]]:
    return await store.read(lambda connection: [tuple(row) for row in connection.execute(select(table))])


def test_the_fields_of_the_records_are_the_columns_of_the_tables() -> None:
    assert CallRecord._fields == (*tables.call.c.keys(), "legs")
    assert (LegRecord._fields) == tuple(tables.leg.c.keys()[2:])
    assert KeptEvents._fields == tuple(tables.call_event.c.keys())


async def test_an_empty_record_stands_at_the_beginning(ledger: DatabaseLedger) -> None:
    state = await ledger.state()
    assert state.positions == {Source.CEL: [], Source.QUEUE_LOG: []}
    assert (state.open_calls, state.restarts) == ([], [])


async def test_a_batch_is_written_and_comes_back(ledger: DatabaseLedger, store: Store) -> None:
    record = a_record()
    kept = KeptEvents("main", CALL, "cel", 1, 0, keep_events(RECORDED.events))
    started = QueueEvent("QUEUESTART", 1_795_451_000_000_000, "NONE", "NONE", "NONE", (), 1, 0)
    added = QueueEvent("ADDMEMBER", 1_795_451_001_000_000, "CLI", "main", "anna", ("PAUSED", ""), 1, 40)
    aside = RejectedLine(Source.CEL, 1, 900, 5_000, "not-a-record", b"\x00\xffgarbage")
    batch = Batch(
        node="main",
        moves=[(None, place(1_000)), (None, place(80, source=Source.QUEUE_LOG))],
        events=[kept],
        queue_events=[started, added],
        rejected=[aside],
        records=[record],
        opened=["main-1.1", "main-1.2"],
        closed=["main-1.1"],
    )
    await ledger.commit(batch)

    state = await ledger.state()
    assert state.positions == {
        Source.CEL: [place(1_000)],
        Source.QUEUE_LOG: [place(80, source=Source.QUEUE_LOG)],
    }
    assert state.open_calls == ["main-1.2"]
    assert state.restarts == [Restart(started.at, (1, 0))]
    back = (await ledger.calls([CALL, "main-1.9"]))[CALL]
    assert list(back.rows) == [kept]
    assert not back.is_open
    assert [event[:6] for event in kept_events(back.rows[0].events, CALL, 1, 0)] == [
        event[:6] for event in RECORDED.events
    ]
    assert len(await rows(store, tables.leg)) == len(record.legs)
    assert await rows(store, tables.rejected_line) == [
        ("main", "cel", 1, 900, 5_000, "not-a-record", b"\x00\xffgarbage")
    ]


async def test_a_row_that_is_folded_again_replaces_the_one_before(
    ledger: DatabaseLedger, store: Store
) -> None:
    first = fold(RECORDED.events[:-8], node="main")
    assert first is not None
    await ledger.commit(Batch("main", moves=[(None, place(10))], records=[first]))
    await ledger.commit(Batch("main", moves=[(place(10), place(20))], records=[a_record()]))
    (row,) = await rows(store, tables.call)
    assert row[tables.call.c.keys().index("outcome")] == "answered"
    assert row[tables.call.c.keys().index("finished")] is True
    legs = await rows(store, tables.leg)
    assert len(legs) == len(a_record().legs)


async def test_a_log_that_somebody_else_moved_is_a_conflict_and_nothing_is_written(
    ledger: DatabaseLedger, store: Store
) -> None:
    await ledger.commit(Batch("main", moves=[(None, place(10))]))
    late = Batch("main", moves=[(None, place(20))], records=[a_record()])
    with pytest.raises(LedgerConflictError):
        await ledger.commit(late)
    with pytest.raises(LedgerConflictError):
        await ledger.commit(replace(late, moves=[(place(5), place(20))]))
    assert await rows(store, tables.call) == []
    assert (await ledger.state()).positions[Source.CEL] == [place(10)]


async def test_the_same_batch_twice_counts_once(ledger: DatabaseLedger, store: Store) -> None:
    """As after a commit whose answer was lost."""
    kept = KeptEvents("main", CALL, "cel", 1, 0, b"x")
    batch = Batch("main", moves=[(None, place(10))], events=[kept], records=[a_record()])
    await ledger.commit(batch)
    with pytest.raises(LedgerConflictError):
        await ledger.commit(batch)
    assert len(await rows(store, tables.call_event)) == 1


async def test_an_event_already_there_stops_the_whole_batch(ledger: DatabaseLedger) -> None:
    """The key is the second wall, should positions ever be wrong."""
    kept = KeptEvents("main", CALL, "cel", 1, 0, b"x")
    await ledger.commit(Batch("main", moves=[(None, place(10))], events=[kept]))
    with pytest.raises(StoreError):
        await ledger.commit(Batch("main", moves=[(place(10), place(20))], events=[kept]))
    assert (await ledger.state()).positions[Source.CEL] == [place(10)]


async def test_every_generation_is_remembered(ledger: DatabaseLedger) -> None:
    for generation in range(1, 81):
        await ledger.commit(Batch("main", moves=[(None, place(10, generation))]))
    positions = (await ledger.state()).positions[Source.CEL]
    assert [position.generation for position in positions] == list(range(1, 81))


async def test_nodes_in_one_database_do_not_see_one_another(ledger: DatabaseLedger, store: Store) -> None:
    other = DatabaseLedger(store, "spare")
    await ledger.commit(Batch("main", moves=[(None, place(10))], opened=["main-1.1"], records=[a_record()]))
    await other.commit(
        Batch("spare", moves=[(None, place(99))], records=[a_record()._replace(node="spare", id="spare-1.0")])
    )
    assert (await other.state()).positions[Source.CEL] == [place(99)]
    assert (await other.state()).open_calls == []
    assert len(await rows(store, tables.call)) == 2


async def test_a_thousand_calls_are_written_in_one_batch(ledger: DatabaseLedger, store: Store) -> None:
    record = a_record()
    many = [record._replace(id=f"main-1795451000.{number}") for number in range(1_000)]
    await ledger.commit(
        Batch("main", moves=[(None, place(10))], records=many, opened=[row.id for row in many])
    )
    counted = await store.read(
        lambda connection: connection.scalar(select(func.count()).select_from(tables.leg))
    )
    assert counted == 1_000 * len(record.legs)
    kept = await ledger.calls([row.id for row in many])
    assert kept == {}
