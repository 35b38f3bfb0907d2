"""What the register holds of somebody, and how it is erased.

Erasing leaves one version of an entry, without question, answer, tags, number and follow-up, so that topics
and outcomes are still counted; the versions before are deleted, and the index with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, text

from hotline_ivr.routing.entries import Entry, erased
from hotline_ivr.store.register_rows import ENTRY_COLUMNS, entry_of, row_of
from hotline_ivr.store.register_tables import register_entry
from hotline_ivr.store.tables import call

# Values in one IN (...): SQLite takes 999 parameters in old versions.
_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class OfCalls:
    """Entries about these calls, by their ids."""

    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class OfNumbers:
    """Entries about calls of these numbers, or with one of them of their own; as they are written there."""

    numbers: Sequence[str]


@dataclass(frozen=True, slots=True)
class OlderThan:
    """Entries about what was asked before this moment (aware)."""

    moment: datetime


Whose = OfCalls | OfNumbers | OlderThan


def personal_entries(connection: Connection, whose: Whose) -> list[Entry]:
    """Every version of these entries in which anything personal stands, entry by entry."""
    columns = register_entry.c
    found: dict[tuple[str, int], Entry] = {}
    for some in _pieces(_ids(connection, whose)):
        query = select(*ENTRY_COLUMNS).where(columns.id.in_(some), columns.erased_at.is_(None))
        for row in connection.execute(query.order_by(columns.id, columns.version)):
            found[row.id, row.version] = entry_of(row)
    return list(found.values())


def erase_entries(connection: Connection, whose: Whose, at: datetime, by: str) -> int:
    """Erase what is personal in these entries; how many there were. Doing it again erases nothing more."""
    columns = register_entry.c
    count = 0
    for some in _pieces(_ids(connection, whose)):
        query = select(*ENTRY_COLUMNS).where(columns.id.in_(some), columns.latest)
        left = [erased(entry_of(row), at, by) for row in connection.execute(query)]
        connection.execute(delete(register_entry).where(columns.id.in_(some)))
        connection.execute(insert(register_entry), [row_of(each) for each in left])
        count += len(left)
    if count and connection.dialect.name == "sqlite":
        # FTS5 notes a deletion and keeps the words until it merges its parts.
        connection.execute(text("INSERT INTO register_search (register_search) VALUES ('optimize')"))
    return count


def _ids(connection: Connection, whose: Whose) -> list[str]:
    """Entries that are not erased yet."""
    columns = register_entry.c
    # A version before may hold what the latest does not.
    query = select(columns.id).where(columns.erased_at.is_(None)).distinct()
    found: dict[str, None] = {}
    for condition in _conditions(whose):
        found.update(dict.fromkeys(connection.scalars(query.where(condition).order_by(columns.id))))
    return list(found)


def _conditions(whose: Whose) -> Iterator[ColumnElement[bool]]:
    columns = register_entry.c
    match whose:
        case OfCalls(ids):
            yield from (columns.call_id.in_(some) for some in _pieces(ids))
        case OfNumbers(numbers):
            for some in _pieces(numbers):
                calls = select(call.c.id).where(call.c.caller.in_(some))
                yield or_(columns.number.in_(some), columns.call_id.in_(calls))
        case OlderThan(moment):
            yield columns.at < moment


def _pieces(values: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), _AT_ONCE):
        yield list(values[start : start + _AT_ONCE])
