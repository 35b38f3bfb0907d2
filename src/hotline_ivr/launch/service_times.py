"""How long an operator is taken up by a caller, read again and again for the forecast of waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import StoreError
from hotline_ivr.routing.expected_wait import FEWEST_SERVICES, Services
from hotline_ivr.store.engine import Store
from hotline_ivr.store.talks import recent_talks

log = structlog.get_logger()

# How often (seconds) the record is asked: service times change over hours.
REFRESH = 60.0
# The same while too little is known of every queue.
FIRST_REFRESH = 5.0
# How far back conversations count.
RECENT = timedelta(days=14)
# From the end of one service to the beginning of the next conversation (s): the phone rings and is taken up.
RING_S = 3.0


class ServiceTimes:
    """Hands them on; while the database is away, what was known before stays."""

    def __init__(
        self, store: Store, plan: Callable[[], Plan], use: Callable[[Mapping[str, Services]], None]
    ) -> None:
        self._store, self._plan, self._use = store, plan, use

    async def run(self) -> None:
        """Read until cancelled; where nobody asks for the expected wait nothing is read."""
        known = False
        while True:
            if wanted(self._plan()):
                try:
                    talks = await self._store.read(partial(recent_talks, since=datetime.now(UTC) - RECENT))
                except StoreError as error:
                    log.warning("service times are not read now", reason=str(error))
                else:
                    known = self._hand_on(talks)
            await asyncio.sleep(REFRESH if known else FIRST_REFRESH)

    def _hand_on(self, talks: Mapping[str, Sequence[float]]) -> bool:
        """Whether there is a queue of which enough is known."""
        queues = self._plan().queues
        services = {
            name: Services(talk + queues[name].wrap_up + RING_S for talk in each)
            for name, each in talks.items()
            if name in queues
        }
        self._use(services)
        return any(len(each) >= FEWEST_SERVICES for each in services.values())


def wanted(plan: Plan) -> bool:
    """Whether anything in the plan asks how long callers will wait."""
    if any(queue.callbacks is not None for queue in plan.queues.values()):
        return True
    return any(
        line.expected_wait
        or (line.closing is not None and line.closing.last_call)
        or any(rule.expected_wait is not None for rule in line.overflow)
        for line in plan.lines.values()
    )
