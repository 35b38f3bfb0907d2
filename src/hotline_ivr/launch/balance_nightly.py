"""The nightly balance proof: run for the day before, kept, and told where it is not even.

With it carriers' new lists of calls are compared with the record, and told in the same alert and figure.

The proof itself runs in a process of its own, at low priority: it reads hundreds of megabytes, and shares
neither an event loop nor an interpreter's lock with the asks of callers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Protocol

import structlog

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import AlertError, StoreError
from hotline_ivr.launch.apart import run_apart
from hotline_ivr.routing.alert_words import balance_failed, balance_uneven
from hotline_ivr.routing.alerts import Alert
from hotline_ivr.routing.balance_days import due_days
from hotline_ivr.routing.invoice_found import InvoiceFound, invoices_failed, invoices_told
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


class Invoices(Protocol):
    """Carriers' lists of calls. Methods raise OSError where the state folder cannot be read or written."""

    async def compare(self, day: date) -> str: ...

    async def untold(self) -> list[InvoiceFound]: ...

    async def note_told(self, found: InvoiceFound) -> None: ...

    async def wrong_of(self, day: str) -> int: ...


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
        invoices: Invoices,
        prove: Callable[[date], Awaitable[str]] = prove_apart,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._node, self._at, self._store, self._plan = node, at, store, plan
        self._duty, self._tell, self._observer, self._invoices = duty, tell, observer, invoices
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
            except OSError as error:
                log.error("what came of invoices is not known", reason=str(error))  # noqa: TRY400
            await asyncio.sleep(PACE)

    async def look(self) -> None:
        """Prove what is due, and tell what nobody was told. Raises StoreError, AlertError and OSError."""
        newest = await self._newest()
        await self._show(newest)
        last = None if newest is None else date.fromisoformat(newest.day)
        due = await self._due(last)
        for day in due:
            if why := await self._prove(day):
                await self._failed(day, why)
                return
            self._failing = None
            log.info("the balance was proved", day=day.isoformat())
            await self._show(await self._newest())
        if due:
            await self._compare_invoices(due[-1])
        await self._tell_all()

    async def _show(self, newest: Night | None) -> None:
        if newest is not None:
            wrong = await self._invoices.wrong_of(newest.day)
            self._observer.proved(replace(newest, differences=newest.differences + wrong))

    async def _compare_invoices(self, day: date) -> None:
        """Once a night; a list that could not be read is kept as such, and told like one that differs."""
        if why := await self._invoices.compare(day):
            log.error("new invoices could not be compared", reason=why)
            now = self._clock()
            await self._tell(invoices_failed(self._node, day, why, now, self._duty(now)))
        elif await self._invoices.wrong_of(day.isoformat()):
            await self._show(await self._newest())

    async def _tell_all(self) -> None:
        """Also what is of before a kill: what is kept is told. Invoices go with the newest uneven night."""
        wanted = await self._store.read(lambda connection: untold_nights(connection, self._node))
        invoices = await self._invoices.untold()
        now = self._clock()
        for night in wanted:
            log.warning("the balance is not even", day=night.day, differences=night.differences)
            alert = balance_uneven(night, now, self._duty(now))
            if night is wanted[-1] and invoices:
                alert = invoices_told(self._node, invoices, now, self._duty(now), night=alert)
            await self._tell(alert)
            await self._note_told(night.day, now)
        if invoices and not wanted:
            await self._tell(invoices_told(self._node, invoices, now, self._duty(now)))
        for found in invoices:
            log.warning("an invoice and the record differ", contract=found.contract, file=found.file)
            await self._invoices.note_told(found)

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
