"""Recordings: encrypted when Asterisk has closed them, known to the database, deleted when it is time.

The files are the truth. What the service did not see, because it was dead or the database away, it finds
when it looks. Sealing needs neither the database nor Asterisk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Protocol

import structlog

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import AlertError, RecordingError, StoreError
from hotline_ivr.routing.alerts import Alert
from hotline_ivr.routing.messages import purge_day
from hotline_ivr.routing.recordings import (
    EMPTY,
    Counted,
    Found,
    KeptFile,
    Note,
    PartId,
    PlainPart,
    Recording,
    Sealed,
    Tape,
    TapeState,
    full_alert,
    lost_parts,
    strays,
    unsealed_alert,
)
from hotline_ivr.routing.shifts import shift_zone

log = structlog.get_logger()

PACE = 1.0
"""Seconds between two looks at the folder of what is not encrypted yet."""

LOST = timedelta(seconds=60)
"""What Asterisk has not written to for so long, and whose call is over, nobody writes any more."""

UNKNOWN = timedelta(hours=1)
"""What Asterisk has not written to for so long, and of whose call the record does not know, nobody writes."""

FORGOTTEN = timedelta(days=1)
"""What Asterisk has not written to for so long nobody writes any more, whatever the record says."""

SETTLED = timedelta(minutes=10)
"""So old a file or a call is before it counts as one that has lost the other."""

BEGINS_AGAIN = 1.1
"""So many times the floor has to be free before recording begins again."""


class Files(Protocol):
    """The folders; see control/recording_files.py. Called in threads. Raises OSError."""

    def plain(self) -> Sequence[PlainPart]: ...
    def tapes(self) -> Sequence[Tape]: ...
    def forget(self, note: Tape | Note) -> None: ...
    def notes(self) -> Sequence[Note]: ...
    def foreign(self, before: datetime) -> Sequence[str]: ...
    def close(self, part: PlainPart) -> None: ...
    def seal(self, part: PlainPart, keys: Sequence[str]) -> Sealed | None: ...
    def kept(self) -> Iterable[KeptFile]: ...
    def digest(self, part: PartId) -> str: ...
    def remove(self, part: PartId) -> None: ...
    def clear_drafts(self) -> None: ...
    def free_mb(self) -> int: ...
    def plain_is_short(self) -> bool: ...
    def set_full(self, *, full: bool) -> None: ...
    def is_full(self) -> bool: ...


class Rows(Protocol):
    """What is known of recordings; see store/recordings.py. Raises StoreError."""

    async def add(self, found: Sequence[Recording]) -> Sequence[PartId]: ...
    async def known(self) -> Collection[PartId]: ...
    async def with_file(self) -> Collection[Recording]: ...
    async def before(self, moment: datetime) -> Sequence[Recording]: ...
    async def removed(self, parts: Collection[PartId], by: str, at: datetime) -> None: ...
    async def calls_known(self, call_ids: Collection[str], *, over: bool = False) -> Collection[str]: ...
    async def deleted(self, parts: Collection[PartId]) -> Sequence[PartId]: ...
    async def incomplete(self, since: datetime, before: datetime) -> Sequence[Counted]: ...


class Pauses(Protocol):
    """See recording_pauses.py."""

    async def end_due(self, tapes: Sequence[Tape]) -> None: ...
    async def stop_deleted(self, tapes: Sequence[Tape]) -> None: ...
    async def begin_asked(self, tapes: Sequence[Tape]) -> None: ...
    async def stop_all(self, tapes: Sequence[Tape]) -> int: ...


class Observer(Protocol):
    """Counts; must not raise."""

    def sealed(self, parts: int) -> None: ...
    def waiting(self, parts: int) -> None: ...
    def full(self, *, full: bool, free_mb: int) -> None: ...
    def strays(self, count: int) -> None: ...


class RecordingKeeper:
    """Keeps the recordings of one node. `note` is told of nightly deletions: how many."""

    def __init__(
        self,
        node: str,
        files: Files,
        rows: Rows,
        pauses: Pauses,
        *,
        plan: Callable[[], Plan],
        tell: Callable[[Alert], Awaitable[object]],
        note: Callable[[int], None],
        observer: Observer,
        clock: Callable[[], datetime],
    ) -> None:
        self._node, self._files, self._rows, self._pauses = node, files, rows, pauses
        self._plan, self._tell, self._note, self._observer = plan, tell, note, observer
        self._clock = clock
        #: Kept, and not known to the database yet.
        self._unknown: list[Recording] = []
        #: Somebody was told that recordings cannot be encrypted.
        self._told_unsealed = False
        self._purged: date | None = None

    async def run(self) -> None:
        """Keep files until cancelled; whatever cannot be used now is tried again."""
        well = True
        await asyncio.to_thread(self._files.clear_drafts)
        while True:
            try:
                await self.look()
                well = True
            except (OSError, AlertError) as error:
                if well:
                    log.warning("recordings cannot be looked at now", reason=str(error))
                well = False
            await asyncio.sleep(PACE)

    async def run_rows(self) -> None:
        """Keep the database's rows until cancelled; the tables must be there."""
        well = True
        while True:
            try:
                await self.look_at_rows()
                well = True
            except (StoreError, OSError) as error:
                if well:
                    log.warning("recordings cannot be written into the database now", reason=str(error))
                well = False
            await asyncio.sleep(PACE)

    async def look(self) -> None:
        """Look once at the files. Raises OSError or AlertError."""
        tapes = await asyncio.to_thread(self._files.tapes)
        await self._look_at_disk(tapes)
        await self._seal_all()
        await self._pauses.stop_deleted(tapes)
        await self._pauses.end_due(tapes)
        await self._pauses.begin_asked(tapes)
        for tape in tapes:
            if tape.state is TapeState.OVER:
                await asyncio.to_thread(self._files.forget, tape)

    async def look_at_rows(self) -> None:
        """Look once at the rows. Raises StoreError or OSError."""
        day = purge_day(shift_zone(self._plan()), self._clock())
        if day != self._purged:
            await self._find_unknown()
        await self._add_unknown()
        await self._close_lost()
        if day != self._purged:
            await self._purge()
            self._observer.strays((await self.strays()).count)
            self._purged = day

    async def strays(self, *, thorough: bool = False) -> Found:
        """What is astray; every file is read where `thorough`. Raises StoreError or OSError."""
        now = self._clock()
        before = now - SETTLED
        # What was kept too long ago has been deleted, and is not looked for.
        counted = await self._rows.incomplete(now - self._keeps(), before)
        # In the order in which a part goes, so that none slips past.
        plain = await asyncio.to_thread(self._files.plain)
        kept = await asyncio.to_thread(lambda: tuple(self._files.kept()))
        known = await self._rows.with_file()
        there = {each.id for each in kept}
        calls = await self._rows.calls_known({part.call_id for part in there})
        found = strays(kept, known, calls, before)
        without_file = lost_parts(counted, there | {part.id for part in plain})
        changed = found.changed
        if thorough:
            changed = tuple(dict.fromkeys([*changed, *await self._other_bytes(known, there)]))
        return replace(
            found,
            without_file=tuple(part.name for part in without_file),
            changed=changed,
            plain=await self._long_plain([part for part in plain if part.changed < before]),
            undeleted=tuple(
                part.name for part in await self._rows.deleted(there - {each.id for each in known})
            ),
            foreign=tuple(await asyncio.to_thread(self._files.foreign, before)),
        )

    async def _long_plain(self, old: Sequence[PlainPart]) -> tuple[str, ...]:
        """Of these all but those that Asterisk may yet write to: a caller may be held for long."""
        ids = {part.id.call_id for part in old if not part.closed}
        going_on = {*await self._rows.calls_known(ids)} - {*await self._rows.calls_known(ids, over=True)}
        return tuple(part.id.name for part in old if part.closed or part.id.call_id not in going_on)

    async def _other_bytes(self, known: Iterable[Recording], there: Collection[PartId]) -> list[str]:
        return [
            each.id.name
            for each in known
            if each.id in there and await asyncio.to_thread(self._files.digest, each.id) != each.sha256
        ]

    def _keeps(self) -> timedelta:
        return timedelta(days=self._plan().recordings.keep_days)

    async def _seal_all(self) -> None:
        parts = await asyncio.to_thread(self._files.plain)
        for part in parts:
            if not part.closed and part.changed < self._clock() - FORGOTTEN:
                await asyncio.to_thread(self._files.close, part)
        waiting = [part for part in parts if part.closed]
        self._observer.waiting(len(waiting))
        rules = self._plan().recordings
        if rules.encrypt and not rules.public_keys:
            # Recording was taken out of the configuration, and its keys with it.
            await self._unsealed(len(waiting), "the configuration has no public key any more")
            return
        why = ""
        for part in waiting:
            try:
                sealed = await asyncio.to_thread(self._files.seal, part, rules.public_keys)
            except (OSError, RecordingError) as error:
                why = str(error)
                continue
            if sealed is not None and (row := await self._row(sealed)) is not None:
                self._unknown.append(row)
                self._observer.sealed(1)
        await self._unsealed(len(waiting) if why else 0, why)

    async def _unsealed(self, parts: int, why: str) -> None:
        if parts and not self._told_unsealed:
            log.error("recordings cannot be encrypted, and lie on the disk as they are", reason=why)
            self._told_unsealed = True
            await self._tell(unsealed_alert(self._node, parts, why, self._clock()))
        self._told_unsealed = bool(parts)

    async def _row(self, sealed: Sealed) -> Recording | None:
        """None where the file has been deleted meanwhile."""
        file, now = sealed.file, self._clock()
        empty = file.size == 0
        digest = sealed.sha256
        if not digest and not empty:
            try:
                digest = await asyncio.to_thread(self._files.digest, file.id)
            except FileNotFoundError:
                return None
        return Recording(
            node=self._node,
            call_id=file.id.call_id,
            part=file.id.part,
            recorded_at=file.ended_at - timedelta(milliseconds=file.length_ms),
            length_ms=file.length_ms,
            size=file.size,
            sha256=digest,
            encrypted=file.encrypted,
            removed_at=now if empty else None,
            removed_by=EMPTY if empty else "",
        )

    async def _find_unknown(self) -> None:
        """What was kept while the database, or the service, was away, or was put back though deleted."""
        known = await self._rows.known()
        waiting = {each.id for each in self._unknown}
        for file in await asyncio.to_thread(lambda: tuple(self._files.kept())):
            if file.id in known or file.id in waiting:
                continue
            if (row := await self._row(Sealed(file, ""))) is not None:
                self._unknown.append(row)

    async def _add_unknown(self) -> None:
        if not self._unknown:
            return
        parts = list(self._unknown)
        deleted = await self._rows.add(parts)
        for part in deleted:
            await asyncio.to_thread(self._files.remove, part)
            log.warning("a recording was there again that had been deleted, and is removed", part=part.name)
        del self._unknown[: len(parts)]

    async def _close_lost(self) -> None:
        """Parts and notes over which Asterisk died, that the shell could not rename, or of no known call."""
        before = self._clock() - LOST
        parts = [
            part
            for part in await asyncio.to_thread(self._files.plain)
            if not part.closed and part.changed < before
        ]
        notes = [note for note in await asyncio.to_thread(self._files.notes) if note.changed < before]
        if not parts and not notes:
            return
        ids = {part.id.call_id for part in parts} | {note.call_id for note in notes}
        known, over = await self._rows.calls_known(ids), await self._rows.calls_known(ids, over=True)

        def lost(call_id: str, changed: datetime) -> bool:
            return call_id in over or (call_id not in known and changed < self._clock() - UNKNOWN)

        for part in parts:
            if lost(part.id.call_id, part.changed):
                await asyncio.to_thread(self._files.close, part)
        for note in notes:
            if lost(note.call_id, note.changed):
                await asyncio.to_thread(self._files.forget, note)

    async def _look_at_disk(self, tapes: Sequence[Tape]) -> None:
        floor = self._plan().recordings.disk_floor
        free = await asyncio.to_thread(self._files.free_mb)
        was = await asyncio.to_thread(self._files.is_full)
        full = free < (floor * BEGINS_AGAIN if was else floor) or await asyncio.to_thread(
            self._files.plain_is_short
        )
        self._observer.full(full=full, free_mb=free)
        if full != was:
            await asyncio.to_thread(lambda: self._files.set_full(full=full))
        # Also those that began in the same moment.
        stopped = await self._pauses.stop_all(tapes) if full else 0
        if full and not was:
            log.error("nothing more is recorded: too little space", free_mb=free, floor_mb=floor)
            await self._tell(full_alert(self._node, free, floor, stopped, self._clock()))

    async def _purge(self) -> None:
        """Delete what has been kept long enough."""
        now = self._clock()
        old = await self._rows.before(now - self._keeps())
        if not old:
            return
        # Files first: what a kill leaves is found again by its row.
        for each in old:
            await asyncio.to_thread(self._files.remove, each.id)
        await self._rows.removed([each.id for each in old], "retention", now)
        log.info("recordings deleted that were kept long enough", recordings=len(old))
        await asyncio.to_thread(self._note, len(old))
