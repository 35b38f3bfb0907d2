"""What the register holds of somebody, and how it is erased.

Erasing leaves one version of an entry, without question, answer, tags, number and follow-up, so that topics
and outcomes are still counted; the versions before are deleted, and the index with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, text, update

from hotline_ivr.routing.entries import Entry, erased
from hotline_ivr.routing.number_forms import NumberForms
from hotline_ivr.routing.pseudonym import MARK
from hotline_ivr.store.register_lock import lock_entries
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
    #: At most so many; None are all.
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Ids:
    """These entries."""

    ids: Sequence[str]


Whose = OfCalls | OfNumbers | OlderThan | Ids


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
    """Erase what is personal in these entries; how many there were. Doing it again erases nothing more.

    What the index keeps of them goes with `tidy_index`. Who changes one of them at the same time is
    waited for, and what they wrote is erased too; or they find it erased.
    """
    columns = register_entry.c
    count = 0
    ids = _ids(connection, whose)
    lock_entries(connection, ids)
    for some in _pieces(ids):
        query = select(*ENTRY_COLUMNS).where(columns.id.in_(some), columns.latest)
        left = [erased(entry_of(row), at, by) for row in connection.execute(query)]
        connection.execute(delete(register_entry).where(columns.id.in_(some)))
        connection.execute(insert(register_entry), [row_of(each) for each in left])
        count += len(left)
    return count


def tidy_index(connection: Connection) -> None:
    """Have the index forget the words of what was erased or changed; cheap where there is nothing."""
    if connection.dialect.name == "sqlite":
        # FTS5 notes a deletion and keeps the words until it merges its parts.
        connection.execute(text("INSERT INTO register_search (register_search) VALUES ('optimize')"))


def entry_ids(connection: Connection, whose: Whose, *, erased_too: bool = False) -> list[str]:
    """Entries that are not erased yet; with `erased_too` those that an erasure before has got to as well."""
    return _ids(connection, whose, erased_too=erased_too)


def old_numbers(connection: Connection, before: datetime) -> list[str]:
    """Numbers of entries' own that still stand in what was asked before this moment (aware)."""
    columns = register_entry.c
    plain = and_(columns.number != "", ~columns.number.startswith(MARK, autoescape=True))
    wanted = select(columns.number).distinct().where(columns.at < before, plain)
    return list(connection.scalars(wanted))


def redact_numbers(connection: Connection, before: datetime, number: Callable[[str], str]) -> int:
    """Replace numbers of entries' own in all versions of that time; how many versions have changed."""
    columns, count = register_entry.c, 0
    for each in old_numbers(connection, before):
        its = and_(columns.number == each, columns.at < before)
        count += connection.execute(update(register_entry).where(its).values(number=number(each))).rowcount
    return count


def index_holders(connection: Connection, forms: NumberForms) -> list[int]:
    """Documents of the index whose words, one after another, have the number."""
    if connection.dialect.name == "postgresql":
        words = (
            "SELECT doc, (SELECT string_agg(l.lexeme, '' ORDER BY p) FROM unnest(words) AS l(lexeme, places,"
            " weights), unnest(l.places) AS p) AS words FROM register_search"
        )
    else:
        words = (
            "SELECT rowid AS doc, replace(question || ' ' || tags || ' ' || answer, ' ', '') AS words"
            " FROM register_search"
        )
    wanted = text(f"SELECT doc FROM ({words}) AS indexed WHERE words LIKE :digits ORDER BY doc")  # noqa: S608
    found = {doc for core in forms.cores for doc in connection.scalars(wanted, {"digits": f"%{core}%"})}
    return sorted(found)


def count_entries(connection: Connection, whose: Whose) -> int:
    """How many are not erased yet."""
    return len(_ids(connection, whose))


def _ids(connection: Connection, whose: Whose, *, erased_too: bool = False) -> list[str]:
    columns = register_entry.c
    # A version before may hold what the latest does not.
    query = select(columns.id).distinct()
    if not erased_too:
        query = query.where(columns.erased_at.is_(None))
    if isinstance(whose, OlderThan) and whose.limit is not None:
        query = query.limit(whose.limit)
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
        case Ids(ids):
            yield from (columns.id.in_(some) for some in _pieces(ids))
        case OlderThan(moment):
            yield columns.at < moment


def _pieces(values: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), _AT_ONCE):
        yield list(values[start : start + _AT_ONCE])
