"""Priced connections: every one that was picked up, under the contract in force.

Included minutes cover the first calls of a month, so each month is reckoned from its beginning, also where
only its end is wanted. A connection stands in the month in which it begins on its contract's clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import func, select

from hotline_ivr.exports.calls import of_calls
from hotline_ivr.exports.columns import (
    Kind,
    Money,
    Personal,
    Row,
    Source,
    Wanted,
    duration,
    moment,
    money,
    number,
    place_of,
    text,
)
from hotline_ivr.routing.accounts import LONGEST_CALL, Accounts, Priced, span_of
from hotline_ivr.routing.rounding import rounded
from hotline_ivr.routing.usage import RecordedCall
from hotline_ivr.store.columns import from_micros, to_micros
from hotline_ivr.store.costing import recorded_calls
from hotline_ivr.store.streaming import PAGE
from hotline_ivr.store.tables import call

_COLUMNS = (
    text("call_id", "the call's id", 24),
    text("line", "id of its line"),
    text("direction", "`in` to us, `out` where we dialled"),
    number("number", "our number that was called"),
    number("dialled", "number that we dialled", Personal.NUMBER),
    text("trunk", "trunk by which we dialled"),
    moment("began_at", "from when on it is paid"),
    duration("connected", "whole seconds, one begun counted"),
    duration("billed", "rounded to the billing steps"),
    duration("included", "of these, covered by included minutes"),
    text("contract", "contract in force; empty without one"),
    text("class", "class of its price"),
    money("price", "what we pay"),
    money("revenue", "what the carrier pays us"),
    text("currency", "ISO 4217"),
    text("formula", "how the price comes about", 44),
)


class Place(NamedTuple):
    """Where a row stands in the order of all: by month, in it by the arrival of its call."""

    year: int
    month: int
    #: Microseconds since 1970.
    arrived_at: int
    call: str
    #: Which of the call's connections of this month.
    number: int


Placed = tuple[Place, Row]


def _costs(source: Source, wanted: Wanted) -> Iterator[Sequence[Row]]:
    rows: list[Row] = []
    for month in priced_months(source, wanted):
        for placed in priced_calls(source, wanted, month):
            rows += [row for _, row in placed]
            if len(rows) >= PAGE:
                yield rows
                rows = []
    if rows:
        yield rows


def priced_months(source: Source, wanted: Wanted, beyond: Place | None = None) -> Iterator[tuple[int, int]]:
    """Year and month of those in which there are calls that are wanted, from the one of `beyond` on."""
    plan = source.plan
    arrived = _arrivals(source)
    if plan is None or not plan.contracts or arrived is None:
        return
    since = max(arrived[0], wanted.since or arrived[0])
    # A contract's clock may be in another month already, or still.
    first, last = since - LONGEST_CALL, min(wanted.until, arrived[1]) + LONGEST_CALL
    for month in _months(first, last):
        if (beyond is None or month >= beyond[:2]) and _has_calls(source, wanted, month):
            yield month


def priced_calls(
    source: Source, wanted: Wanted, month: tuple[int, int], beyond: Place | None = None
) -> Iterator[Sequence[Placed]]:
    """Of each call that is looked at, in the order of their arrival, the rows that are wanted; maybe none.

    Only those behind `beyond`. Calls of the month before them are reckoned too where minutes are included.
    """
    plan = source.plan
    if plan is None:
        return
    accounts = Accounts(plan, *month)
    start, end = span_of(plan, *month)
    if not any(each.included is not None for each in plan.contracts.values()):
        # The price of a call goes by itself alone.
        known = [wanted.since] if wanted.since is not None else []
        known += [from_micros(beyond.arrived_at)] if beyond is not None and beyond[:2] == month else []
        start = max([start, *known])
    for each in recorded_calls(source.connection, start, min(end, wanted.until)):
        found = [_row(priced) for priced in accounts.add(each) if _belongs(priced, each, month, wanted)]
        at = to_micros(each.arrived_at)
        places = (Place(*month, at, each.id, number) for number in range(len(found)))
        yield [
            (place, row) for place, row in zip(places, found, strict=True) if beyond is None or place > beyond
        ]


def _has_calls(source: Source, wanted: Wanted, month: tuple[int, int]) -> bool:
    start, end = span_of(source.plan, *month) if source.plan is not None else (wanted.until, wanted.until)
    span = replace(wanted, since=max(start, wanted.since or start), until=min(end, wanted.until))
    return source.connection.execute(of_calls(select(call.c.id), span).limit(1)).first() is not None


def _arrivals(source: Source) -> tuple[datetime, datetime] | None:
    """When the first call of all arrived, and the last."""
    first, last = source.connection.execute(
        select(func.min(call.c.arrived_at), func.max(call.c.arrived_at))
    ).one()
    return None if first is None else (first, last)


def _months(first: datetime, last: datetime) -> Iterator[tuple[int, int]]:
    first, last = first.astimezone(UTC), last.astimezone(UTC)
    for number_of_month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield number_of_month // 12, number_of_month % 12 + 1


def _belongs(priced: Priced, recorded: RecordedCall, month: tuple[int, int], wanted: Wanted) -> bool:
    if (wanted.since is not None and recorded.arrived_at < wanted.since) or (
        wanted.lines and recorded.line not in wanted.lines
    ):
        return False
    # Of what no contract prices, no account knows the month: it is seen by two neighbours.
    start = priced.usage.start.astimezone(UTC)
    return priced.contract is not None or (start.year, start.month) == month


def _row(priced: Priced) -> Row:
    usage, contract, cost = priced
    outgoing = usage.outgoing
    return (
        usage.call,
        usage.line,
        "out" if outgoing else "in",
        "" if outgoing else usage.number,
        usage.number if outgoing else "",
        usage.trunk,
        to_micros(usage.start),
        usage.seconds * 1000,
        cost.billed * 1000 if cost else None,
        cost.included * 1000 if cost else None,
        contract or "",
        cost.kind if cost else "",
        Money(cost.amount, cost.currency) if cost else None,
        Money(rounded(cost.revenue, 6), cost.currency) if cost and cost.revenue else None,
        cost.currency if cost else "",
        cost.formula if cost else "",
    )


COSTS = Kind(
    name="costs",
    title="Costs",
    about="every connection that was picked up, with its price; by month",
    columns=_COLUMNS,
    line_at=place_of(_COLUMNS)["line"],
    pages=_costs,
)
