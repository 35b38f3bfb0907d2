"""Web hooks of the record: what waits for each, what was given up, and trying it again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

import structlog
from pydantic import Field

from hotline_ivr.control.audit import AuditEntry
from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import StoreError
from hotline_ivr.routing.webhooks import DeliveryState, HookCount, HookDelivery, Subscription
from hotline_ivr.web.api.problems import ApiError, Kind
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route, Shown
from hotline_ivr.web.api.values import ID

log = structlog.get_logger()

Result = TypeVar("Result")


class Deliveries(Protocol):
    """See launch/webhook_parts.py. Methods raise StoreError while the database is away."""

    async def counts(self) -> Mapping[str, HookCount]: ...

    async def newest(self, state: DeliveryState | None, limit: int) -> Sequence[HookDelivery]: ...


@dataclass(frozen=True, slots=True)
class WebhookDesk:
    """`note` is called in a thread and raises OSError; `retry` tells how many messages are tried again."""

    node: str
    deliveries: Deliveries
    subscriptions: Callable[[], Sequence[Subscription]]
    retry: Callable[[Subscription], Awaitable[int]]
    note: Callable[[AuditEntry], None]


class WebhooksQuery(Given):
    """Which deliveries."""

    state: DeliveryState | None = Field(None, description="Only those that stand so.")
    limit: int = Field(20, ge=0, le=500, description="At most so many deliveries.")


class HookPath(Given):
    """Which web hook."""

    hook: str = Field(pattern=ID, description="Id of a web hook.", examples=["crm"])


class HookShown(Shown):
    """A web hook of the configuration."""

    id: str
    events: tuple[str, ...]
    lines: tuple[str, ...] = Field(description="Only calls of these lines; none are all.")
    numbers: bool = Field(description="Whether callers' numbers are told in full.")
    waiting: int = Field(description="Messages that it has not taken yet.")
    failed: int = Field(description="Messages that were given up and are kept.")
    oldest_at: datetime | None = Field(description="Since when the oldest waits.")


class HookDeliveryShown(Shown):
    """A message on its way to a web hook."""

    id: str = Field(description="As in its header `Hotline-Event-Id`.")
    hook: str
    event: str
    subject: str = Field(description="The call's id, or the entry's.")
    version: int
    created_at: datetime
    state: DeliveryState
    tries: int
    reason: str = Field(description="Why the last try was in vain.")
    tried_at: datetime | None
    next_at: datetime | None = Field(description="When it is tried again at the earliest.")


class WebhooksShown(Shown):
    """The web hooks, and their newest messages."""

    webhooks: tuple[HookShown, ...]
    deliveries: tuple[HookDeliveryShown, ...]


class RetriedShown(Shown):
    """What is tried again."""

    hook: str
    messages: int = Field(description="So many are tried again at once.")


def routes(desk: WebhookDesk) -> tuple[AnyRoute, ...]:
    """The routes of web hooks."""
    return (
        Route(
            method="GET",
            path="/webhooks",
            role=Role.READ,
            summary="Web hooks of the record, what waits for them and what was given up",
            path_model=Nothing,
            query_model=WebhooksQuery,
            body_model=Nothing,
            answer_model=WebhooksShown,
            handler=partial(list_webhooks, desk),
            errors=(Kind.UNAVAILABLE,),
        ),
        Route(
            method="POST",
            path="/webhooks/{hook}/retry",
            role=Role.CONTROL,
            summary="Try again at once what waits for a web hook or was given up",
            path_model=HookPath,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=RetriedShown,
            handler=partial(retry_webhook, desk),
            errors=(Kind.UNAVAILABLE,),
        ),
    )


async def list_webhooks(desk: WebhookDesk, asked: Asked[Nothing, WebhooksQuery, Nothing]) -> WebhooksShown:
    counts = await _of_database(desk.deliveries.counts())
    found = await _of_database(desk.deliveries.newest(asked.query.state, asked.query.limit))
    return WebhooksShown(
        webhooks=tuple(_hook(each, counts.get(each.hook)) for each in desk.subscriptions()),
        deliveries=tuple(_delivery(desk.node, each) for each in found),
    )


async def retry_webhook(desk: WebhookDesk, asked: Asked[HookPath, Nothing, Nothing]) -> RetriedShown:
    name = asked.path.hook
    known = {each.hook: each for each in desk.subscriptions()}
    if name not in known:
        raise ApiError(Kind.NOT_FOUND, f"There is no web hook {name} in the configuration.")
    count = await _of_database(desk.retry(known[name]))
    who = asked.who
    details = {"messages": str(count)}
    entry = AuditEntry(asked.now, who.name, who.via, "webhook.retry", name, details, asked.request_id)
    try:
        await asyncio.to_thread(desk.note, entry)
    except OSError as error:
        log.error("a change could not be noted in the trail", reason=str(error))  # noqa: TRY400
        raise ApiError(Kind.UNAVAILABLE, "It is done, but could not be written into the trail.") from None
    return RetriedShown(hook=name, messages=count)


async def _of_database(answer: Awaitable[Result]) -> Result:
    try:
        return await answer
    except StoreError as error:
        log.warning("web hooks cannot be read", reason=str(error))
        raise ApiError(
            Kind.UNAVAILABLE, "The database cannot be used now. Nothing is lost meanwhile."
        ) from None


def _hook(each: Subscription, count: HookCount | None) -> HookShown:
    seen = count or HookCount(each.hook)
    return HookShown(
        id=each.hook,
        events=tuple(sorted(each.events)),
        lines=tuple(sorted(each.lines)),
        numbers=each.numbers,
        waiting=seen.waiting,
        failed=seen.failed,
        oldest_at=seen.oldest_at,
    )


def _delivery(node: str, each: HookDelivery) -> HookDeliveryShown:
    return HookDeliveryShown(
        id=each.id(node),
        hook=each.hook,
        event=each.event,
        subject=each.subject,
        version=each.version,
        created_at=each.created_at,
        state=each.state,
        tries=each.tries,
        reason=each.reason,
        tried_at=each.tried_at,
        next_at=each.next_at if each.state is DeliveryState.WAITING else None,
    )
