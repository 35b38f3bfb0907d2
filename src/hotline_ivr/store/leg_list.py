"""Legs of all calls and the pause ledger, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select

from hotline_ivr.store.tables import call, leg, operator_period


@dataclass(frozen=True, slots=True)
class PageOf:
    """Which page; what is None does not matter. Times are aware; `until` itself is not included.

    `beyond` is the place of the last row of the page before.
    """

    since: datetime | None = None
    until: datetime | None = None
    line: str | None = None
    operator: str | None = None
    limit: int = 50
    beyond: tuple[Any, ...] | None = None
    oldest_first: bool = False


_LEG_PLACE = (call.c.arrived_at, leg.c.call_id, leg.c.channel)
_PERIOD_PLACE = (operator_period.c.began_at, operator_period.c.node, operator_period.c.operator)


def find_legs(connection: Connection, wanted: PageOf) -> Sequence[Any]:
    """Rows of `leg` with the call's `line` and `arrived_at`, in the order of arrival, call and channel."""
    joined = leg.join(call, and_(call.c.node == leg.c.node, call.c.id == leg.c.call_id))
    query = select(leg, call.c.line, call.c.arrived_at).select_from(joined)
    arrived = call.c.arrived_at
    if wanted.since is not None:
        query = query.where(arrived >= wanted.since)
    if wanted.until is not None:
        query = query.where(arrived < wanted.until)
    if wanted.line is not None:
        query = query.where(call.c.line == wanted.line)
    if wanted.operator is not None:
        query = query.where(leg.c.operator == wanted.operator)
    return connection.execute(_page(query, _LEG_PLACE, wanted)).all()


def find_periods(connection: Connection, wanted: PageOf) -> Sequence[Any]:
    """Rows of `operator_period` that touch the time, in the order of their beginnings."""
    columns = operator_period.c
    query = select(operator_period)
    if wanted.since is not None:
        query = query.where(or_(columns.ended_at.is_(None), columns.ended_at > wanted.since))
    if wanted.until is not None:
        query = query.where(columns.began_at < wanted.until)
    if wanted.operator is not None:
        query = query.where(columns.operator == wanted.operator)
    return connection.execute(_page(query, _PERIOD_PLACE, wanted)).all()


def _page(query: Select[Any], place: Sequence[ColumnElement[Any]], wanted: PageOf) -> Select[Any]:
    later = wanted.oldest_first
    query = query.order_by(*(place if later else [each.desc() for each in place])).limit(wanted.limit)
    if wanted.beyond is None:
        return query
    further = [
        and_(
            *(place[before] == wanted.beyond[before] for before in range(number)),
            key > wanted.beyond[number] if later else key < wanted.beyond[number],
        )
        for number, key in enumerate(place)
    ]
    # The first half gives the order by the index.
    first = place[0] >= wanted.beyond[0] if later else place[0] <= wanted.beyond[0]
    return query.where(first, or_(*further))
