"""The minutes that outside centres have had today, read again and again for their daily limits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

import structlog

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import StoreError
from hotline_ivr.store.engine import Store
from hotline_ivr.store.outside import minutes_outside, start_of_day

log = structlog.get_logger()

# How often (seconds) the database is asked; a limit is passed by so much at most.
MINUTES_REFRESH = 15.0


class MinutesOutside:
    """What is known of them. While the database is away, what was known before."""

    def __init__(self, store: Store, plan: Callable[[], Plan]) -> None:
        self._store, self._plan = store, plan
        self.by_centre: Mapping[str, float] = {}

    async def run(self) -> None:
        """Count until cancelled; where no centre has a limit nothing is read."""
        while True:
            if any(centre.minutes_a_day for centre in self._plan().centres.values()):
                since = start_of_day(self._plan(), datetime.now(UTC))
                try:
                    self.by_centre = await self._store.read(partial(minutes_outside, since=since))
                except StoreError as error:
                    log.warning("the minutes of centres are not counted now", reason=str(error))
            await asyncio.sleep(MINUTES_REFRESH)
