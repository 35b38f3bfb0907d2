"""One writer of an entry at a time.

PostgreSQL shows a statement only what was committed when it began: of an erasure that waits for a change the
DELETE would never see the version that the change has written, and that version would stay, texts and all.
So who changes or erases an entry takes its lock first, and looks afterwards. SQLite has one writer anyway.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy import Connection, text

# Any number, so long as it is always this one and no other lock's (store/promises.py, store/migrate.py).
_POSTGRES_LOCK = 4_573_003
# So many locks at most, since a transaction may erase thousands of entries and the server has room for some
# thousands of locks. Two entries that share one wait for each other, which costs nothing but that.
_SHARED_AMONG = 1024


def lock_entries(connection: Connection, ids: Iterable[str]) -> None:
    """Hold these entries until the transaction ends; in one order, so that nobody waits in a ring."""
    if connection.dialect.name != "postgresql":
        return
    if keys := sorted({_key(each) for each in ids}):
        wanted = "SELECT pg_advisory_xact_lock(:lock, key) FROM unnest(CAST(:keys AS int[])) AS given(key)"
        connection.execute(text(wanted), {"lock": _POSTGRES_LOCK, "keys": keys})


def _key(entry_id: str) -> int:
    return int.from_bytes(hashlib.sha256(entry_id.encode()).digest()[:4]) % _SHARED_AMONG
