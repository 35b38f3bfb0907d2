"""What a shift comes to on one day: from which moment to which, and its breaks. All times are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from hotline_ivr.config.work_days import PlacedBreak, WorkSpan
from hotline_ivr.routing.wall_times import first_time, last_time


@dataclass(frozen=True, slots=True)
class DutyBreak:
    """A break that a duty holds: `length` of time, begun and over between `opens` and `closes`.

    Where it is planned at a time of the clock, that is all of the time in between.
    """

    id: str
    kind: str
    paid: bool
    length: timedelta
    opens: datetime
    closes: datetime

    @property
    def floats(self) -> bool:
        return self.closes - self.opens > self.length

    @property
    def last_start(self) -> datetime:
        """When it has to begin at the latest."""
        return self.closes - self.length


@dataclass(frozen=True, slots=True)
class Duty:
    """One shift of one operator: on duty from `start` until before `end`, breaks by their opening.

    `day` is the day of the wall clock on which it begins, `shift` the id of a template or hours of its own,
    `source` the path in the configuration that says so.
    """

    operator: str
    shift: str
    day: date
    start: datetime
    end: datetime
    breaks: tuple[DutyBreak, ...]
    source: tuple[str | int, ...]

    def planned_break_at(self, at: datetime) -> DutyBreak | None:
        """The break that is planned at this moment, by the clock; one that floats is never."""
        return next(
            (each for each in self.breaks if not each.floats and each.opens <= at < each.closes), None
        )

    @property
    def paid(self) -> timedelta:
        """Time that is paid: all of it but the breaks that are not."""
        unpaid = sum((each.length for each in self.breaks if not each.paid), timedelta())
        return max(self.end - self.start - unpaid, timedelta())


class StandingKind(StrEnum):
    """How an operator stands to its plan at a moment."""

    ON_DUTY = "on-duty"
    OFF_DUTY = "off-duty"
    UNPLANNED = "unplanned"
    """No plan says anything: the operator may sign in at any time."""


@dataclass(frozen=True, slots=True)
class DutyStanding:
    """How an operator stands, and until when (UTC) that is so; None when nothing changes in sight."""

    kind: StandingKind
    until: datetime | None
    duty: Duty | None = None

    @property
    def may_take_calls(self) -> bool:
        return self.kind is not StandingKind.OFF_DUTY


def duty_of(operator: str, day: date, span: WorkSpan, zone: str) -> Duty | None:
    """Lay a shift of a day on the moments of a time zone; None where clocks jump over all of it."""
    start, end = first_time(zone, day, span.start), last_time(zone, day, span.end)
    if end <= start:
        return None
    breaks = (_break_of(day, placed, zone, start, end) for placed in span.breaks)
    kept = sorted((each for each in breaks if each is not None), key=lambda each: (each.opens, each.id))
    return Duty(operator, span.name, day, start, end, tuple(kept), span.source)


def _break_of(day: date, placed: PlacedBreak, zone: str, start: datetime, end: datetime) -> DutyBreak | None:
    """Lay a break on its moments, within the duty. It has its length also where clocks are changed."""
    length = timedelta(seconds=placed.length)
    opens = first_time(zone, day, placed.start)
    # An hour that comes twice makes a window longer, but not a break.
    closes = last_time(zone, day, placed.end) if placed.floats else opens + length
    # A window that clocks jump over is not lost: the break follows at once.
    closes = min(max(closes, opens + length), end)
    opens = max(start, min(opens, closes - length))
    if closes - opens <= timedelta():
        return None
    return DutyBreak(placed.id, placed.kind, placed.paid, min(length, closes - opens), opens, closes)
