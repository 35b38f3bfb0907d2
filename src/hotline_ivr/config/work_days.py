"""Who works what on a day, by the wall clock: plans, weeks that take turns, and changes put together.

Of plans that hold on a day the one that holds for fewer days decides, as a season replaces the ordinary week.
A change replaces the plan on its days. Of several, being sick goes before all; then the one with the shorter
run of days; then being off. What is worked `besides` comes on top, unless one is sick.

Pure dates and minutes; which instants they are is for the time zone to say (routing/shifts.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from hotline_ivr.config.breaks import Break, BreakKind
from hotline_ivr.config.hours import DAY, parse_days
from hotline_ivr.config.models import Configuration
from hotline_ivr.config.shift_words import Work, WorkWeek, written
from hotline_ivr.config.shifts import Shift, ShiftChange, ShiftPlan

EVER = 10**7
"""More days than any run has."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class PlacedBreak:
    """A break of one shift. `start` and `end` are minutes since the midnight before the shift.

    One that is planned fills them; one that floats begins and ends within them. `length` is seconds.
    """

    id: str
    kind: str
    paid: bool
    length: int
    start: int
    end: int

    @property
    def floats(self) -> bool:
        return (self.end - self.start) * 60 > self.length


@dataclass(frozen=True, slots=True)
class WorkSpan:
    """One shift of one operator on one day, in minutes since its midnight; `end` may be beyond 1440.

    `source` is the path of the plan or change it comes from; `if_open` is the line that has to open that day.
    """

    name: str
    start: int
    end: int
    breaks: tuple[PlacedBreak, ...]
    source: Path
    if_open: str | None = None


Standing = tuple[int, int, int]
"""What decides between two plans, or two changes, of a day: the smaller one holds, equal ones clash."""


def place_break(
    break_id: str, written_break: Break, kind: BreakKind, *, start: int, length: int
) -> PlacedBreak:
    """Put a break on the minutes of a shift that begins at `start`: the first such time in it or after."""
    if written_break.between is not None:
        first = _after(written_break.between.start, start)
        last = first + written_break.between.end - written_break.between.start
    else:
        first = _after(written_break.at or 0, start)
        last = first + -(-length // 60)
    return PlacedBreak(break_id, written_break.kind or break_id, kind.paid, length, first, last)


def _after(minute: int, start: int) -> int:
    return minute if minute >= start else minute + DAY


class WorkDays:
    """The shift plans of a configuration, ready to be asked. Names that point nowhere are passed over."""

    def __init__(self, configuration: Configuration) -> None:
        self._shifts = configuration.shifts
        self._kinds = configuration.break_kinds
        self._plans: dict[str, list[tuple[str, ShiftPlan]]] = {}
        self._changes: dict[str, list[tuple[str, ShiftChange]]] = {}
        for name, plan in configuration.shift_plans.items():
            for operator in dict.fromkeys(plan.operators):
                self._plans.setdefault(operator, []).append((name, plan))
        for name, change in configuration.shift_changes.items():
            for operator in dict.fromkeys(change.operators):
                self._changes.setdefault(operator, []).append((name, change))
        rostered = (
            operator
            for operator, changes in self._changes.items()
            if any(change.shift for _, change in changes)
        )
        self.planned = frozenset((*self._plans, *rostered))
        """Operators who work by a plan; all others may sign in when they like, unless a change says off."""

    def plans_on(self, operator: str, day: date) -> list[tuple[Standing, str, ShiftPlan]]:
        """The plans of an operator that hold on a day, the one that decides first."""
        found: list[tuple[Standing, str, ShiftPlan]] = []
        for name, plan in self._plans.get(operator, ()):
            if (run := plan.run_at(day)) is not None:
                bounded = run[0] != date.min and run[1] != date.max
                days = (run[1] - run[0]).days + 1 if bounded else EVER
                # Without an end, what began later holds; what has no beginning either is the weakest.
                begun = -run[0].toordinal() if days == EVER else 0
                found.append(((days, begun, -(run[1] != date.max)), name, plan))
        return sorted(found, key=lambda each: each[:2])

    def changes_on(self, operator: str, day: date) -> list[tuple[Standing, str, ShiftChange]]:
        """The changes that replace an operator's plan on a day, the one that decides first."""
        found: list[tuple[Standing, str, ShiftChange]] = []
        for name, change in self._changes.get(operator, ()):
            if not change.besides and (days := _run(change, day)):
                found.append(((int(change.why != "sick"), days, int(bool(change.shift))), name, change))
        return sorted(found, key=lambda each: each[:2])

    def extras_on(self, operator: str, day: date) -> list[tuple[str, ShiftChange]]:
        """The changes that come on top of the plan on a day."""
        mine = self._changes.get(operator, ())
        return [(name, change) for name, change in mine if change.besides and _run(change, day)]

    def on(self, operator: str, day: date) -> tuple[WorkSpan, ...]:
        """The shifts of an operator that begin on a day, by their start; none when off or not planned."""
        found: list[WorkSpan] = []
        changes = self.changes_on(operator, day)
        sick = bool(changes) and changes[0][2].why == "sick"
        if changes:
            _, name, change = changes[0]
            found += self._spans(change.shift, ("shift_changes", name))
        elif plans := self.plans_on(operator, day):
            _, name, plan = plans[0]
            _, week = plan.week_of(day)
            found += self._spans(work_of(week, day.weekday()), ("shift_plans", name), plan.open_days_of)
        for name, change in () if sick else self.extras_on(operator, day):
            found += self._spans(change.shift, ("shift_changes", name))
        return tuple(sorted(found, key=lambda span: (span.start, span.end)))

    def is_off(self, operator: str, day: date) -> bool:
        """Whether a change takes the day off an operator who has no plan."""
        changes = self.changes_on(operator, day)
        return bool(changes) and not changes[0][2].shift

    def dates_written(self, operator: str) -> Iterator[tuple[date, date]]:
        """Runs of days that are written with their year, in changes and as the ends of plans."""
        for _, change in self._changes.get(operator, ()):
            for when in change.on:
                if (first := getattr(when, "first", None)) and first[0]:
                    yield from when.ranges(date(*first), date(*first))
        for _, plan in self._plans.get(operator, ()):
            for end in (plan.from_, plan.until):
                if end is not None and not end.yearly:
                    yield date(*end.first), date(*end.first)

    def _spans(self, work: Work, source: Path, if_open: str | None = None) -> Iterator[WorkSpan]:
        for item in work:
            if not isinstance(item, str):
                yield WorkSpan(written(item), item.start, item.end, (), source, if_open)
            elif (shift := self._shifts.get(item)) is not None:
                breaks = tuple(placed_breaks(shift, self._kinds))
                yield WorkSpan(item, shift.hours.start, shift.hours.end, breaks, source, if_open)


def placed_breaks(shift: Shift, kinds: dict[str, BreakKind]) -> Iterator[PlacedBreak]:
    """The breaks of a shift, by their start; one of a kind that is not there is passed over."""
    found = []
    for break_id, each in shift.breaks.items():
        if (kind := kinds.get(each.kind or break_id)) is not None:
            length = each.length or kind.length
            found.append(place_break(break_id, each, kind, start=shift.hours.start, length=length))
    yield from sorted(found, key=lambda placed: (placed.start, placed.id))


def work_of(week: WorkWeek, weekday: int) -> Work:
    """What a week has for a day (Monday 0): all that is written for it."""
    return tuple(item for days, items in week.items() if weekday in parse_days(days) for item in items)


def _run(change: ShiftChange, day: date) -> int:
    """Days of the shortest run of a change around a day; 0 when it is not on that day."""
    runs: Iterable[tuple[date, date]] = (run for when in change.on for run in when.ranges(day, day))
    return min(((last - first).days + 1 for first, last in runs), default=0)
