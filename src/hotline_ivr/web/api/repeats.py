"""Who called again: the same as `hotline calls repeat`.

Counted by a process of its own, since it reads weeks of the record.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from pydantic import Field

from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import StoreError
from hotline_ivr.routing.repeats import WINDOW_DAYS, RepeatWish
from hotline_ivr.web.api.problems import ApiError, Kind
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route, Shown
from hotline_ivr.web.api.values import ID, Moment

log = structlog.get_logger()

DEADLINE = 600.0
"""Seconds: one figure is made at a time, and each has its own limit."""

Count = Callable[[RepeatWish], Awaitable[Mapping[str, Any]]]
"""What `hotline calls repeat --json` prints. Raises StoreError."""


class RepeatsQuery(Given):
    """Which calls."""

    since: Moment | None = Field(None, description="That arrived at this moment or later; else of 28 days.")
    until: Moment | None = Field(None, description="That arrived before this moment.")
    line: str | None = Field(None, pattern=ID, description="Of this line.", examples=["admission"])
    days: int = Field(
        WINDOW_DAYS, ge=1, le=30, description="A call within so many days after it repeats a call."
    )


class LineRepeatsShown(Shown):
    """Calls of a line, and how many were followed by another one of the same person."""

    line: str
    answered: int = Field(description="Calls with a conversation.")
    answered_again: int = Field(description="Of these, after which the person called again.")
    unanswered: int = Field(description="Calls without one.")
    unanswered_again: int = Field(description="Of these, after which the person called again.")
    withheld: int = Field(description="Calls without a number, which are in none of the others.")
    persons: int = Field(description="Callers, each once.")
    persons_again: int = Field(description="Of these, who called again.")


class RepeatsShown(Shown):
    """Who called again."""

    since: datetime
    until: datetime = Field(description="Calls of the last `days` are left out: they may yet be repeated.")
    days: int
    lines: tuple[LineRepeatsShown, ...]


def routes(count: Count) -> tuple[AnyRoute, ...]:
    """The route of the figure."""
    return (
        Route(
            method="GET",
            path="/repeats",
            role=Role.READ,
            summary="How many callers called the same line again",
            path_model=Nothing,
            query_model=RepeatsQuery,
            body_model=Nothing,
            answer_model=RepeatsShown,
            handler=partial(show_repeats, count),
            errors=(Kind.UNAVAILABLE,),
            deadline=DEADLINE,
        ),
    )


async def show_repeats(count: Count, asked: Asked[Nothing, RepeatsQuery, Nothing]) -> RepeatsShown:
    query = asked.query
    try:
        found = await count(RepeatWish(query.since, query.until, query.line, query.days))
    except StoreError as error:
        log.warning("who called again could not be counted", reason=str(error))
        detail = "The database cannot be read now. Calls go on, and will be in the record."
        raise ApiError(Kind.UNAVAILABLE, detail) from None
    return RepeatsShown.model_validate({name: found[name] for name in RepeatsShown.model_fields})
