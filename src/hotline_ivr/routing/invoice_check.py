"""A carrier's list of calls against ours: what is missing, what is extra, what differs.

Lines are matched by number and by time, within the tolerance of the contract (routing/matching.py). At the
edges of the time that is compared the other account may have a call on the other side: what lies beyond an
edge by no more than the tolerance may find its partner and is no difference without one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.costs import CallCost
from hotline_ivr.routing.invoices import FeeRow, InvoiceLine
from hotline_ivr.routing.matching import Matching
from hotline_ivr.routing.rounding import rounded
from hotline_ivr.routing.usage import Usage

MOST_LINES = 1_000_000
"""Longer invoices are divided by month; so many, with our own calls, take some 700 MB."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`missing`: we have a call that is not billed; `extra`: billed and not ours; else what differs."""

    kind: Literal["missing", "extra", "amount", "seconds", "fee"]
    number: str
    at: datetime
    row: int | None
    call: str | None
    ours: str
    theirs: str


class _Ours(NamedTuple):
    """A connection of ours; `exact` is None where each call is rounded."""

    at: float
    seconds: int
    billed: int
    amount: Decimal
    exact: Fraction | None
    call: str
    #: Whether the carrier may leave it out: it costs nothing a call.
    free: bool


@dataclass(slots=True)
class _OfNumber:
    ours: list[_Ours] = field(default_factory=list)
    theirs: list[InvoiceLine] = field(default_factory=list)


class InvoiceCheck:
    """Takes the rows of a list, then our connections in any order; then it tells the differences."""

    def __init__(self, rows: Iterable[InvoiceLine | FeeRow], tolerance: int) -> None:
        self.tolerance = tolerance
        self._numbers: defaultdict[str, _OfNumber] = defaultdict(_OfNumber)
        self.fees: list[FeeRow] = []
        self.lines = 0
        #: Lines of the list that lie outside of the time that is compared.
        self.outside = 0
        #: The sum of all lines, and of those within that time.
        self.total = Decimal(0)
        self.billed = Decimal(0)
        self.matched = 0
        self.expected = Decimal(0)
        for row in rows:
            if self.lines + len(self.fees) >= MOST_LINES:
                raise ArgumentError(f"the invoice has more than {MOST_LINES} lines: divide it by month")
            if isinstance(row, FeeRow):
                self.fees.append(row)
                continue
            self.lines += 1
            self.total += row.amount
            self._numbers[row.number].theirs.append(row)
        times = [line.at for found in self._numbers.values() for line in found.theirs]
        #: First and last moment of the invoice, seconds since 1970; None without a line.
        self.span = (min(times), max(times)) if times else None

    def add(self, usage: Usage, cost: CallCost, *, free: bool = False) -> None:
        """Take a connection of ours; one that is `free` of charge may be left out by the carrier."""
        exact = None if cost.rounded else cost.exact
        at = usage.start.timestamp()
        ours = _Ours(at, cost.seconds, cost.billed, cost.amount, exact, usage.call, free)
        self._numbers[usage.number].ours.append(ours)

    def differences(self, start: datetime, end: datetime) -> list[Difference]:
        """What differs of the calls from `start` to before `end` (aware), by time. To be asked once."""
        first, last = start.timestamp(), end.timestamp()
        found = [
            each
            for number, both in self._numbers.items()
            for each in self._of_number(number, both, first, last)
        ]
        return sorted(found, key=lambda each: (each.at, each.number, each.row or 0))

    def _of_number(self, number: str, both: _OfNumber, first: float, last: float) -> Iterator[Difference]:
        from_, until = first - self.tolerance, last + self.tolerance
        ours = sorted(each for each in both.ours if from_ <= each.at < until)
        theirs = [each for each in both.theirs if from_ <= each.at < until]
        theirs.sort(key=lambda line: (line.at, line.row))
        self.outside += len(both.theirs) - len(theirs)
        beside = Matching(
            [each.at for each in ours],
            [each.at for each in theirs],
            self.tolerance,
            faults=lambda mine, their: sum(self._faults(ours[mine], theirs[their])),
            ours_optional=[each.free or not first <= each.at < last for each in ours],
            theirs_optional=[not first <= each.at < last for each in theirs],
        )
        for mine, partner in zip(ours, beside.ours, strict=True):
            if partner is not None:
                self.matched += 1
                self.expected += mine.amount
                yield from self._of_pair(number, mine, theirs[partner])
            elif first <= mine.at < last:
                self.expected += mine.amount
                if not mine.free:
                    yield Difference(
                        "missing", number, _moment(mine.at), None, mine.call, f"{mine.amount:f}", ""
                    )
        for line, partner in zip(theirs, beside.theirs, strict=True):
            if partner is None and not first <= line.at < last:
                self.outside += 1
                continue
            self.billed += line.amount
            if partner is None:
                yield Difference("extra", number, _moment(line.at), line.row, None, "", f"{line.amount:f}")

    def _of_pair(self, number: str, mine: _Ours, line: InvoiceLine) -> Iterator[Difference]:
        amount, seconds = self._faults(mine, line)
        at, row, call = _moment(mine.at), line.row, mine.call
        if amount:
            yield Difference("amount", number, at, row, call, f"{mine.amount:f}", f"{line.amount:f}")
        if seconds:
            yield Difference("seconds", number, at, row, call, f"{mine.seconds} s", f"{line.seconds} s")

    def _faults(self, mine: _Ours, line: InvoiceLine) -> tuple[bool, bool]:
        """Whether amounts and lengths differ: carriers show what was connected, or what they bill."""
        amount = mine.amount
        if mine.exact is not None:
            # Where calls are not rounded, with as many decimals as the carrier shows.
            amount = rounded(mine.exact, len(f"{line.amount:f}".partition(".")[2]))
        lengths = (mine.seconds, mine.billed)
        seconds = line.seconds is not None and all(
            abs(line.seconds - length) > self.tolerance for length in lengths
        )
        return line.amount != amount, seconds


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
