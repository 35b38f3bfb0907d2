"""A changed configuration in plain words: the running plan against a new one.

Pure: two plans and a moment go in. How many callers of last year it would have touched is for somebody who
has the record; every difference of hours brings the times along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from pydantic import BaseModel

from hotline_ivr.config.dates import DateSpan, EasterDay, NthWeekday
from hotline_ivr.config.hours import DAYS, Interval
from hotline_ivr.config.models import Configuration, Plan
from hotline_ivr.config.types import duration_text
from hotline_ivr.routing.plan_hours import Span, hours_differences
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.wall import zone_of

HORIZON_DAYS = 57 * 7
"""So far ahead hours are compared, from this morning on: a year, and the same season's beginning again."""

A_YEAR = timedelta(days=364)
"""Back to the same weekday and nearly the same date of last year."""

_NAMES = {
    "lines": "line",
    "queues": "queue",
    "operators": "operator",
    "trunks": "trunk",
    "known_callers": "list of callers",
    "break_kinds": "kind of break",
    "shift_plans": "shift plan",
    "shift_changes": "change of shifts",
    "prepared_answers": "prepared answer",
    "advertising": "advertising channel",
}
_DURATIONS = frozenset({"max_wait", "ring_time", "wrap_up", "timeout", "length", "priority"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One change. `spans` are the times (UTC) at which callers of `line` meet something else; else empty."""

    subject: str
    text: str
    line: str = ""
    spans: tuple[Span, ...] = ()

    @property
    def last_year(self) -> tuple[Span, ...]:
        """The same weekdays and times a year ago, as far as they are past by then."""
        return tuple((start - A_YEAR, end - A_YEAR) for start, end in self.spans)


def plan_diff(old: Plan, new: Plan, now: datetime) -> tuple[Difference, ...]:
    """Everything that is different, hours first. Empty if the plans are the same."""
    if old.version == new.version:
        return ()
    found = (*_hours(old, new, now), *_sections(old, new))
    return found or (Difference("configuration", "changed in a way that no call will notice"),)


def _hours(old: Plan, new: Plan, now: datetime) -> Iterator[Difference]:
    before, after = Rulebook(old), Rulebook(new)
    for line_id in new.lines:
        if line_id in old.lines:
            zone = zone_of(new.lines[line_id].time_zone)
            # Whole days, so that today is told in the same words as every other of its kind.
            start = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
            was, becomes = (book.changes(line_id, start, HORIZON_DAYS) for book in (before, after))
            for each in hours_differences(was, becomes, zone):
                yield Difference(f"line {line_id}", each.text, line_id, each.spans)


def _sections(old: Plan, new: Plan) -> Iterator[Difference]:
    for section in Configuration.model_fields:
        before, after = getattr(old, section), getattr(new, section)
        if isinstance(after, Mapping):
            yield from _ids(_NAMES.get(section, section.removesuffix("s")), before, after)
        elif after != before:
            yield from _fields(section, before, after)


def _ids(name: str, before: Mapping[str, BaseModel], after: Mapping[str, BaseModel]) -> Iterator[Difference]:
    # In the order in which they are written, so that the same change is told in the same words each time.
    for each in after:
        if each not in before:
            yield Difference(f"{name} {each}", "is new")
    for each in before:
        if each not in after:
            yield Difference(f"{name} {each}", "is gone")
    for each, value in after.items():
        if each in before and before[each] != value:
            yield from _fields(f"{name} {each}", before[each], value)


def _fields(subject: str, before: BaseModel | None, after: BaseModel | None) -> Iterator[Difference]:
    if before is None or after is None:
        yield Difference(subject, "is new" if before is None else "is gone")
        return
    told = False
    for field, about in type(after).model_fields.items():
        was, becomes = getattr(before, field), getattr(after, field)
        if was == becomes:
            continue
        told = True
        if field in {"hours", "calendar"} and subject.startswith("line "):
            continue  # told day by day
        yield Difference(subject, f"{about.alias or field}: {_change(field, was, becomes)}")
    if not told:
        yield Difference(subject, "is written differently")


def _change(field: str, was: Any, becomes: Any) -> str:
    if isinstance(was, tuple) and isinstance(becomes, tuple):
        added = [_shown(field, item) for item in becomes if item not in was]
        dropped = [_shown(field, item) for item in was if item not in becomes]
        parts = [f"with {', '.join(added)}"] * bool(added) + [f"without {', '.join(dropped)}"] * bool(dropped)
        return ", ".join(parts) or "in another order"
    if isinstance(was, Mapping) and isinstance(becomes, Mapping):
        keys = [key for key in {**was, **becomes} if was.get(key) != becomes.get(key)]
        return "; ".join(_of_key(field, key, was, becomes) for key in keys)
    return f"{_shown(field, becomes)} instead of {_shown(field, was)}"


def _of_key(field: str, key: str, was: Mapping[str, Any], becomes: Mapping[str, Any]) -> str:
    if key not in becomes:
        return f"without {key}"
    if key not in was:
        return f"with {key} {_shown(field, becomes[key])}"
    return f"{key} {_change(field, was[key], becomes[key])}"


def _shown(field: str, value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case int() if field in _DURATIONS:
            return duration_text(value)
        case tuple():
            return ", ".join(_shown(field, item) for item in value) or "nothing"
        case Interval() | DateSpan() | EasterDay() | NthWeekday():
            return value.text
        case BaseModel():
            kept = value.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
            return _in_words(kept)
        case _:
            written = getattr(value, "written", None)
            return _in_words(written() if callable(written) else value)


def _in_words(value: Any) -> str:
    """What was written, as YAML has it; days with the same hours together."""
    match value:
        case dict() if value and value.keys() <= set(DAYS):
            return ", ".join(f"{days} {hours}" for days, hours in _runs(value))
        case dict():
            return "{" + ", ".join(f"{key}: {_in_words(item)}" for key, item in value.items()) + "}"
        case [item]:
            return _in_words(item)
        case list():
            return "[" + ", ".join(map(_in_words, value)) + "]"
        case _:
            return str(value)


def _runs(week: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """`mon-fri` for days that follow one another and have the same hours."""
    for hours, run in groupby(DAYS, key=week.get):
        days = list(run)
        if hours is not None:
            yield days[0] if len(days) == 1 else f"{days[0]}-{days[-1]}", hours
