"""Old logs of Asterisk as they lie in an archive, compressed or not: what they are, and what they hold."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from hotline_ivr.asterisk.spool import MAX_LINE, Records, read_cel, read_queue_log, rejected
from hotline_ivr.asterisk.spool_files import FINGERPRINT_BYTES
from hotline_ivr.asterisk.spool_tail import PIECE_BYTES
from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.cel import NO_CALL, CallEvent, QueueEvent, Source
from hotline_ivr.routing.ledger import RejectedLine

# So much of a file is looked at to tell what it is.
_LOOKED_AT = 262_144
_OPENERS: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
_DAMAGED = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, OSError)


@dataclass(frozen=True, slots=True)
class Archive:
    """One file. `nodes` are those of the calls at its beginning, by the ids of the calls."""

    path: Path
    source: Source
    # Of its first bytes, as a position has it (spool_files.py).
    fingerprint: str
    first_at: int
    nodes: frozenset[str]


@dataclass(frozen=True, slots=True)
class ArchivePiece:
    """Whole lines of an archive that has been read up to `end` (bytes of its content)."""

    events: tuple[CallEvent, ...]
    queue_events: tuple[QueueEvent, ...]
    # What is no record, with its place in the content.
    rejected: tuple[RejectedLine, ...]
    end: int


def look_at(path: Path) -> Archive:
    """What a file is. Raises ArgumentError, with what is wrong, for what is no log of these two kinds."""
    try:
        with _opened(path) as file:
            head = file.read(_LOOKED_AT)
    except _DAMAGED as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ArgumentError(f"{path}: cannot be read: {said}") from None
    whole = head[: head.rfind(b"\n") + 1]
    if not whole:
        raise ArgumentError(f"{path}: holds no whole line: it is no log of Asterisk, or an empty one")
    cel, queue = read_cel(whole, 0, 0), read_queue_log(whole, 0, 0)
    found, source = (cel, Source.CEL) if cel.events else (queue, Source.QUEUE_LOG)
    lines = whole.count(b"\n")
    if not found.events or len(found.events) * 2 < lines:
        raise ArgumentError(
            f"{path}: is no log of Asterisk: of its first {lines} lines {len(found.events)} can be read."
            " Give cel-custom/hotline.json or queue_log, or what was rotated of them"
        )
    first = head[:FINGERPRINT_BYTES]
    calls = {event.call for event in found.events} - NO_CALL
    return Archive(
        path,
        source,
        f"{len(first)}:{hashlib.sha256(first).hexdigest()[:32]}",
        found.events[0].at,
        frozenset(call.rpartition("-")[0] for call in calls if "-" in call),
    )


def pieces(archive: Archive, generation: int) -> Iterator[ArchivePiece]:
    """All of it, at most half a megabyte at once; events are of `generation`.

    Raises ArgumentError where the file is damaged; what came before was whole.
    """
    offset, rest = 0, b""
    try:
        with _opened(archive.path) as file:
            while data := file.read(PIECE_BYTES):
                data = rest + data
                end = data.rfind(b"\n") + 1
                whole, rest = data[:end], data[end:]
                if len(rest) > MAX_LINE:
                    # No line of ours: all of it up to its end is one that is rejected.
                    whole, rest = data + b"\n", b""
                yield _piece(archive.source, whole, generation, offset)
                offset += len(whole)
    except _DAMAGED as error:
        raise ArgumentError(
            f"{archive.path}: is damaged behind byte {offset} of its content: {error}"
        ) from None
    if rest:
        # A last line without its end was cut off, or is still being written.
        unfinished = rejected(archive.source, generation, offset, rest, "cut-off")
        yield ArchivePiece((), (), (unfinished,), offset + len(rest))


def _piece(source: Source, data: bytes, generation: int, offset: int) -> ArchivePiece:
    end = offset + len(data)
    if not data:
        return ArchivePiece((), (), (), end)
    if source is Source.CEL:
        cel: Records[CallEvent] = read_cel(data, generation, offset)
        return ArchivePiece(tuple(cel.events), (), tuple(cel.rejected), end)
    queue: Records[QueueEvent] = read_queue_log(data, generation, offset)
    return ArchivePiece((), tuple(queue.events), tuple(queue.rejected), end)


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        magic = file.read(6)
    opener = next((each for begins, each in _OPENERS.items() if magic.startswith(begins)), None)
    opened: IO[bytes] = path.open("rb") if opener is None else opener(path)
    return opened
