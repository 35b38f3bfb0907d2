"""Legs of all calls and the pause ledger of all operators, page by page, to be followed as calls are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Literal

from pydantic import Field

from hotline_ivr.control.tokens import Role
from hotline_ivr.routing.presence import Standing
from hotline_ivr.store.columns import from_micros, to_micros
from hotline_ivr.store.leg_list import PageOf, find_legs, find_periods
from hotline_ivr.web.api.calls import LegShown, Record, read_record
from hotline_ivr.web.api.operators import PeriodShown
from hotline_ivr.web.api.problems import Kind, wrong_value
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route, Shown
from hotline_ivr.web.api.values import CURSOR, ID, Cursor, Moment, from_cursor, to_cursor

MOST_ROWS = 500
"""Rows of a page, some 200 kB."""


class _RowsQuery(Given):
    operator: str | None = Field(None, pattern=ID, description="Of this operator.", examples=["anna"])
    limit: int = Field(50, ge=1, le=MOST_ROWS, description="At most so many on a page.")
    cursor: Cursor | None = Field(None, description=CURSOR)
    order: Literal["newest", "oldest"] = Field(
        "newest", description="Which come first. With `oldest`, what comes meanwhile is on a later page."
    )


class LegsQuery(_RowsQuery):
    """Which legs."""

    since: Moment | None = Field(None, description="Of calls that arrived at this moment or later.")
    until: Moment | None = Field(None, description="Of calls that arrived before this moment.")
    line: str | None = Field(None, pattern=ID, description="Of calls of this line.", examples=["admission"])


class PausesQuery(_RowsQuery):
    """Which lines of the pause ledger."""

    since: Moment | None = Field(None, description="Those that last longer than this moment.")
    until: Moment | None = Field(None, description="Those that began before this moment.")


class LegOfCall(LegShown):
    """A leg, and the call that it belongs to."""

    node: str
    call: str = Field(description="Id of the call.")
    line: str = Field(description="Id of its line.")
    arrived_at: datetime = Field(description="When the call arrived.")


class LegPage(Shown):
    """Legs, in the order that was asked for: by the call's arrival."""

    legs: tuple[LegOfCall, ...]
    next: str | None = Field(description="Cursor of the page after this one; null on the last one.")


class PauseOfNode(PeriodShown):
    """A line of the pause ledger, and the node that kept it."""

    node: str


class PausePage(Shown):
    """Lines of the pause ledger, in the order that was asked for: by their beginning."""

    pauses: tuple[PauseOfNode, ...]
    next: str | None = Field(description="Cursor of the page after this one; null on the last one.")


def routes(record: Record) -> tuple[AnyRoute, ...]:
    """The routes of legs and pauses."""
    return (
        Route(
            method="GET",
            path="/legs",
            role=Role.READ,
            summary="Legs of all calls, newest first",
            path_model=Nothing,
            query_model=LegsQuery,
            body_model=Nothing,
            answer_model=LegPage,
            handler=partial(list_legs, record),
            errors=(Kind.UNAVAILABLE,),
        ),
        Route(
            method="GET",
            path="/pauses",
            role=Role.READ,
            summary="The pause ledger of all operators, newest first",
            path_model=Nothing,
            query_model=PausesQuery,
            body_model=Nothing,
            answer_model=PausePage,
            handler=partial(list_pauses, record),
            errors=(Kind.UNAVAILABLE,),
        ),
    )


async def list_legs(record: Record, asked: Asked[Nothing, LegsQuery, Nothing]) -> LegPage:
    wanted = _wanted(asked.query, asked.query.line)
    found = await read_record(record, lambda connection: find_legs(connection, wanted))
    shown, following = _cut(found, wanted, lambda row: (row.arrived_at, row.call_id, row.channel))
    names = LegOfCall.model_fields.keys() - {"call"}
    legs = tuple(LegOfCall(call=row.call_id, **{name: getattr(row, name) for name in names}) for row in shown)
    return LegPage(legs=legs, next=following)


async def list_pauses(record: Record, asked: Asked[Nothing, PausesQuery, Nothing]) -> PausePage:
    wanted = _wanted(asked.query, None)
    found = await read_record(record, lambda connection: find_periods(connection, wanted))
    shown, following = _cut(found, wanted, lambda row: (row.began_at, row.node, row.operator))
    pauses = tuple(
        PauseOfNode(
            node=row.node,
            operator=row.operator,
            standing=Standing(row.standing),
            reason=row.reason,
            began_at=row.began_at,
            ended_at=row.ended_at,
            began_by=row.began_by,
            ended_by=row.ended_by,
        )
        for row in shown
    )
    return PausePage(pauses=pauses, next=following)


def _wanted(query: LegsQuery | PausesQuery, line: str | None) -> PageOf:
    """One more than is shown tells whether there is a next page."""
    beyond = None if query.cursor is None else _place(query.cursor)
    oldest = query.order == "oldest"
    return PageOf(query.since, query.until, line, query.operator, query.limit + 1, beyond, oldest)


def _cut(
    found: Any, wanted: PageOf, place: Callable[[Any], tuple[datetime, str, str]]
) -> tuple[Any, str | None]:
    shown = found[: wanted.limit - 1]
    if len(found) == len(shown):
        return shown, None
    at, first, second = place(shown[-1])
    return shown, to_cursor(str(to_micros(at)), first, second)


def _place(cursor: str) -> tuple[datetime, str, str]:
    try:
        micros, first, second = from_cursor(cursor, 3)
        return from_micros(int(micros)), first, second
    except (ValueError, OverflowError):
        raise wrong_value("query.cursor", "This is no cursor of this list.") from None
