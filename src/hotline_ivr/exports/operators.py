"""What operators did: a row for each of a day, and the pause ledger as it is.

A day is one of the organisation's clock. Conversations count on the day on which the call arrived; a standing
that goes past midnight is divided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from hotline_ivr.config.models import Plan
from hotline_ivr.exports.calls import of_calls
from hotline_ivr.exports.columns import Kind, Row, Source, Wanted, count, duration, moment, text
from hotline_ivr.exports.standings import Standings, Stood
from hotline_ivr.routing.presence import Standing
from hotline_ivr.routing.shifts import shift_zone
from hotline_ivr.store.columns import from_micros, to_micros
from hotline_ivr.store.streaming import pages, raw
from hotline_ivr.store.tables import call, leg, operator_period

_DAYS = (
    text("day", "day on the organisation's clock, 2026-11-27"),
    text("operator", "id of the operator"),
    text("name", "name in the configuration of now", 24),
    count("rings", "times a telephone was rung"),
    count("conversations", "of these, with the caller"),
    duration("talk", "time in conversations"),
    duration("ready", "time ready, conversations included"),
    duration("wrap_up", "time alone after calls"),
    duration("paused", "time on pauses"),
    count("pauses", "pauses that began"),
)
_PERIODS = (
    text("node", "node"),
    text("operator", "id of the operator"),
    text("name", "name in the configuration of now", 24),
    text("standing", "signed-out, ready, paused or wrap-up"),
    text("reason", "why, where it is a pause"),
    moment("began_at", "from"),
    moment("ended_at", "until; empty while it lasts"),
    duration("length", "how long; empty while it lasts"),
    text("began_by", "who brought it about"),
    text("ended_by", "who ended it"),
)


def _name(plan: Plan | None, operator: str) -> str:
    known = plan.operators.get(operator) if plan is not None else None
    return known.name if known is not None else ""


def _days(source: Source, wanted: Wanted) -> Iterator[Sequence[Row]]:
    return (rows for _, rows in days(source, wanted) if rows)


def days(
    source: Source, wanted: Wanted, *, newest_first: bool = False
) -> Iterator[tuple[date, Sequence[Row]]]:
    """Each day of the time with anything on record, with its rows by operator; some have none.

    Stretches without anything are passed over in one step. Of days that lie in the time in part, that part.
    """
    zone, until = zone_of_days(source.plan), to_micros(wanted.until)
    opened = _first(source) if wanted.since is None else to_micros(wanted.since)
    if opened is None or opened >= until:
        return
    standings, start, end = Standings(source.connection, until), opened, until
    while start < end:
        if newest_first:
            found = _latest(source, standings, start, end)
        else:
            found = _earliest(source, standings, start, end)
        if found is None:
            return
        day = from_micros(found).astimezone(zone).date()
        first, last = max(opened, midnight(day, zone)), min(until, midnight(day + timedelta(days=1), zone))
        yield day, _day(source, standings, day, Wanted(from_micros(first), from_micros(last), wanted.lines))
        start, end = (start, first) if newest_first else (last, end)


def zone_of_days(plan: Plan | None) -> ZoneInfo:
    """The organisation's clock."""
    return ZoneInfo("UTC") if plan is None else ZoneInfo(shift_zone(plan))


def midnight(day: date, zone: ZoneInfo) -> int:
    """When a day begins, in microseconds since 1970."""
    return to_micros(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC))


def _first(source: Source) -> int | None:
    """Since when there is anything."""
    found = (
        source.connection.scalar(select(func.min(raw(call.c.arrived_at)))),
        source.connection.scalar(select(func.min(raw(operator_period.c.began_at)))),
    )
    return min((each for each in found if each is not None), default=None)


def _earliest(source: Source, standings: Standings, start: int, end: int) -> int | None:
    """The first moment of anything in this time."""
    arrived = raw(call.c.arrived_at)
    rang = source.connection.scalar(select(func.min(arrived)).where(arrived >= start, arrived < end))
    found = (rang, standings.first(start, end))
    return min((each for each in found if each is not None), default=None)


def _latest(source: Source, standings: Standings, start: int, end: int) -> int | None:
    """The last moment of anything in this time."""
    arrived = raw(call.c.arrived_at)
    rang = source.connection.scalar(select(func.max(arrived)).where(arrived >= start, arrived < end))
    found = (rang, standings.last(start, end))
    return max((each for each in found if each is not None), default=None)


def _day(source: Source, standings: Standings, day: date, wanted: Wanted) -> list[Row]:
    joined = call.join(leg, (leg.c.node == call.c.node) & (leg.c.call_id == call.c.id))
    talked = of_calls(
        select(leg.c.operator, func.count(), func.count(leg.c.talk_ms), func.sum(leg.c.talk_ms))
        .select_from(joined)
        .where(leg.c.operator.is_not(None)),
        wanted,
    ).group_by(leg.c.operator)
    calls = {
        name: (rings, talks, int(talk or 0)) for name, rings, talks, talk in source.connection.execute(talked)
    }
    stood = standings.within(to_micros(wanted.since or from_micros(0)), to_micros(wanted.until))
    rows: list[Row] = []
    for name in sorted({*calls, *stood}):
        found = stood.get(name) or Stood()
        rows.append(
            (
                day.isoformat(),
                name,
                _name(source.plan, name),
                *calls.get(name, (0, 0, 0)),
                *(found.micros[each] // 1000 for each in (Standing.READY, Standing.WRAP_UP, Standing.PAUSED)),
                found.pauses,
            )
        )
    return rows


def _periods(source: Source, wanted: Wanted) -> Iterator[Sequence[Row]]:
    columns = operator_period.c
    began, ended = raw(columns.began_at), raw(columns.ended_at)
    statement = select(
        columns.standing,
        columns.reason,
        ended,
        columns.began_by,
        columns.ended_by,
        began,
        columns.node,
        columns.operator,
    ).where(began < to_micros(wanted.until))
    if wanted.since is not None:
        statement = statement.where(or_(ended.is_(None), ended > to_micros(wanted.since)))
    for page in pages(source.connection, statement, (began, columns.node, columns.operator)):
        yield [
            (
                node,
                operator,
                _name(source.plan, operator),
                standing,
                reason,
                began_at,
                ended_at,
                None if ended_at is None else (ended_at - began_at) // 1000,
                began_by,
                ended_by,
            )
            for standing, reason, ended_at, began_by, ended_by, began_at, node, operator in page
        ]


OPERATORS = Kind(
    name="operators",
    title="Operators",
    about="talk and pauses of each operator, by day; `--line` chooses whose calls count",
    columns=_DAYS,
    line_at=None,
    pages=_days,
)
PAUSES = Kind(
    name="pauses",
    title="Pauses",
    about="the pause ledger: every standing of every operator",
    columns=_PERIODS,
    line_at=None,
    pages=_periods,
)
