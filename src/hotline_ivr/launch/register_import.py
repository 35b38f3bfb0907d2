"""Taking an office's old spreadsheet into the register: looked at whole, then all of it or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from hotline_ivr.config.models import Plan
from hotline_ivr.config.refusal import did_you_mean
from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.errors import ArgumentError
from hotline_ivr.launch.plans import plan_on_disk
from hotline_ivr.launch.spreadsheet import Row, read_spreadsheet
from hotline_ivr.routing.entries import Entry
from hotline_ivr.routing.sheet_columns import HEADINGS, columns_of, heading_row, read_map
from hotline_ivr.routing.sheet_dates import Order
from hotline_ivr.routing.sheet_rows import GoodRow, Reader, Refused, SheetRow, cell_text, read_rows
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import check_schema, require_file
from hotline_ivr.store.register import add_imported, known_keys
from hotline_ivr.store.register_rows import new_id


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be imported, and how; `mapped` are COLUMN=FIELD, `dates` is auto, dmy or mdy."""

    file: Path
    line: str | None
    sheet: str | None
    mapped: tuple[str, ...]
    dates: str
    by: str
    dry_run: bool = False
    skip_bad: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of it. `rows` are the new ones, with their numbers; `known` are those that were there."""

    file: Path
    columns: tuple[tuple[str, str | None], ...]
    rows: tuple[tuple[int, Entry], ...]
    known: int
    refused: tuple[Refused, ...]
    written: int
    dry_run: bool

    @property
    def summary(self) -> str:
        there = f"; {self.known} are there already" if self.known else ""
        bad = len({each.row for each in self.refused})
        refused = f"; {bad} refused" if bad else ""
        if self.dry_run:
            return f"{len(self.rows)} rows would be imported{there}{refused}; nothing has been written"
        if bad and not self.written:
            return (
                f"{bad} rows are refused, so nothing has been written{there}; --skip-bad imports the others"
            )
        return f"{self.written} rows imported{there}{refused}"

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": "hotline/register-import/1",
            "file": str(self.file),
            "dry_run": self.dry_run,
            "columns": [{"column": column, "field": field} for column, field in self.columns],
            "new": len(self.rows),
            "known": self.known,
            "written": self.written,
            "refused": [
                {"row": each.row, "column": each.column, "message": each.message} for each in self.refused
            ],
        }


async def import_sheet(settings: Settings, wanted: Wanted, now: datetime) -> Imported:
    """Read a spreadsheet and write its rows in one transaction, unless one of them is bad.

    Raises ArgumentError for a file or a column that makes no sense, ConfigError, and StoreError.
    """
    plan = await asyncio.to_thread(plan_on_disk, settings)
    rows = await asyncio.to_thread(read_spreadsheet, wanted.file, wanted.sheet)
    reader = _reader(settings, plan, wanted, now)
    columns, good, refused = await asyncio.to_thread(_read, rows, wanted, reader)
    require_file(settings.database)
    store = open_store(settings.database)
    try:
        await check_schema(store)
        return await _kept(store, settings, wanted, now, (columns, good, refused))
    finally:
        await store.close()


def _reader(settings: Settings, plan: Plan, wanted: Wanted, now: datetime) -> Reader:
    if wanted.line is not None and wanted.line not in plan.lines:
        hint = did_you_mean(wanted.line, plan.lines)
        raise ArgumentError(f"there is no line '{wanted.line}'{hint}; lines are {', '.join(plan.lines)}")
    orders: Mapping[str, Order | None] = {"auto": None, **{each: each for each in get_args(Order)}}
    if wanted.dates not in orders:
        raise ArgumentError(f"'{wanted.dates}' is no order of dates: write {', '.join(orders)}")
    return Reader(plan, settings.node, wanted.by, now, new_id, wanted.line, orders[wanted.dates])


Columns = tuple[tuple[str, str | None], ...]


def _read(rows: list[Row], wanted: Wanted, reader: Reader) -> tuple[Columns, list[GoodRow], list[Refused]]:
    try:
        mapped = read_map(wanted.mapped)
        place = heading_row([[cell_text(cell) for cell in cells] for _, cells in rows[:20]], mapped)
        if place is None:
            known = ", ".join(HEADINGS)
            raise ArgumentError(
                f"{wanted.file}: no row has headings that are known; "
                f"name them with --map COLUMN=FIELD ({known})"
            )
        headings = [cell_text(cell) for cell in rows[place][1]]
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
    columns = tuple((heading, field) for heading, field in zip(headings, fields, strict=True) if heading)
    return columns, good, refused


async def _kept(
    store: Store,
    settings: Settings,
    wanted: Wanted,
    now: datetime,
    read: tuple[Columns, list[GoodRow], list[Refused]],
) -> Imported:
    columns, good, refused = read
    keys = [each.key for each in good]
    known = await store.read(lambda connection: known_keys(connection, keys))
    fresh = [each for each in good if each.key not in known]
    written = 0
    if fresh and not wanted.dry_run and (not refused or wanted.skip_bad):
        rows = [(each.key, each.entry) for each in fresh]
        written = await store.write(lambda connection: add_imported(connection, rows, now))
        details = {"rows": str(written), "refused": str(len({each.row for each in refused}))}
        entry = AuditEntry(now, wanted.by, "command", "register.import", wanted.file.name, details)
        await asyncio.to_thread(AuditTrail(settings.audit_file).note, entry)
    return Imported(
        wanted.file,
        columns,
        tuple((each.row, each.entry) for each in fresh),
        len(good) - len(fresh),
        tuple(refused),
        written,
        wanted.dry_run,
    )
