"""The time that an invoice bills: whole days on the contract's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from hotline_ivr.config.contracts import Contract
from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.notice import add_months
from hotline_ivr.routing.wall import zone_of

MOST_MONTHS = 24
"""A file of calls goes over one month, or a few."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Raises ArgumentError for days out of order, and for so many that one of the two must be wrong."""
        if self.last < self.first:
            raise ArgumentError(f"the time from {self.first} to {self.last} ends before it begins")
        if add_months(self.first, MOST_MONTHS) <= self.last:
            count = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
            raise ArgumentError(
                f"the calls go over {count} months: divide the file, or see if a date is wrong"
            )

    def bounds(self, contract: Contract) -> tuple[datetime, datetime]:
        """Its first moment, and that after its last, in UTC."""
        zone = zone_of(contract.time_zone)
        days = (self.first, self.last + _DAY)
        start, end = (datetime.combine(day, time(), tzinfo=zone).astimezone(UTC) for day in days)
        return start, end

    @property
    def months(self) -> list[tuple[int, int]]:
        """In which months its whole months begin, each with its fees; none where there is a rest."""
        found, begin = [], self.first
        while begin <= self.last:
            found.append((begin.year, begin.month))
            begin = add_months(self.first, len(found))
        return found if begin == self.last + _DAY else []


def billed_period(contract: Contract, begins: int, span: tuple[float, float], tolerance: int) -> Period:
    """The whole billing months that have the lines of a list (seconds since 1970), each from day `begins` on.

    A month that is only touched by what the tolerance may have carried over its edge is left out.
    """
    zone = zone_of(contract.time_zone)
    first, last = span
    if first + tolerance <= last - tolerance:
        first, last = first + tolerance, last - tolerance
    from_, until = (datetime.fromtimestamp(at, zone).date() for at in (first, last))
    return Period(_month_of(from_, begins), add_months(_month_of(until, begins), 1) - _DAY)


def _month_of(day: date, begins: int) -> date:
    """First day of the billing month of a day."""
    begin = day.replace(day=begins)
    return begin if begin <= day else add_months(begin, -1)
