"""The recordings of conversations, wired together.

`of_calls`, `before`, `delete` and `delete_calls` are for whoever has to know or delete what is kept of
somebody: purges and erasures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime
from functools import partial

from hotline_ivr.calls.recording_keeper import Observer, RecordingKeeper
from hotline_ivr.calls.recording_pauses import RecordingPauses, TapeControl
from hotline_ivr.config.models import Plan
from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.control.recording_files import RecordingFiles
from hotline_ivr.routing.alerts import Alert
from hotline_ivr.routing.recordings import PartId, Recording, lost_parts
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import Store
from hotline_ivr.store.recordings import DatabaseRecordings


class KeptRecordings:
    """What is kept of one node: rows and files together. Methods raise StoreError and OSError."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.files = RecordingFiles(settings.recordings_dir, settings.plain_recordings_dir)
        self.rows = DatabaseRecordings(store, settings.node)
        self._node = settings.node

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

    async def of_call(self, call_id: str) -> list[PartId]:
        """All parts of a call that are there, or of which the record alone knows."""
        return sorted({*await self._there([call_id]), *await self._lost([call_id])})

    async def delete_calls(
        self, call_ids: Collection[str], by: str, at: datetime, *, part: int | None = None, lost: bool = False
    ) -> int:
        """Delete all of these calls, or one part each: rows, kept files and what is being written; how many.

        What goes on is stopped, and nothing more of the call is recorded until somebody resumes. With `lost`
        also parts of which nothing is left: they get a row, and are not looked for any more.
        """

        async def wanted(ids: Collection[str]) -> list[PartId]:
            found = await self._there(ids) | (await self._lost(ids) if lost else set())
            return sorted(each for each in found if part in {None, each.part})

        calls = {each.call_id for each in await wanted(call_ids)}
        await self._stop(calls, part)
        # Once more: until it was stopped a new part may have begun.
        parts = await wanted(calls)
        for each in parts:
            await asyncio.to_thread(self.files.remove, each)
        known = {each.id for each in await self.rows.of_calls(calls)}
        rows = [self._row(each, by, at) for each in parts if each not in known]
        await self.rows.add(rows)
        await self.rows.removed(parts, by, at)
        return len(parts)

    async def _stop(self, calls: Collection[str], part: int | None) -> None:
        """Let nothing more be recorded of those that are not over; of a part only while it is written."""
        over = await self.rows.calls_known(calls, over=True)
        written = {each.id for each in await asyncio.to_thread(self.files.plain) if not each.closed}
        for call_id in calls:
            if call_id not in over and (part is None or PartId(call_id, part) in written):
                await asyncio.to_thread(partial(self.files.set_off, call_id, off=True))

    async def _there(self, call_ids: Collection[str]) -> set[PartId]:
        wanted = set(call_ids)
        found = {each.id for each in await self.rows.of_calls(wanted)}
        # In the order in which a part goes, so that none slips past.
        found |= {each.id for each in await asyncio.to_thread(self.files.plain)}
        found |= {each.id for each in await asyncio.to_thread(lambda: list(self.files.kept()))}
        return {each for each in found if each.call_id in wanted}

    async def _lost(self, call_ids: Collection[str]) -> set[PartId]:
        return set(lost_parts(await self.rows.incomplete_of(call_ids), await self._there(call_ids)))

    def _row(self, part: PartId, by: str, at: datetime) -> Recording:
        """Of a part that is deleted before there was a row."""
        return Recording(self._node, part.call_id, part.part, at, 0, 0, "", True, at, by)


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
