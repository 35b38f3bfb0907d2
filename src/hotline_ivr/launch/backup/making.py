"""`hotline backup`: one file with everything, made while calls go on.

The database is copied first and the logs after it: so they reach at least as far as the database says that
it has read, and after a restore the record is read on from there, nothing lost and nothing twice. The logs
are all opened before the first is copied, so that a rotation in between takes none away.

The file appears whole, under its name, when it has been read back. Until then all of it lies in a hidden
folder beside it, which a process that is killed leaves (leftovers.py).
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import tarfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from typing_extensions import override

from hotline_ivr import __version__
from hotline_ivr.control.number_key import pseudonyms
from hotline_ivr.errors import ArgumentError, SetupError
from hotline_ivr.exports.placing import workplace
from hotline_ivr.launch.backup.astdb import copy_astdb
from hotline_ivr.launch.backup.leftovers import begin, clear_in, clear_left_behind, end, prefix_of
from hotline_ivr.launch.backup.parts import (
    DATABASE,
    ENDING,
    MANIFEST,
    SCHEMA,
    Entry,
    as_json,
    config_files,
    log_files,
    state_files,
)
from hotline_ivr.launch.backup.reading import read_backup
from hotline_ivr.launch.locking import only_one
from hotline_ivr.settings import Settings
from hotline_ivr.store.snapshot import check_file, snapshot

_STAMP = "%Y%m%dT%H%M%SZ"
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Made:
    """A backup, and older ones that were deleted for it."""

    path: Path
    files: int
    size: int
    deleted: tuple[Path, ...]
    #: Files of the state folder that are damaged, and not in it.
    left_out: tuple[str, ...] = ()


async def make_backup(settings: Settings, where: Path, *, keep: int, now: datetime) -> Made:
    """Make one in a folder, or under a name; in a folder the newest `keep` stay (0: all).

    Raises ArgumentError for a place that cannot be used, SetupError while another is made, StoreError and
    OSError.
    """
    path = where / f"hotline-{settings.node}-{now.strftime(_STAMP)}{ENDING}" if where.is_dir() else where
    if not path.parent.is_dir():
        raise ArgumentError(f"{path.parent}: is no folder")
    if path.exists():
        raise ArgumentError(f"{path}: is there already, and is not written over")
    # Made here if there is none yet: pseudonyms of before and after a restore are to be the same.
    pseudonyms(settings.number_key_file)
    thinned = keep if where.is_dir() else 0
    with only_one(settings.backup_lock, "A backup"):
        clear_left_behind(settings)
        clear_in(settings, path.parent)
        begin(settings, path.parent.absolute())
        with workplace(path.parent, prefix_of(settings)) as folder:
            written = await _made(settings, folder, now)
            written.draft.replace(path)
        _sync(path.parent)
        deleted = _thin_out(settings, path, thinned)
        end(settings, path, thinned, now)
    return Made(path, written.files, path.stat().st_size, deleted, written.left_out)


@dataclass(frozen=True, slots=True)
class _Written:
    draft: Path
    files: int
    left_out: tuple[str, ...]


async def _made(settings: Settings, folder: Path, now: datetime) -> _Written:
    """The file, read back, in a folder that goes with whatever else is in it."""
    draft, database, stop = folder / "draft", folder / DATABASE, threading.Event()
    await snapshot(settings.database, database)
    try:
        written = await asyncio.to_thread(_write, settings, draft, database, now, stop)
    finally:
        # A thread cannot be cancelled: it ends at its next block.
        stop.set()
    await asyncio.to_thread(read_backup, draft)
    return written


def _write(settings: Settings, path: Path, database: Path, now: datetime, stop: threading.Event) -> _Written:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    logs = _opened_logs(settings)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as tar:
                writer = _Writer(tar, stop)
                with database.open("rb") as copied:
                    writer.add(DATABASE, copied)
                for name, source in logs:
                    writer.add(f"state/{name}", source)
                left_out = _add_astdb(settings, writer, path.parent)
                writer.add_all((f"state/{name}", each) for name, each in state_files(settings))
                writer.add_all(config_files(settings))
                manifest = {
                    "schema": SCHEMA,
                    "version": __version__,
                    "tables": check_file(database),
                    "node": settings.node,
                    "made_at": now.astimezone(UTC).isoformat(),
                    "files": as_json(writer.entries),
                }
                writer.add(MANIFEST, io.BytesIO(json.dumps(manifest, indent=1).encode()))
            file.flush()
            os.fsync(file.fileno())
    finally:
        for _, source in logs:
            source.close()
    return _Written(path, len(writer.entries), left_out)


def _add_astdb(settings: Settings, writer: _Writer, folder: Path) -> tuple[str, ...]:
    """Asterisk's own database; its name, where no whole copy of it can be had."""
    name = settings.astdb_file.relative_to(settings.state_dir).as_posix()
    if not settings.astdb_file.exists():
        return ()
    copied = copy_astdb(settings.astdb_file, folder)
    if copied is None:
        return (name,)
    copied.chmod(settings.astdb_file.stat().st_mode & 0o777)
    writer.add_all([(f"state/{name}", copied)])
    return ()


def _opened_logs(settings: Settings) -> list[tuple[str, BinaryIO]]:
    """All of them at one moment: tried again where one was rotated meanwhile."""
    for _ in range(_TRIES):
        wanted = log_files(settings)
        opened: list[tuple[str, BinaryIO]] = []
        try:
            opened.extend((name, path.open("rb")) for name, path in wanted)
        except FileNotFoundError:
            pass
        else:
            if [name for name, _ in log_files(settings)] == [name for name, _ in wanted]:
                return opened
        for _, file in opened:
            file.close()
    raise SetupError("the logs are rotated again and again while they are to be copied")


class _Writer:
    """Puts files into the archive, each as long as it was when it was begun."""

    def __init__(self, tar: tarfile.TarFile, stop: threading.Event) -> None:
        self._tar, self._stop = tar, stop
        self.entries: dict[str, Entry] = {}

    def add_all(self, files: Iterable[tuple[str, Path]]) -> None:
        for name, path in files:
            try:
                with path.open("rb") as file:
                    self.add(name, file)
            except FileNotFoundError:
                # Replaced or taken away in this moment, as small files of a running service are.
                continue

    def add(self, name: str, file: BinaryIO) -> None:
        info = tarfile.TarInfo(name)
        if isinstance(file, io.BytesIO):
            info.size, info.mode = len(file.getvalue()), 0o600
        else:
            status = os.fstat(file.fileno())
            info.size, info.mode, info.mtime = status.st_size, status.st_mode & 0o777, status.st_mtime
        hashed = _Hashed(file, info.size, self._stop)
        self._tar.addfile(info, hashed)
        self.entries[name] = Entry(info.size, hashed.hexdigest(), info.mode)


class _Hashed(io.RawIOBase):
    """A file's first bytes, hashed as they are read."""

    def __init__(self, file: BinaryIO, size: int, stop: threading.Event) -> None:
        self._file, self._left, self._hash, self._stop = file, size, hashlib.sha256(), stop

    @override
    def read(self, size: int = -1) -> bytes:
        if self._stop.is_set():
            raise SetupError("the backup was stopped")
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        self._hash.update(data)
        return data

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def _thin_out(settings: Settings, newest: Path, keep: int) -> tuple[Path, ...]:
    if keep <= 0:
        return ()
    found = sorted(newest.parent.glob(f"hotline-{settings.node}-*{ENDING}"))
    gone = tuple(found[:-keep])
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
