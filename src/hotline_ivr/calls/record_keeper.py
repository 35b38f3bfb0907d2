"""Keeping the record: what Asterisk writes to its files becomes rows, each event once, whatever happens.

Asterisk's files are the spool. They grow while we are dead, while the database is down, and while nobody
looks; we read on from where the database says that we stopped. Whenever anything fails, all that is in memory
is dropped, and after a pause the work begins anew from there: there is one way to recover, and a start after
`kill -9` takes it too. So memory is bounded by one piece of a file and the calls in hand.

Channel events are read to their end before queue_log is: so when queue_log says that Asterisk has started
again, all that was written of the calls that this cut off is known already.

Reading and folding run in a thread of their own, as SQLite's writing does in another; the event loop, on
which callers' asks are answered, is never held up.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from hotline_ivr.calls.calls_in_hand import CallsInHand, Limits
from hotline_ivr.calls.machine_clock import MachineClock, machine_clock
from hotline_ivr.calls.record_pace import Pace, Spent
from hotline_ivr.calls.taken import Taken, sort_by_call
from hotline_ivr.errors import StoreError
from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.cel import QUEUE_START, CallEvent, QueueEvent, Source
from hotline_ivr.routing.ledger import Batch, Event, KeptCall, LedgerState, Position, Reading
from hotline_ivr.routing.log_clocks import ClockOfLog

_log = logging.getLogger(__name__)

Result = TypeVar("Result")

_CALLS_GO_ON = "calls under way are counted by the clock by which they began"
# Open calls that are looked at in one transaction after a start.
_REVIEWED_AT_ONCE = 200


class Log(Protocol[Event]):
    """One of Asterisk's files, followed from a position on. Used by one thread at a time."""

    def read(self) -> Reading[Event] | None:
        """What is new, at most one piece; None if nothing is. Raises OSError if the file cannot be read."""


class Logs(Protocol):
    """Both files."""

    @property
    def cel(self) -> Log[CallEvent]: ...

    @property
    def queue_log(self) -> Log[QueueEvent]: ...

    def call_ended(self) -> bool:
        """Whether channel events that were not yet read tell a call's end, or may. Costs microseconds."""

    def close(self) -> None: ...


class Ledger(Protocol):
    """The record's place in the database. Every method raises StoreError if it cannot be used."""

    async def state(self) -> LedgerState: ...

    async def calls(self, ids: Sequence[str]) -> Mapping[str, KeptCall]: ...

    async def commit(self, batch: Batch) -> None: ...


class RecordObserver(Protocol):
    """Is told what was written. It must neither block nor raise."""

    def read(self, source: Source, events: int, rejected: int) -> None: ...

    def ended(self, record: CallRecord) -> None:
        """A call's end has been written. After a `kill -9` an end may be told that was told before."""

    def amended(self, record: CallRecord) -> None:
        """The row of a call whose end was told before has been written again: its outcome may be another."""

    def lag(self, seconds: float) -> None:
        """Age of the oldest event that has been read and is not yet in the database; 0 when none is."""


class NobodyObserves:
    """For where nobody counts."""

    def read(self, source: Source, events: int, rejected: int) -> None:
        del source, events, rejected

    def ended(self, record: CallRecord) -> None:
        del record

    def amended(self, record: CallRecord) -> None:
        del record

    def lag(self, seconds: float) -> None:
        del seconds


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a log is in the database, and until when nothing of it was missing (seconds since 1970)."""

    position: Position
    at: float


class RecordKeeper:
    """Keeps the record of one node while it runs."""

    def __init__(
        self,
        node: str,
        ledger: Ledger,
        open_logs: Callable[[Mapping[Source, Sequence[Position]]], Logs],
        *,
        limits: Limits | None = None,
        pace: Pace | None = None,
        observer: RecordObserver | None = None,
        steady_clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        cpu_clock: Callable[[], float] = time.process_time,
        machine: MachineClock = machine_clock,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._node = node
        self._ledger = ledger
        self._open_logs = open_logs
        self._limits = limits or Limits()
        self._pace = pace or Pace()
        self._observer = observer or NobodyObserves()
        self._clock, self._cpu_clock = steady_clock, cpu_clock
        self._wall_clock, self._machine = wall_clock, machine
        self._chance = chance
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="record-reader")
        self._keeping: _Keeping | None = None
        # The thread waits for it.
        self._stopping = threading.Event()
        self._stopped = asyncio.Event()
        self._stopped.set()
        self._failures = 0
        # Of each log; one that was never read is not among them.
        self.marks: dict[Source, Mark] = {}
        # What is told to people about the state of the record.
        self.healthy = False
        self.detail = "not yet started"

    async def run(self) -> None:
        """Keep the record until stop(), or until cancelled; failures are retried for ever."""
        self._stopped.clear()
        try:
            while not self._stopping.is_set():
                await self._turn()
        finally:
            self.close()
            self._stopped.set()

    async def stop(self) -> None:
        """One last pass over the files, then run() returns; it is not waited for longer than a while."""
        self._stopping.set()
        try:
            async with asyncio.timeout(self._pace.last_pass):
                await self._stopped.wait()
        except TimeoutError:
            _log.warning("the record is not complete; what is missing is read at the next start")

    async def catch_up(self) -> None:
        """Read both files to their end, and write what came of it.

        Raises StoreError or OSError; then all that was in memory is dropped, and the next time begins anew
        from where the database says that we stopped.
        """
        try:
            if self._keeping is None:
                self._keeping = await self._begin()
            await self._read_to_the_end(self._keeping)
        except BaseException:
            self._drop()
            raise

    def close(self) -> None:
        """Let go of files and thread; what still runs there is one read or one fold, not waited for."""
        self._stopping.set()
        self._drop()
        self._thread.shutdown(wait=False)

    async def _turn(self) -> None:
        begun, cpu = self._clock(), self._cpu_clock()
        try:
            await self.catch_up()
            self._well()
            spent = Spent(self._clock() - begun, self._cpu_clock() - cpu)
            await self._in_thread(partial(self._await_look, spent))
            if self._stopping.is_set() and self._keeping is not None:
                await self._read_to_the_end(self._keeping)
                await self._review(self._keeping, self._keeping.hand.stale())
        except (StoreError, OSError) as error:
            await self._pause_after(error)

    async def _begin(self) -> _Keeping:
        state = await self._ledger.state()
        for source, positions in state.positions.items():
            if positions and source not in self.marks:
                self.marks[source] = Mark(positions[-1], self._wall_clock())
        keeping = await self._in_thread(
            partial(_Keeping, self._node, self._open_logs, self._limits, self._machine, state)
        )
        self._keeping = keeping
        await self._review(keeping, state.open_calls)
        return keeping

    def _drop(self) -> None:
        if self._keeping is not None:
            # In the same thread, so that no read is under way when the files are closed.
            self._thread.submit(self._keeping.logs.close)
            self._keeping = None

    async def _read_to_the_end(self, keeping: _Keeping) -> None:
        """And bring rows up to date that have been behind for long enough."""
        while True:
            taken = await self._in_thread(keeping.read)
            if taken is None:
                if keeping.hand.has_work():
                    batch, ended = await self._in_thread(partial(keeping.hand.refresh, self._clock()))
                    await self._write(batch, ended)
                return
            oldest = taken.oldest()
            if oldest is not None:
                self._observer.lag(max(0.0, self._wall_clock() - oldest / 1_000_000))
            await self._write_taken(keeping, taken)
            if not taken.more():
                return

    async def _write_taken(self, keeping: _Keeping, taken: Taken) -> None:
        unknown = keeping.hand.unknown(taken.touched() - taken.begun)
        if unknown:
            kept = await self._ledger.calls(unknown)
            await self._in_thread(partial(keeping.hand.remember, kept))
        batch, ended = await self._in_thread(partial(keeping.hand.take, taken, self._clock()))
        await self._write(batch, ended)
        for source, reading in ((Source.CEL, taken.cel), (Source.QUEUE_LOG, taken.queue_log)):
            if reading is not None:
                newest = reading.events[-1].at / 1_000_000 if reading.events else 0.0
                before = self.marks.get(source)
                self.marks[source] = Mark(reading.after, max(newest, before.at if before else 0.0))
                self._observer.read(source, len(reading.events), len(reading.rejected))
        if any(event.kind == QUEUE_START for event in taken.other):
            # Asterisk has started again: whoever was in a call then is so no longer.
            await self._review(keeping, (await self._ledger.state()).open_calls)

    async def _review(self, keeping: _Keeping, ids: Sequence[str]) -> None:
        """Fold these calls again, whose ends may have been missed."""
        for start in range(0, len(ids), _REVIEWED_AT_ONCE):
            some = ids[start : start + _REVIEWED_AT_ONCE]
            unknown = keeping.hand.unknown(some)
            kept = await self._ledger.calls(unknown) if unknown else {}
            await self._in_thread(partial(keeping.hand.remember, kept))
            batch, ended = await self._in_thread(partial(keeping.hand.review, some, self._clock()))
            await self._write(batch, ended)

    async def _write(self, batch: Batch, ended: Sequence[CallRecord]) -> None:
        if batch.moves or batch.records or batch.opened or batch.closed or batch.joined:
            await self._ledger.commit(batch)
        for record in ended:
            self._observer.ended(record)
        told = {record.id for record in ended}
        for record in batch.records:
            if record.finished and record.id not in told:
                self._observer.amended(record)

    def _await_look(self, spent: Spent) -> None:
        """In the thread from end to end: to be woken there costs a third of waking the event loop first."""
        if self._keeping is not None:
            self._pace.await_look(spent, self._keeping.logs.call_ended, self._stopping.wait)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # How it goes.

    def _well(self) -> None:
        self._failures = 0
        now = self._wall_clock()
        self.marks = {source: Mark(mark.position, now) for source, mark in self.marks.items()}
        self.healthy = True
        self.detail = "the record is up to date"
        self._observer.lag(0.0)

    async def _pause_after(self, error: Exception) -> None:
        delay = min(self._pace.longest_retry, self._pace.first_retry * 2 ** min(self._failures, 16))
        self._failures += 1
        self.healthy = False
        self.detail = f"the record cannot be written, Asterisk's files keep it: {error}"
        _log.error("the record cannot be written, Asterisk's files keep it: %s", error)
        await self._in_thread(partial(self._stopping.wait, delay * (1 - self._chance() / 2)))


class _Keeping:
    """What one run from the database's state holds: the open files and the calls in hand."""

    def __init__(
        self,
        node: str,
        open_logs: Callable[[Mapping[Source, Sequence[Position]]], Logs],
        limits: Limits,
        machine: MachineClock,
        state: LedgerState,
    ) -> None:
        self._node, self._machine = node, machine
        self.logs = open_logs(state.positions)
        cel = state.positions.get(Source.CEL)
        place = (cel[-1].generation, cel[-1].offset) if cel else (0, 0)
        self.hand = CallsInHand(node, limits, state, place)
        self._clocks = {source: _clock_of(source, state) for source in Source}

    def read(self) -> Taken | None:
        """What is new, at most a piece of each file; of queue_log only once there is no more of the other."""
        cel = self.logs.cel.read()
        unread = cel is not None and cel.more
        queue_log = None if unread else self.logs.queue_log.read()
        # After the reading: all that was read was written by this clock, or by the one of the look before.
        now, clock = self._machine()
        turns = (
            self._clocks[Source.CEL].read(cel.events if cel else (), now, clock, more=unread),
            self._clocks[Source.QUEUE_LOG].read(
                queue_log.events if queue_log else (),
                now,
                clock,
                more=unread or bool(queue_log and queue_log.more),
            ),
        )
        if cel is None and queue_log is None:
            return None
        taken = sort_by_call(self._node, cel, queue_log, self.hand.aliases)
        taken.clocks = [each for each in turns if each is not None]
        if turns[0] is not None and (by_us := self._clocks[Source.CEL].set_by_us):
            _log.warning("the machine's clock was set by %+.1f s; %s", by_us / 1_000_000, _CALLS_GO_ON)
        return taken


def _clock_of(source: Source, state: LedgerState) -> ClockOfLog:
    known = [each.clock for each in state.clocks if each.source is source]
    return ClockOfLog(source, known[-1] if known else None, state.heard_to)
