"""Reading an office's old spreadsheet: its columns, the rows that can be entries, and why others cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import get_args

from hotline_ivr.config.models import Plan
from hotline_ivr.config.refusal import did_you_mean
from hotline_ivr.errors import ArgumentError
from hotline_ivr.launch.spreadsheet import Row, read_spreadsheet
from hotline_ivr.routing.sheet_cells import Cell, cell_text
from hotline_ivr.routing.sheet_columns import HEADINGS, columns_of, heading_row, read_map
from hotline_ivr.routing.sheet_dates import Order
from hotline_ivr.routing.sheet_rows import GoodRow, Reader, Refused, SheetRow, read_rows
from hotline_ivr.settings import Settings
from hotline_ivr.store.register_rows import new_id


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be imported, and how; `mapped` are COLUMN=FIELD, `dates` is auto, dmy or mdy.

    `update` writes what was changed in the sheet since it was imported. `due` is the day of follow-ups that
    have none of their own (YYYY-MM-DD); `shorten` cuts what is too long.
    """

    file: Path
    line: str | None
    sheet: str | None
    mapped: tuple[str, ...]
    dates: str
    by: str
    dry_run: bool = False
    skip_bad: bool = False
    due: str | None = None
    shorten: bool = False
    update: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands in a spreadsheet: `columns` are all with their fields, `headings` the column of a field."""

    columns: tuple[tuple[str, str | None], ...]
    headings: Mapping[str, str]
    good: list[GoodRow]
    refused: list[Refused]


def read_sheet(settings: Settings, plan: Plan, wanted: Wanted, now: datetime, secret: bytes) -> Sheet:
    """Read it whole; `secret` is the installation's number key.

    Raises ArgumentError for a file, a column or an option that makes no sense.
    """
    rows = read_spreadsheet(wanted.file, wanted.sheet)
    return _read(rows, wanted, _reader(settings, plan, wanted, now, secret))


def _reader(settings: Settings, plan: Plan, wanted: Wanted, now: datetime, secret: bytes) -> Reader:
    if wanted.line is not None and wanted.line not in plan.lines:
        hint = did_you_mean(wanted.line, plan.lines)
        raise ArgumentError(f"there is no line '{wanted.line}'{hint}; lines are {', '.join(plan.lines)}")
    orders: Mapping[str, Order | None] = {"auto": None, **{each: each for each in get_args(Order)}}
    if wanted.dates not in orders:
        raise ArgumentError(f"'{wanted.dates}' is no order of dates: write {', '.join(orders)}")
    return Reader(
        plan,
        settings.node,
        wanted.by,
        now,
        new_id,
        wanted.line,
        orders[wanted.dates],
        _due(wanted.due),
        wanted.shorten,
        secret,
    )


def _due(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise ArgumentError(f"'{text}' is no day: write 2026-12-01") from None


def _read(rows: list[Row], wanted: Wanted, reader: Reader) -> Sheet:
    try:
        mapped = read_map(wanted.mapped)
        place = heading_row([[cell_text(cell) for cell in cells] for _, cells in rows[:20]], mapped)
        if place is None:
            known = ", ".join(HEADINGS)
            raise ArgumentError(
                f"{wanted.file}: no row has headings that are known; "
                f"name them with --map COLUMN=FIELD ({known})"
            )
        headings = _headings(rows[place][1])
        fields = columns_of(headings, mapped)
    except ValueError as error:
        raise ArgumentError(f"{wanted.file}: {error}") from None
    if "date" not in fields:
        raise ArgumentError(f"{wanted.file}: no column holds the date; name it with --map COLUMN=date")
    named = {field: heading for heading, field in zip(headings, fields, strict=True) if field}
    given = [
        SheetRow(number, {field: cell for field, cell in zip(fields, cells, strict=False) if field})
        for number, cells in rows[place + 1 :]
    ]
    good, refused = read_rows(given, named, reader)
    outside = {number: _outside(cells, len(headings)) for number, cells in rows[place + 1 :]}
    wide = [Refused(number, str(column), _NO_HEADING) for number, column in outside.items() if column]
    good = [each for each in good if not outside[each.row]]
    unnamed = (f"{number} (no heading)" for number in count(1))
    columns = tuple(
        (heading or other, field) for heading, other, field in zip(headings, unnamed, fields, strict=False)
    )
    return Sheet(columns, named, good, sorted([*refused, *wide], key=lambda each: each.row))


_NO_HEADING = (
    "a cell stands to the right of all headings: is a separator within a text?"
    " put such a text in quotation marks, write a heading over the column, or empty the cell"
)


def _headings(cells: tuple[Cell, ...]) -> list[str]:
    """Up to the last one; there may be columns between that have none."""
    found = [cell_text(cell) for cell in cells]
    while found and not found[-1]:
        found.pop()
    return found


def _outside(cells: tuple[Cell, ...], width: int) -> int | None:
    """The number of the first column (from 1) in which something stands beside the headings."""
    return next((place + 1 for place, cell in enumerate(cells) if place >= width and cell_text(cell)), None)
