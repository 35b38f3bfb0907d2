"""Which file is which: rotated, truncated and copied generations of one log, told apart by inode and content.

A file is known by its inode and by a fingerprint, the hash of its first bytes. The inode alone would not do:
file systems give the number of a deleted file to the next one.

What a caller's number may be taken out of later (asterisk/spool_redaction.py) does not count for the hash:
letters and digits behind the fixed fields of a line. Hashes of before that was so begin otherwise and still
hold; a tail makes them anew when it opens its files.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

# The first line of either file holds the time to the second at least, so this much is never the same twice.
FINGERPRINT_BYTES = 256

# In front of the hash, in a fingerprint for which the fields of callers do not count.
_BLIND = "m"
_FIXED = b'"eventextra":"'
_RECORD = b'{"eventtype":"'
_QUEUE_FIELDS = 5
_SHROUD = bytes(
    ord("x") if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "+~*#=/ .-()") else byte
    for byte in range(256)
)

COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".lz4")


def take_fingerprint(descriptor: int, consumed: int) -> str:
    """Of the first bytes of an open file, as far as they have been consumed; empty if none have."""
    count = min(consumed, FINGERPRINT_BYTES)
    return f"{count}:{_BLIND}{_hash(shrouded(os.pread(descriptor, count, 0)))}" if count else ""


def has_fingerprint(descriptor: int, fingerprint: str) -> bool:
    """Whether the open file still begins with the bytes that gave `fingerprint`; the empty one fits none."""
    if not fingerprint:
        return False
    count, _, expected = fingerprint.partition(":")
    data = os.pread(descriptor, int(count), 0)
    if len(data) != int(count):
        return False
    if not is_blind(fingerprint):
        return _hash(data) == expected
    return _hash(shrouded(data)) == expected.removeprefix(_BLIND)


class Fingerprints:
    """Of files that were read: may be thousands, so a file is looked at once and not for each of them."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        # How many bytes they are of; of files that were read on beyond the first line or two always the same.
        self._lengths: set[tuple[int, bool]] = set()

    def add(self, fingerprint: str) -> None:
        """Remember one; the empty one fits no file."""
        if fingerprint:
            self._known.add(fingerprint)
            self._lengths.add((int(fingerprint.partition(":")[0]), is_blind(fingerprint)))

    def know(self, descriptor: int) -> bool:
        """Whether the open file begins with the bytes that gave one of them."""
        data = os.pread(descriptor, FINGERPRINT_BYTES, 0)
        for count, blind in self._lengths:
            begin = data[:count]
            hashed = f"{_BLIND}{_hash(shrouded(begin))}" if blind else _hash(begin)
            if len(begin) == count and f"{count}:{hashed}" in self._known:
                return True
        return False


def is_blind(fingerprint: str) -> bool:
    """Whether it is one that stays the same when a number is taken out of the file; so is the empty one."""
    return not fingerprint or fingerprint.partition(":")[2].startswith(_BLIND)


def renewed(descriptor: int, fingerprint: str) -> str:
    """The same fingerprint of an open file, as one that stays the same when a number is taken out of it."""
    return (
        fingerprint
        if is_blind(fingerprint)
        else take_fingerprint(descriptor, int(fingerprint.partition(":")[0]))
    )


def shrouded(data: bytes) -> bytes:
    """The beginning of a log in which all that may be taken out later looks the same."""
    return b"\n".join(
        line[: (at := _fixed(line))] + line[at:].translate(_SHROUD) for line in data.split(b"\n")
    )


def _fixed(line: bytes) -> int:
    """How many bytes of a line nobody changes."""
    if line.startswith(_RECORD):
        at = line.find(_FIXED)
        return len(line) if at < 0 else at + len(_FIXED)
    at = 0
    for _ in range(_QUEUE_FIELDS):
        at = line.find(b"|", at) + 1
        if not at:
            # The end of the bytes that are looked at, or no line of a log: nothing of that is
            # taken out there.
            return len(line)
    return at


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def generations_on_disk(path: Path) -> list[Path]:
    """Rotated files of the log at `path` (path.1, path-20260801, ...), oldest first, and last the log itself.

    A compressed generation is not among them: it must be compressed one rotation late (delaycompress).
    """
    try:
        names = [entry for entry in os.scandir(path.parent) if entry.is_file(follow_symlinks=False)]
    except FileNotFoundError:
        return []
    rotated = [
        (entry.stat().st_mtime_ns, entry.path)
        for entry in names
        if entry.name.startswith((f"{path.name}.", f"{path.name}-")) and not entry.name.endswith(COMPRESSED)
    ]
    found = [Path(name) for _, name in sorted(rotated)]
    return [*found, path] if path.exists() else found


def bytes_behind(path: Path, inode: int, offset: int) -> int:
    """Bytes of the log at `path` and its rotated files that lie behind a position.

    Of a file that is gone nothing is known; what was written after it counts, as far as it is there.
    """
    total = 0
    for file in reversed(generations_on_disk(path)):
        try:
            status = file.stat()
        except FileNotFoundError:
            continue
        if status.st_ino == inode:
            return total + max(0, status.st_size - offset)
        total += status.st_size
    return total


def generations_behind(path: Path, inode: int) -> int:
    """Rotated files of the log at `path` from the file `inode` on, in which a position is."""
    count = 0
    for file in reversed(generations_on_disk(path)):
        count += file != path
        if inode_of(file) == inode:
            break
    return count


def inode_of(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def open_if(path: Path, inode: int | None = None) -> int | None:
    """A descriptor of the file, or None if it has gone, or is another one than `inode`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    if inode is not None and os.fstat(descriptor).st_ino != inode:
        os.close(descriptor)
        return None
    return descriptor


def find(paths: Iterable[Path], inode: int, offset: int, fingerprint: str) -> int | None:
    """The file of a position: the same inode and content, else a copy that holds as much."""
    copy: int | None = None
    for path in paths:
        descriptor = open_if(path)
        if descriptor is None:
            continue
        status = os.fstat(descriptor)
        same_content = has_fingerprint(descriptor, fingerprint)
        if status.st_ino == inode and (same_content or not fingerprint):
            if copy is not None:
                os.close(copy)
            return descriptor
        if copy is None and same_content and status.st_size >= offset:
            copy = descriptor
        else:
            os.close(descriptor)
    return copy
