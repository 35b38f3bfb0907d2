"""What the rules of a calendar come to on the days of a while: the form that is compiled and explained.

Two kinds of fact. A day's plan gives a whole day its hours (week, season, holiday, special day, whole-day
closure); of several the strongest holds. A part lays an opening or a closure over some hours of the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hotline_ivr.config.hours import DAY, Spans
from hotline_ivr.routing.situation import Rule, RuleKind, Situation

Standing = tuple[int, int, int, int]
"""Sorts facts, the strongest first: kind, own before inherited, shorter (minutes), later written."""

KINDS = {kind: index for index, kind in enumerate(RuleKind)}


@dataclass(frozen=True, slots=True)
class Facing:
    """A rule as callers meet it: the situation while it opens the line, and while it closes it."""

    opens: Situation
    closes: Situation

    @property
    def rule(self) -> Rule:
        return self.closes.rule


def facing(kind: RuleKind, name: str, source: object = None) -> Facing:
    """Read prompts and destination off a model that has some of `greeting`, `message` and `to`."""
    greeting, message, to = (getattr(source, key, None) for key in ("greeting", "message", "to"))
    return Facing(
        Situation(open=True, rule=Rule(kind, name, greeting)),
        Situation(open=False, rule=Rule(kind, name, message, to)),
    )


@dataclass(frozen=True, slots=True)
class DayPlan:
    """From `first` to `last` each day has the hours of its weekday (Monday first); () is closed.

    `like` is a weekday (Monday 0) whose hours the day has instead, of the season or week that holds then.
    """

    first: date
    last: date
    standing: Standing
    facing: Facing
    hours: tuple[Spans, ...]
    like: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """From `first` to `last` each day is open, or closed, in these hours that begin on it."""

    first: date
    last: date
    standing: Standing
    facing: Facing
    opens: bool
    spans: Spans

    @property
    def situation(self) -> Situation:
        return self.facing.opens if self.opens else self.facing.closes


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts that touch a while, the strongest first."""

    plans: tuple[DayPlan, ...]
    parts: tuple[Part, ...]


def standing(kind: RuleKind, level: int, minutes: int, order: int) -> Standing:
    return KINDS[kind], level, minutes, -order


def minutes_of(first: date, last: date, spans: Spans | None = None) -> int:
    """How much time a rule takes in one run of days; whole days without spans."""
    a_day = DAY if spans is None else sum(end - start for start, end in spans)
    return a_day * ((last - first).days + 1)
