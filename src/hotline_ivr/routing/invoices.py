"""A carrier's list of calls, read from its CSV: lines of calls, and rows without a number, such as fees."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hotline_ivr.config.dates import FIRST_YEAR, LAST_YEAR
from hotline_ivr.config.invoice_columns import InvoiceColumns
from hotline_ivr.config.phone import to_e164
from hotline_ivr.config.problems import escape
from hotline_ivr.errors import ArgumentError

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


class FeeRow(NamedTuple):
    """An amount of the list that is of no call."""

    amount: Decimal
    row: int


def read_invoice(
    lines: Iterable[str], columns: InvoiceColumns, zone: ZoneInfo, country: str
) -> Iterator[InvoiceLine | FeeRow]:
    """Read a carrier's CSV; rows with neither a number nor an amount are passed over.

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
            yield from _fee(row[columns.amount], columns, reader.line_num)
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


def _fee(text: str | None, columns: InvoiceColumns, row: int) -> Iterator[FeeRow]:
    with suppress(ValueError):
        yield FeeRow(_amount(text, columns), row)


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
