"""The whole floor at a glance: lines, queues, operators."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial

from pydantic import Field

from hotline_ivr.control.tokens import Role
from hotline_ivr.routing.floor_view import QueueView
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.web.api.floor_desk import FloorDesk
from hotline_ivr.web.api.operators_shown import OperatorShown, operator_shown
from hotline_ivr.web.api.route import AnyRoute, Asked, Nothing, Route, Shown


class LineNow(Shown):
    """Whether a line is open."""

    id: str
    name: str
    time_zone: str
    open: bool
    rule: str = Field(description="The rule that says so.")
    by_hand: bool = Field(description="Whether that was decided by hand.")
    until: datetime | None = Field(description="When it next opens or closes; null: not in three years.")


class QueueNow(Shown):
    """Who waits in a queue, and where its operators are, each counted once."""

    id: str
    waiting: int
    longest_wait_s: float | None = Field(description="Seconds; null where nobody waits.")
    ready: int
    ringing: int
    talking: int
    paused: int
    away: int = Field(description="Signed out, or without a phone that can be reached.")


class FloorShown(Shown):
    """Everything that is to be seen now."""

    at: datetime
    linked: bool = Field(description="Whether the service hears Asterisk; if not, phones are not known.")
    plan_version: str
    lines: tuple[LineNow, ...]
    queues: tuple[QueueNow, ...]
    operators: tuple[OperatorShown, ...]


def routes(desk: FloorDesk) -> tuple[AnyRoute, ...]:
    """The route of the floor."""
    return (
        Route(
            method="GET",
            path="/status",
            role=Role.READ,
            summary="Lines, queues and operators as they are now",
            path_model=Nothing,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=FloorShown,
            handler=partial(show_floor, desk),
        ),
    )


async def show_floor(desk: FloorDesk, asked: Asked[Nothing, Nothing, Nothing]) -> FloorShown:
    def look() -> tuple[Rulebook, tuple[LineNow, ...]]:
        book = desk.books()
        return book, tuple(_line(book, line, asked.now) for line in book.plan.lines)

    book, lines = await asyncio.to_thread(look)
    view = desk.view_of(book.plan)
    return FloorShown(
        at=asked.now,
        linked=view.linked,
        plan_version=book.plan.version,
        lines=lines,
        queues=tuple(_queue(each, asked.now) for each in view.queues),
        operators=tuple(operator_shown(desk, each, asked.now) for each in view.operators),
    )


def _line(book: Rulebook, line_id: str, now: datetime) -> LineNow:
    line = book.plan.lines[line_id]
    situation = book.situation(line_id, now)
    change = book.next_change(line_id, now)
    return LineNow(
        id=line_id,
        name=line.name,
        time_zone=line.time_zone,
        open=situation.open,
        rule=situation.rule.name,
        by_hand=situation.rule.kind == "override",
        until=change.at if change else None,
    )


def _queue(view: QueueView, now: datetime) -> QueueNow:
    since = view.waiting_since
    return QueueNow(
        id=view.id,
        waiting=view.waiting,
        longest_wait_s=None if since is None else round(max(0.0, (now - since).total_seconds()), 1),
        ready=view.ready,
        ringing=view.ringing,
        talking=view.talking,
        paused=view.paused,
        away=view.away,
    )
