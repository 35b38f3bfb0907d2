"""The rules of one line, put together from its calendar and those it extends, and their facts for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from hotline_ivr.config.calendars import Calendar
from hotline_ivr.config.day_hours import WHOLE_DAY
from hotline_ivr.config.hours import Spans, WeeklyHours
from hotline_ivr.config.models import Plan
from hotline_ivr.config.openings import Closure, Opening
from hotline_ivr.config.public_holidays import Holiday, PublicHolidays, holidays_of, is_named
from hotline_ivr.config.special_days import SpecialDay
from hotline_ivr.routing.facts import DayPlan, Facts, Part, facing, minutes_of, standing
from hotline_ivr.routing.ical_facts import ical_facts
from hotline_ivr.routing.situation import RuleKind
from hotline_ivr.routing.wall import zone_of

NO_HOURS = WeeklyHours.never().days
DAY_STEP = timedelta(days=1)
# A run of ten days off is the longest there is; further than this no day is moved.
FURTHEST_MOVE = 30
_EVER = (date.min, date.max)


@dataclass(frozen=True, slots=True)
class Layer:
    """A calendar among those that hold for a line; the line's own is level 0."""

    name: str
    level: int
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Resolved:
    """All rules of a line; `name` is how the line's own hours are called where no week is written."""

    name: str
    zone: str
    layers: tuple[Layer, ...]
    week: tuple[str, WeeklyHours] | None

    def facts(self, start: date, end: date) -> Facts:
        """What holds from `start` to `end`, the strongest first."""
        found = [*self._plans(start, end), *self._parts(start, end)]
        for layer in self.layers:
            for file in layer.calendar.ical:
                found += ical_facts(layer.name, layer.level, file, zone_of(self.zone), start=start, end=end)
        plans = [fact for fact in found if isinstance(fact, DayPlan)]
        parts = [fact for fact in found if isinstance(fact, Part)]
        return Facts(
            tuple(sorted(plans, key=lambda fact: fact.standing)),
            tuple(sorted(parts, key=lambda fact: fact.standing)),
        )

    def rules(self) -> Iterator[tuple[RuleKind, int, int, str]]:
        """Every rule that is written, also one without a day near: kind, level, order, name."""
        for layer in self.layers:
            calendar = layer.calendar
            sections = (
                (RuleKind.OPENING, "openings", calendar.openings),
                (RuleKind.CLOSURE, "closures", calendar.closures),
                (RuleKind.SPECIAL_DAY, "special_days", calendar.special_days),
                (RuleKind.SEASON, "seasons", calendar.seasons),
            )
            for kind, section, rules in sections:
                for order, name in enumerate(rules):
                    yield kind, layer.level, order, f"{layer.name}.{section}.{name}"
            if calendar.holidays and calendar.holidays.country:
                yield RuleKind.HOLIDAY, layer.level, 0, f"{layer.name}.holidays"

    def _plans(self, start: date, end: date) -> Iterator[DayPlan]:
        yield self._week()
        for layer in self.layers:
            yield from _seasons(layer, start, end)
            yield from self._special_days(layer, start, end)
            yield from _closed_days(layer, start, end)
        yield from self._holidays(start, end)

    def _week(self) -> DayPlan:
        name, hours = self.week or (f"{self.name}.hours", WeeklyHours.never())
        rank = standing(RuleKind.WEEK, 0, 0, 0)
        return DayPlan(*_EVER, rank, facing(RuleKind.WEEK, name), hours.days or NO_HOURS)

    def _holidays(self, start: date, end: date) -> Iterator[DayPlan]:
        for layer in self.layers:
            block = layer.calendar.holidays
            if block is None or block.country is None:
                continue
            for day, names in self._days_of(block, start, end):
                said = self._said_of(layer.level, names)
                if said is None:
                    continue
                source, hours = said if isinstance(said, tuple) else (block, block.hours)
                rule = facing(RuleKind.HOLIDAY, f"{layer.name}.holidays.{names[0]}", source)
                rank = standing(RuleKind.HOLIDAY, layer.level, minutes_of(day, day), 0)
                yield DayPlan(day, day, rank, rule, (hours or (),) * 7)

    def _days_of(
        self, block: PublicHolidays, start: date, end: date
    ) -> Iterator[tuple[date, tuple[str, ...]]]:
        if block.country is None:
            return
        for year in range(start.year, end.year + 1):
            for day, names in holidays_of(block.country, block.subdivision, year).items():
                if start <= day <= end:
                    yield day, names

    def _said_of(self, level: int, names: tuple[str, ...]) -> tuple[Holiday, Spans] | bool | None:
        """What is written of a holiday by name, in the calendar itself or one that inherits it.

        None when it is a day like any other, True when nothing is written.
        """
        for layer in self.layers[: level + 1]:
            block = layer.calendar.holidays
            if block is None:
                continue
            # Two holidays on one day, such as 17 May and Whit Sunday: what is said of either counts.
            if any(is_named(names, name) for name in block.except_):
                return None
            for name, holiday in reversed(block.days.items()):
                if is_named(names, name):
                    return holiday, holiday.hours or ()
        return True

    def holidays(self, start: date, end: date) -> frozenset[date]:
        """The public holidays that are not exempted."""
        return frozenset(
            day
            for layer in self.layers
            if (block := layer.calendar.holidays) is not None
            for day, names in self._days_of(block, start, end)
            if self._said_of(layer.level, names) is not None
        )

    def _special_days(self, layer: Layer, start: date, end: date) -> Iterator[DayPlan]:
        around = (start - FURTHEST_MOVE * DAY_STEP, end + FURTHEST_MOVE * DAY_STEP)
        for order, (name, special) in enumerate(layer.calendar.special_days.items()):
            rule = facing(RuleKind.SPECIAL_DAY, f"{layer.name}.special_days.{name}", special)
            for day in self._moved(special, *around) if special.moved else _days(special, start, end):
                if start <= day <= end:
                    rank = standing(RuleKind.SPECIAL_DAY, layer.level, minutes_of(day, day), order)
                    yield DayPlan(day, day, rank, rule, (special.hours or (),) * 7, special.as_)

    def _moved(self, special: SpecialDay, start: date, end: date) -> Iterator[date]:
        off = self.holidays(start, end)
        for day in _days(special, start, end):
            yield _move(day, special.moved or "", off)

    def _parts(self, start: date, end: date) -> Iterator[Part]:
        for layer in self.layers:
            for order, (name, opening) in enumerate(layer.calendar.openings.items()):
                yield from _part(layer, f"openings.{name}", order, opening, start=start, end=end)
            for order, (name, closure) in enumerate(layer.calendar.closures.items()):
                if closure.hours is not None:
                    yield from _part(layer, f"closures.{name}", order, closure, start=start, end=end)


def resolve(plan: Plan, line_id: str) -> Resolved:
    """The rules of a line of a checked plan. KeyError for an unknown line or calendar."""
    line = plan.lines[line_id]
    if line.calendar is None:
        week = (f"{line_id}.hours", line.hours) if line.hours else None
        return Resolved(line_id, line.time_zone, (), week)
    return resolve_calendar(plan.calendars, line.calendar, line.time_zone)


def resolve_calendar(calendars: Mapping[str, Calendar], name: str, zone: str) -> Resolved:
    """The rules of a calendar with all that it extends, its own first. A calendar met again is left out."""
    order: list[str] = []
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in order:
            order.append(one)
            waiting.extend(reversed(calendars[one].extends))
    layers = tuple(Layer(one, level, calendars[one]) for level, one in enumerate(order))
    weeks = ((f"{layer.name}.hours", layer.calendar.hours) for layer in layers)
    week = next(((place, hours) for place, hours in weeks if hours is not None), None)
    return Resolved(name, zone, layers, week)


def _seasons(layer: Layer, start: date, end: date) -> Iterator[DayPlan]:
    for order, (name, season) in enumerate(layer.calendar.seasons.items()):
        rule = facing(RuleKind.SEASON, f"{layer.name}.seasons.{name}", season)
        for first, last in season.span.ranges(start, end):
            rank = standing(RuleKind.SEASON, layer.level, minutes_of(first, last), order)
            yield DayPlan(first, last, rank, rule, season.hours.days)


def _closed_days(layer: Layer, start: date, end: date) -> Iterator[DayPlan]:
    for order, (name, closure) in enumerate(layer.calendar.closures.items()):
        if closure.hours is not None:
            continue
        # Only a rule with a day in this time is looked at further: there may be ten thousand.
        if runs := [run for when in closure.on for run in when.ranges(start, end)]:
            rule = facing(RuleKind.CLOSURE, f"{layer.name}.closures.{name}", closure)
            for first, last in runs:
                rank = standing(RuleKind.CLOSURE, layer.level, minutes_of(first, last), order)
                yield DayPlan(first, last, rank, rule, NO_HOURS)


def _part(
    layer: Layer, place: str, order: int, source: Opening | Closure, *, start: date, end: date
) -> Iterator[Part]:
    if runs := [run for when in source.on for run in when.ranges(start, end)]:
        opens = isinstance(source, Opening)
        kind = RuleKind.OPENING if opens else RuleKind.CLOSURE
        rule = facing(kind, f"{layer.name}.{place}", source)
        spans = source.hours or WHOLE_DAY
        for first, last in runs:
            rank = standing(kind, layer.level, minutes_of(first, last, spans), order)
            yield Part(first, last, rank, rule, opens, spans)


def _days(special: SpecialDay, start: date, end: date) -> Iterator[date]:
    for when in special.on:
        for first, last in when.ranges(start, end):
            day = max(first, start)
            while day <= min(last, end):
                yield day
                day += DAY_STEP


def _move(day: date, how: str, off: frozenset[date]) -> date:
    """A day that falls on a working day stays; else the working day that is asked for."""

    def works(candidate: date) -> bool:
        return candidate.weekday() < 5 and candidate not in off

    if works(day):
        return day
    if how == "next-monday":
        return day + (7 - day.weekday()) * DAY_STEP
    later = (day + step * DAY_STEP for step in range(1, FURTHEST_MOVE))
    earlier = (day - step * DAY_STEP for step in range(1, FURTHEST_MOVE))
    after = next(filter(works, later), day)
    before = next(filter(works, earlier), day)
    if how == "nearest-working-day":
        # As near on both sides: the later one, as most laws have it.
        return before if day - before < after - day else after
    return before if how == "previous-working-day" else after
