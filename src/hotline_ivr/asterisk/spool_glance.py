"""A glance at a log: whether a mark stands in what was written since, without reading the log.

The record's tail reads, parses and moves on; a glance does none of that. It looks at the file's size, and
only where it has grown into the new bytes, so that many may be made between one reading and the next. It goes
on by whole lines: of a line that is cut the beginning is looked at again once its end is there, so no mark is
missed that lies across two glances, and none is told before the tail can read its line.

In doubt it says yes: then the tail reads, finds out what has happened to the file, and the doubt is over.
What stays as it was is never doubted twice, so a log that is away, or that nobody writes to, is not read
because of it. Missed is only what a log held that was emptied and filled again to beyond where it was, all
between two glances; the next reading finds that by itself.
"""

from __future__ import annotations

import os
from pathlib import Path

from hotline_ivr.asterisk.spool import MAX_LINE
from hotline_ivr.asterisk.spool_tail import Tail
from hotline_ivr.routing.ledger import Position

# A file's inode and size in bytes; None if there is none.
_State = tuple[int, int] | None


class Glance:
    """At the log that `tail` reads, for `mark`. To be used by the thread that uses the tail."""

    def __init__(self, path: Path, tail: Tail, mark: bytes) -> None:
        self._path = path
        self._tail = tail
        self._mark = mark
        # What was read, the log, and another file that the tail has open: as it was at the last glance.
        self._before: tuple[Position, _State, _State] | None = None
        # Up to here (bytes) there is no mark in that generation of the log that is not read.
        self._generation = 0
        self._clear_to = 0

    def finds(self) -> bool:
        """Whether a whole line with the mark waits to be read, or may, as where the file cannot be read."""
        try:
            return self._finds()
        except OSError:
            return True

    def _finds(self) -> bool:
        descriptor, position = self._tail.descriptor, self._tail.position
        log = self._log_state()
        is_log = descriptor is not None and log is not None and log[0] == position.inode
        # While the log is being rotated, both are written to: the old file until Asterisk opens the new one.
        own = _state(os.fstat(descriptor)) if descriptor is not None and not is_log else None
        if self._before == (position, log, own):
            return False
        self._before = position, log, own
        if descriptor is None or log is None or not is_log:
            return True
        if self._generation != position.generation:
            self._generation, self._clear_to = position.generation, 0
        start, size = max(self._clear_to, position.offset), log[1]
        if not start <= size <= start + MAX_LINE:
            # Emptied in place, or so much that reading it is worth while whatever it is.
            self._clear_to = 0
            return True
        data = os.pread(descriptor, size - start, start)
        whole = data.rfind(b"\n") + 1
        if data.find(self._mark, 0, whole) >= 0:
            return True
        self._clear_to = start + whole
        return False

    def _log_state(self) -> _State:
        try:
            return _state(self._path.stat())
        except FileNotFoundError:
            return None


def _state(status: os.stat_result) -> _State:
    return status.st_ino, status.st_size
