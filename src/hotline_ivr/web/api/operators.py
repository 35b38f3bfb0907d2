"""Operators: where each of them stands, why one is not rung, and sending them on a break and back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

import structlog
from pydantic import Field

from hotline_ivr.config.models import Plan
from hotline_ivr.control.audit import AuditEntry
from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import PresenceRefused, StoreError
from hotline_ivr.routing.presence import BeReady, PresenceEvent, SignIn, SignOut, Standing, TakePause
from hotline_ivr.routing.presence_rules import rules_of
from hotline_ivr.web.api.floor_desk import FloorDesk
from hotline_ivr.web.api.operators_shown import OperatorShown, OperatorsShown, operator_shown
from hotline_ivr.web.api.problems import ApiError, Kind, wrong_value
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route, Shown
from hotline_ivr.web.api.values import ID, Moment

log = structlog.get_logger()

LONGEST_LOOK = timedelta(days=31)
"""Time of the pause ledger that is shown at once: a month of one operator is some 3,000 lines."""


class OperatorPath(Given):
    """Which operator."""

    id: Annotated[str, Field(pattern=ID, description="Id of an operator.", examples=["anna"])]


class Pause(Given):
    """Which pause."""

    reason: str = Field(pattern=ID, description="Id of a pause reason.", examples=["break"])


class PeriodsQuery(Given):
    """Which time; the last 24 hours unless told otherwise."""

    start: Moment | None = Field(None, alias="from", description="Periods that last longer than this moment.")
    until: Moment | None = Field(None, description="Periods that began before this moment.")


class PeriodShown(Shown):
    """A line of the pause ledger."""

    operator: str
    standing: Standing
    reason: str
    began_at: datetime
    ended_at: datetime | None = Field(description="Null: lasts.")
    began_by: str
    ended_by: str


class PeriodsShown(Shown):
    """Lines of the pause ledger, oldest first."""

    periods: tuple[PeriodShown, ...]


def routes(desk: FloorDesk) -> tuple[AnyRoute, ...]:
    """The routes of operators."""
    return (
        Route(
            method="GET",
            path="/operators",
            role=Role.READ,
            summary="Where operators stand, and why one is not rung",
            path_model=Nothing,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=OperatorsShown,
            handler=partial(list_operators, desk),
        ),
        Route(
            method="GET",
            path="/operators/{id}",
            role=Role.READ,
            summary="One operator",
            path_model=OperatorPath,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=OperatorShown,
            handler=partial(show_operator, desk),
        ),
        Route(
            method="GET",
            path="/operators/{id}/periods",
            role=Role.READ,
            summary="The pause ledger of an operator",
            path_model=OperatorPath,
            query_model=PeriodsQuery,
            body_model=Nothing,
            answer_model=PeriodsShown,
            handler=partial(list_periods, desk),
        ),
        *_changing(desk),
    )


def _changing(desk: FloorDesk) -> tuple[AnyRoute, ...]:
    """Four changes of the same shape; only a pause has a body."""
    wishes: tuple[tuple[str, str, Callable[[str], PresenceEvent]], ...] = (
        ("sign-in", "Sign an operator in", SignIn),
        ("sign-out", "Sign an operator out; a call under way goes on", SignOut),
        ("ready", "End an operator's pause or wrap-up", BeReady),
    )
    plain: list[AnyRoute] = [
        Route(
            method="POST",
            path=f"/operators/{{id}}/{action}",
            role=Role.CONTROL,
            summary=summary,
            path_model=OperatorPath,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=OperatorShown,
            handler=partial(change, desk, action, event),
            errors=(Kind.NOT_NOW,),
        )
        for action, summary, event in wishes
    ]
    pause: AnyRoute = Route(
        method="POST",
        path="/operators/{id}/pause",
        role=Role.CONTROL,
        summary="Send an operator on a pause; after the call, if there is one",
        path_model=OperatorPath,
        query_model=Nothing,
        body_model=Pause,
        answer_model=OperatorShown,
        handler=partial(take_pause, desk),
        errors=(Kind.NOT_NOW,),
    )
    return (*plain, pause)


async def list_operators(desk: FloorDesk, asked: Asked[Nothing, Nothing, Nothing]) -> OperatorsShown:
    view = await desk.view()
    return OperatorsShown(
        at=asked.now,
        linked=view.linked,
        operators=tuple(operator_shown(desk, each, asked.now) for each in view.operators),
    )


async def show_operator(desk: FloorDesk, asked: Asked[OperatorPath, Nothing, Nothing]) -> OperatorShown:
    await require(desk, asked.path.id)
    return await one_operator(desk, asked.path.id, asked.now)


async def list_periods(desk: FloorDesk, asked: Asked[OperatorPath, PeriodsQuery, Nothing]) -> PeriodsShown:
    await require(desk, asked.path.id)
    until = asked.query.until or asked.now
    start = asked.query.start or until - timedelta(days=1)
    if not timedelta() < until - start <= LONGEST_LOOK:
        raise wrong_value("query.from", f"`from` lies before `until`, and {LONGEST_LOOK.days} days at most.")
    try:
        found = await desk.periods(start, until, asked.path.id)
    except StoreError as error:
        log.warning("the pause ledger cannot be read", reason=str(error))
        raise ApiError(Kind.UNAVAILABLE, "The database is away; the ledger is kept meanwhile.") from None
    return PeriodsShown(
        periods=tuple(PeriodShown.model_validate(each, from_attributes=True) for each in found)
    )


async def take_pause(desk: FloorDesk, asked: Asked[OperatorPath, Nothing, Pause]) -> OperatorShown:
    reason = asked.body.reason
    plan = await require(desk, asked.path.id)
    if reason not in (reasons := rules_of(plan).reasons):
        known = ", ".join(sorted(reasons))
        raise wrong_value("body.reason", f"There is no pause reason '{reason}'. Reasons are: {known}.")
    return await _wish(desk, asked, "pause", TakePause(reason, asked.who.name), {"reason": reason})


async def change(
    desk: FloorDesk,
    action: str,
    event: Callable[[str], PresenceEvent],
    asked: Asked[OperatorPath, Nothing, Nothing],
) -> OperatorShown:
    await require(desk, asked.path.id)
    return await _wish(desk, asked, action, event(asked.who.name), {})


async def _wish(
    desk: FloorDesk,
    asked: Asked[OperatorPath, Nothing, Nothing] | Asked[OperatorPath, Nothing, Pause],
    action: str,
    event: PresenceEvent,
    details: Mapping[str, str],
) -> OperatorShown:
    await carry_out(asked.path.id, desk.staff.wish(asked.path.id, event))
    return await noted(desk, asked, action, details)


async def carry_out(operator: str, change: Awaitable[object]) -> None:
    """Raises ApiError if the operator cannot do this now."""
    try:
        await change
    except PresenceRefused as refused:
        text = str(refused)
        told = text.startswith(("is ", "waits "))
        raise ApiError(Kind.NOT_NOW, f"{operator} {text}." if told else text) from None


async def noted(
    desk: FloorDesk,
    asked: Asked[OperatorPath, Nothing, Any],
    action: str,
    details: Mapping[str, str],
) -> OperatorShown:
    """Write a change into the trail; the operator as it then stands. Raises ApiError where it cannot be."""
    who, operator = asked.who, asked.path.id
    entry = AuditEntry(
        asked.now, who.name, who.via, f"operator.{action}", operator, details, asked.request_id
    )
    try:
        await asyncio.to_thread(desk.note, entry)
    except OSError as error:
        log.error("a change could not be noted in the trail", reason=str(error))  # noqa: TRY400
        detail = "The change is made, but could not be written into the trail."
        raise ApiError(Kind.UNAVAILABLE, detail) from None
    return await one_operator(desk, operator, asked.now)


async def require(desk: FloorDesk, operator: str) -> Plan:
    """The plan. Raises ApiError if it has no such operator."""
    plan = (await asyncio.to_thread(desk.books)).plan
    if operator not in plan.operators:
        known = ", ".join(sorted(plan.operators)[:20])
        raise ApiError(Kind.NOT_FOUND, f"There is no operator '{operator}'. Operators are: {known}.")
    return plan


async def one_operator(desk: FloorDesk, operator: str, now: datetime) -> OperatorShown:
    view = await desk.view()
    for each in view.operators:
        if each.id == operator:
            return operator_shown(desk, each, now)
    raise ApiError(Kind.NOT_FOUND, f"There is no operator '{operator}' any more.")
