"""Opening hours of the days to come, day by day, as `hotline hours --json` has them."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from functools import partial
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from hotline_ivr.control.tokens import Role
from hotline_ivr.routing.wall import zone_of
from hotline_ivr.views import hours_text
from hotline_ivr.views.week import line_hours
from hotline_ivr.web.api.explain import require_near
from hotline_ivr.web.api.lines import MOST_DAYS, Books, LinePath, require_line
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route, Shown

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(text: object) -> dt.date:
    # `fromisoformat` also takes weeks and ordinal days, which nobody writes here.
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        raise ValueError("write a day: 2026-12-24")
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError("this is no day: write 2026-12-24") from None


class HoursQuery(Given):
    """Which days."""

    days: int = Field(14, ge=1, le=MOST_DAYS, description="So many days.")
    first: Annotated[dt.date, BeforeValidator(_day)] | None = Field(
        None, alias="from", description="First day, on the line's own clock; default today."
    )


class OpenShown(Shown):
    """A stretch in which the line is open."""

    start: dt.datetime = Field(alias="from")
    until: dt.datetime
    rule: str = Field(description="The rule that opens it, by its place in the configuration.")


class DayShown(Shown):
    """One day, cut at its midnights."""

    date: dt.date
    open: tuple[OpenShown, ...]
    rule: str | None = Field(description="What makes this day another than those of the week.")


class HoursShown(Shown):
    """A line's opening hours. Moments are on the line's own clock, with their offset."""

    schema_name: Literal["hotline/hours/1"] = Field(alias="schema")
    line: str
    name: str
    numbers: tuple[str, ...]
    time_zone: str
    days: tuple[DayShown, ...]


def routes(books: Books) -> tuple[AnyRoute, ...]:
    """The route of hours."""
    return (
        Route(
            method="GET",
            path="/lines/{line}/hours",
            role=Role.READ,
            summary="When a line is open, day by day",
            path_model=LinePath,
            query_model=HoursQuery,
            body_model=Nothing,
            answer_model=HoursShown,
            handler=partial(show_hours, books),
        ),
    )


async def show_hours(books: Books, asked: Asked[LinePath, HoursQuery, Nothing]) -> HoursShown:
    def look() -> HoursShown:
        book = books()
        require_line(book, asked.path.line)
        zone = zone_of(book.plan.lines[asked.path.line].time_zone)
        first = asked.query.first or asked.now.astimezone(zone).date()
        require_near(dt.datetime.combine(first, dt.time()), asked.now, "query.from")
        found = line_hours(book, asked.path.line, first, asked.query.days)
        return HoursShown.model_validate(hours_text.as_json(found))

    return await asyncio.to_thread(look)
