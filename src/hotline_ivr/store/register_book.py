"""The register in the database, as routes need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from hotline_ivr.routing.entries import Entry
from hotline_ivr.routing.search_words import query_words
from hotline_ivr.store.engine import Store
from hotline_ivr.store.register import ChangedMeanwhile, add_entry, change_entry
from hotline_ivr.store.register_list import (
    EntryFilter,
    EntryStory,
    Found,
    entry_story,
    find_entries,
    find_follow_ups,
    search_entries,
)
from hotline_ivr.store.tables import call


@dataclass(frozen=True, slots=True)
class CallOfEntry:
    """What an entry takes from its call."""

    line: str
    operator: str
    arrived_at: datetime


class DatabaseRegister:
    """Methods raise StoreError if the database cannot be used."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def call(self, call_id: str) -> CallOfEntry | None:
        """A call as far as the record knows it, also while it is up."""
        query = select(call.c.line, call.c.operator, call.c.arrived_at).where(call.c.id == call_id)

        def read(connection: Connection) -> CallOfEntry | None:
            row = connection.execute(query).first()
            return None if row is None else CallOfEntry(row.line, row.operator or "", row.arrived_at)

        return await self._store.read(read)

    async def add(self, entry: Entry) -> None:
        await self._store.write(lambda on: add_entry(on, entry))

    async def change(self, changed: Entry, seen: int) -> Entry | ChangedMeanwhile | None:
        return await self._store.write(lambda on: change_entry(on, changed, seen))

    async def story(self, entry_id: str) -> EntryStory | None:
        return await self._store.read(lambda on: entry_story(on, entry_id))

    async def find(self, wanted: EntryFilter) -> Sequence[Found]:
        return await self._store.read(lambda on: find_entries(on, wanted))

    async def follow_ups(self, wanted: EntryFilter, after: tuple[date, str] | None) -> Sequence[Found]:
        return await self._store.read(lambda on: find_follow_ups(on, wanted, after))

    async def search(self, text: str, wanted: EntryFilter, skip: int) -> Sequence[Found]:
        words = query_words(text)
        return await self._store.read(lambda on: search_entries(on, words, wanted, skip))
