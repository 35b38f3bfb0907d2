"""Imports of spreadsheets in the register: what each has written, and taking one back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from hotline_ivr.routing.entries import Entry
from hotline_ivr.store.register import add_imported, change_entry
from hotline_ivr.store.register_lock import lock_entries
from hotline_ivr.store.register_rows import ENTRY_COLUMNS, entry_of
from hotline_ivr.store.register_tables import register_batch, register_entry, register_import
from hotline_ivr.store.webhook_privacy import forget_subjects, spool_erased
from hotline_ivr.store.webhook_tables import webhook_subject

# Values in one IN (...): SQLite takes 999 parameters in old versions.
_AT_ONCE = 400
_ENTRY, _IMPORT, _BATCH = register_entry.c, register_import.c, register_batch.c


@dataclass(frozen=True, slots=True)
class Batch:
    """One import. Times are aware; who made one of an earlier version is not known, nor its file."""

    id: str
    node: str
    file: str
    imported_at: datetime
    imported_by: str
    added: int = 0
    updated: int = 0
    undone_at: datetime | None = None
    undone_by: str = ""


@dataclass(frozen=True, slots=True)
class Undone:
    """What taking an import back does, or would do.

    `removed` entries are gone, `restored` ones are as they were before it. `changed` were changed by somebody
    after it, by their ids, and `erased` for privacy: what is left of these stays.
    """

    removed: int
    restored: int
    changed: tuple[str, ...]
    erased: int


def batches(connection: Connection, limit: int) -> list[Batch]:
    """Imports, the newest first."""
    query = select(register_batch).order_by(_BATCH.imported_at.desc(), _BATCH.id).limit(limit)
    return [Batch(*row) for row in connection.execute(query)]


def batch_of(connection: Connection, batch_id: str) -> Batch | None:
    """One import; None if there is none of this id."""
    row = connection.execute(select(register_batch).where(_BATCH.id == batch_id)).first()
    return None if row is None else Batch(*row)


def imported_rows(connection: Connection) -> list[tuple[str, str]]:
    """Key and entry of every row that was imported."""
    query = select(_IMPORT.key, _IMPORT.entry_id).order_by(_IMPORT.imported_at, _IMPORT.key)
    return [(row.key, row.entry_id) for row in connection.execute(query)]


def versions_of(connection: Connection, ids: Sequence[str]) -> dict[str, list[Entry]]:
    """All versions of these entries, oldest first."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for some in _pieces(ids):
        query = select(*ENTRY_COLUMNS).where(_ENTRY.id.in_(some)).order_by(_ENTRY.id, _ENTRY.version)
        for row in connection.execute(query):
            found[row.id].append(entry_of(row))
    return found


def key_anew(connection: Connection, keyed: Callable[[str], str]) -> int:
    """Replace keys of rows by what `keyed` makes of them, where that is another; how many."""
    count = 0
    for key, _ in imported_rows(connection):
        if (new := keyed(key)) != key:
            connection.execute(update(register_import).where(_IMPORT.key == key).values(key=new))
            count += 1
    return count


def write_import(
    connection: Connection,
    batch: Batch,
    rows: Iterable[tuple[str, Entry]],
    updates: Iterable[tuple[Entry, int]],
) -> Batch:
    """Write new entries with their keys, and changed ones with the version that was seen; what was written.

    A changed one that somebody has changed or erased meanwhile is left as it is.
    """
    wanted = list(updates)
    lock_entries(connection, [entry.id for entry, _ in wanted])
    added = add_imported(connection, rows, batch.imported_at, batch.id)
    written = [change_entry(connection, entry, seen, batch.id) for entry, seen in wanted]
    updated = sum(isinstance(each, Entry) for each in written)
    values: dict[str, Any] = {name: getattr(batch, name) for name in Batch.__dataclass_fields__}
    made = Batch(**values | {"added": added, "updated": updated})
    if added or updated:
        connection.execute(insert(register_batch).values(**values | {"added": added, "updated": updated}))
    return made


def undo_import(
    connection: Connection, batch_id: str, at: datetime, by: str, *, changed_too: bool, dry_run: bool = False
) -> Undone:
    """Take back what an import has written, unless somebody has changed some of it since and `changed_too`
    does not say that this goes too; nothing is written then.

    Rows of entries that are gone can be imported again. Receivers of web hooks that were told of one of them
    are told that it is gone, in the transaction.
    """
    query = select(_ENTRY.id, func.min(_ENTRY.version).label("first"), func.max(_ENTRY.version).label("last"))
    own = connection.execute(query.where(_ENTRY.batch == batch_id).group_by(_ENTRY.id)).all()
    lock_entries(connection, [row.id for row in own])
    own = connection.execute(query.where(_ENTRY.batch == batch_id).group_by(_ENTRY.id)).all()
    latest = _latest(connection, [row.id for row in own])
    changed = tuple(row.id for row in own if latest[row.id] != row.last)
    erased = _erased(connection, batch_id)
    added = [row.id for row in own if row.first == 1]
    updated = [(row.id, row.first) for row in own if row.first > 1]
    found = Undone(len(added), len(updated), changed, erased)
    if dry_run or (changed and not changed_too):
        return found
    _take_away(connection, added, at)
    for entry_id, first in updated:
        its = _ENTRY.id == entry_id
        connection.execute(delete(register_entry).where(its, _ENTRY.version >= first))
        connection.execute(update(register_entry).where(its, _ENTRY.version == first - 1).values(latest=True))
    its_batch = _BATCH.id == batch_id
    connection.execute(update(register_batch).where(its_batch).values(undone_at=at, undone_by=by))
    return found


def _take_away(connection: Connection, ids: Sequence[str], at: datetime) -> None:
    told: list[str] = []
    nodes: set[str] = set()
    for some in _pieces(ids):
        known = select(webhook_subject.c.node, webhook_subject.c.subject)
        its = and_(webhook_subject.c.event == "entry-saved", webhook_subject.c.subject.in_(some))
        for row in connection.execute(known.where(its)):
            told.append(row.subject)
            nodes.add(row.node)
    spool_erased(connection, [], list(dict.fromkeys(told)), at)
    for node in nodes:
        forget_subjects(connection, node, "entry-saved", told)
    for some in _pieces(ids):
        connection.execute(delete(register_entry).where(_ENTRY.id.in_(some)))
        connection.execute(delete(register_import).where(_IMPORT.entry_id.in_(some)))


def _latest(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in _pieces(ids):
        query = select(_ENTRY.id, _ENTRY.version).where(_ENTRY.id.in_(some), _ENTRY.latest)
        found |= {row.id: row.version for row in connection.execute(query)}
    return found


def _erased(connection: Connection, batch_id: str) -> int:
    """Entries of an import that were erased since: what is left of them tells no import any more."""
    made = batch_of(connection, batch_id)
    if made is None:
        return 0
    rows = select(func.count()).select_from(register_import)
    rows = rows.join(register_entry, and_(_ENTRY.id == _IMPORT.entry_id, _ENTRY.latest))
    rows = rows.where(_IMPORT.node == made.node, _IMPORT.imported_at == made.imported_at)
    return connection.scalar(rows.where(_ENTRY.erased_at.is_not(None))) or 0


def _pieces(values: Sequence[str]) -> Iterable[list[str]]:
    for start in range(0, len(values), _AT_ONCE):
        yield list(values[start : start + _AT_ONCE])
