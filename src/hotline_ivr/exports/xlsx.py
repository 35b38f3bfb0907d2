"""Writing rows as a spreadsheet of Excel's kind (Office Open XML), in constant memory.

Each sheet is written to a file of its own as it comes, and at the end all are packed: so memory holds one
row, whatever their number. Cells are typed: moments are dates on the line's wall clock, durations [h]:mm:ss,
amounts numbers with their currency. Text is always text: nothing is looked at whether it be a formula, a
link or a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from hotline_ivr.exports.cells import WallClock, fitting
from hotline_ivr.exports.columns import Cell, Column, Kind, Money, Row
from hotline_ivr.exports.formats import Zones

MOST_ROWS = 1_048_576
"""Rows of a sheet, its heading counted; more go on to a further sheet."""

_DAY_MS = 86_400_000
_MOST_WIDE = 60

Write = Callable[[Worksheet, int, int, Any, WallClock], object]


class XlsxWriter:
    """One sheet for each kind. `folder` holds the sheets until they are packed."""

    def __init__(self, file: BinaryIO, zones: Zones, folder: Path, *, most_rows: int = MOST_ROWS) -> None:
        self._zones, self._most_rows = zones, most_rows
        self._book = xlsxwriter.Workbook(
            file,
            {
                "constant_memory": True,
                "tmpdir": str(folder),
                "use_zip64": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._bold = self._book.add_format({"bold": True, "bottom": 1})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._duration = self._book.add_format({"num_format": "[h]:mm:ss"})
        self._text = self._book.add_format({"num_format": "@"})
        self._money: dict[str, Format] = {}
        self._kind: Kind | None = None
        self._sheet: Worksheet | None = None
        # Sheets of the kind, and the next row of the last of them.
        self._sheets = self._row = 0
        self._cells: list[Write] = []

    def begin(self, kind: Kind) -> None:
        self._end_sheet()
        self._kind, self._sheets = kind, 0
        self._cells = [self._writer_of(column) for column in kind.columns]
        self._new_sheet(kind)

    def write(self, rows: Sequence[Row]) -> None:
        kind = self._kind
        if kind is None:
            raise ValueError("no kind was begun")
        for row in rows:
            if self._row >= self._most_rows:
                self._end_sheet()
                self._new_sheet(kind)
            sheet, place = self._sheet, self._row
            clock = self._zones.of(row, kind.line_at)
            for column, (cell, value) in enumerate(zip(self._cells, row, strict=False)):
                if value is not None and value != "":
                    cell(sheet, place, column, value, clock)
            self._row += 1

    def finish(self) -> None:
        self._end_sheet()
        try:
            self._book.close()
        except FileCreateError as error:
            # The library wraps what the system says.
            cause = error.args[0] if error.args else error
            raise (cause if isinstance(cause, OSError) else OSError(str(error))) from error

    def _new_sheet(self, kind: Kind) -> None:
        self._sheets += 1
        name = kind.title if self._sheets == 1 else f"{kind.title} ({self._sheets})"
        self._sheet = sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(kind.columns):
            width = min(max(column.width, len(column.heading) + 3), _MOST_WIDE)
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, column.heading, self._bold)
        self._row = 1

    def _end_sheet(self) -> None:
        """The filter spans what is there."""
        if self._sheet is not None and self._kind is not None:
            self._sheet.autofilter(0, 0, max(self._row - 1, 0), len(self._kind.columns) - 1)
        self._sheet = None

    def _writer_of(self, column: Column) -> Write:
        moment, duration, text = self._moment, self._duration, self._text
        writers: Mapping[Cell, Write] = {
            Cell.TEXT: lambda sheet, row, at, value, _: sheet.write_string(row, at, fitting(value)),
            # Marked as text, so that a number that somebody edits there stays one too.
            Cell.NUMBER: lambda sheet, row, at, value, _: sheet.write_string(row, at, fitting(value), text),
            Cell.MOMENT: lambda sheet, row, at, value, clock: sheet.write_number(
                row, at, clock.serial(value), moment
            ),
            Cell.DURATION: lambda sheet, row, at, value, _: sheet.write_number(
                row, at, value / _DAY_MS, duration
            ),
            Cell.COUNT: lambda sheet, row, at, value, _: sheet.write_number(row, at, value),
            Cell.MONEY: lambda sheet, row, at, value, _: sheet.write_number(
                row, at, float(value.amount), self._format_of(value)
            ),
            Cell.FLAG: lambda sheet, row, at, value, _: sheet.write_boolean(row, at, bool(value)),
        }
        return writers[column.cell]

    def _format_of(self, value: Money) -> Format:
        exponent = value.amount.as_tuple().exponent
        digits = -exponent if isinstance(exponent, int) and exponent < 0 else 0
        shown = f"#,##0{'.' if digits else ''}{'0' * digits} [${value.currency}]"
        if shown not in self._money:
            self._money[shown] = self._book.add_format({"num_format": shown})
        return self._money[shown]
