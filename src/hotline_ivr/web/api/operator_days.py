"""What operators did, by day, page by page: the figures of the export of the kind `operators`."""

from __future__ import annotations

import asyncio
from datetime import date
from functools import partial
from typing import Literal

from pydantic import Field

from hotline_ivr.control.tokens import Role
from hotline_ivr.exports.columns import Row, Source, Wanted
from hotline_ivr.exports.operator_days import DaysWanted, Place, day_page
from hotline_ivr.exports.operators import OPERATORS
from hotline_ivr.web.api.calls import Record, read_record
from hotline_ivr.web.api.lines import Books
from hotline_ivr.web.api.problems import Kind, wrong_value
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route, Shown
from hotline_ivr.web.api.values import CURSOR, ID, Cursor, Moment, from_cursor, to_cursor

MOST_ROWS = 500
"""Rows of a page, some 100 kB."""

_NAMES = tuple(column.exact_name for column in OPERATORS.columns)


class DaysQuery(Given):
    """Which days of which operators."""

    since: Moment | None = Field(
        None, description="What was at this moment or later: of its day that part counts."
    )
    until: Moment | None = Field(None, description="What was before this moment; now, unless earlier.")
    operator: str | None = Field(None, pattern=ID, description="Of this operator.", examples=["anna"])
    line: str | None = Field(
        None, pattern=ID, description="Only calls of this line count; times are those of all lines."
    )
    limit: int = Field(50, ge=1, le=MOST_ROWS, description="At most so many on a page.")
    cursor: Cursor | None = Field(None, description=CURSOR)
    order: Literal["newest", "oldest"] = Field(
        "newest", description="Which come first. With `oldest`, what comes meanwhile is on a later page."
    )


class DayOfOperator(Shown):
    """A day of an operator. A conversation counts on the day on which its call arrived."""

    day: date = Field(description="Day on the organisation's clock. Today has its figures until now.")
    operator: str = Field(description="Id of the operator.")
    name: str = Field(description="Name in the configuration of now.")
    rings: int = Field(description="Times a telephone was rung.")
    conversations: int = Field(description="Of these, with the caller.")
    talk_ms: int = Field(description="Time in conversations.")
    ready_ms: int = Field(description="Time ready, conversations included.")
    wrap_up_ms: int = Field(description="Time alone after calls.")
    paused_ms: int = Field(description="Time on pauses.")
    pauses: int = Field(description="Pauses that began.")


class DayPage(Shown):
    """Days of operators, in the order that was asked for: by day and operator."""

    days: tuple[DayOfOperator, ...]
    next: str | None = Field(
        description="Cursor of the page after this one; null on the last one. Any page may have fewer rows."
    )


def routes(record: Record, books: Books) -> tuple[AnyRoute, ...]:
    """The route of days."""
    return (
        Route(
            method="GET",
            path="/operator-days",
            role=Role.READ,
            summary="Talk and pauses of each operator by day, newest first",
            path_model=Nothing,
            query_model=DaysQuery,
            body_model=Nothing,
            answer_model=DayPage,
            handler=partial(list_days, record, books),
            errors=(Kind.UNAVAILABLE,),
        ),
    )


async def list_days(record: Record, books: Books, asked: Asked[Nothing, DaysQuery, Nothing]) -> DayPage:
    query = asked.query
    lines = () if query.line is None else (query.line,)
    wanted = DaysWanted(
        Wanted(query.since, min(query.until or asked.now, asked.now), lines),
        query.operator,
        query.limit,
        None if query.cursor is None else _place(query.cursor),
        query.order == "newest",
    )
    plan = (await asyncio.to_thread(books)).plan
    rows, beyond = await read_record(record, lambda connection: day_page(Source(connection, plan), wanted))
    following = None if beyond is None else to_cursor(beyond.day.isoformat(), beyond.operator)
    return DayPage(days=tuple(_shown(row) for row in rows), next=following)


def _shown(row: Row) -> DayOfOperator:
    return DayOfOperator.model_validate(dict(zip(_NAMES, row, strict=True)))


def _place(cursor: str) -> Place:
    try:
        day, operator = from_cursor(cursor, 2)
        place = Place(date.fromisoformat(day), operator)
    except ValueError:
        place = None
    # A day has one before it and one after it.
    if place is None or not 1970 <= place.day.year < 9999:
        raise wrong_value("query.cursor", "This is no cursor of this list.")
    return place
