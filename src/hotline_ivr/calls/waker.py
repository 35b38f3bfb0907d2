"""Callers are delivered in the moment in which an operator is free, and not at the queue's next second.

Who is woken is decided in routing/waking.py. Without this, or without the link, the queue goes on at its own
pace.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import structlog

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import AsteriskError, AsteriskRefused, LocalProtocolError
from hotline_ivr.routing.skills import admissions
from hotline_ivr.routing.turn_events import QueueRule, TurnEvent, Wake
from hotline_ivr.routing.waking import Waking

log = structlog.get_logger()

# What one phone does is told once for each of its queues; decided is when all of it is in.
GATHER_S: Final = 0.002


class WakeControl(Protocol):
    """Raises AsteriskRefused where the call is over, another AsteriskError where nobody can be asked."""

    async def wake(self, channel: str) -> None: ...


class WakeObserver(Protocol):
    """Counts; must not raise."""

    def sent(self) -> None: ...

    def refused(self) -> None: ...


class Waker:
    """Wakes whose turn it may be. Times are in seconds."""

    def __init__(
        self,
        control: WakeControl,
        plan: Plan,
        observer: WakeObserver,
        *,
        per_second: int,
        ready: Callable[[], Awaitable[None]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._control = control
        self._waking = Waking(rules_of(plan), per_second)
        self._observer = observer
        # Returns as soon as the link is up to date; meanwhile what was seen before the gap is stale.
        self._ready = ready
        self._clock = clock
        self._news = asyncio.Event()

    @property
    def hurried(self) -> bool:
        """Whether events must be read as they come: somebody waits for an operator who may become free."""
        return self._waking.anybody_unserved(self._clock())

    def use(self, plan: Plan) -> None:
        self._waking.use(rules_of(plan))
        self._news.set()

    def renewed(self, events: Sequence[TurnEvent]) -> None:
        self._waking.begin(events, self._clock())
        self._news.set()

    def happened(self, event: TurnEvent) -> None:
        self._waking.happened(event, self._clock())
        if self.hurried:
            self._news.set()

    async def run(self) -> None:
        """Wake until cancelled."""
        while True:
            await self._news_within(await self._wake_due())
            await asyncio.sleep(GATHER_S)
            self._news.clear()

    async def _news_within(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    async def _wake_due(self) -> float | None:
        """Wake those whose turn it may be; the seconds until somebody else's may be, None for never."""
        await self._ready()
        wakes, then = self._waking.due(self._clock())
        if wakes:
            await asyncio.gather(*map(self._wake, wakes))
        return None if then is None else max(0.0, then - self._clock())

    async def _wake(self, wake: Wake) -> None:
        try:
            await self._control.wake(wake.channel)
        except AsteriskRefused:
            # The call is over, or answered elsewhere: nothing is wrong with that.
            self._observer.refused()
        except (AsteriskError, LocalProtocolError) as error:
            self._observer.refused()
            log.warning("a caller could not be woken; the queue's own pace is left", reason=str(error))
        else:
            self._observer.sent()


def rules_of(plan: Plan) -> dict[str, QueueRule]:
    return {
        name: QueueRule(queue.wrap_up, queue.ring_time, queue.strategy == "ringall", admissions(plan, name))
        for name, queue in plan.queues.items()
    }
