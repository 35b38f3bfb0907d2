"""When a line is open on the coming days, by its own wall clock: what is said and shown of its hours."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hotline_ivr.routing.calendar import zone_of
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.speech import DAY, Day


def opening_days(book: Rulebook, line_id: str, now: datetime, days: int) -> list[Day]:
    """The days from today on, each with its spans in minutes since midnight; a span ends with its day.

    Minutes are those of the wall clock: eight o'clock is minute 480 also on the day when clocks change.
    """
    zone = zone_of(book.plan.lines[line_id].time_zone)
    today = now.astimezone(zone).date()
    spans: dict[date, list[tuple[int, int]]] = {today + timedelta(days=ahead): [] for ahead in range(days)}
    midnight = datetime.combine(today, time(), tzinfo=zone)
    # A day more, for the last one may be longer than 24 hours.
    for change, after in pairwise(book.changes(line_id, midnight, days + 1)):
        if change.situation.open:
            for day, start, end in _by_day(change.at.astimezone(zone), after.at.astimezone(zone), zone):
                if day in spans:
                    _join(spans[day], start, end)
    return [(day, tuple(of_day)) for day, of_day in spans.items()]


def _by_day(start: datetime, end: datetime, zone: ZoneInfo) -> list[tuple[date, int, int]]:
    """A span of time cut at midnights."""
    pieces = []
    while start < end:
        following = datetime.combine(start.date() + timedelta(days=1), time(), tzinfo=zone)
        until = DAY if end >= following else end.hour * 60 + end.minute
        pieces.append((start.date(), start.hour * 60 + start.minute, until))
        start = following
    return [piece for piece in pieces if piece[1] < piece[2]]


def _join(spans: list[tuple[int, int]], start: int, end: int) -> None:
    """A change of the rule alone, with the line open before and after, is no gap."""
    if spans and spans[-1][1] == start:
        start = spans.pop()[0]
    spans.append((start, end))
