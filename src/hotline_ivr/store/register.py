"""Writing entries of the register. Each version is kept; nothing is lost but what is erased for privacy.

Two people who change one entry: the second is told, because who changes names the version that they saw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, and_, insert, select, update

from hotline_ivr.routing.entries import Entry
from hotline_ivr.store.register_list import entry_now
from hotline_ivr.store.register_lock import lock_entries
from hotline_ivr.store.register_rows import row_of
from hotline_ivr.store.register_tables import register_entry, register_import

Item = TypeVar("Item")

# Values in one statement: SQLite takes 999 parameters in old versions.
_AT_ONCE = 400
# Rows that are handed to the driver at once.
_ROWS = 500


@dataclass(frozen=True, slots=True)
class ChangedMeanwhile:
    """Somebody else was faster: the entry as it is now."""

    now: Entry


def add_entry(connection: Connection, entry: Entry) -> None:
    """Write a new entry, whose version is 1."""
    connection.execute(insert(register_entry).values(row_of(entry)))


def change_entry(
    connection: Connection, changed: Entry, seen: int, batch: str = ""
) -> Entry | ChangedMeanwhile | None:
    """Write a changed entry as the version after `seen`; None if there is none of this id.

    The former version stops being the latest in one statement that says which one it was, so of two who
    saw the same only one goes on, whatever the database locks.
    """
    lock_entries(connection, [changed.id])
    columns = register_entry.c
    latest = and_(
        columns.id == changed.id, columns.latest, columns.version == seen, columns.erased_at.is_(None)
    )
    if not connection.execute(update(register_entry).where(latest).values(latest=False)).rowcount:
        now = entry_now(connection, changed.id)
        return None if now is None else ChangedMeanwhile(now)
    written = replace(changed, version=seen + 1)
    connection.execute(insert(register_entry).values(row_of(written) | {"batch": batch}))
    return written


def add_imported(
    connection: Connection, rows: Iterable[tuple[str, Entry]], at: datetime, batch: str = ""
) -> int:
    """Write entries of a spreadsheet, each under the key of its row; how many were not there yet.

    A key that is known adds nothing, also when its entry has been erased since: what somebody asked to be
    forgotten does not come back with the same file.
    """
    given = dict(rows)
    known = known_keys(connection, list(given))
    fresh = [(key, entry) for key, entry in given.items() if key not in known]
    for some in _pieces(fresh, _ROWS):
        connection.execute(insert(register_entry), [row_of(entry) | {"batch": batch} for _, entry in some])
        connection.execute(
            insert(register_import),
            [
                {"key": key, "node": entry.node, "entry_id": entry.id, "imported_at": at}
                for key, entry in some
            ],
        )
    return len(fresh)


def known_keys(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Those of the keys whose rows are entries already."""
    found: set[str] = set()
    for some in _pieces(keys, _AT_ONCE):
        found.update(connection.scalars(select(register_import.c.key).where(register_import.c.key.in_(some))))
    return found


def _pieces(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
