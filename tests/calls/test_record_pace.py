"""When the record's keeper looks at Asterisk's files again. Time passes only where it is waited for."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Mapping, Sequence

import pytest
from typing_extensions import override

from hotline_ivr.asterisk.spool_log import SpooledLogs
from hotline_ivr.calls.record_keeper import Log, RecordKeeper
from hotline_ivr.calls.record_pace import Pace, Spent
from hotline_ivr.errors import StoreError
from hotline_ivr.routing.cel import CallEvent, QueueEvent, Source
from hotline_ivr.routing.ledger import LedgerState, Position
from hotline_ivr.store.engine import Store
from hotline_ivr.store.ledger import DatabaseLedger
from tests.calls.asterisk_files import NODE, AsteriskFiles, Noted, a_call, a_keeper, cel_line
from tests.calls.keeping import expected, until, written

NOTHING = Spent(time=0.0, cpu=0.0)


class Time:
    """Passes in waits; a call ends at a moment (seconds), and all waiting with `stops_at`."""

    def __init__(self, ends_at: float = 1e9, stops_at: float = 1e9) -> None:
        self.now = 0.0
        self.glances: list[float] = []
        self._ends_at, self._stops_at = ends_at, stops_at

    def wait(self, seconds: float) -> bool:
        assert seconds > 0
        self.now += seconds
        return self.now >= self._stops_at

    def call_ended(self) -> bool:
        self.glances.append(self.now)
        return self.now >= self._ends_at

    def looks_at(self, pace: Pace, last: Spent = NOTHING) -> float:
        pace.await_look(last, self.call_ended, self.wait)
        return self.now


PACE = Pace(poll=0.25, shortest_poll=0.02, rests=4.0)


def test_without_an_end_it_is_looked_when_that_is_due_and_glanced_until_then() -> None:
    time = Time()
    assert time.looks_at(PACE) == pytest.approx(0.25)
    assert time.glances == pytest.approx([0.02 * n for n in range(1, 13)])


@pytest.mark.parametrize(("ends_at", "looks_at"), [(0.0, 0.02), (0.015, 0.02), (0.025, 0.04), (0.095, 0.1)])
def test_a_look_follows_the_glance_that_sees_an_end(ends_at: float, looks_at: float) -> None:
    assert Time(ends_at).looks_at(PACE) == pytest.approx(looks_at)


@pytest.mark.parametrize(
    ("cpu", "rest"),
    [(0.0, 0.02), (0.004, 0.02), (0.01, 0.04), (0.05, 0.2), (0.1, 0.25), (3.0, 0.25)],
)
def test_the_rest_grows_with_the_cost_of_a_look_up_to_the_longest(cpu: float, rest: float) -> None:
    """A call has ended already, and others do: looks are as far apart all the same."""
    assert Time(ends_at=0.0).looks_at(PACE, Spent(cpu, cpu)) == pytest.approx(rest)


def test_a_look_that_others_made_long_costs_no_rest() -> None:
    assert Time(ends_at=0.0).looks_at(PACE, Spent(time=0.2, cpu=0.004)) == pytest.approx(0.02)


def test_looks_that_find_nothing_keep_their_pace_however_long_one_takes() -> None:
    took = [NOTHING, Spent(0.01, 0.01), Spent(0.2, 0.01)]
    assert [Time().looks_at(PACE, each) + each.time for each in took] == pytest.approx([0.25] * 3)


def test_a_shorter_look_that_was_asked_for_stays() -> None:
    time = Time()
    assert time.looks_at(Pace(poll=0.01)) == 0.01
    assert time.glances == []


def test_who_stops_is_not_kept_waiting() -> None:
    assert Time(stops_at=0.0).looks_at(PACE) == 0.02
    assert Time(stops_at=0.05).looks_at(PACE) == pytest.approx(0.06)


class Counted:
    """Logs that count how often they are read and glanced at."""

    def __init__(self, logs: SpooledLogs) -> None:
        self._logs = logs
        self.glances = self.looks = 0

    @property
    def cel(self) -> Log[CallEvent]:
        self.looks += 1
        return self._logs.cel

    @property
    def queue_log(self) -> Log[QueueEvent]:
        return self._logs.queue_log

    def call_ended(self) -> bool:
        self.glances += 1
        return self._logs.call_ended()

    def close(self) -> None:
        self._logs.close()


class Opened:
    """Opens counted logs."""

    def __init__(self, open_logs: Callable[[Mapping[Source, Sequence[Position]]], SpooledLogs]) -> None:
        self._open = open_logs
        self.logs: list[Counted] = []

    def __call__(self, known: Mapping[Source, Sequence[Position]]) -> Counted:
        self.logs.append(Counted(self._open(known)))
        return self.logs[-1]


# Glances as fast as may be, so that many of them take no time; no look is due in this hour.
NEVER_DUE = Pace(poll=3_600, shortest_poll=0.001, rests=0)


async def test_an_end_is_written_without_waiting_for_the_poll(files: AsteriskFiles, store: Store) -> None:
    first, second, noted = a_call("timed_out", 0), a_call("answered_caller_hangs_up", 1), Noted()
    keeper = a_keeper(files, DatabaseLedger(store, NODE), pace=NEVER_DUE, observer=noted)
    running = asyncio.create_task(keeper.run())
    await until(lambda: keeper.healthy)
    for number, call in enumerate((first, second), start=1):
        # What queue_log says of a call is read with its end.
        files.add_queue(call.queue_lines())
        files.write(call, queue_too=False)
        await until(lambda number=number: len(noted.ends) == number)  # type: ignore[misc]
        assert expected(call).items() <= (await written(store)).items()
    await keeper.stop()
    await running


async def test_without_an_end_nothing_is_read_before_it_is_due(files: AsteriskFiles, store: Store) -> None:
    call, opened = a_call("timed_out"), Opened(files.logs())
    files.add(cel_line(call.events[0]))
    keeper = RecordKeeper(NODE, DatabaseLedger(store, NODE), opened, pace=NEVER_DUE)
    running = asyncio.create_task(keeper.run())
    await until(lambda: keeper.healthy)
    (logs,) = opened.logs
    looks = logs.looks
    for event in call.events[1:-1]:
        files.add(cel_line(event))
        seen = logs.glances
        await until(lambda seen=seen: logs.glances > seen + 2)  # type: ignore[misc]
    assert logs.looks == looks
    files.add(cel_line(call.events[-1]))
    await until(lambda: logs.looks > looks)
    await keeper.stop()
    await running
    assert len(await written(store)) == 1


async def test_the_rest_goes_by_the_time_and_the_cpu_that_a_look_took(
    files: AsteriskFiles, store: Store
) -> None:
    looks: list[Spent] = []

    class Noting(Pace):
        """Has the next look made at once."""

        @override
        def await_look(self, last: Spent, call_ended: object, wait: object) -> None:
            looks.append(last)

    keeper = RecordKeeper(
        NODE,
        DatabaseLedger(store, NODE),
        files.logs(),
        pace=Noting(),
        steady_clock=itertools.count(step=5).__next__,
        cpu_clock=itertools.count(step=3).__next__,
    )
    running = asyncio.create_task(keeper.run())
    await until(lambda: len(looks) >= 2)
    await keeper.stop()
    await running
    assert set(looks) == {Spent(time=5, cpu=3)}


class Away(DatabaseLedger):
    """A database that cannot be used."""

    @override
    async def state(self) -> LedgerState:
        raise StoreError("the database is down")


async def test_who_stops_does_not_wait_until_a_failure_is_tried_again(
    files: AsteriskFiles, store: Store
) -> None:
    pace = Pace(first_retry=3_600, longest_retry=3_600)
    keeper = a_keeper(files, Away(store, NODE), pace=pace)
    running = asyncio.create_task(keeper.run())
    await until(lambda: "the database is down" in keeper.detail)
    await keeper.stop()
    await asyncio.wait_for(running, 5)


async def test_a_keeper_that_is_cancelled_leaves_no_thread_that_waits(
    files: AsteriskFiles, store: Store
) -> None:
    before = set(threading.enumerate())
    keeper = a_keeper(files, DatabaseLedger(store, NODE), pace=Pace(poll=3_600, shortest_poll=3_600))

    def own() -> list[threading.Thread]:
        return [each for each in set(threading.enumerate()) - before if each.name.startswith("record-reader")]

    running = asyncio.create_task(keeper.run())
    await until(lambda: keeper.healthy)
    assert len(own()) == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await until(lambda: not own())
