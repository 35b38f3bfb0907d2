"""Putting files in place: whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def write(folder: Path, files: Mapping[str, str], *, mode: int = 0o640) -> tuple[str, ...]:
    """Write the files whose text differs; return their names. Each appears at once, by rename."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, text in files.items():
        path = folder / name
        if not _same(path, text):
            _place(path, text, mode)
            changed.append(name)
    if changed:
        sync_folder(folder)
    return tuple(changed)


def replace(path: Path, text: str, *, mode: int = 0o640) -> None:
    """Write `text` to `path` so that a reader sees the old text or the new; after a power cut the new one.

    That is, once this has returned: the name is on the disk then, as the text is.
    """
    _place(path, text, mode)
    sync_folder(path.parent)


def _place(path: Path, text: str, mode: int) -> None:
    temporary = _draft(path)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        # On a full disk what was begun is in the way of everything else.
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise _named(error, path) from None


def copy(source: Path, target: Path) -> None:
    """Put the bytes of `source` in the place of `target`: a reader sees the old ones or the new."""
    temporary = _draft(target)
    try:
        shutil.copyfile(source, temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise _named(error, target) from None
    sync_folder(target.parent)


def _write_at_once(descriptor: int, data: bytes) -> None:
    """In one write, so that lines of two processes never mix. Raises OSError."""
    if os.write(descriptor, data) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _named(error: OSError, path: Path) -> OSError:
    """The same of a file that has a name: of an open one, or of a draft, Python tells none that helps."""
    return OSError(error.errno, error.strerror, str(path))


def sync_folder(folder: Path) -> None:
    """Have a folder's names on the disk: else a file that was synced may be gone, or the old one back."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _draft(path: Path) -> Path:
    # Two threads of the service may write the same file: the one after an override, and who set it.
    return path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.new")


def append(path: Path, line: str, *, mode: int = 0o640) -> None:
    """Add one line to the end of `path`, on the disk when this returns; whole also beside other writers.

    Raises OSError, and then nothing of the line stands there. After the piece of a line that a power cut has
    left the next one begins a line of its own.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, mode)
    try:
        # So that who takes back a piece for which there was no room takes nobody else's line.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        half = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        data = f"{chr(10) if half else ''}{line}\n".encode()
        try:
            _write_at_once(descriptor, data)
            os.fsync(descriptor)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, size)
            raise _named(error, path) from None
    finally:
        os.close(descriptor)
    if size == 0:
        sync_folder(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` while something beside it is read, changed and written: milliseconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="ascii") as held:
        fcntl.flock(held.fileno(), fcntl.LOCK_EX)
        yield


def _same(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False
