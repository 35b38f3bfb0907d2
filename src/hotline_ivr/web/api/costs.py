"""What calls cost, connection by connection, page by page: the rows of the export of the kind `costs`.

Each page is reckoned by a process of its own at low priority, which reads up to a month of calls: that shares
neither an interpreter nor an event loop with the asks of callers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Literal

import structlog
from pydantic import Field

from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import ExportBusy, StoreError
from hotline_ivr.exports.cost_page import CostsWanted, place_in
from hotline_ivr.exports.costs import Place
from hotline_ivr.web.api.numbers import Numbers, NumbersDesk
from hotline_ivr.web.api.problems import ApiError, Kind, wrong_value
from hotline_ivr.web.api.route import AnyRoute, Asked, JsonShown, Nothing, Route, Shown
from hotline_ivr.web.api.values import CURSOR, ID, Cursor, Moment, from_cursor

log = structlog.get_logger()

MOST_ROWS = 10_000
"""Rows of a page, some 4 MB: a page costs as much whether it has many or few."""

DEADLINE = 320.0
"""Seconds: longer than the process may take."""

Pages = Callable[[CostsWanted, str], Awaitable[bytes]]
"""The body of a page, for the request of this id. Raises ExportBusy if too many are under way, StoreError."""


class CostsQuery(Numbers):
    """Which connections."""

    since: Moment | None = Field(None, description="Of calls that arrived at this moment or later.")
    until: Moment | None = Field(
        None, description="Of calls that arrived before this moment; now, unless earlier."
    )
    line: str | None = Field(None, pattern=ID, description="Of calls of this line.", examples=["admission"])
    limit: int = Field(
        1_000,
        ge=1,
        le=MOST_ROWS,
        description="At most so many on a page; larger pages cost less in all.",
    )
    cursor: Cursor | None = Field(None, description=CURSOR)


class CostOfConnection(Shown):
    """A connection that was picked up, with its price."""

    call_id: str = Field(description="Id of the call.")
    line: str = Field(description="Id of its line.")
    direction: Literal["in", "out"] = Field(description="To us, or where we dialled.")
    number: str = Field(description="Our number that was called; empty where we dialled.")
    dialled: str = Field(description="The number that we dialled, masked unless asked for.")
    trunk: str = Field(description="The trunk by which we dialled.")
    began_at: datetime = Field(description="From when on it is paid.")
    connected_ms: int = Field(description="Whole seconds, one begun counted.")
    billed_ms: int | None = Field(description="Rounded to the billing steps; null without a price.")
    included_ms: int | None = Field(description="Of these, covered by included minutes.")
    contract: str = Field(description="Contract in force; empty without one.")
    class_: str = Field(alias="class", description="Class of its price.")
    price: str | None = Field(description="What we pay, exactly.", examples=["1.27"])
    revenue: str | None = Field(description="What the carrier pays us, exactly.")
    currency: str = Field(description="ISO 4217.")
    formula: str = Field(description="How the price comes about.")


class CostPage(Shown):
    """Connections, oldest first: by month, and in it by the arrival of their calls."""

    costs: tuple[CostOfConnection, ...]
    next: str | None = Field(
        description="Cursor of the page after this one; null on the last one. Any page may have fewer rows."
    )


def routes(pages: Pages, numbers: NumbersDesk) -> tuple[AnyRoute, ...]:
    """The route of costs."""
    return (
        Route(
            method="GET",
            path="/costs",
            role=Role.READ,
            summary="Every connection that was picked up, with its price, oldest first",
            path_model=Nothing,
            query_model=CostsQuery,
            body_model=Nothing,
            answer_model=CostPage,
            handler=partial(list_costs, pages, numbers),
            errors=(Kind.UNAVAILABLE,),
            deadline=DEADLINE,
        ),
    )


async def list_costs(pages: Pages, numbers: NumbersDesk, asked: Asked[Nothing, CostsQuery, Nothing]) -> Shown:
    query = asked.query
    beyond = None if query.cursor is None else _place(query.cursor)
    wanted = CostsWanted(query.since, query.until, query.line, query.limit, beyond, query.numbers)
    await numbers.admit(asked, "numbers.read", "costs")
    try:
        return JsonShown(body=await pages(wanted, asked.request_id))
    except ExportBusy as busy:
        raise ApiError(Kind.BUSY, f"{busy}", headers={"Retry-After": "5"}) from None
    except StoreError as error:
        log.warning("costs cannot be reckoned", reason=str(error))
        raise ApiError(Kind.UNAVAILABLE, "Costs cannot be reckoned now; the log tells why.") from None


def _place(cursor: str) -> Place:
    try:
        return place_in(from_cursor(cursor, 4))
    except ValueError:
        raise wrong_value("query.cursor", "This is no cursor of this list.") from None
