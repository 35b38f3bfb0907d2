"""Many new rows go into PostgreSQL by COPY; each database holds the same whatever was there before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Table, func, select

from hotline_ivr.errors import StoreError
from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.kept import keep_events
from hotline_ivr.routing.ledger import Batch, KeptEvents, LedgerConflictError
from hotline_ivr.store import tables
from hotline_ivr.store.copying import AT_ONCE, FEWEST
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.writer import call_row, leg_rows
from tests.store.test_ledger import RECORDED, a_record, place

MANY = 3 * FEWEST


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    await upgrade(database_url)
    store = open_store(database_url)
    yield store
    await store.close()


def records(count: int = MANY, **changed: object) -> list[CallRecord]:
    return [a_record()._replace(id=f"main-9.{number}", **changed) for number in range(count)]  # type: ignore[arg-type]


def a_batch(some: Sequence[CallRecord], new: Sequence[CallRecord] = ()) -> Batch:
    return Batch("main", records=some, new=frozenset(record.id for record in new))


def told(some: Sequence[CallRecord]) -> tuple[list[object], list[object]]:
    legs = [row for record in some for row in leg_rows(record)]
    return sorted(map(call_row, some), key=repr), sorted(legs, key=repr)


async def stands(store: Store) -> tuple[list[object], list[object]]:
    """What the tables hold, in the order of the columns; SQLite has true and false as numbers."""

    async def of(table: Table) -> list[object]:
        names = ", ".join(f'"{column.name}"' for column in table.c)
        found = await store.read(
            lambda on: on.exec_driver_sql(f"SELECT {names} FROM {table.name}").all()  # noqa: S608
        )
        flags = [column.name == "finished" for column in table.c]
        plain = [
            tuple(bool(value) if flag else value for value, flag in zip(row, flags, strict=True))
            for row in found
        ]
        return sorted(plain, key=repr)

    return await of(tables.call), await of(tables.leg)


async def test_many_new_calls_are_there_as_they_were_given(store: Store) -> None:
    some = records()
    await DatabaseLedger(store, "main").commit(a_batch(some, new=some))
    assert await stands(store) == told(some)


async def test_new_calls_and_calls_that_are_written_again_come_in_one_batch(store: Store) -> None:
    ledger = DatabaseLedger(store, "main")
    before, after = records(), records(2 * MANY, keys="main:2@3.4")
    await ledger.commit(a_batch(before, new=before))
    await ledger.commit(a_batch(after, new=after[MANY:]))
    assert await stands(store) == told(after)


async def test_calls_that_were_taken_for_new_and_are_there_are_replaced(store: Store) -> None:
    ledger = DatabaseLedger(store, "main")
    before, after = records(), records(2 * MANY, keys="main:2@3.4")
    await ledger.commit(a_batch(before, new=before))
    await ledger.commit(a_batch(after, new=after))
    assert await stands(store) == told(after)


async def test_of_a_call_that_comes_twice_in_a_batch_the_last_row_counts(store: Store) -> None:
    first, last = records(), records(keys="main:2@3.4")
    await DatabaseLedger(store, "main").commit(a_batch([*first, *last], new=first))
    assert await stands(store) == told(last)


async def test_what_was_copied_goes_when_the_rest_of_the_batch_fails(store: Store) -> None:
    ledger = DatabaseLedger(store, "main")
    data = keep_events(RECORDED.events)
    events = [KeptEvents("main", f"main-9.{number}", "cel", 1, number, data) for number in range(MANY)]
    some = records()
    batch = replace(a_batch(some, new=some), moves=[(None, place(1_000))], events=events)
    await ledger.commit(batch)
    # The same events again, from a reader who stands somewhere else.
    again = records(keys="main:2@3.4")
    with pytest.raises(StoreError):
        await ledger.commit(replace(a_batch(again), moves=[(place(1_000), place(2_000))], events=events))
    assert await stands(store) == told(some)
    kept = await store.read(lambda on: on.scalar(select(func.count()).select_from(tables.call_event)))
    assert kept == MANY
    assert (await ledger.state()).positions[Source.CEL][-1] == place(1_000)


async def test_a_batch_without_positions_is_a_transaction_too(store: Store) -> None:
    data = keep_events(RECORDED.events)
    events = [KeptEvents("main", f"main-9.{number}", "cel", 1, number, data) for number in range(MANY)]
    with pytest.raises(StoreError):
        await DatabaseLedger(store, "main").commit(
            Batch("main", events=events, records=[a_record()._replace(line=None)])  # type: ignore[arg-type]
        )
    assert await stands(store) == ([], [])
    kept = await store.read(lambda on: on.scalar(select(func.count()).select_from(tables.call_event)))
    assert kept == 0


async def test_a_batch_whose_calls_were_not_new_counts_once_as_a_whole(store: Store) -> None:
    ledger = DatabaseLedger(store, "main")
    data = keep_events(RECORDED.events)
    events = [KeptEvents("main", f"main-9.{number}", "cel", 1, number, data) for number in range(MANY)]
    before, after = records(), records(keys="main:2@3.4")
    await ledger.commit(replace(a_batch(before, new=before), moves=[(None, place(1_000))]))
    batch = replace(a_batch(after, new=after), moves=[(place(1_000), place(2_000))], events=events)
    await ledger.commit(batch)
    assert await stands(store) == told(after)
    kept = await store.read(lambda on: on.scalar(select(func.count()).select_from(tables.call_event)))
    assert kept == MANY
    assert (await ledger.state()).positions[Source.CEL][-1] == place(2_000)
    with pytest.raises(LedgerConflictError):
        await ledger.commit(batch)


async def test_more_rows_than_one_copy_takes_are_all_there(store: Store) -> None:
    some = records(AT_ONCE + 1)
    await DatabaseLedger(store, "main").commit(a_batch(some, new=some))
    assert await stands(store) == told(some)


async def test_of_calls_between_two_that_are_closed_the_others_stay_open(store: Store) -> None:
    ledger = DatabaseLedger(store, "main")
    calls = [f"main-9.{number}" for number in range(MANY)]
    await ledger.commit(Batch("main", opened=calls))
    await DatabaseLedger(store, "other").commit(Batch("other", opened=calls))
    # Not in the order of the table's key.
    closed = [calls[-1], calls[3], calls[1], calls[MANY // 2]]
    await ledger.commit(Batch("main", closed=closed))
    assert sorted((await ledger.state()).open_calls) == sorted(set(calls) - set(closed))
    assert sorted((await DatabaseLedger(store, "other").state()).open_calls) == sorted(calls)
