"""Keeping the promise ledger: what the record says of finished calls is entered, and what is too old expires.

The record comes first: a call is entered from its row, after that was written. What was told of while the
database was away is kept in mind; after a start, and every hour, all calls that may still matter are looked
through, which finds whatever a kill left out and corrects what was folded again. Each call counts once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from hotline_ivr.errors import StoreError
from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.owed import MATTERS
from hotline_ivr.routing.promises import PromisesNow

log = structlog.get_logger()

# How often (seconds) finished calls are entered at most, a database that is away is tried again, and all
# calls are looked through.
PACE = 1.0
RETRY = 5.0
SWEEP = 3600.0
# Rest (seconds) between the pages of that look, so that the record's own writing is not held up.
REST = 0.05
# Finished calls kept in mind; where there are more, all calls are looked through instead.
MOST_TOLD = 50_000

Place = tuple[datetime, str]


class PromiseLedger(Protocol):
    """The tables; see store/promise_ledger.py. Methods raise StoreError if they cannot be used."""

    async def enter(self, ids: Sequence[str], now: datetime) -> None: ...

    async def sweep(self, after: Place | None, now: datetime) -> Place | None: ...

    async def expire(self, now: datetime) -> None: ...

    async def now(self) -> PromisesNow: ...


class Observer(Protocol):
    """Whoever is told of the record besides; see calls/record_keeper.py."""

    def read(self, source: Source, events: int, rejected: int) -> None: ...

    def ended(self, record: CallRecord) -> None: ...

    def amended(self, record: CallRecord) -> None: ...

    def lag(self, seconds: float) -> None: ...


class PromiseKeeper:
    """The promise ledger of one node. `clock` is aware.

    It is the record's observer, and passes all that it is told on to `observer`.
    """

    def __init__(
        self, ledger: PromiseLedger, clock: Callable[[], datetime], observer: Observer, *, pace: float = PACE
    ) -> None:
        self._ledger, self._clock, self._observer, self._pace = ledger, clock, observer, pace
        self._told: dict[str, None] = {}
        self._news = asyncio.Event()
        self._swept_at: datetime | None = None
        self.open = PromisesNow()

    # What the record keeper tells.

    def read(self, source: Source, events: int, rejected: int) -> None:
        self._observer.read(source, events, rejected)

    def lag(self, seconds: float) -> None:
        self._observer.lag(seconds)

    def ended(self, record: CallRecord) -> None:
        self._observer.ended(record)
        if record.outcome in MATTERS:
            self._told[record.id] = None
            self._news.set()

    def amended(self, record: CallRecord) -> None:
        """A message that was left is told by an event after the call's last: it had ended as `closed`.

        Whatever the outcome is now: what was entered for another one has to go.
        """
        self._observer.amended(record)
        self._told[record.id] = None
        self._news.set()

    def changed(self) -> None:
        """Somebody did something about an entry: what is open is counted anew."""
        self._news.set()

    async def run(self) -> None:
        """Keep the ledger until cancelled; the tables must be there."""
        while True:
            try:
                await self._pass()
                await asyncio.sleep(self._pace)
            except StoreError as error:
                log.warning("the promise ledger waits for the database", reason=str(error))
                await asyncio.sleep(RETRY)
                continue
            # Time alone lets entries expire; a minute is near enough.
            try:
                async with asyncio.timeout(60.0):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _pass(self) -> None:
        self._news.clear()
        now = self._clock()
        if len(self._told) > MOST_TOLD:
            self._told.clear()
            self._swept_at = None
        told, self._told = self._told, {}
        if told:
            try:
                await self._ledger.enter(list(told), now)
            except StoreError:
                # What was told meanwhile stays told: its row may be newer than what was read.
                self._told = told | self._told
                raise
        if self._swept_at is None or (now - self._swept_at).total_seconds() >= SWEEP:
            await self._sweep(now)
        await self._ledger.expire(now)
        self.open = await self._ledger.now()

    async def _sweep(self, now: datetime) -> None:
        place = await self._ledger.sweep(None, now)
        while place is not None:
            await asyncio.sleep(REST)
            place = await self._ledger.sweep(place, now)
        self._swept_at = now
