"""Recordings as the routes know them: rows in memory, files in a folder, a tape that does as it is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hotline_ivr.control.recording_files import RecordingFiles
from hotline_ivr.errors import ArgumentError, AsteriskUnreachable, StoreError
from hotline_ivr.routing.recordings import Found, PartId, Recording, Tape, TapeState
from hotline_ivr.store.recordings import RecordingFilter


class FakeRecordings:
    """Both the rows and the files; `away` is a database that cannot be used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "recordings"
        self.files = RecordingFiles(self.folder, self.folder / "plain")
        self.by_id: dict[PartId, Recording] = {}
        self.astray = Found()
        self.asked_thoroughly = False
        self.away = False

    @property
    def rows(self) -> FakeRecordings:
        return self

    def keep(self, recording: Recording, content: bytes) -> None:
        (self.folder / "plain").mkdir(parents=True, exist_ok=True)
        (self.folder / f"{recording.id.name}.{'age' if recording.encrypted else 'wav'}").write_bytes(content)
        self.by_id[recording.id] = recording

    async def find(self, wanted: RecordingFilter) -> Sequence[Recording]:
        self._look()
        found = [
            each
            for each in self.by_id.values()
            if wanted.line in {None, each.line}
            and (wanted.since is None or each.recorded_at >= wanted.since)
            and (wanted.removed or each.removed_at is None)
        ]
        return sorted(found, key=lambda each: each.recorded_at, reverse=True)[: wanted.limit]

    async def one(self, part: PartId) -> Recording | None:
        self._look()
        return self.by_id.get(part)

    async def of_call(self, call_id: str) -> Sequence[PartId]:
        self._look()
        return [
            each.id for each in self.by_id.values() if each.call_id == call_id and each.removed_at is None
        ]

    async def delete_calls(
        self, call_ids: Collection[str], by: str, at: datetime, *, part: int | None = None, lost: bool = False
    ) -> int:
        assert lost, "who deletes by hand takes what is lost off the list too"
        found = [
            each for ident in call_ids for each in await self.of_call(ident) if part in {None, each.part}
        ]
        for each in found:
            self.files.remove(each)
            self.by_id[each] = replace(self.by_id[each], removed_at=at, removed_by=by)
        return len(found)

    async def look_for_strays(self, *, thorough: bool = False) -> Found:
        self._look()
        self.asked_thoroughly = thorough
        return self.astray

    def _look(self) -> None:
        if self.away:
            raise StoreError("the database is away")


class FakeTapes:
    """One call is recorded, main-1.1; `deaf` is an Asterisk that does not answer."""

    def __init__(self) -> None:
        self.deaf = False

    async def pause(self, call_id: str) -> Tape:
        return self._tape(call_id, TapeState.PAUSED)

    async def resume(self, call_id: str) -> Tape:
        return self._tape(call_id, TapeState.ON)

    def _tape(self, call_id: str, state: TapeState) -> Tape:
        if self.deaf:
            raise AsteriskUnreachable("no link")
        if call_id != "main-1.1":
            raise ArgumentError(f"call {call_id} is not being recorded now")
        due = datetime(2026, 11, 23, 12, tzinfo=UTC)
        return Tape(call_id, "a.live", state, "PJSIP/anna-1", due, due)
