"""Alerts and alarms: what is wrong, who has been told, and a test. And who is on duty.

Alerts name people, their addresses and the numbers of callers, so listing them takes a token of role control.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog
from pydantic import Field

from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import AlertError
from hotline_ivr.routing.alarms import Alarms
from hotline_ivr.routing.alerts import AlertState, Channel, QueuedAlert, Result
from hotline_ivr.routing.on_duty import OnDuty, turns
from hotline_ivr.routing.shifts import shift_zone
from hotline_ivr.web.api.lines import Books
from hotline_ivr.web.api.problems import ApiError, Kind
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route, Shown

log = structlog.get_logger()


class AlertDesk(Protocol):
    """Who keeps alerts; see launch/alert_parts.py. `queued` and `past` are called in threads."""

    def alarms(self) -> Alarms: ...

    def queued(self) -> Sequence[QueuedAlert]:
        """Raises AlertError."""

    def past(self, limit: int) -> Sequence[QueuedAlert]:
        """Raises AlertError."""

    async def test(self, by: str) -> QueuedAlert:
        """Raises AlertError."""

    def duty(self, now: datetime) -> OnDuty | None: ...


class AlertsQuery(Given):
    """How many."""

    limit: int = Field(20, ge=1, le=500, description="At most so many alerts that are done.")


class DutyQuery(Given):
    """How far ahead."""

    days: int = Field(28, ge=1, le=370, description="Turns of so many days from now on.")


class AlarmShown(Shown):
    """Something that is wrong."""

    kind: str
    about: str = Field(description="The queue or part.")
    since: datetime
    raised_at: datetime | None = Field(description="When somebody was told; null: it may yet pass.")


class DeliveryShown(Shown):
    """An alert on its way to one recipient."""

    channel: Channel
    target: str = Field(description="A mail address, or the id of a web hook.")
    result: Result
    tries: int
    reason: str = Field(description="Why the last try was in vain.")
    tried_at: datetime | None
    next_at: datetime | None = Field(description="When it is tried again; null when it is not.")


class AlertShown(Shown):
    """Something that was told."""

    id: str
    kind: str
    state: AlertState
    about: str
    at: datetime
    title: str
    text: str
    deliveries: tuple[DeliveryShown, ...]


class AlertsShown(Shown):
    """What is wrong, what is on its way, oldest first, and what is done, newest first."""

    alarms: tuple[AlarmShown, ...]
    queued: tuple[AlertShown, ...]
    past: tuple[AlertShown, ...]


class OnDutyShown(Shown):
    """Who is on duty."""

    id: str
    name: str
    mail: str
    number: str | None
    until: datetime | None = Field(description="When another is; null when nobody else ever is.")


class TurnShown(Shown):
    """A turn of the rota."""

    begins: datetime
    ends: datetime
    who: str | None = Field(description="Id of the person; null is nobody.")


class DutyShown(Shown):
    """Who is on duty, and who will be."""

    now: OnDutyShown | None
    turns: tuple[TurnShown, ...]


def routes(desk: AlertDesk, books: Books, trail: AuditTrail) -> tuple[AnyRoute, ...]:
    """The routes of alerts and duty."""
    return (
        Route(
            method="GET",
            path="/alerts",
            role=Role.CONTROL,
            summary="What is wrong, and who has been told",
            path_model=Nothing,
            query_model=AlertsQuery,
            body_model=Nothing,
            answer_model=AlertsShown,
            handler=partial(list_alerts, desk),
            errors=(Kind.UNAVAILABLE,),
        ),
        Route(
            method="POST",
            path="/alerts/test",
            role=Role.CONTROL,
            summary="Send a test to everybody who is told of anything",
            path_model=Nothing,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=AlertShown,
            handler=partial(send_test, desk, trail),
            errors=(Kind.UNAVAILABLE,),
        ),
        Route(
            method="GET",
            path="/duty",
            role=Role.READ,
            summary="Who is on duty, and who will be",
            path_model=Nothing,
            query_model=DutyQuery,
            body_model=Nothing,
            answer_model=DutyShown,
            handler=partial(show_duty, desk, books),
        ),
    )


async def list_alerts(desk: AlertDesk, asked: Asked[Nothing, AlertsQuery, Nothing]) -> AlertsShown:
    try:
        queued = await asyncio.to_thread(desk.queued)
        past = await asyncio.to_thread(desk.past, asked.query.limit)
    except AlertError as error:
        raise _away(error) from None
    return AlertsShown(
        alarms=tuple(
            AlarmShown(kind=key.kind, about=key.about, since=alarm.since, raised_at=alarm.raised)
            for key, alarm in sorted(desk.alarms().items())
        ),
        queued=tuple(_shown(each) for each in queued),
        past=tuple(_shown(each) for each in past),
    )


async def send_test(
    desk: AlertDesk, trail: AuditTrail, asked: Asked[Nothing, Nothing, Nothing]
) -> AlertShown:
    who = asked.who
    try:
        sent = await desk.test(who.name)
    except AlertError as error:
        raise _away(error) from None
    try:
        entry = AuditEntry(asked.now, who.name, who.via, "alerts.test", sent.alert.id, {}, asked.request_id)
        await asyncio.to_thread(trail.note, entry)
    except OSError as error:
        log.error("a test of the alerts could not be noted in the trail", reason=str(error))  # noqa: TRY400
    return _shown(sent)


async def show_duty(desk: AlertDesk, books: Books, asked: Asked[Nothing, DutyQuery, Nothing]) -> DutyShown:
    plan = (await asyncio.to_thread(books)).plan
    now = desk.duty(asked.now)
    found = () if plan.duty is None else turns(plan.duty, shift_zone(plan), asked.now, asked.query.days)
    return DutyShown(
        now=OnDutyShown.model_validate(now, from_attributes=True) if now else None,
        turns=tuple(TurnShown(begins=each.start, ends=each.end, who=each.who) for each in found),
    )


def _away(error: AlertError) -> ApiError:
    log.error("alerts cannot be read or written", reason=str(error))
    return ApiError(Kind.UNAVAILABLE, "The folder of alerts cannot be used now; the log says why.")


def _shown(queued: QueuedAlert) -> AlertShown:
    alert = queued.alert
    return AlertShown(
        id=alert.id,
        kind=alert.kind,
        state=alert.state,
        about=alert.about,
        at=alert.at,
        title=alert.title,
        text=alert.text,
        deliveries=tuple(
            DeliveryShown(
                channel=each.channel,
                target=each.target,
                result=each.result,
                tries=each.tries,
                reason=each.reason,
                tried_at=each.at,
                next_at=each.next_at if each.result is Result.WAITING else None,
            )
            for each in queued.deliveries
        ),
    )
