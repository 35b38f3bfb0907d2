"""The nightly purge: done once a night, by a process of its own at low priority, as the balance is proved.

A night that was missed is made up by the next look. A purge that was killed has no end in the list, and is
done again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import structlog

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import StoreError
from hotline_ivr.launch.apart import run_apart
from hotline_ivr.routing.purge_days import purge_due
from hotline_ivr.routing.shifts import shift_zone
from hotline_ivr.routing.wall import zone_of
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import Store
from hotline_ivr.store.purges import last_purges

log = structlog.get_logger()

PACE = 60.0
"""Seconds between looks whether it is due."""

RETRY = timedelta(minutes=10)
"""Until a purge that failed is tried again."""

LONGEST = 4 * 3600.0
"""Seconds after which one is given up: the first may have years to go through."""


async def purge_apart() -> str:
    """Have a process purge; what went wrong, empty if nothing did."""
    return await run_apart("privacy", "purge", "--once", longest=LONGEST)


class NightlyPurge:
    """One node's nights, at the hour of the settings on the organisation's clock."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        plan: Callable[[], Plan],
        *,
        work: Callable[[], Awaitable[str]] = purge_apart,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._node, self._at, self._store, self._plan = settings.node, settings.purge_time, store, plan
        self._work, self._clock = work, clock
        self._not_before: datetime | None = None

    async def run(self) -> None:
        """Look until cancelled; the tables must be there."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                log.warning("the nightly purge waits for the database", reason=str(error))
            await asyncio.sleep(PACE)

    async def look(self) -> bool:
        """Purge if it is due; whether it was done. Raises StoreError."""
        now = self._clock()
        if self._at is None or (self._not_before is not None and now < self._not_before):
            return False
        if not _keeps_anything(self._plan()):
            return False
        found = await self._store.read(lambda connection: last_purges(connection, self._node, 2))
        last = next((date.fromisoformat(each.day) for each in found if each.done_at is not None), None)
        if not purge_due(now, self._at, zone_of(shift_zone(self._plan())), last):
            return False
        if why := await self._work():
            log.error("the purge failed; it is tried again", reason=why)
            self._not_before = now + RETRY
            return False
        self._not_before = None
        return True


def _keeps_anything(plan: Plan) -> bool:
    """Whether anything is to be kept for a time only."""
    return any(days is not None for days in plan.privacy.keep.model_dump().values())
