"""Taking an office's old spreadsheet into the register: looked at whole, then all of it or nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from hotline_ivr.config.models import Plan
from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.control.number_key import pseudonyms
from hotline_ivr.launch.plans import plan_on_disk
from hotline_ivr.launch.register_sheet import Sheet, Wanted, read_sheet
from hotline_ivr.routing.entries import Entry
from hotline_ivr.routing.sheet_changes import SheetChange, compared
from hotline_ivr.routing.sheet_keys import base_of, is_old, keyed_anew
from hotline_ivr.routing.sheet_matching import Imported as ImportedRow
from hotline_ivr.routing.sheet_matching import Matched, matched
from hotline_ivr.routing.sheet_rows import Refused
from hotline_ivr.routing.wall import zone_of
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import check_schema, require_file
from hotline_ivr.store.register_batches import Batch, imported_rows, key_anew, versions_of, write_import
from hotline_ivr.store.register_rows import new_id


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of it. `rows` are the new ones, with their numbers; `known` are those that were there.

    `shortened` are rows and columns of which only a part is kept. `changes` are rows that say something else
    than when they were imported: `updated` of them were written, if that was wanted. `batch` names what was
    written, to take it back; empty if nothing was.
    """

    file: Path
    columns: tuple[tuple[str, str | None], ...]
    rows: tuple[tuple[int, Entry], ...]
    known: int
    refused: tuple[Refused, ...]
    written: int
    dry_run: bool
    shortened: tuple[tuple[int, str], ...] = ()
    changes: tuple[SheetChange, ...] = ()
    update: bool = False
    updated: int = 0
    batch: str = ""

    @property
    def summary(self) -> str:
        bad = len({each.row for each in self.refused})
        more = "".join(self._more(bad))
        if self.dry_run:
            return f"{len(self.rows)} rows would be imported{more}; nothing has been written"
        if bad and not self.batch:
            more = more.replace(f"; {bad} refused", "", 1)
            return f"{bad} rows are refused, so nothing has been written{more}; --skip-bad imports the others"
        return f"{self.written} rows imported{more}"

    def _more(self, bad: int) -> list[str]:
        clashes = sum(each.entry is None for each in self.changes)
        there = len(self.changes) - clashes
        known = f"; {self.known} are there already" if self.known else ""
        changed = ""
        if self.updated:
            changed = f", of which {self.updated} were changed in the sheet and are updated"
        elif there and self.update:
            changed = f", of which {there} were changed in the sheet and would be updated"
        elif there:
            changed = f", of which {there} were changed in the sheet: --update takes that over"
        clash = f"; {clashes} were changed both in the sheet and in the register, and stay" if clashes else ""
        refused = f"; {bad} refused" if bad else ""
        cut = f"; {len(self.shortened)} texts are too long and are cut" if self.shortened else ""
        return [known, changed, clash, refused, cut]

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": "hotline/register-import/1",
            "file": str(self.file),
            "dry_run": self.dry_run,
            "batch": self.batch or None,
            "columns": [{"column": column, "field": field} for column, field in self.columns],
            "new": len(self.rows),
            "known": self.known,
            "written": self.written,
            "updated": self.updated,
            "changed": [
                {
                    "row": each.row,
                    "entry": each.entry_id,
                    "fields": list(each.fields),
                    "changed_in_register": each.entry is None,
                }
                for each in self.changes
            ],
            "refused": [
                {"row": each.row, "column": each.column, "message": each.message} for each in self.refused
            ],
            "shortened": [{"row": row, "column": column} for row, column in self.shortened],
        }


async def import_sheet(settings: Settings, wanted: Wanted, now: datetime) -> Imported:
    """Read a spreadsheet and write its rows in one transaction, unless one of them is bad.

    Raises ArgumentError for a file or a column that makes no sense, ConfigError, SetupError and StoreError.
    """
    plan = await asyncio.to_thread(plan_on_disk, settings)
    secret = (await asyncio.to_thread(pseudonyms, settings.number_key_file)).key
    sheet = await asyncio.to_thread(read_sheet, settings, plan, wanted, now, secret)
    require_file(settings.database)
    store = open_store(settings.database)
    try:
        await check_schema(store)
        before = await store.read(partial(_before, plan=plan, secret=secret))
        fields = compared(sheet.headings)
        found = await asyncio.to_thread(matched, sheet.good, before, fields)
        return await _kept(store, settings, wanted, now, sheet=sheet, found=found)
    finally:
        await store.close()


def _before(connection: Connection, plan: Plan, secret: bytes) -> list[ImportedRow]:
    """Rows that were imported, with their entries; of those with a key of the old kind also the new one."""
    rows = imported_rows(connection)
    versions = versions_of(connection, [entry_id for _, entry_id in rows])
    found = []
    for key, entry_id in rows:
        each = ImportedRow(keyed_anew(secret, key), tuple(versions.get(entry_id, ())))
        if is_old(each.key) and not each.is_erased:
            each = replace(each, base=_base(each.versions[0], plan, secret))
        found.append(each)
    return found


def _base(first: Entry, plan: Plan, secret: bytes) -> str:
    line = plan.lines.get(first.line)
    if line is None:
        # No row can be of a line that there is no more.
        return ""
    day = first.at.astimezone(zone_of(line.time_zone)).date()
    return base_of(secret, first.line, day, first.text.question, first.topic)


async def _kept(
    store: Store, settings: Settings, wanted: Wanted, now: datetime, *, sheet: Sheet, found: Matched
) -> Imported:
    refused = sheet.refused
    updates = [(each.entry, each.seen) for each in found.changes if each.entry and wanted.update]
    done = Batch(new_id(), settings.node, wanted.file.name, now, wanted.by)
    if (found.fresh or updates) and not wanted.dry_run and (not refused or wanted.skip_bad):
        secret = (await asyncio.to_thread(pseudonyms, settings.number_key_file)).key
        rows = [(key, each.entry) for key, each in found.fresh]

        def write(connection: Connection) -> Batch:
            key_anew(connection, partial(keyed_anew, secret))
            return write_import(connection, done, rows, updates)

        done = await store.write(write)
        await asyncio.to_thread(_note, settings, wanted, done, refused)
    return Imported(
        wanted.file,
        sheet.columns,
        tuple((each.row, each.entry) for _, each in found.fresh),
        found.known,
        tuple(refused),
        done.added,
        wanted.dry_run,
        tuple((each.row, sheet.headings[name]) for _, each in found.fresh for name in each.shortened),
        tuple(found.changes),
        wanted.update,
        done.updated,
        done.id if done.added or done.updated else "",
    )


def _note(settings: Settings, wanted: Wanted, done: Batch, refused: list[Refused]) -> None:
    details = {
        "rows": str(done.added),
        "updated": str(done.updated),
        "refused": str(len({each.row for each in refused})),
        "batch": done.id,
    }
    entry = AuditEntry(done.imported_at, wanted.by, "command", "register.import", wanted.file.name, details)
    AuditTrail(settings.audit_file).note(entry)
