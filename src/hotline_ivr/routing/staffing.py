"""Who is there for a queue, stretch by stretch, beside when its lines are open and how many it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

from hotline_ivr.config.hours import DAY
from hotline_ivr.config.models import Queue
from hotline_ivr.routing.duties import Duty
from hotline_ivr.routing.queue_lines import lines_of_queues
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.shifts import ShiftBook
from hotline_ivr.routing.wall import zone_of

HALF_HOUR = timedelta(minutes=30)

Span = tuple[datetime, datetime]
"""From a moment until before another."""

_OPEN, _DUTY, _AWAY = "open", "duty", "away"
_Edge = tuple[tuple[str, str], int]

Need = Callable[[str, datetime], int]
"""How many operators a queue needs at a moment while it is open: by the plan, or by a forecast."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which nothing changes for a queue: who is on duty, and who of them is on a planned break."""

    start: datetime
    end: datetime
    open: bool
    on_duty: frozenset[str]
    away: frozenset[str]

    @property
    def present(self) -> int:
        return len(self.on_duty) - len(self.away)


@dataclass(frozen=True, slots=True)
class HalfHour:
    """A half-hour of a queue. The counts are those of its worst minute among those that are open.

    `floating` counts the operators on duty who may take a floating break in it.
    """

    start: datetime
    open: bool
    on_duty: int
    present: int
    floating: int
    need: int

    @property
    def short(self) -> int:
        """How many are missing."""
        return max(0, self.need - self.present) if self.open else 0


class Staffing:
    """The staff of the queues of a plan, by its shift plans and calendars."""

    def __init__(self, book: Rulebook, shifts: ShiftBook) -> None:
        self.plan, self.shifts = book.plan, shifts
        self._book = book.with_overrides(())

    @cached_property
    def lines(self) -> dict[str, tuple[str, ...]]:
        """The lines that lead to each queue."""
        return dict(lines_of_queues(self.plan))

    def is_planned(self, queue: str) -> bool:
        """Whether all operators of a queue work by plans; else somebody may be there whom no plan names."""
        return set(self.plan.queues[queue].operators) <= self.shifts.planned

    def open_spans(self, queue: str, start: datetime, end: datetime) -> tuple[Span, ...]:
        """When a line that leads to the queue is open between two moments."""
        days = (end - start).days + 1
        found = []
        for line in self.lines[queue]:
            for here, after in pairwise(self._book.changes(line, start, days)):
                if here.situation.open and here.at < end:
                    found.append((here.at, min(after.at, end)))
        return tuple(_joined(found))

    def stretches(self, queue: str, start: datetime, end: datetime) -> Iterator[Stretch]:
        """The time between two moments, cut wherever something changes."""
        edges: dict[datetime, list[_Edge]] = {start: [], end: []}
        for first, last in self.open_spans(queue, start, end):
            _put(edges, (_OPEN, ""), first, last)
        for duty in self.duties(queue, start, end):
            _put(edges, (_DUTY, duty.operator), duty.start, duty.end)
            for each in duty.breaks:
                if not each.floats:
                    _put(edges, (_AWAY, duty.operator), each.opens, each.closes)
        holding: Counter[tuple[str, str]] = Counter()
        here = start
        for moment in sorted(edges):
            if here < min(moment, end):
                yield _stretch(here, min(moment, end), holding)
                here = min(moment, end)
            for what, step in edges[moment]:
                holding[what] += step

    def duties(self, queue: str, start: datetime, end: datetime) -> list[Duty]:
        """The duties of the queue's operators between two moments."""
        operators = self.plan.queues[queue].operators
        return [duty for operator in operators for duty in self.shifts.duties(operator, start, end)]

    def half_hours(
        self, queue: str, start: datetime, end: datetime, need: Need | None = None
    ) -> Iterator[HalfHour]:
        """The half-hours from a moment on; without `need`, what the plan asks for (`minimum_ready`)."""
        need = need or self.minimum_ready
        stretches = list(self.stretches(queue, start, end))
        floating = [
            (duty.operator, each.opens, each.closes)
            for duty in self.duties(queue, start, end)
            for each in duty.breaks
            if each.floats
        ]
        while start < end:
            after = start + HALF_HOUR
            parts = [part for part in stretches if part.start < after and part.end > start]
            opened = [part for part in parts if part.open]
            counted = opened or parts
            yield HalfHour(
                start,
                bool(opened),
                min((len(part.on_duty) for part in counted), default=0),
                min((part.present for part in counted), default=0),
                len({operator for operator, opens, closes in floating if opens < after and closes > start}),
                max((need(queue, max(part.start, start)) for part in opened), default=0),
            )
            start = after

    def minimum_ready(self, queue: str, at: datetime) -> int:
        """Fewest operators that the plan wants ready at a moment, on the shifts' wall clock."""
        wall = at.astimezone(zone_of(self.shifts.zone))
        return minimum_ready(self.plan.queues[queue], wall.weekday() * DAY + wall.hour * 60 + wall.minute)


def _put(edges: dict[datetime, list[_Edge]], what: tuple[str, str], start: datetime, end: datetime) -> None:
    edges.setdefault(start, []).append((what, 1))
    edges.setdefault(end, []).append((what, -1))


def _stretch(start: datetime, end: datetime, holding: Counter[tuple[str, str]]) -> Stretch:
    now = {what for what, times in holding.items() if times > 0}
    on_duty = frozenset(operator for kind, operator in now if kind == _DUTY)
    away = frozenset(operator for kind, operator in now if kind == _AWAY)
    return Stretch(start, end, (_OPEN, "") in now, on_duty, away & on_duty)


def minimum_ready(queue: Queue, minute: int) -> int:
    """Fewest operators that a queue wants ready at a minute of the week; one where nothing is written."""
    if queue.minimum_ready is None:
        return 1
    week = 7 * DAY
    holding = (
        number
        for number, hours in queue.minimum_ready.items()
        if any(start <= minute < end or start <= minute + week < end for start, end in hours.spans)
    )
    return max(holding, default=0)


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Spans put together where they meet or overlap."""
    current: Span | None = None
    for start, end in sorted(spans):
        if current is not None and start <= current[1]:
            current = (current[0], max(current[1], end))
        else:
            if current is not None:
                yield current
            current = (start, end)
    if current is not None:
        yield current
