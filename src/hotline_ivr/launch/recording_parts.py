"""The recordings of conversations, wired together.

`of_calls`, `before` and `delete` are for whoever has to know or delete what is kept of somebody: purges and
erasures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime

from hotline_ivr.calls.recording_keeper import Observer, RecordingKeeper
from hotline_ivr.calls.recording_pauses import RecordingPauses, TapeControl
from hotline_ivr.config.models import Plan
from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.control.recording_files import RecordingFiles
from hotline_ivr.routing.alerts import Alert
from hotline_ivr.routing.recordings import Recording
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import Store
from hotline_ivr.store.recordings import DatabaseRecordings


class KeptRecordings:
    """What is kept of one node: rows and files together. Methods raise StoreError and OSError."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.files = RecordingFiles(settings.recordings_dir, settings.plain_recordings_dir)
        self.rows = DatabaseRecordings(store, settings.node)

    async def of_calls(self, call_ids: Collection[str]) -> list[Recording]:
        """Recordings of these calls."""
        return await self.rows.of_calls(call_ids)

    async def before(self, moment: datetime) -> list[Recording]:
        """Recordings that began before this moment (aware), oldest first."""
        return await self.rows.before(moment)

    async def delete(self, recordings: Sequence[Recording], by: str, at: datetime) -> int:
        """Delete the files of these, plain ones included; how many. Rows stay, and say by whom.

        May be repeated: what a kill has left is found again by its row. The caller notes it in the trail.
        """
        for each in recordings:
            await asyncio.to_thread(self.files.remove, each.id)
        await self.rows.removed([each.id for each in recordings], by, at)
        return len(recordings)


class RecordingParts:
    """One node's recordings."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        *,
        plan: Callable[[], Plan],
        control: TapeControl,
        tell: Callable[[Alert], Awaitable[object]],
        observer: Observer,
    ) -> None:
        self.kept = KeptRecordings(settings, store)
        self.pauses = RecordingPauses(self.kept.files, control, _now)
        self._trail = AuditTrail(settings.audit_file)
        self.keeper = RecordingKeeper(
            settings.node,
            self.kept.files,
            self.kept.rows,
            self.pauses,
            plan=plan,
            tell=tell,
            note=self._note_deleted,
            observer=observer,
            clock=_now,
        )

    def _note_deleted(self, count: int) -> None:
        details = {"recordings": str(count)}
        self._trail.note(AuditEntry(_now(), "hotline", "retention", "recording.delete", "all", details))


def _now() -> datetime:
    return datetime.now(UTC)
