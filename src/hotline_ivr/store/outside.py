"""Calls that were handed to centres, out of the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from hotline_ivr.config.models import Plan
from hotline_ivr.store.tables import call


class HandedOver(NamedTuple):
    """One call to a centre. Times are aware (UTC), durations milliseconds."""

    arrived_at: datetime
    caller: str
    ring_ms: int | None
    talk_ms: int | None


def start_of_day(plan: Plan, now: datetime) -> datetime:
    """Midnight (aware, UTC) where the plan's first line is: the day of a centre's minutes."""
    zone = ZoneInfo(next(iter(plan.lines.values())).time_zone)
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def minutes_outside(connection: Connection, *, since: datetime) -> Mapping[str, float]:
    """Minutes of conversation by centre, of calls that have arrived since then and are over."""
    query = (
        select(call.c.centre, func.sum(call.c.outside_talk_ms))
        .where(call.c.arrived_at >= since, call.c.centre.is_not(None))
        .group_by(call.c.centre)
    )
    return {centre: float(talk_ms or 0) / 60_000 for centre, talk_ms in connection.execute(query)}


def handed_over(connection: Connection, centre: str, since: datetime, until: datetime) -> list[HandedOver]:
    """Calls to a centre that arrived from `since` to before `until`, oldest first."""
    query = (
        select(call.c.arrived_at, call.c.caller, call.c.outside_ring_ms, call.c.outside_talk_ms)
        .where(call.c.centre == centre, call.c.arrived_at >= since, call.c.arrived_at < until)
        .order_by(call.c.arrived_at)
    )
    return [HandedOver(*row) for row in connection.execute(query)]


def arrivals_of(connection: Connection, since: datetime, until: datetime) -> list[tuple[datetime, str]]:
    """When each known caller rang, oldest first."""
    query = (
        select(call.c.arrived_at, call.c.caller)
        .where(
            call.c.caller != "",
            call.c.kind == "caller",
            call.c.arrived_at >= since,
            call.c.arrived_at < until,
        )
        .order_by(call.c.arrived_at)
    )
    return [(at, caller) for at, caller in connection.execute(query)]
