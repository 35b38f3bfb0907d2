"""SQLite's file without what was: the write-ahead log emptied, and free pages given back where it matters."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from hotline_ivr.errors import StoreError

# Seconds for which others' reading and writing is waited for, and between two tries.
PATIENCE = 30.0
_AGAIN = 0.2


def empty_log(path: Path, patience: float = PATIENCE) -> None:
    """Bring all of the write-ahead log into the file, and cut it to nothing.

    Raises StoreError if somebody else keeps it busy for so long (seconds).
    """
    end = time.monotonic() + patience
    with closing(_open(path)) as connection:
        while True:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return
            if time.monotonic() > end:
                raise StoreError(f"{path}: its write-ahead log is in use for {patience:.0f} s; try again")
            time.sleep(_AGAIN)


def vacuum(path: Path) -> None:
    """Write the file anew without free pages; nobody else writes meanwhile. Raises StoreError."""
    try:
        with closing(_open(path)) as connection:
            connection.execute("VACUUM")
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot be written anew: {error}") from None
    empty_log(path)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    connection.execute("PRAGMA secure_delete=ON")
    return connection
