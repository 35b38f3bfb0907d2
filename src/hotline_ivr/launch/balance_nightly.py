"""The nightly balance proof: run for the day before, kept, and told where it is not even.

The proof itself runs in a process of its own, at low priority: it reads hundreds of megabytes, and shares
neither an event loop nor an interpreter's lock with the asks of callers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time
from typing import Protocol

import structlog

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import AlertError, StoreError
from hotline_ivr.launch.apart import run_apart
from hotline_ivr.routing.alert_words import balance_failed, balance_uneven
from hotline_ivr.routing.alerts import Alert
from hotline_ivr.routing.balance_days import due_days
from hotline_ivr.routing.on_duty import OnDuty
from hotline_ivr.routing.shifts import shift_zone
from hotline_ivr.routing.wall import zone_of
from hotline_ivr.store.balance import Night, first_arrival, night_told, nights, untold_nights
from hotline_ivr.store.engine import Store

log = structlog.get_logger()

PACE = 60.0
"""Seconds between looks whether a day is due."""

RETRY = 600.0
"""Seconds until a proof that could not be made is tried again."""

TOLD_AFTER = 3
"""Somebody is told after so many tries in vain, which is twenty minutes."""

LONGEST = 3600.0
"""Seconds after which a proof is given up; 3 GB of files take some five minutes."""


class Observer(Protocol):
    """Is told of the newest proof."""

    def proved(self, night: Night) -> None: ...


async def prove_apart(day: date) -> str:
    """Have a process prove a day, and keep what it found; what went wrong, empty if nothing did."""
    return await run_apart("balance", "--keep", "--day", day.isoformat(), longest=LONGEST, good=(0, 1))


class NightlyBalance:
    """One node's nights. `at` is the hour on the organisation's clock; None is never."""

    def __init__(
        self,
        node: str,
        at: time | None,
        store: Store,
        *,
        plan: Callable[[], Plan],
        duty: Callable[[datetime], OnDuty | None],
        tell: Callable[[Alert], Awaitable[object]],
        observer: Observer,
        prove: Callable[[date], Awaitable[str]] = prove_apart,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._node, self._at, self._store, self._plan = node, at, store, plan
        self._duty, self._tell, self._observer = duty, tell, observer
        self._prove, self._clock = prove, clock
        # The day that could not be proved, how often that was tried, and when it is tried again.
        self._failing: tuple[date, int, datetime] | None = None

    async def run(self) -> None:
        """Look until cancelled; the tables must be there."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                log.warning("the nightly balance waits for the database", reason=str(error))
            except AlertError as error:
                log.error("an uneven balance could not be told", reason=str(error))  # noqa: TRY400
            await asyncio.sleep(PACE)

    async def look(self) -> None:
        """Prove what is due, and tell what nobody was told. Raises StoreError and AlertError."""
        newest = await self._newest()
        if newest is not None:
            self._observer.proved(newest)
        last = None if newest is None else date.fromisoformat(newest.day)
        for day in await self._due(last):
            if why := await self._prove(day):
                await self._failed(day, why)
                return
            self._failing = None
            log.info("the balance was proved", day=day.isoformat())
            newest = await self._newest()
            if newest is not None:
                self._observer.proved(newest)
        # Also those of before a kill: what is kept is told.
        for night in await self._store.read(lambda connection: untold_nights(connection, self._node)):
            log.warning("the balance is not even", day=night.day, differences=night.differences)
            now = self._clock()
            await self._tell(balance_uneven(night, now, self._duty(now)))
            await self._note_told(night.day, now)

    async def _newest(self) -> Night | None:
        found = await self._store.read(lambda connection: nights(connection, self._node, 1))
        return found[0] if found else None

    async def _note_told(self, day: str, now: datetime) -> None:
        await self._store.write(lambda connection: night_told(connection, self._node, day, now))

    async def _due(self, last: date | None) -> list[date]:
        now = self._clock()
        if self._at is None or (self._failing is not None and now < self._failing[2]):
            return []
        first = await self._store.read(lambda connection: first_arrival(connection, self._node))
        return due_days(now, self._at, zone_of(shift_zone(self._plan())), last, first)

    async def _failed(self, day: date, why: str) -> None:
        log.error("the balance could not be proved; it is tried again", day=day.isoformat(), reason=why)
        now = self._clock()
        tries = 1 if self._failing is None or self._failing[0] != day else self._failing[1] + 1
        self._failing = (day, tries, datetime.fromtimestamp(now.timestamp() + RETRY, UTC))
        if tries == TOLD_AFTER:
            await self._tell(balance_failed(self._node, day, why, now, self._duty(now)))
