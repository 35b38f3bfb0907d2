"""Writing rows as text: CSV for people and spreadsheets, NDJSON for programs. Pure; bytes go to a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO, Protocol
from zoneinfo import ZoneInfo

from hotline_ivr.exports.cells import WallClock, csv_text, without_surrogates
from hotline_ivr.exports.columns import Cell, Column, Kind, Money, Row

ToText = Callable[[Any, WallClock], str]


class Zones:
    """The wall clock of each line, or one for all."""

    def __init__(self, default: ZoneInfo, by_line: Mapping[str, ZoneInfo] | None = None) -> None:
        self._default = WallClock(default)
        clocks: dict[str, WallClock] = {}
        self._by_line = {
            line: clocks.setdefault(zone.key, WallClock(zone)) for line, zone in (by_line or {}).items()
        }

    def of(self, row: Row, line_at: int | None) -> WallClock:
        if line_at is None:
            return self._default
        return self._by_line.get(row[line_at], self._default)


class Writer(Protocol):
    """A format. `begin` comes before the rows of a kind, `finish` at the very end."""

    def begin(self, kind: Kind) -> None: ...

    def write(self, rows: Sequence[Row]) -> None: ...

    def finish(self) -> None: ...


@dataclass(frozen=True, slots=True)
class CsvStyle:
    """How a CSV file looks. `spreadsheet` is for people whose spreadsheet opens it by a double click."""

    delimiter: str = ","
    #: Bytes at the beginning by which Excel knows UTF-8.
    bom: bool = False
    decimal: str = "."
    #: Moments on the wall clock without offset, which spreadsheets read as moments.
    plain_times: bool = False


PLAIN = CsvStyle()
"""For programs."""

SPREADSHEET = CsvStyle(delimiter=";", bom=True, decimal=",", plain_times=True)
"""What a spreadsheet with Norwegian settings, and most of the continent's, takes as it should be."""


class CsvWriter:
    """RFC 4180: CRLF after each record, quotes where a cell needs them, newlines within quotes stay."""

    def __init__(self, file: BinaryIO, zones: Zones, style: CsvStyle | None = None) -> None:
        self._style = style or PLAIN
        self._zones = zones
        self._text = io.TextIOWrapper(file, "utf-8", newline="", write_through=False)
        if self._style.bom:
            self._text.write("\ufeff")
        self._rows = csv.writer(self._text, delimiter=self._style.delimiter, lineterminator="\r\n")
        self._kind: Kind | None = None
        self._cells: list[ToText] = []

    def begin(self, kind: Kind) -> None:
        if self._kind is not None:
            raise ValueError("a CSV file holds one kind")
        self._kind = kind
        self._cells = [_to_csv(column, self._style) for column in kind.columns]
        self._rows.writerow([text_name(column) for column in kind.columns])

    def write(self, rows: Sequence[Row]) -> None:
        line_at = self._kind.line_at if self._kind is not None else None
        for row in rows:
            clock = self._zones.of(row, line_at)
            # Keys of a page may stand behind the columns.
            self._rows.writerow(
                [
                    "" if value is None else cell(value, clock)
                    for cell, value in zip(self._cells, row, strict=False)
                ]
            )

    def finish(self) -> None:
        self._text.flush()
        # The file is whose it is.
        self._text.detach()


def text_name(column: Column) -> str:
    """Name of a column where durations are told in seconds."""
    return f"{column.name}_s" if column.cell is Cell.DURATION else column.name


def _to_csv(column: Column, style: CsvStyle) -> ToText:
    match column.cell:
        case Cell.TEXT | Cell.NUMBER:
            return lambda value, _: csv_text(value)
        case Cell.MOMENT:
            if style.plain_times:
                return lambda value, clock: clock.plain(value)
            return lambda value, clock: clock.iso(value)
        case Cell.DURATION:
            return lambda value, _: seconds(value).replace(".", style.decimal)
        case Cell.COUNT:
            return lambda value, _: str(value)
        case Cell.MONEY:
            return lambda value, _: f"{value.amount:f}".replace(".", style.decimal)
        case Cell.FLAG:
            return lambda value, _: "true" if value else "false"


def seconds(milliseconds: int) -> str:
    """With three decimals, exactly."""
    sign, value = ("-", -milliseconds) if milliseconds < 0 else ("", milliseconds)
    return f"{sign}{value // 1000}.{value % 1000:03}"


class NdjsonWriter:
    """One JSON object a line, every value as it is; amounts are strings, so that none is rounded."""

    def __init__(self, file: BinaryIO, zones: Zones) -> None:
        self._file, self._zones = file, zones
        self._kind: Kind | None = None
        self._names: list[str] = []

    def begin(self, kind: Kind) -> None:
        self._kind = kind
        self._names = [text_name(column) for column in kind.columns]

    def write(self, rows: Sequence[Row]) -> None:
        kind = self._kind
        if kind is None:
            raise ValueError("no kind was begun")
        lines = []
        for row in rows:
            clock = self._zones.of(row, kind.line_at)
            values = {
                name: _to_json(column.cell, value, clock)
                for name, column, value in zip(self._names, kind.columns, row, strict=False)
            }
            lines.append(json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n")
        self._file.write("".join(lines).encode())

    def finish(self) -> None:
        self._file.flush()


def _to_json(cell: Cell, value: Any, clock: WallClock) -> Any:
    if value is None:
        return None
    match cell:
        case Cell.MOMENT:
            return clock.iso(value)
        case Cell.DURATION:
            return value / 1000
        case Cell.MONEY:
            return plain_amount(value)
        case Cell.FLAG:
            return bool(value)
        case Cell.TEXT | Cell.NUMBER:
            return without_surrogates(value)
        case Cell.COUNT:
            return value


def plain_amount(value: Money) -> str:
    return f"{Decimal(value.amount):f}"
