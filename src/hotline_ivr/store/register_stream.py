"""Entries of the register one after another: for exports, and for whoever is told of each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, or_, select

from hotline_ivr.routing.entries import Entry
from hotline_ivr.store.engine import Store
from hotline_ivr.store.register_rows import ENTRY_COLUMNS, entry_of
from hotline_ivr.store.register_tables import register_entry

PAGE = 500
"""Entries in memory at once; one has some kilobytes."""


@dataclass(frozen=True, slots=True)
class EntryPlace:
    """Behind which entry a stream goes on: its time by the stream's order, and its id."""

    at: datetime
    id: str


Order = Literal["at", "changed_at"]


async def stream_entries(
    store: Store,
    *,
    by: Order = "at",
    after: EntryPlace | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    line: str | None = None,
) -> AsyncIterator[Entry]:
    """The latest version of every entry, oldest first; between two pages others may write.

    `by="at"` is the order in which things were asked, for an export. `by="changed_at"` is that in which they
    were saved, for who wants to be told of each: an entry that is changed comes again at its new place. After
    a stop go on with `place_of` the last one that was dealt with. `since` and `until` (not included) are
    times of the same order. Raises StoreError.
    """
    while True:
        page = await store.read(_reader(by, after, since, until, line))
        for entry in page:
            yield entry
        if len(page) < PAGE:
            return
        after = place_of(page[-1], by)


def place_of(entry: Entry, by: Order = "at") -> EntryPlace:
    """Where a stream has come to with this entry."""
    return EntryPlace(entry.at if by == "at" else entry.changed_at, entry.id)


def _reader(
    by: Order, after: EntryPlace | None, since: datetime | None, until: datetime | None, line: str | None
) -> Any:
    columns = register_entry.c
    time = columns.at if by == "at" else columns.changed_at
    query = select(*ENTRY_COLUMNS).where(columns.latest).order_by(time, columns.id).limit(PAGE)
    if after is not None:
        query = query.where(time >= after.at, or_(time > after.at, columns.id > after.id))
    if since is not None:
        query = query.where(time >= since)
    if until is not None:
        query = query.where(time < until)
    if line is not None:
        query = query.where(columns.line == line)

    def read(connection: Connection) -> list[Entry]:
        return [entry_of(row) for row in connection.execute(query)]

    return read
