"""Web hooks leave here: what the database holds of them, each tried until it arrives or is given up.

Receivers are told beside one another, so that one which hangs or is dead holds up none but itself; and it is
asked less and less often, by one message, until it takes one. Of one call the versions go in order: the next
is not tried before the one before it has arrived or was given up. Nothing here is in the way of the record:
what is to be told was written with it, and is read from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import structlog

from hotline_ivr.errors import StoreError
from hotline_ivr.routing.alerts import Told, pause_after
from hotline_ivr.routing.webhooks import DeliveryState, HookCount, HookDelivery

log = structlog.get_logger()

LONGEST_REST = 10.0
"""Seconds after which is looked at the latest: a command beside the service may have spooled something."""

AT_ONCE = 4
"""Messages under way to one receiver."""

BATCH = 40
"""Deliveries whose tries are noted in one transaction, which costs as much as one."""


class Deliveries(Protocol):
    """Where deliveries wait; see launch/webhook_parts.py. Methods raise StoreError."""

    async def due(self, hook: str, now: datetime, limit: int) -> Sequence[HookDelivery]: ...

    async def next_due(self, hook: str) -> datetime | None: ...

    async def settle(self, tried: Sequence[HookDelivery]) -> None: ...

    async def expire(self, hook: str, now: datetime, why: str) -> int: ...

    async def prune(self, hook: str, now: datetime) -> int: ...

    async def counts(self) -> Mapping[str, HookCount]: ...


class Post(Protocol):
    """A way to tell a receiver. Never raises, and has a deadline of its own."""

    async def send(self, delivery: HookDelivery) -> Told: ...


class HookObserver(Protocol):
    """Counts deliveries by how a try ended; `failed` are those that were given up."""

    def tried(self, hook: str, state: DeliveryState) -> None: ...

    def given_up(self, hook: str, count: int) -> None: ...


class WebhookSender:
    """Sends what waits. `draw` gives numbers in [0, 1)."""

    def __init__(
        self,
        deliveries: Deliveries,
        post: Post,
        observer: HookObserver,
        *,
        draw: Callable[[], float],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._deliveries, self._post, self._observer = deliveries, post, observer
        self._draw, self._clock = draw, clock
        self._hooks: dict[str, asyncio.Task[None]] = {}
        self._wake: dict[str, asyncio.Event] = {}
        #: As last seen.
        self.counts: Mapping[str, HookCount] = {}

    def wake(self) -> None:
        """Something was spooled; called in the event loop."""
        for event in self._wake.values():
            event.set()

    def retry(self, hook: str) -> None:
        """Ask this receiver at once, however it failed before; called in the event loop."""
        if hook in self._hooks:
            self._hooks.pop(hook).cancel()
            self._wake.pop(hook)
            self._start(hook)

    async def run(self, hooks: Callable[[], Sequence[str]]) -> None:
        """Send until cancelled; `hooks` names those of the plan in force."""
        try:
            while True:
                self._follow(hooks())
                await self._tidy()
                await asyncio.sleep(LONGEST_REST)
        finally:
            await self._end(list(self._hooks))

    def _follow(self, hooks: Sequence[str]) -> None:
        """Tell these, and no others."""
        for name in set(self._hooks) - set(hooks):
            self._hooks.pop(name).cancel()
            self._wake.pop(name)
        for name in hooks:
            task = self._hooks.get(name)
            if task is None or task.done():
                self._start(name)

    def _start(self, name: str) -> None:
        self._wake[name] = asyncio.Event()
        self._hooks[name] = asyncio.create_task(self._tell(name), name=f"web hook {name}")

    async def _end(self, names: Sequence[str]) -> None:
        tasks = [self._hooks.pop(name) for name in names]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _tidy(self) -> None:
        try:
            for name in list(self._hooks):
                if count := await self._deliveries.prune(name, self._clock()):
                    log.error("too many messages wait for a web hook; the oldest are given up", hook=name)
                    self._observer.given_up(name, count)
            self.counts = await self._deliveries.counts()
        except StoreError as error:
            log.warning("web hooks wait for the database", reason=str(error))

    async def _tell(self, hook: str) -> None:
        """One receiver, until cancelled."""
        wake, failures = self._wake[hook], 0
        while True:
            wake.clear()
            try:
                rest, failures = await self._round(hook, failures)
            except StoreError as error:
                log.warning("web hooks wait for the database", hook=hook, reason=str(error))
                rest = LONGEST_REST
            if rest <= 0:
                continue
            try:
                async with asyncio.timeout(rest):
                    # A receiver that does not answer is not asked sooner because there is more to tell.
                    await (asyncio.sleep(rest) if failures else wake.wait())
            except TimeoutError:
                pass

    async def _round(self, hook: str, failures: int) -> tuple[float, int]:
        """Try what is due; seconds until the next round, and failures in a row. Raises StoreError."""
        now = self._clock()
        found = await self._deliveries.due(hook, now, 1 if failures else BATCH)
        if not found:
            following = await self._deliveries.next_due(hook)
            wait = LONGEST_REST if following is None else (following - now).total_seconds()
            return max(0.05, min(wait, LONGEST_REST)), failures if following is not None else 0
        tried, why = await self._try_all(found)
        await self._deliveries.settle(tried)
        for each in tried:
            self._observer.tried(hook, each.state)
        if not why or any(each.state is DeliveryState.SENT for each in tried):
            return 0.0, 0
        failures += 1
        if count := await self._deliveries.expire(hook, self._clock(), why):
            log.error("messages of a web hook were given up", hook=hook, count=count, reason=why)
            self._observer.given_up(hook, count)
        pause = pause_after(failures, self._draw())
        log.warning(
            "a web hook takes nothing", hook=hook, reason=why, again_in_s=round(pause.total_seconds(), 1)
        )
        return pause.total_seconds(), failures

    async def _try_all(self, found: Sequence[HookDelivery]) -> tuple[list[HookDelivery], str]:
        """Beside one another, none any more once one has not arrived; how they stand, and why it did not."""
        waiting, tried, why = list(found), list[HookDelivery](), ""

        async def work() -> None:
            nonlocal why
            while waiting and not why:
                each = waiting.pop(0)
                told = await self._post.send(each)
                tried.append(self._after(each, told))
                if not told.arrived and not told.final:
                    why = told.reason

        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, len(found))):
                group.create_task(work())
        return tried, why

    def _after(self, delivery: HookDelivery, told: Told) -> HookDelivery:
        now = self._clock()
        after = replace(delivery, tries=delivery.tries + 1, tried_at=now, reason=told.reason)
        if told.arrived:
            return replace(after, state=DeliveryState.SENT)
        if told.final or now >= delivery.expires_at:
            log.error("a message of a web hook is given up", hook=after.hook, subject=after.subject)
            return replace(after, state=DeliveryState.FAILED, reason=f"given up: {told.reason}")
        return replace(after, next_at=now + pause_after(after.tries, self._draw()))
