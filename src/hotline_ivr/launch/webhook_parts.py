"""The web hooks of the record, wired together: who is told, what waits, and how it leaves."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import structlog

from hotline_ivr.calls.webhook_sender import HookObserver, WebhookSender
from hotline_ivr.config.models import Plan
from hotline_ivr.errors import StoreError
from hotline_ivr.launch.signed_post import DEADLINE, SignedPost
from hotline_ivr.routing.alerts import Told
from hotline_ivr.routing.webhooks import DeliveryState, HookCount, HookDelivery, Subscription
from hotline_ivr.store.engine import Store
from hotline_ivr.store.webhook_deliveries import counts, due, expire, newest, next_due, prune, retry, settle
from hotline_ivr.store.webhook_spool import subscribe

log = structlog.get_logger()

EVENT_ID, EVENT, VERSION = "Hotline-Event-Id", "Hotline-Event", "Hotline-Event-Version"

# Seconds until who is to be told is written again, where the database was away.
_RETRY = 5.0


class DatabaseDeliveries:
    """The deliveries of one node. Methods raise StoreError if the database cannot be used."""

    def __init__(self, store: Store, node: str) -> None:
        self._store, self._node = store, node

    async def subscribe(self, wanted: Sequence[Subscription]) -> None:
        await self._store.write(lambda connection: subscribe(connection, self._node, wanted))

    async def due(self, hook: str, now: datetime, limit: int) -> Sequence[HookDelivery]:
        return await self._store.read(lambda connection: due(connection, self._node, hook, now, limit))

    async def next_due(self, hook: str) -> datetime | None:
        return await self._store.read(lambda connection: next_due(connection, self._node, hook))

    async def settle(self, tried: Sequence[HookDelivery]) -> None:
        await self._store.write(lambda connection: settle(connection, self._node, tried))

    async def expire(self, hook: str, now: datetime, why: str) -> int:
        return await self._store.write(lambda connection: expire(connection, self._node, hook, now, why))

    async def prune(self, hook: str, now: datetime) -> int:
        return await self._store.write(lambda connection: prune(connection, self._node, hook, now))

    async def counts(self) -> Mapping[str, HookCount]:
        return await self._store.read(lambda connection: counts(connection, self._node))

    async def newest(self, state: DeliveryState | None, limit: int) -> Sequence[HookDelivery]:
        return await self._store.read(lambda connection: newest(connection, self._node, state, limit))

    async def retry(self, wanted: Subscription, now: datetime) -> int:
        after = wanted.give_up_after
        return await self._store.write(
            lambda connection: retry(connection, self._node, wanted.hook, now, after)
        )


class EventPost:
    """Posts to the web hooks of the plan in force."""

    def __init__(
        self,
        plan: Callable[[], Plan],
        node: str,
        clock: Callable[[], datetime],
        *,
        deadline: float = DEADLINE,
    ) -> None:
        self._plan, self._node = plan, node
        self._post = SignedPost(clock, deadline=deadline)

    async def send(self, delivery: HookDelivery) -> Told:
        hook = self._plan().webhooks.get(delivery.hook)
        if hook is None:
            # It is given up as a whole when the new plan is written down.
            return Told(arrived=False, reason="the configuration has no such web hook any more")
        headers = {
            EVENT_ID: delivery.id(self._node),
            EVENT: delivery.event,
            VERSION: str(delivery.version),
        }
        body = delivery.body.encode()
        return await self._post.post(hook.url, hook.secret, body, headers, gone_is_final=True)

    async def close(self) -> None:
        await self._post.close()


class WebhookParts:
    """One node's web hooks."""

    def __init__(self, store: Store, node: str, *, plan: Callable[[], Plan], observer: HookObserver) -> None:
        self._plan = plan
        self._post = EventPost(plan, node, _now)
        self.deliveries = DatabaseDeliveries(store, node)
        self.sender = WebhookSender(self.deliveries, self._post, observer, draw=random.random)
        self._written: tuple[Subscription, ...] | None = None
        self._changed = asyncio.Event()

    def subscriptions(self) -> tuple[Subscription, ...]:
        """The web hooks of the plan in force."""
        return tuple(Subscription.of(name, each) for name, each in self._plan().webhooks.items())

    async def write(self) -> None:
        """Have the database know who is to be told, before anything is written there. Raises StoreError."""
        wanted = self.subscriptions()
        if wanted != self._written:
            await self.deliveries.subscribe(wanted)
            self._written = wanted

    def plan_changed(self) -> None:
        """Called in the event loop when another plan is in force."""
        self._changed.set()
        self.sender.wake()

    async def run(self) -> None:
        """Send until cancelled; the tables must be there."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow_plan(), name="web hooks' plan")
                group.create_task(self.sender.run(self._names), name="web hooks")
        finally:
            await self._post.close()

    def _names(self) -> Sequence[str]:
        return tuple(self._plan().webhooks)

    async def _follow_plan(self) -> None:
        while True:
            self._changed.clear()
            try:
                await self.write()
            except StoreError as error:
                log.warning("web hooks wait for the database", reason=str(error))
                await asyncio.sleep(_RETRY)
                continue
            await self._changed.wait()

    async def retry(self, hook: Subscription) -> int:
        """Try again what was given up; how many messages that are. Raises StoreError."""
        count = await self.deliveries.retry(hook, _now())
        self.sender.retry(hook.hook)
        return count


def _now() -> datetime:
    return datetime.now(UTC)
