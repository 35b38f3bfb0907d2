"""Imports of spreadsheets: which there were, and taking one back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hotline_ivr.config.refusal import did_you_mean
from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.errors import ArgumentError
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.migrate import check_schema, require_file
from hotline_ivr.store.register_batches import Batch, Undone, batch_of, batches, undo_import
from hotline_ivr.store.register_privacy import tidy_index

_NAMED = 12


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of it. `stays` says that nothing was written, because entries were changed since."""

    batch: Batch
    undone: Undone
    dry_run: bool
    stays: bool

    @property
    def summary(self) -> str:
        undone = self.undone
        erased = f"; {undone.erased} were erased for privacy and stay as they are" if undone.erased else ""
        if self.stays:
            named = ", ".join(undone.changed[:_NAMED])
            more = ", ..." if len(undone.changed) > _NAMED else ""
            return (
                f"{len(undone.changed)} entries were changed after the import, so nothing has been written:"
                f" {named}{more}; --changed-too takes these too, with what was changed"
            )
        what = f"{undone.removed} entries removed, {undone.restored} as they were before"
        return f"{what}{erased}{'; nothing has been written' if self.dry_run else ''}"

    def as_json(self) -> dict[str, Any]:
        undone = self.undone
        return {
            "schema": "hotline/register-undo/1",
            "batch": self.batch.id,
            "dry_run": self.dry_run,
            "written": not self.stays and not self.dry_run,
            "removed": undone.removed,
            "restored": undone.restored,
            "erased": undone.erased,
            "changed": list(undone.changed),
        }


async def list_batches(settings: Settings, limit: int) -> Sequence[Batch]:
    """Imports, the newest first. Raises StoreError."""
    require_file(settings.database)
    store = open_store(settings.database)
    try:
        await check_schema(store)
        return await store.read(lambda connection: batches(connection, limit))
    finally:
        await store.close()


async def take_back(
    settings: Settings, batch_id: str, by: str, now: datetime, *, changed_too: bool, dry_run: bool
) -> TakenBack:
    """Take an import back in one transaction; `now` is aware.

    Raises ArgumentError for an id that no import has, or one that was taken back before, and StoreError.
    """
    require_file(settings.database)
    store = open_store(settings.database)

    def undo(connection: Connection) -> tuple[Batch, Undone]:
        batch = batch_of(connection, batch_id)
        if batch is None:
            known = [each.id for each in batches(connection, 1000)]
            raise ArgumentError(
                f"there is no import '{batch_id}'{did_you_mean(batch_id, known)};"
                " `hotline register imports` lists them"
            )
        if batch.undone_at is not None:
            when = batch.undone_at.isoformat(timespec="seconds")
            raise ArgumentError(f"import {batch_id} was taken back at {when} by {batch.undone_by}")
        done = undo_import(connection, batch_id, now, by, changed_too=changed_too, dry_run=dry_run)
        return batch, done

    try:
        await check_schema(store)
        batch, undone = await store.write(undo)
        stays = bool(undone.changed) and not changed_too
        if not stays and not dry_run:
            await store.write(tidy_index)
            details = {"removed": str(undone.removed), "restored": str(undone.restored)}
            entry = AuditEntry(now, by, "command", "register.import.undo", batch_id, details)
            await asyncio.to_thread(AuditTrail(settings.audit_file).note, entry)
        return TakenBack(batch, undone, dry_run, stays)
    finally:
        await store.close()
