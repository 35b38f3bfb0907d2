"""Asterisk's own database, in which it keeps members and pauses of queues: copied while Asterisk writes it.

Asterisk holds a transaction open, commits it each second, and rolls it back where somebody else holds a lock
at that moment: what it was to keep would be lost. So no lock is taken, as SQLite's online backup would. The
file is read with its journal, twice: where both are the same as a moment before, they are what a power cut at
that moment would have left, and SQLite makes a whole file of it. The copy is then checked.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

NAME = "astdb.sqlite3"
JOURNAL = f"{NAME}-journal"

_TRIES = 40
_APART = 0.05
"""Seconds between two looks: a commit is over in less, and the next is a second later."""


def copy_astdb(source: Path, folder: Path) -> Path | None:
    """Its copy in `folder`; None where the file is damaged, or never stood still. Raises OSError."""
    target = folder / NAME
    before = _look(source)
    for _ in range(_TRIES):
        time.sleep(_APART)
        now = _look(source)
        if now == before and _made_whole(now, target):
            return target
        before = now
    return None


def _look(source: Path) -> tuple[bytes, bytes]:
    """The journal on both sides of the file: a commit in between takes it away."""
    journal, data = _bytes_of(source.with_name(JOURNAL)), source.read_bytes()
    again = _bytes_of(source.with_name(JOURNAL))
    return data, journal if journal == again else b"it has changed"


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _made_whole(found: tuple[bytes, bytes], target: Path) -> bool:
    data, journal = found
    target.write_bytes(data)
    beside = target.with_name(JOURNAL)
    if journal:
        beside.write_bytes(journal)
    try:
        with closing(sqlite3.connect(target)) as connection:
            (said,) = connection.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error:
        return False
    finally:
        beside.unlink(missing_ok=True)
    return bool(said == "ok")
