"""Following one of Asterisk's log files: pieces of whole lines, each with the position behind it.

The file is the spool: it grows whether or not anybody reads, and what was read is remembered elsewhere, in
the same transaction as what came of it. So a tail keeps no state of its own; it starts from the positions it
is given and never reads a byte twice.

When the log is rotated, the old file is finished first. Asterisk goes on writing to the old file until it
reopens its logs, so the old one is finished only when its successor holds something: then it is read to its
end once more, and left. When the log is truncated in place (copytruncate), what was not yet read is taken
from the copy, found by its content.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from hotline_ivr.asterisk.spool import MAX_LINE, rejected
from hotline_ivr.asterisk.spool_files import (
    FINGERPRINT_BYTES,
    Fingerprints,
    find,
    generations_on_disk,
    has_fingerprint,
    inode_of,
    is_blind,
    open_if,
    renewed,
    take_fingerprint,
)
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.ledger import Position, RejectedLine

# How much is read at once, in bytes: about 2,300 events, a few milliseconds of work, so that the thread that
# does it never keeps the event loop waiting for long; and the bound of what is held in memory.
PIECE_BYTES = 524_288


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines (`data` ends with a line's end, or is empty), from `start` of generation `generation`."""

    generation: int
    start: int
    data: bytes
    # Where to read on, once this piece has been dealt with.
    after: Position
    # Bytes before or between the lines that were no lines.
    rejected: tuple[RejectedLine, ...]
    # Whether more is waiting already.
    more: bool


class Tail:
    """Reads one log from where it was left. Not for use by two threads at once.

    `known` are the positions of all generations read so far, oldest first; the last one is where to go on.
    """

    def __init__(
        self,
        path: Path,
        source: Source,
        known: Sequence[Position] = (),
        *,
        piece_bytes: int = PIECE_BYTES,
        max_line: int = MAX_LINE,
    ) -> None:
        self._path = path
        self._source = source
        self._done = list(known[:-1])
        self._read = Fingerprints()
        self._position = known[-1] if known else Position(source, 0, 0, 0, "")
        self._piece_bytes = max(piece_bytes, max_line + 1)
        self._max_line = max_line
        self._descriptor: int | None = None
        # Whether the position is inside a line that has been given up.
        self._mid_line = False
        self._rejected: list[RejectedLine] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def position(self) -> Position:
        """Up to where was read; of generation 0 while nothing was ever opened."""
        return self._position

    @property
    def descriptor(self) -> int | None:
        """The file of that position, to be read only; None while none is open."""
        return self._descriptor

    def read(self) -> Piece | None:
        """The next piece, or None while there is nothing new. Raises OSError if the file cannot be read."""
        if self._descriptor is None and not self._open():
            return None
        while True:
            self._follow_truncation()
            piece = self._read_piece(last=False)
            if piece is not None:
                return piece if piece.more else replace(piece, more=self._goes_on())
            successor = self._successor()
            if successor is None:
                return None
            # The successor holds something, so nobody writes to this file any more; what was written between
            # our last look at it and now is still to be read.
            piece = self._read_piece(last=True)
            if piece is not None:
                os.close(successor)
                return piece
            self._switch_to(successor)

    # Within one file.

    def _read_piece(self, *, last: bool) -> Piece | None:
        """`last` says that the file will not grow any more: a line without its end will never get one."""
        descriptor, start = self._open_descriptor(), self._position.offset
        data = os.pread(descriptor, self._piece_bytes, start)
        more = len(data) == self._piece_bytes
        skipped = 0
        if self._mid_line and data:
            skipped = data.find(b"\n") + 1 or len(data)
            self._reject(start, data[:skipped], "over-long")
            self._mid_line = not data[:skipped].endswith(b"\n")
        end = data.rfind(b"\n") + 1
        if end <= skipped and len(data) - skipped > (0 if last else self._max_line):
            end = len(data)
            self._reject(start + skipped, data[skipped:], "cut-off" if last and not more else "over-long")
            self._mid_line = True
            skipped = end
        end = max(end, skipped)
        if end == 0 and not self._rejected:
            return None
        self._advance(start + end)
        aside, self._rejected = tuple(self._rejected), []
        return Piece(
            self._position.generation, start + skipped, data[skipped:end], self._position, aside, more
        )

    def _advance(self, offset: int) -> None:
        fingerprint = self._position.fingerprint
        if self._position.offset < FINGERPRINT_BYTES:
            fingerprint = take_fingerprint(self._open_descriptor(), offset)
        self._position = replace(self._position, offset=offset, fingerprint=fingerprint)

    def _reject(self, offset: int, data: bytes, reason: str) -> None:
        self._rejected.append(rejected(self._source, self._position.generation, offset, data, reason))

    def _open_descriptor(self) -> int:
        if self._descriptor is None:
            raise AssertionError("read from a file that is not open")
        return self._descriptor

    # From file to file.

    def _open(self) -> bool:
        """Find the file of our position again, or begin with the oldest that was never read."""
        on_disk = generations_on_disk(self._path)
        self._done = [self._blind(each, on_disk) for each in self._done]
        self._read = Fingerprints()
        for each in self._done:
            self._read.add(each.fingerprint)
        position = self._position
        if position.generation:
            newest_first = reversed(on_disk)
            found = find(newest_first, position.inode, position.offset, position.fingerprint)
            if found is not None:
                self._use(found, position)
                return True
        first = self._successor()
        if first is None:
            return False
        if position.generation:
            # Rotated away or compressed while nobody read: what was in it behind our position is not known.
            self._reject(position.offset, b"", "file-gone")
        self._switch_to(first)
        return True

    def _blind(self, position: Position, on_disk: Sequence[Path]) -> Position:
        """A position whose fingerprint holds also when a number is taken out of its file."""
        if is_blind(position.fingerprint):
            return position
        found = find(on_disk, position.inode, position.offset, position.fingerprint)
        if found is None:
            return position
        try:
            return replace(position, fingerprint=renewed(found, position.fingerprint))
        finally:
            os.close(found)

    def _use(self, descriptor: int, position: Position) -> None:
        self.close()
        self._descriptor = descriptor
        mark = renewed(descriptor, position.fingerprint)
        self._position = replace(position, inode=os.fstat(descriptor).st_ino, fingerprint=mark)
        before = os.pread(descriptor, 1, position.offset - 1) if position.offset else b"\n"
        # A restart in the middle of an over-long line; behind the end of a truncated file there is no byte.
        self._mid_line = before not in {b"\n", b""}

    def _switch_to(self, descriptor: int) -> None:
        if self._position.generation:
            self._done.append(self._position)
            self._read.add(self._position.fingerprint)
        self._use(descriptor, Position(self._source, self._position.generation + 1, 0, 0, ""))

    def _follow_truncation(self) -> None:
        """The log was emptied in place: take what was not read from the copy, then begin it anew."""
        descriptor, position = self._open_descriptor(), self._position
        size = os.fstat(descriptor).st_size
        if position.offset == 0 or (
            size >= position.offset and has_fingerprint(descriptor, position.fingerprint)
        ):
            return
        copies = [path for path in generations_on_disk(self._path) if path != self._path]
        copy = find(copies, position.inode, position.offset, position.fingerprint)
        if copy is not None:
            self._use(copy, position)
            return
        self._reject(position.offset, b"", "truncated")
        anew = open_if(self._path)
        if anew is not None:
            self._switch_to(anew)

    def _goes_on(self) -> bool:
        """Whether there is a later file that holds something: then this is not the end of the log."""
        descriptor = self._successor()
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is not None

    def _successor(self) -> int | None:
        """The oldest file that holds something and was never read, as a descriptor."""
        if self._descriptor is not None and inode_of(self._path) == self._position.inode:
            # The usual case, four times a second: this is the log itself, and all others are older.
            return None
        for path in generations_on_disk(self._path):
            descriptor = open_if(path)
            if descriptor is None:
                continue
            if os.fstat(descriptor).st_size > 0 and not self._was_read(descriptor):
                return descriptor
            os.close(descriptor)
        return None

    def _was_read(self, descriptor: int) -> bool:
        if self._read.know(descriptor) or has_fingerprint(descriptor, self._position.fingerprint):
            return True
        inode = os.fstat(descriptor).st_ino
        unread = (each for each in (*self._done, self._position) if each.generation and not each.fingerprint)
        return any(each.inode == inode for each in unread)
