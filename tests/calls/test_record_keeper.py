"""The record is whole, each event once, whatever fails and whenever."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx
from sqlalchemy import select, text

from hotline_ivr.calls import calls_in_hand
from hotline_ivr.calls.calls_in_hand import Limits
from hotline_ivr.calls.record_keeper import Pace
from hotline_ivr.errors import StoreError
from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.ledger import Batch, KeptCall, LedgerState
from hotline_ivr.routing.steps import Outcome
from hotline_ivr.store import tables
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from tests.calls.asterisk_files import (
    NODE,
    AsteriskFiles,
    Clock,
    Noted,
    Written,
    a_call,
    a_keeper,
    cel_line,
    queue_line,
    started,
)
from tests.postgres import PostgresServer

EVERY_END = [
    "answered_caller_hangs_up",
    "answered_operator_hangs_up",
    "abandoned_in_greeting",
    "abandoned_in_queue",
    "abandoned_while_ringing",
    "closed_heard_in_full",
    "queue_full",
    "timed_out",
    "second_operator_answers",
    "service_dies_in_mid_call",
]


@pytest.fixture
def files(tmp_path: Path) -> AsteriskFiles:
    folder = tmp_path / "log"
    folder.mkdir()
    return AsteriskFiles(folder)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async for store in opened(f"sqlite:///{tmp_path / 'hotline.db'}"):
        yield store


async def opened(url: str) -> AsyncIterator[Store]:
    await upgrade(url)
    store = open_store(url)
    yield store
    await store.close()


async def written(store: Store) -> dict[str, tuple[object, ...]]:
    """Every call's row in the database, by id."""
    found = await store.read(
        lambda connection: connection.exec_driver_sql("SELECT * FROM call ORDER BY id").all()
    )
    return {row[1]: tuple(row) for row in found}


def expected(*calls: Written) -> dict[str, tuple[object, ...]]:
    def plain(record: CallRecord) -> tuple[object, ...]:
        return tuple(str(value) if isinstance(value, str) else value for value in record[:-1])

    return {call.id: plain(call.row()) for call in sorted(calls, key=lambda call: call.id)}


async def events_kept(store: Store) -> int:
    """How many events of calls the database holds."""
    blobs = await store.read(lambda connection: connection.scalars(select(tables.call_event.c.events)).all())
    return sum(blob.count(b"\n") + 1 for blob in blobs)


async def one(store: Store, statement: str) -> object:
    return await store.read(lambda connection: connection.scalar(text(statement)))


def many_calls(count: int = 30) -> list[Written]:
    return [a_call(EVERY_END[n % len(EVERY_END)], n, seconds=n / 3) for n in range(count)]


def all_events(calls: Sequence[Written]) -> int:
    return sum(len(call.events) + len(call.queue_events) for call in calls)


def mixed(calls: Sequence[Written]) -> tuple[bytes, bytes]:
    """Both files as calls that ran at the same time leave them."""
    events = sorted((event for call in calls for event in call.events), key=lambda event: event.at)
    lines = sorted((line for call in calls for line in call.queue_events), key=lambda line: line.at)
    return b"".join(map(cel_line, events)), b"".join(map(queue_line, lines))


async def test_calls_that_ran_at_the_same_time_each_get_their_row(
    files: AsteriskFiles, database_url: str
) -> None:
    """With both databases, from one pass over both files."""
    calls = many_calls()
    cel, queue_log = mixed(calls)
    files.add(cel)
    files.add_queue(queue_log)
    noted = Noted()
    async for store in opened(database_url):
        keeper = a_keeper(files, DatabaseLedger(store, NODE), observer=noted)
        await keeper.catch_up()
        keeper.close()
        assert await written(store) == expected(*calls)
        assert await events_kept(store) == all_events(calls)
        assert await one(store, "SELECT count(*) FROM open_call") == 0
    assert sorted(record.id for record in noted.ends) == sorted(call.id for call in calls)
    assert (noted.events, noted.rejected) == (all_events(calls), 0)


@pytest.mark.parametrize("seed", range(12))
async def test_files_that_grow_by_any_splits_and_a_service_that_dies_in_between_give_the_same_rows(
    files: AsteriskFiles, store: Store, seed: int
) -> None:
    chance = random.Random(seed)
    calls = many_calls(20)
    cel, queue_log = mixed(calls)
    clock, ledger = Clock(), DatabaseLedger(store, NODE)
    limits = Limits(refresh=1.0, linger=chance.choice([0.0, 2.0]), calls=chance.choice([2, 100]))
    keeper = a_keeper(files, ledger, limits=limits, clock=clock)
    while cel or queue_log:
        cut, queue_cut = chance.randint(0, 4_000), chance.randint(0, 300)
        files.add(cel[:cut])
        files.add_queue(queue_log[:queue_cut])
        cel, queue_log = cel[cut:], queue_log[queue_cut:]
        clock.now += chance.random()
        await keeper.catch_up()
        if chance.random() < 0.2:
            # As kill -9: nothing that was in memory is written.
            keeper.close()
            keeper = a_keeper(files, ledger, limits=limits, clock=clock)
    clock.now += 10
    await keeper.catch_up()
    keeper.close()
    assert await written(store) == expected(*calls)
    assert await events_kept(store) == all_events(calls)
    assert await one(store, "SELECT count(*) FROM open_call") == 0


async def test_a_call_under_way_is_shown_after_a_while_and_written_whole_at_its_end(
    files: AsteriskFiles, store: Store
) -> None:
    call = a_call("timed_out")
    clock, noted = Clock(), Noted()
    keeper = a_keeper(
        files, DatabaseLedger(store, NODE), limits=Limits(refresh=5), clock=clock, observer=noted
    )
    files.add(b"".join(map(cel_line, call.events[:7])))
    await keeper.catch_up()
    assert await written(store) == {}
    assert await one(store, "SELECT count(*) FROM open_call") == 1
    clock.now = 5
    await keeper.catch_up()
    assert await one(store, "SELECT stage FROM call WHERE NOT finished") == "queue"
    files.add(b"".join(map(cel_line, call.events[7:])))
    files.add_queue(b"".join(map(queue_line, call.queue_events)))
    await keeper.catch_up()
    keeper.close()
    assert await written(store) == expected(call)
    assert await one(store, "SELECT count(*) FROM open_call") == 0
    assert [record.outcome for record in noted.ends] == [Outcome.TIMED_OUT]


async def test_a_queue_line_that_comes_long_after_the_call_is_joined_to_it(
    files: AsteriskFiles, store: Store
) -> None:
    call = a_call("timed_out")
    clock, noted = Clock(), Noted()
    keeper = a_keeper(
        files, DatabaseLedger(store, NODE), limits=Limits(linger=2), clock=clock, observer=noted
    )
    files.write(call, queue_too=False)
    await keeper.catch_up()
    clock.now = 60
    await keeper.catch_up()
    files.add_queue(b"".join(map(queue_line, call.queue_events)))
    await keeper.catch_up()
    keeper.close()
    assert await written(store) == expected(call)
    assert len(noted.ends) == 1


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


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.005)


async def test_stop_reads_what_is_there_and_brings_every_row_up_to_date(
    files: AsteriskFiles, store: Store
) -> None:
    ended, under_way = a_call("timed_out", 0), a_call("timed_out", 1)
    keeper = a_keeper(files, DatabaseLedger(store, NODE), pace=Pace(poll=3_600))
    running = asyncio.create_task(keeper.run())
    await until(lambda: keeper.healthy)
    files.write(ended)
    files.add(b"".join(map(cel_line, under_way.events[:7])))
    await keeper.stop()
    await running
    rows = await written(store)
    assert rows[ended.id] == expected(ended)[ended.id]
    assert await one(store, "SELECT stage FROM call WHERE NOT finished") == "queue"


async def test_stop_before_run_returns_at_once(files: AsteriskFiles, store: Store) -> None:
    keeper = a_keeper(files, DatabaseLedger(store, NODE))
    await keeper.stop()
    keeper.close()


async def test_the_event_loop_is_never_blocked(files: AsteriskFiles, store: Store) -> None:
    calls = many_calls(20)
    files.write(*calls)
    noted = Noted()
    keeper = a_keeper(files, DatabaseLedger(store, NODE), observer=noted)
    with blockbuster_ctx():
        running = asyncio.create_task(keeper.run())
        await until(lambda: len(noted.ends) == len(calls))
        await keeper.stop()
        await running
    assert await written(store) == expected(*calls)


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


async def test_channel_events_that_come_long_after_the_queue_lines_are_joined_to_them(
    files: AsteriskFiles, store: Store
) -> None:
    """A call that queue_log told of, to its end, before a word of it was in the other file."""
    call, ledger, noted = a_call("timed_out"), DatabaseLedger(store, NODE), Noted()
    files.add_queue(b"".join(map(queue_line, call.queue_events)))
    keeper = a_keeper(files, ledger, limits=Limits(refresh=0), observer=noted)
    await keeper.catch_up()
    keeper.close()
    assert await one(store, "SELECT discrepancy FROM call") == "no-channel-events"
    assert await one(store, "SELECT count(*) FROM open_call") == 1
    files.write(call, queue_too=False)
    keeper = a_keeper(files, ledger, limits=Limits(refresh=0))
    await keeper.catch_up()
    keeper.close()
    assert await written(store) == expected(call)
    assert await one(store, "SELECT count(*) FROM open_call") == 0


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


async def test_more_calls_than_are_held_are_all_recorded(files: AsteriskFiles, store: Store) -> None:
    """Those let go are read from the database again when they go on."""
    calls = [a_call("timed_out", number) for number in range(12)]
    keeper = a_keeper(files, DatabaseLedger(store, NODE), limits=Limits(calls=3))
    for start in range(0, max(len(call.events) for call in calls), 4):
        for call in calls:
            files.add(b"".join(map(cel_line, call.events[start : start + 4])))
        await keeper.catch_up()
    for call in calls:
        files.add_queue(b"".join(map(queue_line, call.queue_events)))
    await keeper.catch_up()
    keeper.close()
    assert await written(store) == expected(*calls)


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


async def test_rejected_lines_are_counted_and_kept(files: AsteriskFiles, store: Store) -> None:
    call, noted = a_call("closed_heard_in_full"), Noted()
    files.add(b"garbage of a crash\n")
    files.write(call)
    files.add_queue(b"more of it\n")
    keeper = a_keeper(files, DatabaseLedger(store, NODE), observer=noted)
    await keeper.catch_up()
    keeper.close()
    assert noted.rejected == 2
    assert await one(store, "SELECT count(*) FROM rejected_line") == 2
    assert await written(store) == expected(call)


async def test_lag_is_the_age_of_the_oldest_event_while_it_is_not_yet_written(
    files: AsteriskFiles, store: Store
) -> None:
    noted = Noted()
    files.write(a_call("closed_heard_in_full"))
    keeper = a_keeper(files, DatabaseLedger(store, NODE), observer=noted, pace=Pace(poll=3_600))
    running = asyncio.create_task(keeper.run())
    await until(lambda: keeper.healthy)
    await keeper.stop()
    await running
    assert noted.lags[0] == pytest.approx(10.0)
    assert noted.lags[-1] == 0.0


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


async def test_an_operators_own_call_leaves_no_row(files: AsteriskFiles, store: Store) -> None:
    call = a_call("abandoned_before_anything")
    own = [event._replace(channel_name="PJSIP/anna.k3v9-00000001") for event in call.events]
    keeper = a_keeper(files, DatabaseLedger(store, NODE))
    files.add(b"".join(map(cel_line, own[:1])))
    await keeper.catch_up()
    files.add(b"".join(map(cel_line, own[1:])))
    await keeper.catch_up()
    keeper.close()
    assert await written(store) == {}
    assert await one(store, "SELECT count(*) FROM open_call") == 0


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
