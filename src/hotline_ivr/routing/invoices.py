"""A carrier's list of calls against ours, line by line.

Lines are matched by number and by time, within the tolerance of the contract; among several the nearest
in time and length is taken, and each line once. The invoice is held in short tuples; our calls go past.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from hotline_ivr.config.dates import FIRST_YEAR, LAST_YEAR
from hotline_ivr.config.invoice_columns import InvoiceColumns
from hotline_ivr.config.phone import to_e164
from hotline_ivr.config.problems import escape
from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.costs import CallCost
from hotline_ivr.routing.rounding import rounded
from hotline_ivr.routing.usage import Usage

MOST_LINES = 1_000_000
"""Longer invoices are divided by month; so many take some 300 MB."""

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,10})?", re.ASCII)
_CLOCK = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,6}):([0-9]{2})", re.ASCII)


class InvoiceLine(NamedTuple):
    """A call as the carrier bills it; `at` is seconds since 1970."""

    at: float
    seconds: int | None
    amount: Decimal
    number: str
    row: int


@dataclass(frozen=True, slots=True)
class Difference:
    """`missing`: we have a call that is not billed; `extra`: billed and not ours; else what differs."""

    kind: Literal["missing", "extra", "amount", "seconds"]
    number: str
    at: datetime
    row: int | None
    call: str | None
    ours: str
    theirs: str


def read_invoice(
    lines: Iterable[str], columns: InvoiceColumns, zone: ZoneInfo, country: str
) -> Iterator[InvoiceLine]:
    """Read a carrier's CSV; rows without a number, such as fees, are passed over.

    `zone` is that of times without one of their own. Raises ArgumentError naming the row that cannot be read.
    """
    reader = csv.DictReader(lines, delimiter=_DELIMITERS[columns.delimiter])
    wanted = [each for each in (columns.number, columns.time, columns.seconds, columns.amount) if each]
    lacking = [each for each in wanted if each not in (reader.fieldnames or ())]
    if lacking:
        found = ", ".join(escape(str(name)[:40]) for name in (reader.fieldnames or ())[:20]) or "none"
        raise ArgumentError(f"the invoice has no column {', '.join(lacking)}; its columns are: {found}")
    for row in reader:
        number = (row[columns.number] or "").strip()
        if not number:
            continue
        try:
            yield InvoiceLine(
                _time(row[columns.time], columns, zone),
                _seconds(row[columns.seconds]) if columns.seconds else None,
                _amount(row[columns.amount], columns),
                _number(number, country),
                reader.line_num,
            )
        except ValueError as error:
            raise ArgumentError(f"row {reader.line_num} of the invoice: {error}") from None


def _time(text: str | None, columns: InvoiceColumns, zone: ZoneInfo) -> float:
    moment = datetime.strptime((text or "").strip(), columns.time_format)  # noqa: DTZ007 - given below
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"the year {moment.year} is no year of a call")
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()


def _seconds(text: str | None) -> int:
    written = (text or "").strip()
    if match := _CLOCK.fullmatch(written):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return hours * 3600 + minutes * 60 + seconds
    if not written.isascii() or not written.isdigit() or len(written) > 9:
        raise ValueError(f"{written[:40]!r} is no duration")
    return int(written)


def _amount(text: str | None, columns: InvoiceColumns) -> Decimal:
    written = re.sub(r"[\s\u00a0]", "", text or "")
    if columns.decimal == "comma":
        written = written.replace(".", "").replace(",", ".")
    if not _AMOUNT.fullmatch(written):
        raise ValueError(f"{(text or '')[:40]!r} is no amount")
    return Decimal(written)


def _number(text: str, country: str) -> str:
    """In E.164; carriers leave the `+` out, and write 00 for it."""
    digits = re.sub(r"[^0-9+]", "", text)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    for written in (digits, f"+{digits}"):
        try:
            return to_e164(written, country)
        except ValueError:
            continue
    return digits


def _comparable(cost: CallCost, theirs: Decimal) -> Decimal:
    """Our amount; where calls are not rounded, with as many decimals as the carrier shows."""
    if cost.rounded:
        return cost.amount
    return rounded(cost.exact, len(f"{theirs:f}".partition(".")[2]))


class InvoiceCheck:
    """Takes our connections in any order; what is left of the invoice at the end is extra."""

    def __init__(self, lines: Iterable[InvoiceLine], tolerance: int) -> None:
        self._tolerance = tolerance
        self._open: defaultdict[str, list[InvoiceLine]] = defaultdict(list)
        self.lines = 0
        self.billed = Decimal(0)
        self.matched = 0
        self.expected = Decimal(0)
        for line in lines:
            self.lines += 1
            if self.lines > MOST_LINES:
                raise ArgumentError(f"the invoice has more than {MOST_LINES} lines: divide it by month")
            self.billed += line.amount
            self._open[line.number].append(line)
        for found in self._open.values():
            found.sort(key=lambda line: (line.at, line.row))
        times = [line.at for found in self._open.values() for line in (found[0], found[-1])]
        #: First and last moment of the invoice, seconds since 1970; None without a line.
        self.span = (min(times), max(times)) if times else None

    def match(self, usage: Usage, cost: CallCost) -> Iterator[Difference]:
        """Compare one connection of ours with its line."""
        self.expected += cost.amount
        line = self._take(usage)
        ours = f"{cost.amount:f}"
        if line is None:
            yield Difference("missing", usage.number, usage.start, None, usage.call, ours, "")
            return
        self.matched += 1
        if line.amount != _comparable(cost, line.amount):
            theirs = f"{line.amount:f}"
            yield Difference("amount", usage.number, usage.start, line.row, usage.call, ours, theirs)
        lengths = {cost.seconds, cost.billed}
        if line.seconds is not None and all(
            abs(line.seconds - length) > self._tolerance for length in lengths
        ):
            lasted = f"{cost.seconds} s"
            yield Difference(
                "seconds", usage.number, usage.start, line.row, usage.call, lasted, f"{line.seconds} s"
            )

    def _take(self, usage: Usage) -> InvoiceLine | None:
        found = self._open.get(usage.number, [])
        at = usage.start.timestamp()
        first = bisect_left(found, at - self._tolerance, key=lambda line: line.at)
        best: tuple[float, int] | None = None
        for place in range(first, len(found)):
            if found[place].at > at + self._tolerance:
                break
            seconds = found[place].seconds
            apart = abs(found[place].at - at) + (0 if seconds is None else abs(seconds - usage.seconds))
            if best is None or apart < best[0]:
                best = (apart, place)
        return found.pop(best[1]) if best else None

    def extra(self) -> Iterator[Difference]:
        """Lines that no connection of ours has taken, by time."""
        left = sorted(line for found in self._open.values() for line in found)
        for line in left:
            at = datetime.fromtimestamp(line.at, ZoneInfo("UTC"))
            yield Difference("extra", line.number, at, line.row, None, "", f"{line.amount:f}")
