"""Reading the register: one entry with its history, lists, what is still to be done, and search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    and_,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from hotline_ivr.config.entry_kinds import EntryOutcome, Way
from hotline_ivr.routing.entries import Entry
from hotline_ivr.routing.search_words import QueryWord, fts5_query, tsquery
from hotline_ivr.store.register_rows import ENTRY_COLUMNS, entry_of
from hotline_ivr.store.register_tables import register_entry, register_search
from hotline_ivr.store.tables import call

MOST_FOUND = 1_000
"""Entries that a search puts in order, and so far down it can be paged: whoever looks further needs another
word. Where more fit, they are the newest."""


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries; what is None does not matter. Times are aware; `until` itself is not included.

    `topics` are a topic and those below it. `due` looks for follow-ups that are open on that day or were due
    before. `after` is where a page of a list ended.
    """

    since: datetime | None = None
    until: datetime | None = None
    line: str | None = None
    call: str | None = None
    operator: str | None = None
    topics: Sequence[str] | None = None
    outcome: EntryOutcome | None = None
    way: Way | None = None
    heard_of: str | None = None
    prepared: str | None = None
    tag: str | None = None
    todo: Literal["open", "done"] | None = None
    owner: str | None = None
    due: date | None = None
    erased: bool = True
    limit: int = 50
    after: tuple[datetime, str] | None = None


@dataclass(frozen=True, slots=True)
class EntryStory:
    """An entry and all its versions, the first one first; `caller` is the number of its call."""

    entry: Entry
    versions: tuple[Entry, ...]
    caller: str


@dataclass(frozen=True, slots=True)
class Found:
    """An entry, and the number of the call it belongs to; empty without one, or where it was withheld."""

    entry: Entry
    caller: str


_CALLER = func.coalesce(
    select(call.c.caller).where(call.c.id == register_entry.c.call_id).limit(1).scalar_subquery(), ""
).label("caller")
_LATEST = select(*ENTRY_COLUMNS, _CALLER).where(register_entry.c.latest)


def entry_now(connection: Connection, entry_id: str) -> Entry | None:
    """The latest version of an entry."""
    row = connection.execute(_LATEST.where(register_entry.c.id == entry_id)).first()
    return None if row is None else entry_of(row)


def entry_story(connection: Connection, entry_id: str) -> EntryStory | None:
    """An entry with its history; None if there is none of this id."""
    query = select(*ENTRY_COLUMNS, _CALLER).where(register_entry.c.id == entry_id)
    rows = connection.execute(query.order_by(register_entry.c.version)).all()
    if not rows:
        return None
    versions = tuple(entry_of(row) for row in rows)
    return EntryStory(versions[-1], versions, rows[-1].caller)


def entries_of_call(connection: Connection, call_id: str) -> list[Entry]:
    """What was written about a call, the oldest first."""
    columns = register_entry.c
    query = _LATEST.where(columns.call_id == call_id).order_by(columns.created_at, columns.id)
    return [entry_of(row) for row in connection.execute(query)]


def find_entries(connection: Connection, wanted: EntryFilter) -> list[Found]:
    """These entries, the newest first."""
    columns = register_entry.c
    query = _filtered(_LATEST, wanted).order_by(columns.at.desc(), columns.id.desc()).limit(wanted.limit)
    if wanted.after is not None:
        at, last = wanted.after
        query = query.where(columns.at <= at, or_(columns.at < at, columns.id < last))
    return [Found(entry_of(row), row.caller) for row in connection.execute(query)]


def find_follow_ups(
    connection: Connection, wanted: EntryFilter, after: tuple[date, str] | None
) -> list[Found]:
    """Entries with something still to be done, that which is due first at the head."""
    columns = register_entry.c
    query = _filtered(_LATEST, wanted).where(
        columns.follow_up_due.is_not(None), columns.follow_up_done_at.is_(None)
    )
    query = query.order_by(columns.follow_up_due, columns.id).limit(wanted.limit)
    if after is not None:
        day, last = after
        due = columns.follow_up_due
        query = query.where(due >= day.isoformat(), or_(due > day.isoformat(), columns.id > last))
    return [Found(entry_of(row), row.caller) for row in connection.execute(query)]


def search_entries(
    connection: Connection, words: tuple[QueryWord, ...], wanted: EntryFilter, skip: int = 0
) -> list[Found]:
    """Entries in which every word stands, those that fit best first, of equal ones the newest.

    A word of the question counts most, then tags, then the answer. Where more than MOST_FOUND fit, the
    newest of them are put in order, by the day: to rank all in which a common word stands would take seconds.
    """
    if not words:
        return []
    newest = _newest_on_postgres(words, wanted)
    if connection.dialect.name != "postgresql":
        newest = _newest_on_sqlite(words, wanted)
    ordered = (newest.c.rank, newest.c.at.desc(), newest.c.id.desc())
    best = select(newest).order_by(*ordered).limit(wanted.limit).offset(skip).subquery()
    columns = register_entry.c
    query = select(*ENTRY_COLUMNS, _CALLER).join(
        best, and_(columns.id == best.c.id, columns.version == best.c.version)
    )
    query = query.order_by(best.c.rank, best.c.at.desc(), best.c.id.desc())
    return [Found(entry_of(row), row.caller) for row in connection.execute(query)]


# The newest entries that fit, and how well: a smaller rank is better. Both databases walk their index by the
# number of an entry in it, from its end, and stop when there are enough. Of each only what the order needs is
# read, which the index on `doc` has.


def _newest_on_sqlite(words: tuple[QueryWord, ...], wanted: EntryFilter) -> Subquery:
    columns, doc = register_entry.c, register_search.c.rowid
    matches = literal_column("register_search").op("MATCH")(literal(fts5_query(words)))
    rank = func.bm25(literal_column("register_search"), 10.0, 5.0, 2.0).label("rank")
    fitting = select(columns.id, columns.version, columns.at, rank)
    fitting = fitting.join(register_search, columns.doc == doc).where(columns.latest, matches)
    return _filtered(fitting, wanted).order_by(doc.desc()).limit(MOST_FOUND).subquery()


def _newest_on_postgres(words: tuple[QueryWord, ...], wanted: EntryFilter) -> Subquery:
    columns, doc = register_entry.c, register_search.c.doc
    query = cast(literal(tsquery(words)), TSQUERY)
    fitting = select(columns.id, columns.version, columns.at, doc)
    fitting = fitting.join(register_search, columns.doc == doc)
    fitting = fitting.where(columns.latest, register_search.c.words.op("@@")(query))
    newest = _filtered(fitting, wanted).order_by(doc.desc()).limit(MOST_FOUND).subquery()
    # Ranked apart: within, it would be reckoned for all that fit where they are sorted after all.
    place = register_search.alias("place")
    rank = (-func.ts_rank(place.c.words, query)).label("rank")
    return select(newest, rank).join(place, place.c.doc == newest.c.doc).subquery()


def _filtered(query: Select[Any], wanted: EntryFilter) -> Select[Any]:
    columns = register_entry.c
    same = (
        (columns.line, wanted.line),
        (columns.call_id, wanted.call),
        (columns.operator, wanted.operator),
        (columns.outcome, wanted.outcome and wanted.outcome.value),
        (columns.way, wanted.way and wanted.way.value),
        (columns.heard_of, wanted.heard_of),
        (columns.prepared, wanted.prepared),
        (columns.follow_up_owner, wanted.owner),
    )
    query = query.where(*(column == value for column, value in same if value is not None))
    if wanted.since is not None:
        query = query.where(columns.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(columns.at < wanted.until)
    if wanted.topics is not None:
        query = query.where(columns.topic.in_(wanted.topics))
    if wanted.tag is not None:
        query = query.where(columns.tags.contains(f"\n{wanted.tag}\n", autoescape=True))
    if not wanted.erased:
        query = query.where(columns.erased_at.is_(None))
    return query.where(*_todo(wanted))


def _todo(wanted: EntryFilter) -> list[ColumnElement[bool]]:
    columns = register_entry.c
    is_open = and_(columns.follow_up_due.is_not(None), columns.follow_up_done_at.is_(None))
    found: list[ColumnElement[bool]] = []
    if wanted.todo == "open":
        found.append(is_open)
    elif wanted.todo == "done":
        found.append(columns.follow_up_done_at.is_not(None))
    if wanted.due is not None:
        found += [is_open, columns.follow_up_due <= wanted.due.isoformat()]
    return found
