"""Who is on duty at a moment, from when to when, and when that next changes.

Made of a plan and its calendars, without overrides: a line that is closed by hand sends nobody home.
Asked with moments, answered with values; nothing here knows what time it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import chain, pairwise

from hotline_ivr.config.models import Plan
from hotline_ivr.config.work_days import WorkDays, WorkSpan
from hotline_ivr.routing.duties import Duty, DutyStanding, StandingKind, duty_of
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.wall import zone_of
from hotline_ivr.routing.wall_times import first_time

LOOKED_AHEAD = 400
"""Days in which the next change of duty is looked for: a yearly plan comes round."""

_ONE = timedelta(days=1)
# A shift lasts a day at most and begins on the day before, by the wall clock of any zone.
_BEFORE = 2
# Days of operators that are kept: a year of 250.
_MOST_KNOWN = 100_000


class ShiftBook:
    """The shift plans of a plan. Days once asked for are kept, so one book serves one plan for its life."""

    def __init__(self, book: Rulebook) -> None:
        self.plan = book.plan
        self.zone = shift_zone(book.plan)
        self._book = book.with_overrides(())
        self._days = WorkDays(book.plan)
        self._open_days: dict[tuple[str, int], frozenset[date]] = {}
        self._known: dict[tuple[str, date], tuple[Duty, ...]] = {}

    @property
    def planned(self) -> frozenset[str]:
        """Operators who work by a plan; all others may sign in whenever they like."""
        return self._days.planned

    def duties_on(self, operator: str, day: date) -> tuple[Duty, ...]:
        """The duties of an operator that begin on a day of the wall clock, in order."""
        key = (operator, day)
        if (known := self._known.get(key)) is not None:
            return known
        spans = (span for span in self._days.on(operator, day) if self._takes_place(span, day))
        laid = (duty_of(operator, day, span, self.zone) for span in spans)
        found = tuple(sorted((duty for duty in laid if duty), key=lambda duty: (duty.start, duty.end)))
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[key] = found
        return found

    def duties(self, operator: str, start: datetime, end: datetime) -> tuple[Duty, ...]:
        """The duties of an operator of which a part lies between two moments, whole, in order."""
        first = self.local_day(start) - _BEFORE * _ONE
        count = (self.local_day(end) - first).days + 1
        found = chain.from_iterable(self.duties_on(operator, first + step * _ONE) for step in range(count))
        return tuple(duty for duty in found if duty.start < end and duty.end > start)

    def standing(self, operator: str, at: datetime) -> DutyStanding:
        """How an operator stands at a moment, and until when; `until` is looked for in the next 400 days."""
        if operator not in self.planned:
            return self._unplanned(operator, at)
        running = [duty for duty in self.duties(operator, at, at + _ONE) if duty.start <= at]
        if running:
            duty = max(running, key=lambda each: each.end)
            return DutyStanding(StandingKind.ON_DUTY, duty.end, running[0])
        today = self.local_day(at)
        for step in range(-1, LOOKED_AHEAD):
            for duty in self.duties_on(operator, today + step * _ONE):
                if duty.start > at:
                    return DutyStanding(StandingKind.OFF_DUTY, duty.start)
        return DutyStanding(StandingKind.OFF_DUTY, None)

    def local_day(self, at: datetime) -> date:
        """The day on the wall at a moment."""
        return at.astimezone(zone_of(self.zone)).date()

    def midnight(self, day: date) -> datetime:
        """The moment (UTC) at which a day of the wall clock begins."""
        return first_time(self.zone, day, 0)

    def opens_on(self, line: str, day: date) -> bool:
        """Whether a line is open at any moment of a day of the shifts' wall clock, by its calendar."""
        key = (line, day.year)
        if (known := self._open_days.get(key)) is None:
            known = self._open_days[key] = frozenset(self._days_open(line, day.year))
        return day in known

    def _takes_place(self, span: WorkSpan, day: date) -> bool:
        line = span.if_open
        return line is None or line not in self.plan.lines or self.opens_on(line, day)

    def _days_open(self, line: str, year: int) -> Iterable[date]:
        first = self.midnight(date(year, 1, 1))
        last = self.midnight(date(year + 1, 1, 1))
        changes = self._book.changes(line, first, (last - first).days + 1)
        for here, after in pairwise(changes):
            if here.situation.open:
                day, end = self.local_day(here.at), min(after.at, last)
                while self.midnight(day) < end:
                    yield day
                    day += _ONE

    def _unplanned(self, operator: str, at: datetime) -> DutyStanding:
        today = self.local_day(at)
        off = self._days.is_off(operator, today)
        kind = StandingKind.OFF_DUTY if off else StandingKind.UNPLANNED
        for step in range(1, LOOKED_AHEAD):
            if self._days.is_off(operator, day := today + step * _ONE) != off:
                return DutyStanding(kind, self.midnight(day))
        return DutyStanding(kind, None)


def shift_zone(plan: Plan) -> str:
    """The time zone of shifts: the organisation's, else the one that the lines have (a check holds that)."""
    return plan.organisation.time_zone or next(iter(plan.lines.values())).time_zone
