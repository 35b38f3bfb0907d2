"""A machine's clock that is set in the middle of calls, on both databases: they are as long as they were."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import Connection, text

from hotline_ivr.calls.calls_in_hand import Limits
from hotline_ivr.calls.record_keeper import RecordKeeper
from hotline_ivr.routing.log_clocks import Clock
from hotline_ivr.store.engine import Store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.refolding import Refolded, machine_of, refold
from tests.calls.asterisk_files import NODE, AsteriskFiles, Written, a_call, a_keeper, cel_line, queue_line
from tests.calls.keeping import one, store_of_each_kind
from tests.routing.call_tables import START

__all__ = ["store_of_each_kind"]

HOUR = 3_600
TALKING = 10
"""Events of an answered caller up to the conversation."""


class Machine:
    """A machine whose clock is set, with an Asterisk that writes by it and a service that reads."""

    def __init__(self, files: AsteriskFiles, store: Store) -> None:
        self._files, self._store = files, store
        self._since_start, self._ahead, self._boot = 0.0, float(START), "first"
        self._keeper = self._service()

    def _service(self) -> RecordKeeper:
        ledger = DatabaseLedger(self._store, NODE)
        return a_keeper(self._files, ledger, limits=Limits(refresh=0), machine=self._clock)

    def _clock(self) -> tuple[int, Clock]:
        now = round((self._ahead + self._since_start) * 1_000_000)
        return now, Clock(self._boot, round(self._ahead * 1_000_000))

    async def until(self, seconds: float) -> None:
        """Time goes on, and the service looks at what was written."""
        await self._keeper.catch_up()
        self._since_start = seconds
        await self._keeper.catch_up()

    def set_clock(self, by: float) -> None:
        self._ahead += by

    def write(self, call: Written, first: int, last: int | None = None, *, lines: slice = slice(0)) -> None:
        """Events of a call by the clock as it stands."""
        by = round((self._ahead - START) * 1_000_000)
        for event in call.events[first:last]:
            self._files.add(cel_line(event._replace(at=event.at + by)))
        for line in call.queue_events[lines]:
            self._files.add_queue(queue_line(line._replace(at=line.at + by)))

    def kill_service(self) -> None:
        self._keeper.close()

    def start_service(self) -> None:
        self._keeper = self._service()

    async def row(self, column: str) -> object:
        return await one(self._store, f"SELECT {column} FROM call")  # noqa: S608

    async def refolded(self) -> Refolded:
        def work(connection: Connection) -> Refolded:
            ids = list(connection.scalars(text("SELECT DISTINCT call_id FROM call_event")))
            return refold(connection, NODE, ids, machine_of(connection, NODE))

        return await self._store.write(work)


@pytest.fixture
def machine(files: AsteriskFiles, store: Store) -> Machine:
    return Machine(files, store)


@pytest.mark.parametrize("by", [HOUR, -HOUR, 5, -5])
async def test_a_conversation_is_as_long_as_it_was_when_the_clock_is_set_in_it(
    machine: Machine, caplog: pytest.LogCaptureFixture, by: int
) -> None:
    call = a_call("answered_caller_hangs_up")
    machine.write(call, 0, TALKING, lines=slice(2))
    await machine.until(3)
    machine.set_clock(by)
    machine.write(call, TALKING, lines=slice(2, None))
    with caplog.at_level(logging.WARNING):
        await machine.until(6.1)
    assert await machine.row("talk_ms") == 3_147
    assert await machine.row("total_ms") == 6_011
    assert await machine.row("discrepancy") is None
    assert await machine.row("reasons") == f"fallback:no-answer clock-set:{by:+.1f}s"
    assert f"the machine's clock was set by {by:+.1f} s" in caplog.text
    done = await machine.refolded()
    assert (done.looked_at, done.changed) == (1, 0)
    machine.kill_service()


@pytest.mark.parametrize("by", [HOUR, -HOUR])
@pytest.mark.parametrize("noticed", [False, True], ids=["while it was away", "before it was killed"])
async def test_it_is_known_after_the_service_was_killed(machine: Machine, by: int, *, noticed: bool) -> None:
    call, other = a_call("answered_caller_hangs_up"), a_call("closed_heard_in_full", 1, 4)
    machine.write(call, 0, TALKING, lines=slice(2))
    await machine.until(3)
    if not noticed:
        machine.kill_service()
    machine.set_clock(by)
    machine.write(other, 0)
    if noticed:
        await machine.until(5)
        machine.kill_service()
    machine.start_service()
    machine.write(call, TALKING, lines=slice(2, None))
    await machine.until(60)
    assert await machine.row("max(talk_ms)") == 3_147
    assert (await machine.refolded()).changed == 0
    machine.kill_service()


async def test_a_new_start_of_the_machine_is_no_clock_that_was_set(
    machine: Machine, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    call = a_call("answered_caller_hangs_up")
    machine.write(call, 0, lines=slice(None))
    await machine.until(10)
    machine.kill_service()
    machine._boot, machine._ahead, machine._since_start = "second", machine._ahead + 500, 1.0
    machine.start_service()
    machine.write(a_call("closed_heard_in_full", 1), 0)
    with caplog.at_level(logging.WARNING):
        await machine.until(30)
    assert "clock was set" not in caplog.text
    assert await machine.row("count(*)") == 2
    assert await one(store, "SELECT count(*) FROM call WHERE reasons LIKE '%clock-set%'") == 0
    assert await one(store, "SELECT count(DISTINCT boot) FROM log_clock") == 2
    machine.kill_service()


async def test_what_is_noted_of_clocks_is_no_more_than_where_they_were_set(
    machine: Machine, store: Store
) -> None:
    for number in range(20):
        machine.write(a_call("answered_caller_hangs_up", number, number * 10), 0, lines=slice(None))
        await machine.until(number * 10 + 8)
    assert await one(store, "SELECT count(*) FROM log_clock") == 2
    machine.kill_service()
