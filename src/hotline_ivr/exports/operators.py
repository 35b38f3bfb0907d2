"""What operators did: a row for each of a day, and the pause ledger as it is.

A day is one of the organisation's clock. Conversations count on the day on which the call arrived; a standing
that goes past midnight is divided.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from hotline_ivr.config.models import Plan
from hotline_ivr.exports.calls import of_calls
from hotline_ivr.exports.columns import Kind, Row, Source, Wanted, count, duration, moment, text
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


def _zone(plan: Plan | None) -> ZoneInfo:
    return ZoneInfo("UTC") if plan is None else ZoneInfo(shift_zone(plan))


def _name(plan: Plan | None, operator: str) -> str:
    known = plan.operators.get(operator) if plan is not None else None
    return known.name if known is not None else ""


def _days(source: Source, wanted: Wanted) -> Iterator[Sequence[Row]]:
    zone = _zone(source.plan)
    since = wanted.since or _first(source)
    if since is None:
        return
    day, last = (
        since.astimezone(zone).date(),
        (wanted.until - timedelta(microseconds=1)).astimezone(zone).date(),
    )
    while day <= last:
        start = max(since, _midnight(day, zone))
        end = min(wanted.until, _midnight(day + timedelta(days=1), zone))
        if rows := _day(source, day, Wanted(start, end, wanted.lines)):
            yield rows
        day += timedelta(days=1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _first(source: Source) -> datetime | None:
    """Since when there is anything."""
    found = (
        source.connection.scalar(select(func.min(raw(call.c.arrived_at)))),
        source.connection.scalar(select(func.min(raw(operator_period.c.began_at)))),
    )
    known = [each for each in found if each is not None]
    return from_micros(min(known)) if known else None


def _day(source: Source, day: date, wanted: Wanted) -> list[Row]:
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
    stood, begun = _stood(source, wanted)
    rows: list[Row] = []
    for name in sorted({*calls, *stood}):
        times = stood.get(name, {})
        rows.append(
            (
                day.isoformat(),
                name,
                _name(source.plan, name),
                *calls.get(name, (0, 0, 0)),
                *(times.get(each, 0) for each in (Standing.READY, Standing.WRAP_UP, Standing.PAUSED)),
                begun.get(name, 0),
            )
        )
    return rows


def _stood(source: Source, wanted: Wanted) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    """Milliseconds by operator and standing within the time, and how many pauses began in it."""
    columns = operator_period.c
    start, end = to_micros(wanted.since or from_micros(0)), to_micros(wanted.until)
    began, ended = raw(columns.began_at), raw(columns.ended_at)
    touching = (
        select(columns.operator, columns.standing, began, ended)
        .where(began < end, or_(ended.is_(None), ended > start))
        .where(columns.standing != Standing.SIGNED_OUT.value)
    )
    micros: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    pauses: defaultdict[str, int] = defaultdict(int)
    for name, standing, began_at, ended_at in source.connection.execute(touching):
        micros[name][standing] += min(end, ended_at or end) - max(start, began_at)
        pauses[name] += standing == Standing.PAUSED.value and began_at >= start
    times = {name: {each: took // 1000 for each, took in of.items()} for name, of in micros.items()}
    return times, pauses


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
