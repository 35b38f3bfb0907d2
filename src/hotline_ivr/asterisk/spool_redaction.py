"""Numbers out of Asterisk's logs while Asterisk and the record's tail go on with them.

Asterisk only ever adds at the end, and remembers no place; the tail remembers places and the first bytes.
So nothing may move: what is taken out is replaced in its place by as many bytes, each line by one write,
and only in whole lines. The end of the file, where Asterisk writes, is never touched. The first bytes'
fingerprint does not look at what may be replaced (spool_files.py). A process that is killed leaves whole
lines, old or new.

A compressed log is nobody's but ours: it is written anew beside the old one, and takes its place whole.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from hotline_ivr.asterisk.spool import MAX_LINE
from hotline_ivr.asterisk.spool_files import COMPRESSED
from hotline_ivr.errors import SetupError

log = structlog.get_logger()

# Bytes that are read at once.
PIECE = 1 << 20
_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}

Change = Callable[[bytes], bytes]
"""From a line (with its end) to a line of the same length."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """How many lines were changed, and up to which byte the file was looked at."""

    lines: int
    until: int
    #: A compressed log that cannot be unpacked to its end: it stays as it is.
    damaged: bool = False


class DamagedLogError(SetupError):
    """A compressed log cannot be unpacked to its end, as after a full disk."""


def logs_of(path: Path) -> list[Path]:
    """The log at `path` and everything that was rotated of it, compressed or not, in order of age."""
    if not path.parent.is_dir():
        return []
    names = [
        each for each in path.parent.iterdir() if each.name.startswith((f"{path.name}.", f"{path.name}-"))
    ]
    rotated = [each for each in names if each.is_file() and not each.is_symlink()]
    found = sorted(rotated, key=lambda each: (each.stat().st_mtime_ns, each.name))
    return [*found, path] if path.is_file() else found


def redact_file(
    path: Path, change: Change, *, since: int = 0, stop: Callable[[bytes], bool] = lambda _: False
) -> Redacted:
    """Change the whole lines of a log from byte `since` on, up to the first for which `stop` holds.

    Raises OSError, and SetupError if a change is not as long as the line: then nothing of it is written.
    """
    if path.suffix in COMPRESSED:
        try:
            return _rewrite(path, change, stop)
        except DamagedLogError as damaged:
            # The other logs go on; who erases a person is told by the proof.
            log.error("a compressed log is damaged and stays as it is", reason=str(damaged))  # noqa: TRY400
            return Redacted(0, path.stat().st_size, damaged=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        return _in_place(descriptor, change, since, stop)
    finally:
        os.close(descriptor)


def _in_place(descriptor: int, change: Change, since: int, stop: Callable[[bytes], bool]) -> Redacted:
    changed, offset = 0, since
    while True:
        data = os.pread(descriptor, PIECE + MAX_LINE, offset)
        end = data.rfind(b"\n") + 1
        if not end:
            break
        for line in _lines(data[:end]):
            if stop(line):
                os.fsync(descriptor)
                return Redacted(changed, offset)
            new = _checked(line, change(line))
            if new != line:
                _put(descriptor, offset, line, new)
                changed += 1
            offset += len(line)
    if changed:
        os.fsync(descriptor)
    return Redacted(changed, offset)


def _lines(data: bytes) -> Iterator[bytes]:
    """By line feeds alone: the other ends of lines that Python knows are none here."""
    start = 0
    while start < len(data):
        end = data.index(b"\n", start) + 1
        yield data[start:end]
        start = end


def _put(descriptor: int, offset: int, line: bytes, new: bytes) -> None:
    """Only what differs, by one write."""
    first = next(place for place in range(len(line)) if line[place] != new[place])
    last = next(place for place in range(len(line) - 1, -1, -1) if line[place] != new[place])
    # A log that was truncated in this moment has other lines there, or none.
    if os.pread(descriptor, len(line), offset) == line:
        os.pwrite(descriptor, new[first : last + 1], offset + first)


def _checked(line: bytes, new: bytes) -> bytes:
    if len(new) != len(line):
        raise SetupError("a line of a log would change its length: nothing is written")
    return new


def _rewrite(path: Path, change: Change, stop: Callable[[bytes], bool]) -> Redacted:
    opener = _OPENERS.get(path.suffix)
    if opener is None:
        raise SetupError(f"{path}: is compressed in a way that is not known here; unpack it, or delete it")
    status, fresh = path.stat(), path.with_name(f".{path.name}.new")
    changed, over = 0, False
    with opener(path, "rb") as source, _replacing(fresh, path, opener, status) as target:
        while line := unpacked(path, source.readline):
            over = over or stop(line)
            new = line if over else _checked(line, change(line))
            changed += new != line
            target.put(new)
        target.keep = changed > 0
    return Redacted(changed, status.st_size)


def unpacked(path: Path, read: Callable[[], bytes]) -> bytes:
    """What `read` brings of a compressed file. Raises DamagedLogError that names it."""
    try:
        return read()
    except (EOFError, zlib.error, lzma.LZMAError, OSError) as error:
        raise DamagedLogError(
            f"{path}: is damaged ({error}): what it holds is not known; delete it, or put a whole one there"
        ) from None


class _Target:
    """A compressed file that is being written; `keep` says whether it takes the old one's place."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.keep = False

    def put(self, data: bytes) -> None:
        self._file.write(data)


@contextmanager
def _replacing(
    fresh: Path, path: Path, opener: Callable[..., Any], status: os.stat_result
) -> Iterator[_Target]:
    try:
        with opener(fresh, "wb") as file:
            target = _Target(file)
            yield target
        if target.keep:
            with fresh.open("rb") as written:
                os.fsync(written.fileno())
            fresh.chmod(status.st_mode & 0o777)
            # Its age tells which generation it is, and when it may go.
            os.utime(fresh, ns=(status.st_atime_ns, status.st_mtime_ns))
            fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
