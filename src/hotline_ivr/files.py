"""Putting files in place: whole or not at all."""

from __future__ import annotations

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
            replace(path, text, mode=mode)
            changed.append(name)
    return tuple(changed)


def replace(path: Path, text: str, *, mode: int = 0o640) -> None:
    """Write `text` to `path` so that a reader sees the old text or the new, also after a power cut."""
    temporary = _draft(path)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def copy(source: Path, target: Path) -> None:
    """Put the bytes of `source` in the place of `target`: a reader sees the old ones or the new."""
    temporary = _draft(target)
    shutil.copyfile(source, temporary)
    temporary.replace(target)


def _draft(path: Path) -> Path:
    # Two threads of the service may write the same file: the one after an override, and who set it.
    return path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.new")


def append(path: Path, line: str, *, mode: int = 0o640) -> None:
    """Add one line to the end of `path`, on the disk when this returns; whole also beside other writers."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode)
    try:
        # One write, so that lines of two processes never mix.
        os.write(descriptor, f"{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
