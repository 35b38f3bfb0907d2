"""When the clock on the wall shows a time: the first moment and the last, on every night of the year.

A shift is never torn apart by a change of the clocks. It begins the first time that the clock shows its
start and ends the last time that it shows its end. So on the night on which an hour comes twice it is an hour
longer and covers all that opening hours count; on the night on which one is skipped it is an hour shorter.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import lru_cache

from hotline_ivr.routing.wall import Stretch, stretches

_EPOCH = date(1970, 1, 1).toordinal()


# Many operators work the same hours of a day.
@lru_cache(maxsize=16_384)
def first_time(zone: str, day: date, minute: int) -> datetime:
    """The first moment (UTC) at which clocks have come to a minute of a day; it may be beyond 1440.

    A time that is skipped is come to when the clocks jump over it.
    """
    wanted = _seconds(day, minute)
    for stretch in _around(zone, day, minute):
        moment = max(stretch.start, wanted - stretch.offset)
        if moment < stretch.end:
            return datetime.fromtimestamp(moment, UTC)
    raise AssertionError("time goes on")  # pragma: no cover


@lru_cache(maxsize=16_384)
def last_time(zone: str, day: date, minute: int) -> datetime:
    """The moment (UTC) from which on clocks show no time of before this minute of a day any more."""
    wanted = _seconds(day, minute)
    moments = (
        moment
        for stretch in _around(zone, day, minute)
        if (moment := min(stretch.end, wanted - stretch.offset)) > stretch.start
    )
    return datetime.fromtimestamp(max(moments), UTC)


def _seconds(day: date, minute: int) -> int:
    return (day.toordinal() - _EPOCH) * 86400 + minute * 60


def _around(zone: str, day: date, minute: int) -> Iterator[Stretch]:
    """Stretches from well before a minute of a day to well after it."""
    wanted = _seconds(day, minute)
    first = datetime.fromtimestamp(wanted - 2 * 86400, UTC).year
    last = datetime.fromtimestamp(wanted + 2 * 86400, UTC).year
    for year in range(first, last + 1):
        yield from stretches(zone, year)
