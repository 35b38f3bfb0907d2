"""The files of recordings: as Asterisk writes them, and as they are kept.

    plain/<call>.<part>.raw    Asterisk is writing it
    plain/<call>.<part>.done   Asterisk has closed it
    plain/<call>_<channel>.live   what goes on with an operator's recording, told by the dialplan
    plain/<call>.parts         the number of the call's newest part, written by the dialplan
    plain/<call>.off           the call's recording was deleted: nothing more of it is recorded
    plain/full                 nothing is to be recorded, for want of space
    <call>.<part>.age, .wav    kept: encrypted, or as it is where the plan says so

A part is encrypted into a draft, which is on the disk before it gets its name; only then the plain file goes.
So whatever is killed in between, a part is there once: with both there, the plain one is left over.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from hotline_ivr.control.recording_seal import (
    WAV_HEAD,
    HashingWriter,
    WavReader,
    digest_of,
    plain_size,
    seal,
)
from hotline_ivr.routing.recordings import (
    BYTES_A_MS,
    KeptFile,
    Note,
    PartId,
    PlainPart,
    Sealed,
    Tape,
    TapeState,
)

_PART = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63})\.(\d{1,4})\.(raw|done|age|wav)", re.ASCII)
_LIVE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63})_[A-Za-z0-9._-]{1,64}\.live", re.ASCII)
_NOTE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63})\.(?:parts|off)", re.ASCII)
_TOLD = re.compile(
    r"(on|paused|full|stopped|asked|over)~([A-Za-z0-9]{1,20}/[A-Za-z0-9_.@:+;-]{1,80})~(\d{1,12})~end\s*",
    re.ASCII,
)
_DRAFT = ".draft"
_PIECE = 256 * 1024
_MEGABYTE = 1_000_000


class RecordingFiles:
    """The one door to the folders, whose other user is Asterisk. Methods raise OSError."""

    def __init__(self, kept: Path, plain: Path) -> None:
        self._kept, self._plain = kept, plain

    def plain(self) -> tuple[PlainPart, ...]:
        """Parts that are not kept yet, oldest first."""
        found = [part for path in _files(self._plain) if (part := _plain_part(path)) is not None]
        return tuple(sorted(found, key=lambda part: part.changed))

    def tapes(self) -> tuple[Tape, ...]:
        """What goes on now, or went on when Asterisk died; what is being written is seen the next time."""
        return tuple(tape for path in _files(self._plain) if (tape := _tape(path)) is not None)

    def forget(self, note: Tape | Note) -> None:
        (self._plain / note.file).unlink(missing_ok=True)

    def notes(self) -> tuple[Note, ...]:
        """All small files of calls, whatever is in them."""
        return tuple(note for path in _files(self._plain) if (note := _note(path)) is not None)

    def is_off(self, call_id: str) -> bool:
        """Whether nothing more of this call is to be recorded. Raises ValueError for what is no call's id."""
        return self._off(call_id).exists()

    def set_off(self, call_id: str, *, off: bool) -> None:
        """Tell the dialplan that nothing more of this call is to be recorded, or that it is again.

        Raises ValueError for what is no call's id.
        """
        if off:
            self._off(call_id).touch(mode=0o600)
        else:
            self._off(call_id).unlink(missing_ok=True)

    def _off(self, call_id: str) -> Path:
        if not _NOTE.fullmatch(f"{call_id}.off"):
            raise ValueError(f"{call_id!r}: no call is named like this")
        return self._plain / f"{call_id}.off"

    def foreign(self, before: datetime) -> tuple[str, ...]:
        """What lies in the folders since before this moment, and is named like nothing of ours."""
        own = {self._plain.name, "lost+found"}
        found = [path for path in _all(self._kept) if path.name not in own and not _is_kept(path)]
        found += [path for path in _all(self._plain) if path.name != "lost+found" and not _is_plain(path)]
        return tuple(
            str(path.relative_to(self._kept) if path.is_relative_to(self._kept) else path)
            for path in found
            if path.lstat().st_mtime < before.timestamp()
        )

    def close(self, part: PlainPart) -> None:
        """Of a part that Asterisk died over: nobody writes it any more."""
        part.path.rename(part.path.with_suffix(".done"))

    def seal(self, part: PlainPart, keys: Sequence[str]) -> Sealed | None:
        """Keep a part, encrypted for these keys or, without any, as it is. Raises RecordingError too.

        None where somebody has deleted the part meanwhile: then nothing is kept.
        """
        try:
            return self._seal(part, keys)
        except FileNotFoundError:
            if part.path.exists():
                raise
            return None

    def _seal(self, part: PlainPart, keys: Sequence[str]) -> Sealed:
        length_ms = part.size // BYTES_A_MS
        if length_ms == 0:
            part.path.unlink()
            return Sealed(KeptFile(part.id, 0, 0, bool(keys), part.changed), "")
        target = self._kept / f"{part.id.name}.{'age' if keys else 'wav'}"
        if (done := self._left_over(part)) is not None:
            part.path.unlink()
            return Sealed(done, "")
        draft = target.with_name(target.name + _DRAFT)
        with part.path.open("rb") as source, draft.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            writer = HashingWriter(file)
            if keys:
                seal(WavReader(source), writer, keys)
            else:
                reader = WavReader(source)
                while piece := reader.read(_PIECE):
                    writer.write(piece)
            file.flush()
            os.utime(file.fileno(), (part.changed.timestamp(),) * 2)
            os.fsync(file.fileno())
        draft.rename(target)
        _sync(self._kept)
        try:
            part.path.unlink()
        except FileNotFoundError:
            target.unlink(missing_ok=True)
            raise
        _sync(self._plain)
        return Sealed(KeptFile(part.id, writer.size, length_ms, bool(keys), part.changed), writer.digest)

    def _left_over(self, part: PlainPart) -> KeptFile | None:
        """The kept file of a part that was killed before its plain one was deleted."""
        path = self.path(part.id)
        return None if path is None else _kept_file(path)

    def kept(self) -> Iterator[KeptFile]:
        """All that is kept."""
        for path in _files(self._kept):
            if path.suffix in {".age", ".wav"} and (file := _kept_file(path)) is not None:
                yield file

    def digest(self, part: PartId) -> str:
        """SHA-256 of what is kept. Raises FileNotFoundError where there is nothing."""
        if (path := self.path(part)) is None:
            raise FileNotFoundError(errno.ENOENT, "there is no such recording", part.name)
        return digest_of(path)

    def path(self, part: PartId) -> Path | None:
        """Where a part is kept; None if it is not there. Raises ValueError for what is no name of one."""
        if not _PART.fullmatch(f"{part.name}.age"):
            raise ValueError(f"{part.name!r}: no recording is named like this")
        for ending in ("age", "wav"):
            if (path := self._kept / f"{part.name}.{ending}").is_file():
                return path
        return None

    def remove(self, part: PartId) -> None:
        """Delete what there is of a part, plain or kept; somebody else may have done so already.

        What Asterisk is writing loses its name, and is gone when Asterisk closes it.
        """
        self.path(part)
        # In the order in which a part goes, so that it cannot slip past.
        for ending in ("raw", "done"):
            (self._plain / f"{part.name}.{ending}").unlink(missing_ok=True)
        for ending in ("age", "wav"):
            (self._kept / f"{part.name}.{ending}{_DRAFT}").unlink(missing_ok=True)
            (self._kept / f"{part.name}.{ending}").unlink(missing_ok=True)

    def clear_drafts(self) -> None:
        """Of a service that was killed."""
        for path in _files(self._kept):
            if path.suffix == _DRAFT:
                path.unlink(missing_ok=True)

    def free_mb(self) -> int:
        return shutil.disk_usage(self._kept).free // _MEGABYTE

    def plain_is_short(self) -> bool:
        """Whether the plain files' own file system, where they have one, is nine tenths full."""
        if os.stat(self._plain).st_dev == os.stat(self._kept).st_dev:  # noqa: PTH116
            return False
        usage = shutil.disk_usage(self._plain)
        return usage.free < usage.total // 10

    def set_full(self, *, full: bool) -> None:
        """Tell the dialplan whether there is too little space."""
        if full:
            (self._plain / "full").touch()
        else:
            (self._plain / "full").unlink(missing_ok=True)

    def is_full(self) -> bool:
        return (self._plain / "full").exists()


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in sorted(folder.iterdir()) if path.is_file()]
    except FileNotFoundError:
        return []


def _all(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def _is_kept(path: Path) -> bool:
    named = path.name.removesuffix(_DRAFT)
    return path.is_file() and named.endswith((".age", ".wav")) and _PART.fullmatch(named) is not None


def _is_plain(path: Path) -> bool:
    name = path.name
    ours = name == "full" or _LIVE.fullmatch(name) or _NOTE.fullmatch(name)
    return path.is_file() and bool(ours or (name.endswith((".raw", ".done")) and _PART.fullmatch(name)))


def _note(path: Path) -> Note | None:
    named = _LIVE.fullmatch(path.name) or _NOTE.fullmatch(path.name)
    if named is None:
        return None
    try:
        return Note(named[1], path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC))
    except FileNotFoundError:
        return None


def _plain_part(path: Path) -> PlainPart | None:
    named = _PART.fullmatch(path.name)
    if named is None or path.suffix not in {".raw", ".done"}:
        return None
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    changed = datetime.fromtimestamp(status.st_mtime, UTC)
    return PlainPart(PartId(named[1], int(named[2])), path, status.st_size, changed, path.suffix == ".done")


def _kept_file(path: Path) -> KeptFile | None:
    named = _PART.fullmatch(path.name)
    if named is None:
        return None
    try:
        status = path.stat()
        encrypted = path.suffix == ".age"
        size = plain_size(path) if encrypted else status.st_size
    except FileNotFoundError:
        return None
    length_ms = max(0, size - WAV_HEAD) // BYTES_A_MS
    ended_at = datetime.fromtimestamp(status.st_mtime, UTC)
    return KeptFile(PartId(named[1], int(named[2])), status.st_size, length_ms, encrypted, ended_at)


def _tape(path: Path) -> Tape | None:
    named = _LIVE.fullmatch(path.name)
    if named is None:
        return None
    try:
        told = _TOLD.fullmatch(path.read_text(encoding="ascii", errors="replace"))
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
    if told is None:
        return None
    due = datetime.fromtimestamp(int(told[3]), UTC)
    return Tape(named[1], path.name, TapeState(told[1]), told[2], due, changed)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
