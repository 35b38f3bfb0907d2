"""Whether a line is open, and when that next changes. Every rule about opening hours lives here.

The wall clock decides: a moment is open when the local time of the line's zone lies inside its hours. On the
night when clocks go forward, hours inside the skipped hour do not happen; on the night when they go back, a
minute that comes twice is open both times. That is what callers read on the door and on their own clocks.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hotline_ivr.config.models import Line
from hotline_ivr.config.types import WeeklyHours

DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES


@dataclass(frozen=True, slots=True)
class Transition:
    """From `at` (UTC) on, the line is open or closed."""

    at: datetime
    open: bool


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def is_open(line: Line, at: datetime) -> bool:
    """Whether the line takes calls at this moment (any aware datetime)."""
    if _hours(line).always:
        return True
    local = at.astimezone(zone_of(line.time_zone))
    return _inside(_hours(line), local.weekday() * DAY_MINUTES + local.hour * 60 + local.minute)


def transitions(line: Line, start: datetime, days: int) -> tuple[Transition, ...]:
    """The state at `start`, every change in the `days` after it, and the state at the end (all in UTC).

    Always at least two entries: the first and the last, which bounds how far this may be trusted.
    """
    start = start.astimezone(UTC).replace(microsecond=0)
    end = start + timedelta(days=days)
    found = [Transition(start, is_open(line, start))]
    for moment in sorted(set(_candidates(line, start, end))):
        if start < moment < end and (state := is_open(line, moment)) != found[-1].open:
            found.append(Transition(moment, state))
    return (*found, Transition(end, is_open(line, end)))


def _hours(line: Line) -> WeeklyHours:
    if line.hours is None:
        raise NotImplementedError("calendars are not compiled yet")
    return line.hours


def _inside(hours: WeeklyHours, minute: int) -> bool:
    # A span that crosses Sunday midnight ends beyond the week, so Monday's small hours are looked up twice.
    return _covered(hours.spans, minute) or _covered(hours.spans, minute + WEEK_MINUTES)


def _covered(spans: tuple[tuple[int, int], ...], minute: int) -> bool:
    index = bisect_right(spans, (minute, WEEK_MINUTES * 2)) - 1
    return index >= 0 and minute < spans[index][1]


def _candidates(line: Line, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every moment at which the state may change: the hours' own edges and the zone's clock changes."""
    zone = zone_of(line.time_zone)
    edges = sorted({minute % WEEK_MINUTES for span in _hours(line).spans for minute in span})
    day = start.astimezone(zone).date() - timedelta(days=1)
    last = end.astimezone(zone).date() + timedelta(days=1)
    while day <= last:
        yield from _edges_of_day(day, edges, zone)
        if (change := _clock_change(day, zone)) is not None:
            yield change
        day += timedelta(days=1)


def _edges_of_day(day: date, edges: list[int], zone: ZoneInfo) -> Iterator[datetime]:
    for minute in edges:
        if minute // DAY_MINUTES == day.weekday():
            local = datetime.combine(day, time(minute % DAY_MINUTES // 60, minute % 60), tzinfo=zone)
            # A time that comes twice is an edge both times.
            yield local.astimezone(UTC)
            yield local.replace(fold=1).astimezone(UTC)


def _clock_change(day: date, zone: ZoneInfo) -> datetime | None:
    """The first moment of the day's new UTC offset, to the minute, if the offset changes on this day."""
    low = datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
    high = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
    before = low.astimezone(zone).utcoffset()
    if high.astimezone(zone).utcoffset() == before:
        return None
    while high - low > timedelta(minutes=1):
        middle = low + timedelta(minutes=(high - low) // timedelta(minutes=2))
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high
