"""Opening a spreadsheet, CSV or XLSX: its rows with their numbers, whatever program has written it."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from hotline_ivr.config.shift_csv import decoded
from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.sheet_cells import Cell

MAX_BYTES = 50 * 1024 * 1024
"""Of a file: some hundred thousand rows."""

MAX_UNPACKED = 500 * 1024 * 1024
"""Of what an XLSX holds, which is a zip: a small one may unpack into what no machine has room for."""

MOST_ROWS = 100_000
MOST_COLUMNS = 100

Row = tuple[int, tuple[Cell, ...]]


def read_spreadsheet(path: Path, sheet: str | None = None) -> list[Row]:
    """Every row with its number, from 1; empty ones are left out. Raises ArgumentError, with a remedy."""
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise ArgumentError(f"{path} cannot be read: {error.strerror}") from error
    if size > MAX_BYTES:
        raise ArgumentError(f"{path} is larger than {MAX_BYTES // 1024 // 1024} MiB; divide it")
    if raw.startswith(b"PK\x03\x04"):
        rows: Iterable[Row] = _xlsx(path, raw, sheet)
    elif raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise ArgumentError(f"{path} is of the old kind XLS, or locked by a password; save it as XLSX or CSV")
    elif sheet is not None:
        raise ArgumentError(f"{path} is no XLSX file, so it has no sheet {sheet!r}")
    else:
        rows = _csv(path, raw)
    found: list[Row] = []
    for number, cells in rows:
        if any(cell not in {None, ""} for cell in cells):
            if len(found) >= MOST_ROWS:
                raise ArgumentError(f"{path} has more than {MOST_ROWS} rows; divide it")
            if any(cell not in {None, ""} for cell in cells[MOST_COLUMNS:]):
                raise ArgumentError(f"{path} has more than {MOST_COLUMNS} columns (row {number}); divide it")
            found.append((number, cells[:MOST_COLUMNS]))
    return found


def _csv(path: Path, raw: bytes) -> Iterator[Row]:
    text = decoded(raw).removeprefix("\ufeff")
    if b"\x00" in raw and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ArgumentError(f"{path} is neither a spreadsheet nor text")
    delimiter, skipped = _delimiter(text)
    body = text.split("\n", skipped)[-1] if skipped else text
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter)
    before = skipped
    try:
        for cells in reader:
            # Where the row begins: a cell may hold line breaks.
            yield before + 1, tuple(cells)
            before = reader.line_num + skipped
    except csv.Error as error:
        raise ArgumentError(f"{path}: line {reader.line_num + skipped} cannot be read: {error}") from None


def _delimiter(text: str) -> tuple[str, int]:
    """What parts the columns, and how many lines say so themselves: Excel may write `sep=;` above all."""
    first = text.partition("\n")[0].strip()
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4], 1
    head = "\n".join(text.split("\n", 20)[:20])
    outside = "".join(head.split('"')[::2])
    return max(";,\t|", key=outside.count), 0


def _xlsx(path: Path, raw: bytes, sheet: str | None) -> list[Row]:
    names: list[str] = []
    rows: list[Row] | None = None
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            unpacked = sum(each.file_size for each in packed.infolist())
        if unpacked <= MAX_UNPACKED:
            with warnings.catch_warnings():
                # About styles and the like, which do not matter here.
                warnings.simplefilter("ignore")
                names, rows = _cells(raw, sheet)
    except Exception as error:
        # It raises whatever its parsers do; none of it is a fault of ours.
        kind = type(error).__name__
        raise ArgumentError(f"{path} cannot be read as XLSX ({kind}); save it anew") from error
    if unpacked > MAX_UNPACKED:
        raise ArgumentError(f"{path} unpacks into more than {MAX_UNPACKED // 1024 // 1024} MiB; divide it")
    if rows is None:
        raise ArgumentError(f"{path} has no sheet {sheet!r}; sheets are {', '.join(names)}")
    return rows


def _cells(raw: bytes, sheet: str | None) -> tuple[list[str], list[Row] | None]:
    """The names of all sheets, and the rows of one (the first unless told); None if it is not there."""
    # Loaded here: it takes a while, and most commands need none.
    from openpyxl import load_workbook  # noqa: PLC0415

    book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    try:
        names = [str(each.title) for each in book.worksheets]
        if sheet is not None and sheet not in names:
            return names, None
        page = book[sheet] if sheet is not None else book.worksheets[0]
        # What a file says of its own size is not to be believed.
        page.reset_dimensions()
        rows = page.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1, max_row=4 * MOST_ROWS)
        found = [
            (number, tuple(cells))
            for number, cells in enumerate(rows, start=1)
            if any(cell is not None for cell in cells)
        ]
    finally:
        book.close()
    return names, found
