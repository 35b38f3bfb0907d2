"""The register in the database, as routes need it.

What web hooks are told of an entry is written in its transaction; an import tells nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from hotline_ivr.routing.entries import Entry
from hotline_ivr.routing.search_words import query_words
from hotline_ivr.routing.webhooks import entry_notice
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
from hotline_ivr.store.register_requests import (
    KnownRequest,
    RequestKey,
    known_request,
    note_request,
    take_request,
)
from hotline_ivr.store.tables import call
from hotline_ivr.store.webhook_spool import spool


@dataclass(frozen=True, slots=True)
class CallOfEntry:
    """What an entry takes from its call."""

    line: str
    operator: str
    arrived_at: datetime


class DatabaseRegister:
    """Methods raise StoreError if the database cannot be used. `node` is whose web hooks are told.

    `spooled` is called in the event loop when there is something for them.
    """

    def __init__(
        self, store: Store, node: str = "main", *, spooled: Callable[[], object] = lambda: None
    ) -> None:
        self._store, self._node, self._spooled = store, node, spooled

    async def call(self, call_id: str) -> CallOfEntry | None:
        """A call as far as the record knows it, also while it is up."""
        query = select(call.c.line, call.c.operator, call.c.arrived_at).where(call.c.id == call_id)

        def read(connection: Connection) -> CallOfEntry | None:
            row = connection.execute(query).first()
            return None if row is None else CallOfEntry(row.line, row.operator or "", row.arrived_at)

        return await self._store.read(read)

    async def add(self, entry: Entry, key: RequestKey | None = None) -> KnownRequest | None:
        """Write a new entry; or answer which one a request of this key has made before."""

        def write(connection: Connection) -> KnownRequest | int:
            if key is not None and not take_request(connection, key, entry.node, entry.id, entry.created_at):
                known = known_request(connection, key)
                if known is not None:
                    return known
            add_entry(connection, entry)
            return self._spool(connection, entry)

        done = await self._store.write(write)
        if isinstance(done, KnownRequest):
            return done
        if done:
            self._spooled()
        return None

    async def requested(self, key: RequestKey) -> KnownRequest | None:
        """Which entry a request of this key has made."""
        return await self._store.read(lambda on: known_request(on, key))

    async def noted(self, key: RequestKey) -> None:
        """Keep that the trail has the entry of this request."""
        await self._store.write(lambda on: note_request(on, key))

    async def change(self, changed: Entry, seen: int) -> Entry | ChangedMeanwhile | None:
        def write(connection: Connection) -> tuple[Entry | ChangedMeanwhile | None, int]:
            written = change_entry(connection, changed, seen)
            return written, self._spool(connection, written) if isinstance(written, Entry) else 0

        written, made = await self._store.write(write)
        if made:
            self._spooled()
        return written

    def _spool(self, connection: Connection, entry: Entry) -> int:
        return spool(connection, self._node, [entry_notice(entry)], entry.changed_at)

    async def story(self, entry_id: str) -> EntryStory | None:
        return await self._store.read(lambda on: entry_story(on, entry_id))

    async def find(self, wanted: EntryFilter) -> Sequence[Found]:
        return await self._store.read(lambda on: find_entries(on, wanted))

    async def follow_ups(self, wanted: EntryFilter, after: tuple[date, str] | None) -> Sequence[Found]:
        return await self._store.read(lambda on: find_follow_ups(on, wanted, after))

    async def search(self, text: str, wanted: EntryFilter, skip: int) -> Sequence[Found]:
        words = query_words(text)
        return await self._store.read(lambda on: search_entries(on, words, wanted, skip))
