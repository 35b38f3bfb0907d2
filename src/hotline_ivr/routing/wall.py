"""A time zone's wall clock: the stretches of a year in which it goes by one offset from UTC.

What holds at a moment is a question to the wall clock. So a year is cut where the clock is changed: in each
stretch local time is UTC plus a constant, the skipped hour has no moment, and the hour that comes twice has
two, without any further rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

# Clocks change at most twice in a month (Morocco's Ramadan); a quarter of a day misses none.
_STEP = 6 * 3600


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` until before `end` (seconds since 1970, UTC) local time is UTC plus `offset` seconds."""

    start: int
    end: int
    offset: int


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def offset_at(zone: ZoneInfo, second: int) -> int:
    """Seconds that the zone's clocks are ahead of UTC at a moment (seconds since 1970)."""
    offset = datetime.fromtimestamp(second, zone).utcoffset() or timedelta()
    return int(offset.total_seconds())


def year_bounds(year: int) -> tuple[int, int]:
    """First moment of a year and of the next (seconds since 1970), in UTC."""
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    return int(start.timestamp()), int(end.timestamp())


@lru_cache(maxsize=512)
def stretches(zone_name: str, year: int) -> tuple[Stretch, ...]:
    """The stretches of a year (of UTC), in order, without gaps."""
    zone = zone_of(zone_name)
    start, end = year_bounds(year)
    found: list[Stretch] = []
    begin, offset = start, offset_at(zone, start)
    for moment in range(start, end, _STEP):
        last = min(moment + _STEP, end - 1)
        if (after := offset_at(zone, last)) != offset:
            changed = _first_with(zone, after, moment, last)
            found.append(Stretch(begin, changed, offset))
            begin, offset = changed, after
    return (*found, Stretch(begin, end, offset))


def _first_with(zone: ZoneInfo, offset: int, before: int, after: int) -> int:
    """The first second of the new offset; `before` has it not, `after` has."""
    while after - before > 1:
        middle = (before + after) // 2
        if offset_at(zone, middle) == offset:
            after = middle
        else:
            before = middle
    return after
