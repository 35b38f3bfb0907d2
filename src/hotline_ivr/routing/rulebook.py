"""A plan made ready for decisions, with the overrides that hold: what every routing rule asks.

Immutable and swapped whole, like the plan. Nothing is parsed here while a caller waits: a year of a line is
compiled once, ahead where `prepare` was called, and a decision is a search in a sorted list.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from heapq import merge
from typing import Self

from hotline_ivr.config.models import Plan
from hotline_ivr.config.overflow import Route
from hotline_ivr.routing.blocks import Block, CallerBook
from hotline_ivr.routing.campaigns import Spell, lay_over, spells
from hotline_ivr.routing.compiling import YearTable, compile_year
from hotline_ivr.routing.head_start import known_callers
from hotline_ivr.routing.overrides import HOURS, ROUTES, Override, OverrideKind
from hotline_ivr.routing.resolving import Resolved, resolve
from hotline_ivr.routing.situation import Change, Considered, Rule, RuleKind, Situation
from hotline_ivr.routing.tracing import consider
from hotline_ivr.routing.wall import year_bounds

LOOK_AHEAD_YEARS = 3
"""A line that changes at all does so at the latest after the next leap day's season or a yearly opening."""


class CompiledLine:
    """One line's calendar and campaign, year by year. Shared between rulebooks of one plan."""

    def __init__(self, plan: Plan, line_id: str) -> None:
        self._plan, self._line_id = plan, line_id
        self._years: dict[int, YearTable] = {}

    @cached_property
    def calendar(self) -> Resolved:
        return resolve(self._plan, self._line_id)

    @cached_property
    def spells(self) -> tuple[Spell, ...]:
        return spells(self._line_id, self._plan.lines[self._line_id])

    def year(self, year: int) -> YearTable:
        found = self._years.get(year)
        if found is None:
            # Two threads may both come here; they make the same, and either is kept.
            found = compile_year(self.calendar, year)
            for spell in self.spells:
                found = lay_over(found, *year_bounds(year), spell)
            self._years[year] = found
        return found


class Rulebook:
    """The plan and the overrides of one moment in the service's life."""

    def __init__(self, plan: Plan, overrides: Iterable[Override] = (), blocks: Iterable[Block] = ()) -> None:
        self.plan = plan
        self.callers = CallerBook(plan, blocks)
        self._lines: Mapping[str, CompiledLine] = {name: CompiledLine(plan, name) for name in plan.lines}
        # By a caller's number, as delivered.
        self.known_callers = known_callers(plan)
        self._take(overrides)

    def with_overrides(self, overrides: Iterable[Override]) -> Self:
        """A rulebook of the same plan with other overrides; the compiled calendars are shared."""
        other = object.__new__(type(self))
        other.plan, other._lines, other.callers = self.plan, self._lines, self.callers
        other.known_callers = self.known_callers
        other._take(overrides)
        return other

    def with_blocks(self, blocks: Iterable[Block]) -> Self:
        """A rulebook of the same plan in which other callers are blocked by hand."""
        other = self.with_overrides(self.overrides)
        other.callers = CallerBook(self.plan, blocks)
        return other

    def prepare(self, at: datetime) -> None:
        """Compile ahead what callers of this year and the next will ask for. Takes milliseconds a line."""
        for line in self._lines.values():
            for year in (at.year, at.year + 1):
                line.year(year)

    def situation(self, line_id: str, at: datetime) -> Situation:
        """What holds for a line of the plan at a moment (aware). KeyError for an unknown line."""
        at = at.astimezone(UTC)
        held = self._lines[line_id].year(at.year).at(at.timestamp())
        by_hand = self._by_line.get(line_id)
        return _with_overrides(held, by_hand, at) if by_hand else held

    def changes(self, line_id: str, start: datetime, days: int) -> tuple[Change, ...]:
        """The situation at `start`, every change in the `days` after it, and the one at the end (all UTC).

        At least two entries: the first and the last, which bounds how far this may be trusted.
        """
        start = start.astimezone(UTC).replace(microsecond=0)
        end = start + timedelta(days=days)
        found = [Change(start, self.situation(line_id, start))]
        for moment in self._moments(line_id, start, end):
            situation = self.situation(line_id, moment)
            if situation != found[-1].situation:
                found.append(Change(moment, situation))
        return (*found, Change(end, self.situation(line_id, end)))

    def next_change(self, line_id: str, at: datetime) -> Change | None:
        """When the line next opens or closes after `at`; None when it does not in the next three years."""
        at = at.astimezone(UTC)
        now = self.situation(line_id, at).open
        for year in range(at.year, at.year + LOOK_AHEAD_YEARS + 1):
            start = max(at, datetime(year, 1, 1, tzinfo=UTC))
            for moment in self._moments(line_id, start, datetime(year + 1, 1, 1, tzinfo=UTC)):
                if (situation := self.situation(line_id, moment)).open != now:
                    return Change(moment, situation)
        return None

    def trace(self, line_id: str, at: datetime) -> tuple[Considered, ...]:
        """Every rule that was looked at for a moment, the strongest first; exactly one has won."""
        at = at.astimezone(UTC)
        line = self._lines[line_id]
        return consider(line.calendar, line.spells, self._by_line.get(line_id, ()), at)

    def _take(self, overrides: Iterable[Override]) -> None:
        self.overrides = tuple(overrides)
        by_line: dict[str, list[Override]] = {}
        # The latest decision first: it holds over those made before.
        for override in sorted(self.overrides, key=lambda each: each.since, reverse=True):
            by_line.setdefault(override.line, []).append(override)
        self._by_line = {line: tuple(found) for line, found in by_line.items()}

    def _moments(self, line_id: str, start: datetime, end: datetime) -> Iterator[datetime]:
        """Moments after `start` and before `end` at which something may change, in order."""
        edges = (
            edge.astimezone(UTC)
            for override in self._by_line.get(line_id, ())
            for edge in (override.since, override.until)
            if edge is not None and start < edge
        )
        for moment in merge(self._moments_of_years(line_id, start, end), sorted(edges)):
            if moment >= end:
                return
            yield moment

    def _moments_of_years(self, line_id: str, start: datetime, end: datetime) -> Iterator[datetime]:
        for year in range(start.year, end.year + 1):
            moments = self._lines[line_id].year(year).moments
            for index in range(bisect_right(moments, start.timestamp()), len(moments)):
                yield datetime.fromtimestamp(moments[index], UTC)


def _with_overrides(held: Situation, by_hand: tuple[Override, ...], at: datetime) -> Situation:
    """A decision by hand in place of the calendar's; an information up front comes on top of either."""
    holding = [override for override in by_hand if override.holds_at(at)]
    decided = next((each for each in holding if each.kind in HOURS), None)
    routed = next((each.kind for each in holding if each.kind in ROUTES), None)
    route = _ROUTES[routed] if routed is not None else None
    surge = next((each for each in holding if each.kind is OverrideKind.SURGE), None)
    is_open, rule = held.open, held.rule
    if decided is not None:
        is_open = decided.kind is OverrideKind.OPEN
        rule = Rule(RuleKind.OVERRIDE, f"overrides.{decided.id}", decided.prompt)
    if surge is None:
        return Situation(is_open, rule, route=route)
    return Situation(is_open, rule, surge.prompt, surge.must_press_to_go_on, route)


_ROUTES: Mapping[OverrideKind, Route] = {
    OverrideKind.INSIDE: "inside",
    OverrideKind.OUTSIDE: "outside",
    OverrideKind.BOTH: "both",
}
