"""A plan made ready for decisions, with the overrides that hold: what every routing rule asks.

Immutable and swapped whole, like the plan. Nothing is parsed here while a caller waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.calendar import is_open, transitions
from hotline_ivr.routing.overrides import Override
from hotline_ivr.routing.situation import Change, Rule, RuleKind, Situation


class Rulebook:
    """The plan and the overrides of one moment in the service's life."""

    def __init__(self, plan: Plan, overrides: Iterable[Override] = ()) -> None:
        self.plan = plan
        self.overrides = tuple(overrides)

    def situation(self, line_id: str, at: datetime) -> Situation:
        """What holds for a line of the plan at a moment (aware). KeyError for an unknown line."""
        return Situation(is_open(self.plan.lines[line_id], at), Rule(RuleKind.WEEK, f"{line_id}.hours"))

    def changes(self, line_id: str, start: datetime, days: int) -> tuple[Change, ...]:
        """The situation at `start`, every change in the `days` after it, and the one at the end (all UTC).

        At least two entries: the first and the last, which bounds how far this may be trusted.
        """
        rule = Rule(RuleKind.WEEK, f"{line_id}.hours")
        found = transitions(self.plan.lines[line_id], start, days)
        return tuple(Change(each.at, Situation(each.open, rule)) for each in found)
