"""How much of a month is still to come for a line: by its open hours, because who calls does so then."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from itertools import pairwise

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.rulebook import Rulebook


class Growth:
    """The open hours of a plan's lines, as their calendars have them: nobody knows tomorrow's overrides."""

    def __init__(self, plan: Plan) -> None:
        self._book = Rulebook(plan)

    def of(self, line: str, start: datetime, now: datetime, end: datetime) -> Fraction | None:
        """The line's open time from `start` to `end` over that until `now` (aware, in this order).

        None where the line is not in the plan any more, or has not been open yet: calls go by no hours then.
        """
        if line not in self._book.plan.lines:
            return None
        past = whole = Fraction(0)
        for here, after in pairwise(self._book.changes(line, start, (end - start).days + 1)):
            if here.situation.open:
                whole += _seconds(here.at, min(after.at, end))
                past += _seconds(here.at, min(after.at, now))
        return whole / past if past else None


def _seconds(start: datetime, end: datetime) -> Fraction:
    return max(Fraction(0), Fraction(end.timestamp()) - Fraction(start.timestamp()))
