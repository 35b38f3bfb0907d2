"""A year of a line as a sorted list of moments with what holds from each on. All rules of hours meet here.

For a minute of the wall clock: the openings and part-day closures that cover it compete with what the day
itself gives. That is the hours of the day before where they go on past midnight, else the plan of the day:
the strongest among whole-day closures, special days, holidays, season and week. The strongest of all wins.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hotline_ivr.config.hours import DAY, Spans
from hotline_ivr.routing.facts import KINDS, DayPlan, Facts, Part
from hotline_ivr.routing.resolving import Resolved
from hotline_ivr.routing.situation import RuleKind, Situation
from hotline_ivr.routing.wall import Stretch, stretches, year_bounds

_DAY = timedelta(days=1)
_EPOCH = date(1970, 1, 1).toordinal()
# Kinds from this one on (season and week) lend their hours to a day that is `as` another.
_LENDS = KINDS[RuleKind.SEASON]


@dataclass(frozen=True, slots=True)
class YearTable:
    """What holds from each moment (seconds since 1970, UTC) on, until the next or the end of the year."""

    moments: Sequence[int]
    situations: tuple[Situation, ...]

    def at(self, second: float) -> Situation:
        return self.situations[bisect_right(self.moments, second) - 1]


@dataclass(frozen=True, slots=True)
class Day:
    """The plan of one day, with the hours that it comes to on this day."""

    plan: DayPlan
    spans: Spans


@dataclass(frozen=True, slots=True)
class Piece:
    """From this minute of the day (wall clock) on, the situation holds."""

    minute: int
    situation: Situation


class Days:
    """What the days of a while come to, day by day; the day before `start` is there too."""

    def __init__(self, calendar: Resolved, start: date, end: date) -> None:
        self._first = start - _DAY
        self._count = (end - self._first).days + 1
        facts = calendar.facts(self._first, end)
        self._plans = _strongest(facts.plans, self._first, self._count)
        self._parts = _by_day(facts, self._first, self._count)

    def day(self, day: date) -> Day:
        """The plan of a day and its hours."""
        here = self._plans[(day - self._first).days]
        plan = here[0]
        if plan.like is None:
            return Day(plan, plan.hours[day.weekday()])
        base = next(one for one in here[1:] if one.standing[0] >= _LENDS)
        return Day(plan, base.hours[plan.like])

    def parts(self, day: date) -> Sequence[Part]:
        """The openings and part-day closures that begin on a day."""
        return self._parts.get((day - self._first).days, ())

    def pieces(self, day: date) -> list[Piece]:
        """The whole day from its midnight on, in order, neighbours different."""
        before, today = self.day(day - _DAY), self.day(day)
        tails = tuple((0, end - DAY) for _, end in before.spans if end > DAY)
        covering = [
            (part, start, end)
            for part, start, end in _spans_on(self.parts(day), self.parts(day - _DAY))
            if start < DAY
        ]
        edges = {0, *(edge for span in (*tails, *today.spans) for edge in span)}
        edges.update(edge for _, start, end in covering for edge in (start, end))
        pieces: list[Piece] = []
        for minute in sorted(edge for edge in edges if 0 <= edge < DAY):
            candidates = [part for part, start, end in covering if start <= minute < end]
            situation = _holds(minute, before, today, tails, candidates)
            if not pieces or pieces[-1].situation is not situation:
                pieces.append(Piece(minute, situation))
        return pieces


def compile_year(calendar: Resolved, year: int) -> YearTable:
    """All moments of a year (of UTC) at which the line's situation changes, and its first."""
    clock = stretches(calendar.zone, year)
    start, end = year_bounds(year)
    first = datetime.fromtimestamp(start, UTC).date() - _DAY
    last = datetime.fromtimestamp(end, UTC).date() + _DAY
    days = Days(calendar, first, last)
    seconds: list[int] = []
    situations: list[Situation] = []
    day = first
    while day <= last:
        midnight = (day.toordinal() - _EPOCH) * 86_400
        for piece in days.pieces(day):
            if not situations or situations[-1] is not piece.situation:
                seconds.append(midnight + piece.minute * 60)
                situations.append(piece.situation)
        day += _DAY
    return table(_on_the_clock(seconds, situations, clock))


def table(changes: Iterable[tuple[int, Situation]]) -> YearTable:
    """Changes in order as a table; those that change nothing are left out."""
    moments: list[int] = []
    situations: list[Situation] = []
    for moment, situation in changes:
        if moments and moments[-1] == moment:
            moments.pop()
            situations.pop()
        if not situations or situations[-1] != situation:
            moments.append(moment)
            situations.append(situation)
    return YearTable(array("q", moments), tuple(situations))


def _on_the_clock(
    walls: Sequence[int], situations: Sequence[Situation], clock: Iterable[Stretch]
) -> Iterator[tuple[int, Situation]]:
    """Wall-clock seconds to moments, stretch by stretch of the zone's clock."""
    for stretch in clock:
        index = bisect_right(walls, stretch.start + stretch.offset) - 1
        yield stretch.start, situations[index]
        for later in range(index + 1, len(walls)):
            moment = walls[later] - stretch.offset
            if moment >= stretch.end:
                break
            yield moment, situations[later]


def _holds(minute: int, before: Day, today: Day, tails: Spans, candidates: Sequence[Part]) -> Situation:
    going_on = any(start <= minute < end for start, end in tails)
    plan = before.plan if going_on else today.plan
    best = min(candidates, key=lambda part: part.standing, default=None)
    if best is not None and best.standing < plan.standing:
        return best.situation
    is_open = going_on or any(start <= minute < end for start, end in today.spans)
    return plan.facing.opens if is_open else plan.facing.closes


def _spans_on(today: Sequence[Part], before: Sequence[Part]) -> Iterator[tuple[Part, int, int]]:
    for part in today:
        for start, end in part.spans:
            yield part, start, end
    for part in before:
        for start, end in part.spans:
            if end > DAY:
                yield part, start - DAY, end - DAY


def _strongest(plans: Sequence[DayPlan], first: date, count: int) -> list[list[DayPlan]]:
    """For each day its plan; behind one that borrows another day's hours, those it may borrow them from.

    Bit n of a number is day n: ten thousand closures cost ten thousand steps, however long they are.
    """
    found: list[list[DayPlan]] = [[] for _ in range(count)]
    free = lending = (1 << count) - 1
    for plan in plans:
        low, high = max(0, (plan.first - first).days), min(count - 1, (plan.last - first).days)
        if low > high:
            continue
        days = ((1 << (high - low + 1)) - 1) << low
        borrowed = plan.standing[0] >= _LENDS
        for wanted in ((free & days), (lending & days & ~free) if borrowed else 0):
            for index in _bits(wanted):
                found[index].append(plan)
        free &= ~days
        if borrowed:
            lending &= ~days
        if not free and not lending:
            break
    return found


def _bits(number: int) -> Iterator[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def _by_day(facts: Facts, first: date, count: int) -> dict[int, list[Part]]:
    found: dict[int, list[Part]] = {}
    for part in facts.parts:
        low, high = max(0, (part.first - first).days), min(count - 1, (part.last - first).days)
        for index in range(low, high + 1):
            found.setdefault(index, []).append(part)
    return found
