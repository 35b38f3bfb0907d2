"""Days on which an operator would work two shifts at once, or by two plans of which neither goes first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from math import lcm

from hotline_ivr.config.hours import DAY, DAY_NAMES, clock
from hotline_ivr.config.models import Configuration
from hotline_ivr.config.problems import FOUND_PROBLEMS, Problem
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.refusal import quoted
from hotline_ivr.config.shifts import ShiftPlan
from hotline_ivr.config.work_days import Path, Standing, WorkDays, WorkSpan

MOST_DAYS = 3000
"""Days of one operator that are looked at; only who writes out years of days reaches it."""

_ONE = timedelta(days=1)
# Any Monday: where a plan has no first week, all its weeks are alike.
_SOME_MONDAY = date(2024, 1, 1)
_LONGEST_TURN = 52


def shift_clashes(reading: Reading, configuration: Configuration) -> Iterator[Problem]:
    """Yield the clashes, each pair of shifts once."""
    days = WorkDays(configuration)
    told: set[tuple[object, ...]] = set()
    found = 0
    for operator in sorted(days.planned):
        for day in _days_to_look_at(configuration, days, operator):
            for place, problem in _on_day(reading, days, operator, day):
                if place not in told:
                    told.add(place)
                    found += 1
                    yield problem
                if found >= FOUND_PROBLEMS:
                    return


def _days_to_look_at(configuration: Configuration, days: WorkDays, operator: str) -> list[date]:
    """Each day of each plan's turn of weeks, and the days around every date that is written."""
    found: set[date] = set()
    mine = [plan for plan in configuration.shift_plans.values() if operator in plan.operators]
    turn = min(lcm(*(len(plan.weeks) or 1 for plan in mine)), _LONGEST_TURN)
    for plan in mine:
        first = _beginning(plan)
        # A day more than the turn, for the last night goes on into the first morning.
        found.update(first + step * _ONE for step in range(7 * turn + 1))
    for first, last in days.dates_written(operator):
        length = min((last - first).days + 2, MOST_DAYS)
        found.update(first + step * _ONE for step in range(-1, length))
    return sorted(found)[:MOST_DAYS]


def _beginning(plan: ShiftPlan) -> date:
    """A first day to look at: of the plan's own time, if it has one."""
    if plan.from_ is not None:
        year, month, day = plan.from_.first
        return date(year or 2024, month, day)
    if plan.until is not None:
        return date(*plan.until.first) - 7 * (len(plan.weeks) or 1) * _ONE
    return plan.first_week or _SOME_MONDAY


def _on_day(
    reading: Reading, days: WorkDays, operator: str, day: date
) -> Iterator[tuple[tuple[object, ...], Problem]]:
    yield from _equals(reading, days, operator, day)
    spans = [*days.on(operator, day), *(_next_day(span) for span in days.on(operator, day + _ONE))]
    for before, after in pairwise(sorted(spans, key=lambda span: (span.start, span.end))):
        if after.start < before.end and before.start < DAY:
            when = f"{DAY_NAMES[(day.weekday() + after.start // DAY) % 7]} {day + after.start // DAY * _ONE}"
            message = (
                f"{operator} would work {quoted(after.name)} from {when} {clock(after.start % DAY)},"
                f" while still at {quoted(before.name)}"
            )
            remedy = f"let one end before the other begins; the other is at {reading.place_of(before.source)}"
            problem = reading.problem(after.source, message, remedy, key=True)
            place = ("overlap", operator, before.source, before.name, after.source, after.name)
            yield place, problem


def _next_day(span: WorkSpan) -> WorkSpan:
    return WorkSpan(span.name, span.start + DAY, span.end + DAY, (), span.source, span.if_open)


def _equals(
    reading: Reading, days: WorkDays, operator: str, day: date
) -> Iterator[tuple[tuple[object, ...], Problem]]:
    plans = [(standing, name) for standing, name, _ in days.plans_on(operator, day)]
    # Two reasons to be off on a day are no clash.
    changes = [(standing, name) for standing, name, change in days.changes_on(operator, day) if change.shift]
    if (holding := days.changes_on(operator, day)) and not holding[0][2].shift:
        changes = []
    for section, word, found in (("shift_plans", "plan", plans), ("shift_changes", "change", changes)):
        if _ties(found):
            first, second = found[0][1], found[1][1]
            path: Path = (section, second)
            message = f"{operator} has two {word}s that hold on {day} alike: {quoted(first)} and this one"
            remedy = f"take {operator} out of one, or let it hold for fewer days"
            yield ("equal", operator, first, second), reading.problem(path, message, remedy, key=True)


def _ties(found: list[tuple[Standing, str]]) -> bool:
    return len(found) > 1 and found[0][0] == found[1][0]
