"""A database that is slow, or away: memory stays bounded, and it is told how far the record is behind."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Mapping, Sequence

from typing_extensions import override

from hotline_ivr.asterisk.spool_files import bytes_behind
from hotline_ivr.calls.calls_in_hand import Limits
from hotline_ivr.errors import StoreError
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.ledger import Batch, KeptCall, LedgerState
from hotline_ivr.store.engine import Store
from hotline_ivr.store.ledger import DatabaseLedger
from tests.calls.asterisk_files import NODE, AsteriskFiles, Clock, a_call, a_keeper, cel_line
from tests.calls.keeping import events_kept, expected, written


class Slow:
    """A ledger that takes its time and keeps nothing."""

    def __init__(self) -> None:
        self.under_way = self.most = self.events = 0

    async def state(self) -> LedgerState:
        return LedgerState({Source.CEL: [], Source.QUEUE_LOG: []})

    async def calls(self, ids: Sequence[str]) -> Mapping[str, KeptCall]:
        del ids
        return {}

    async def commit(self, batch: Batch) -> None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0.01)
        self.events += sum(piece.events.count(b"\n") + 1 for piece in batch.events)
        self.under_way -= 1


async def peak_of(files: AsteriskFiles, calls: int, first: int) -> int:
    """Most memory in bytes while so many calls are read that never end."""
    events = a_call("second_operator_answers").events[:-6]
    for number in range(first, first + calls):
        own = f"main-{number}.0"
        files.add(b"".join(cel_line(event._replace(call=own)) for event in events))
    ledger = Slow()
    keeper = a_keeper(files, ledger, limits=Limits(calls=100, refresh=0), clock=Clock())
    tracemalloc.start()
    await keeper.catch_up()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    keeper.close()
    assert ledger.events == calls * len(events)
    assert ledger.most == 1
    return peak


async def test_memory_does_not_grow_with_what_waits_for_a_slow_database(files: AsteriskFiles) -> None:
    small = await peak_of(files, 500, 1)
    files.cel.unlink()
    large = await peak_of(files, 5_000, 10_000)
    assert large < small * 1.3, f"{small} bytes for 500 calls, {large} for 5,000"


def behind(files: AsteriskFiles, marks: Mapping[Source, object]) -> int:
    position = marks[Source.CEL].position  # type: ignore[attr-defined]
    return bytes_behind(files.cel, position.inode, position.offset)


async def test_what_is_not_in_the_database_is_told_over_rotations_and_until_it_is(
    files: AsteriskFiles, store: Store
) -> None:
    ledger = DatabaseLedger(store, NODE)
    keeper = a_keeper(files, ledger)
    files.write(a_call("closed_heard_in_full"))
    await keeper.catch_up()
    assert behind(files, keeper.marks) == 0
    before = files.cel.stat().st_size
    files.write(a_call("answered_caller_hangs_up", 1, 20))
    grown = files.cel.stat().st_size - before
    assert behind(files, keeper.marks) == grown
    files.cel.rename(f"{files.cel}.1")
    files.write(a_call("abandoned_in_queue", 2, 40))
    assert behind(files, keeper.marks) == grown + files.cel.stat().st_size
    await keeper.catch_up()
    assert behind(files, keeper.marks) == 0
    keeper.close()
    again = a_keeper(files, ledger)
    await again.catch_up()
    assert behind(files, again.marks) == 0
    again.close()


async def test_of_very_many_rotated_files_none_is_read_twice(files: AsteriskFiles, store: Store) -> None:
    ledger, calls = (
        DatabaseLedger(store, NODE),
        [a_call("closed_heard_in_full", n, 20 * n) for n in range(70)],
    )
    for number, call in enumerate(calls):
        files.write(call)
        if call is not calls[-1]:
            files.cel.rename(f"{files.cel}.{number:02}")
    for _ in range(3):
        keeper = a_keeper(files, ledger)
        while behind(files, keeper.marks) if keeper.marks else True:
            await keeper.catch_up()
        assert await written(store) == expected(*calls)
        assert await events_kept(store) == sum(len(call.events) for call in calls)
        # The newest is rotated, too: whoever looks for what comes next looks at all of them.
        files.cel.rename(f"{files.cel}.{len(calls)}")
        calls.append(a_call("closed_heard_in_full", len(calls), 20 * len(calls)))
        files.write(calls[-1])
        await keeper.catch_up()
        keeper.close()


async def test_while_commits_fail_the_record_is_behind(files: AsteriskFiles, store: Store) -> None:
    ledger = DatabaseLedger(store, NODE)
    keeper = a_keeper(files, ledger)
    files.write(a_call("closed_heard_in_full"))
    await keeper.catch_up()

    class Down(DatabaseLedger):
        @override
        async def commit(self, batch: Batch) -> None:
            del batch
            raise StoreError("the database is down")

    keeper.close()
    failing = a_keeper(files, Down(store, NODE))
    size = files.cel.stat().st_size
    files.write(a_call("answered_caller_hangs_up", 1, 20))
    try:
        await failing.catch_up()
    except StoreError:
        assert behind(files, failing.marks) == files.cel.stat().st_size - size
    else:
        raise AssertionError("a commit that fails was taken for one that did not")
    failing.close()
