"""Opening hours of some days as spans, for every way to show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hotline_ivr.config.models import Line
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.situation import Rule, RuleKind

ONE_DAY = timedelta(days=1)

ORDINARY = frozenset({RuleKind.WEEK, RuleKind.SEASON})
"""Kinds of rules by which hours are the usual ones."""


@dataclass(frozen=True, slots=True)
class Open:
    """A stretch in which the line is open; aware, in its zone. `rule` is the one that opens it first."""

    start: datetime
    end: datetime
    rule: Rule


@dataclass(frozen=True, slots=True)
class DayHours:
    """One day of a line, cut at its midnights. `closed_by` is the rule of noon, where that closes the day."""

    day: date
    spans: tuple[Open, ...]
    closed_by: Rule | None

    @property
    def note(self) -> str:
        """What makes this day another than those of the week; empty for an ordinary one."""
        rules = [*((self.closed_by,) if self.closed_by else ()), *(span.rule for span in self.spans)]
        names = [rule.name for rule in rules if rule.kind is not RuleKind.WEEK]
        return ", ".join(dict.fromkeys(names))

    @property
    def is_special(self) -> bool:
        """Whether another rule than those of the week and its seasons decides on a part of the day."""
        rules = [*((self.closed_by,) if self.closed_by else ()), *(span.rule for span in self.spans)]
        return any(rule.kind not in ORDINARY for rule in rules)


@dataclass(frozen=True, slots=True)
class LineHours:
    """A line's opening hours over some days."""

    line_id: str
    line: Line
    days: tuple[DayHours, ...]
    open: tuple[Open, ...]


def line_hours(book: Rulebook, line_id: str, first: date, days: int) -> LineHours:
    """The hours of `days` days from `first` on, in the line's zone. KeyError for an unknown line."""
    line = book.plan.lines[line_id]
    zone = ZoneInfo(line.time_zone)
    stretches = _stretches(book, line_id, _midnight(first, zone), days + 1, zone)
    found = []
    for shift in range(days):
        day = first + shift * ONE_DAY
        start, end = _midnight(day, zone), _midnight(day + ONE_DAY, zone)
        spans = tuple(
            Open(max(each.start, start, key=_instant), min(each.end, end, key=_instant), each.rule)
            for each in stretches
            if _instant(each.start) < _instant(end) and _instant(each.end) > _instant(start)
        )
        noon = book.situation(line_id, start + timedelta(hours=12))
        found.append(DayHours(day, spans, None if spans else noon.rule))
    last = _instant(_midnight(first + days * ONE_DAY, zone))
    return LineHours(
        line_id, line, tuple(found), tuple(each for each in stretches if _instant(each.start) < last)
    )


def _instant(moment: datetime) -> float:
    # Aware datetimes of one zone compare by the wall clock, which goes back once a year.
    return moment.timestamp()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _stretches(book: Rulebook, line_id: str, start: datetime, days: int, zone: ZoneInfo) -> Sequence[Open]:
    """Stretches without a gap, whatever rules they go by."""
    *changes, last = book.changes(line_id, start.astimezone(UTC), days)
    found: list[Open] = []
    begun: tuple[datetime, Rule] | None = None
    for change in changes:
        if change.situation.open and begun is None:
            begun = change.at, change.situation.rule
        elif not change.situation.open and begun is not None:
            found.append(Open(begun[0].astimezone(zone), change.at.astimezone(zone), begun[1]))
            begun = None
    if begun is not None:
        found.append(Open(begun[0].astimezone(zone), last.at.astimezone(zone), begun[1]))
    return found


def clock_of(moment: datetime, day: date) -> str:
    """`08:30`; midnight at the end of the day is 24:00."""
    return "24:00" if moment.date() > day else f"{moment:%H:%M}"
