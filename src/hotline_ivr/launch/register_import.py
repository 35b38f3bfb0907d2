"""Taking an office's old spreadsheet into the register: looked at whole, then all of it or nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.launch.plans import plan_on_disk
from hotline_ivr.launch.register_sheet import Sheet, Wanted, read_sheet
from hotline_ivr.routing.entries import Entry
from hotline_ivr.routing.sheet_rows import Refused
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import check_schema, require_file
from hotline_ivr.store.register import add_imported, known_keys


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of it. `rows` are the new ones, with their numbers; `known` are those that were there.

    `shortened` are rows and columns of which only a part is kept.
    """

    file: Path
    columns: tuple[tuple[str, str | None], ...]
    rows: tuple[tuple[int, Entry], ...]
    known: int
    refused: tuple[Refused, ...]
    written: int
    dry_run: bool
    shortened: tuple[tuple[int, str], ...] = ()

    @property
    def summary(self) -> str:
        there = f"; {self.known} are there already" if self.known else ""
        bad = len({each.row for each in self.refused})
        refused = f"; {bad} refused" if bad else ""
        if self.shortened:
            refused += f"; {len(self.shortened)} texts are too long and are cut"
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
            "shortened": [{"row": row, "column": column} for row, column in self.shortened],
        }


async def import_sheet(settings: Settings, wanted: Wanted, now: datetime) -> Imported:
    """Read a spreadsheet and write its rows in one transaction, unless one of them is bad.

    Raises ArgumentError for a file or a column that makes no sense, ConfigError, and StoreError.
    """
    plan = await asyncio.to_thread(plan_on_disk, settings)
    sheet = await asyncio.to_thread(read_sheet, settings, plan, wanted, now)
    require_file(settings.database)
    store = open_store(settings.database)
    try:
        await check_schema(store)
        return await _kept(store, settings, wanted, now, sheet)
    finally:
        await store.close()


async def _kept(store: Store, settings: Settings, wanted: Wanted, now: datetime, sheet: Sheet) -> Imported:
    good, refused = sheet.good, sheet.refused
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
        sheet.columns,
        tuple((each.row, each.entry) for each in fresh),
        len(good) - len(fresh),
        tuple(refused),
        written,
        wanted.dry_run,
        tuple((each.row, sheet.headings[field]) for each in fresh for field in each.shortened),
    )
