"""The record when the database, Asterisk or a second service is at fault: nothing lost, nothing doubled."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence

import pytest

from hotline_ivr.calls import calls_in_hand
from hotline_ivr.calls.calls_in_hand import Limits
from hotline_ivr.errors import StoreError
from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.ledger import Batch, KeptCall, LedgerState
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from tests.calls.asterisk_files import (
    NODE,
    AsteriskFiles,
    Clock,
    Noted,
    a_call,
    a_keeper,
    cel_line,
    queue_line,
    started,
)
from tests.calls.keeping import (
    all_events,
    events_kept,
    expected,
    many_calls,
    mixed,
    one,
    until,
    written,
)
from tests.postgres import PostgresServer


class Flaky:
    """A ledger whose commits fail as told: not at all written, or written with the answer lost."""

    def __init__(self, ledger: DatabaseLedger) -> None:
        self._ledger = ledger
        # Asked for each commit: what shall happen to it.
        self.fate: Callable[[], str] = lambda: "well"
        self.failures = 0

    async def state(self) -> LedgerState:
        return await self._ledger.state()

    async def calls(self, ids: Sequence[str]) -> Mapping[str, KeptCall]:
        return await self._ledger.calls(ids)

    async def commit(self, batch: Batch) -> None:
        fate = self.fate()
        if fate == "lost":
            self.failures += 1
            raise StoreError("the database is down")
        await self._ledger.commit(batch)
        if fate == "answer lost":
            self.failures += 1
            raise StoreError("the connection broke in the commit")


@pytest.mark.parametrize("seed", range(6))
async def test_commits_that_fail_or_whose_answer_is_lost_cost_nothing_and_double_nothing(
    files: AsteriskFiles, store: Store, seed: int
) -> None:
    chance = random.Random(seed)
    flaky = Flaky(DatabaseLedger(store, NODE))
    flaky.fate = lambda: chance.choice(["well", "lost", "answer lost"])
    calls = many_calls(20)
    cel, queue_log = mixed(calls)
    keeper = a_keeper(files, flaky, limits=Limits(refresh=0))
    while cel or queue_log:
        files.add(cel[:3_000])
        files.add_queue(queue_log[:200])
        cel, queue_log = cel[3_000:], queue_log[200:]
        try:
            await keeper.catch_up()
        except StoreError:
            continue
    flaky.fate = lambda: "well"
    await keeper.catch_up()
    keeper.close()
    assert flaky.failures > 0
    assert await written(store) == expected(*calls)
    assert await events_kept(store) == all_events(calls)


async def test_a_database_outage_is_told_waited_out_and_made_good(files: AsteriskFiles, store: Store) -> None:
    flaky = Flaky(DatabaseLedger(store, NODE))
    down = True
    failed, well = asyncio.Event(), asyncio.Event()

    def fate() -> str:
        (failed if flaky.failures >= 3 else well).set()
        return "lost" if down else "well"

    flaky.fate = fate
    calls = many_calls(10)
    files.write(*calls)
    keeper = a_keeper(files, flaky)
    running = asyncio.create_task(keeper.run())
    await failed.wait()
    assert not keeper.healthy
    assert "Asterisk's files keep it" in keeper.detail
    down = False
    await keeper.stop()
    await running
    keeper = a_keeper(files, flaky)
    await keeper.catch_up()
    keeper.close()
    assert await written(store) == expected(*calls)


@pytest.mark.postgres
async def test_postgresql_stopped_in_the_middle_costs_nothing(
    files: AsteriskFiles, postgres: PostgresServer
) -> None:
    url = await asyncio.to_thread(postgres.new_database)
    await upgrade(url)
    store = open_store(url)
    calls, noted = many_calls(30), Noted()
    keeper = a_keeper(files, DatabaseLedger(store, NODE), observer=noted)
    running = asyncio.create_task(keeper.run())
    files.write(*calls[:10])
    await until(lambda: len(noted.ends) == 10)
    await asyncio.to_thread(postgres.stop)
    files.write(*calls[10:20])
    await until(lambda: not keeper.healthy)
    files.write(*calls[20:])
    await asyncio.to_thread(postgres.start)
    await until(lambda: len(noted.ends) >= 30)
    await keeper.stop()
    await running
    assert keeper.healthy
    assert await written(store) == expected(*calls)
    assert await events_kept(store) == all_events(calls)
    await store.close()


async def test_calls_that_a_restart_of_asterisk_cut_off_end_and_later_ones_do_not(
    files: AsteriskFiles, store: Store
) -> None:
    waiting, talking, later = (
        a_call("timed_out", 0),
        a_call("answered_operator_hangs_up", 1),
        a_call("timed_out", 2, 90),
    )
    ledger = DatabaseLedger(store, NODE)
    files.add_queue(started(-60))
    files.add(b"".join(map(cel_line, [*waiting.events[:7], *talking.events[:11]])))
    keeper = a_keeper(files, ledger)
    await keeper.catch_up()
    # Our own service dies too, so only the database knows which calls were open.
    keeper.close()
    noted = Noted()
    keeper = a_keeper(files, ledger, observer=noted)
    await keeper.catch_up()
    assert noted.ends == []
    files.add(b"".join(map(cel_line, later.events[:3])))
    files.add_queue(started(80))
    await keeper.catch_up()
    keeper.close()
    assert {record.id: str(record.outcome) for record in noted.ends} == {
        waiting.id: "technical",
        talking.id: "answered",
    }
    assert await one(store, "SELECT count(*) FROM open_call") == 1
    assert (
        await one(store, "SELECT reasons FROM call WHERE outcome = 'technical'")
        == "open:hours asterisk-restart"
    )


async def test_a_restart_that_hangs_up_first_is_known_when_asterisk_is_back(
    files: AsteriskFiles, store: Store
) -> None:
    hung_up, by_the_caller = a_call("hung_up_by_asterisk"), a_call("abandoned_in_greeting", 1)
    files.add_queue(started(-60))
    files.write(hung_up, by_the_caller)
    clock, noted = Clock(), Noted()
    keeper = a_keeper(files, DatabaseLedger(store, NODE), observer=noted, clock=clock)
    await keeper.catch_up()
    assert await one(store, "SELECT reasons FROM call WHERE outcome = 'technical'") == "nothing-settled"
    clock.now += 4
    files.add_queue(started(5))
    await keeper.catch_up()
    assert await one(store, "SELECT reasons FROM call WHERE outcome = 'technical'") == "asterisk-restart"
    assert await one(store, "SELECT count(*) FROM call WHERE reasons LIKE '%restart%'") == 1
    assert len(noted.ends) == 2
    keeper.close()


async def test_calls_cut_off_while_we_were_dead_end_when_we_are_back(
    files: AsteriskFiles, store: Store
) -> None:
    waiting = a_call("timed_out", 0)
    files.add(b"".join(map(cel_line, waiting.events[:7])))
    files.add_queue(started(80))
    keeper = a_keeper(files, DatabaseLedger(store, NODE), limits=Limits(refresh=0))
    await keeper.catch_up()
    keeper.close()
    assert await one(store, "SELECT outcome FROM call WHERE finished") == "technical"


async def test_a_call_whose_channel_events_were_lost_stays_open_no_longer_than_asterisk_runs(
    files: AsteriskFiles, store: Store
) -> None:
    call = a_call("timed_out")
    files.add_queue(b"".join(map(queue_line, call.queue_events)) + started(60))
    keeper = a_keeper(files, DatabaseLedger(store, NODE))
    await keeper.catch_up()
    keeper.close()
    assert await one(store, "SELECT count(*) FROM open_call") == 0
    assert await one(store, "SELECT outcome FROM call") == "timed-out"


async def test_two_services_on_one_node_count_nothing_twice(files: AsteriskFiles, store: Store) -> None:
    calls = many_calls(20)
    ledger = DatabaseLedger(store, NODE)
    keepers = [a_keeper(files, ledger), a_keeper(files, ledger)]
    for call in calls:
        files.write(call)
        for keeper in keepers:
            try:
                await keeper.catch_up()
            except StoreError:
                continue
    for keeper in keepers:
        await keeper.catch_up()
        keeper.close()
    assert await written(store) == expected(*calls)
    assert await events_kept(store) == all_events(calls)


async def test_a_call_that_cannot_be_folded_does_not_stop_the_others(
    files: AsteriskFiles, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours; its events are kept, so that the row can be made once it is mended."""
    bad, good = a_call("timed_out", 0), a_call("timed_out", 1)

    def faulty(events: Sequence[object], *rest: object, **named: object) -> CallRecord | None:
        if getattr(events[0], "call", "") == bad.id:
            raise ZeroDivisionError
        return fold(events, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(calls_in_hand, "fold", faulty)
    files.write(bad, good)
    ledger = DatabaseLedger(store, NODE)
    keeper = a_keeper(files, ledger)
    await keeper.catch_up()
    keeper.close()
    assert await written(store) == expected(good)
    assert (await ledger.calls([bad.id]))[bad.id].rows


async def test_a_log_that_cannot_be_read_is_told_and_tried_again(files: AsteriskFiles, store: Store) -> None:
    files.cel.mkdir()
    keeper = a_keeper(files, DatabaseLedger(store, NODE))
    running = asyncio.create_task(keeper.run())
    await until(lambda: "directory" in keeper.detail)
    files.cel.rmdir()
    call = a_call("closed_heard_in_full")
    files.write(call)
    await until(lambda: keeper.healthy)
    await keeper.stop()
    await running
    assert await written(store) == expected(call)
