"""The promise ledger of one node, as its keeper and the routes need it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from hotline_ivr.routing.owed import FinishedCall, Rules
from hotline_ivr.routing.promises import Act, Promise, PromisesNow
from hotline_ivr.store.attempts import end_attempts
from hotline_ivr.store.engine import Store
from hotline_ivr.store.owed import finished_calls, finished_since
from hotline_ivr.store.promise_list import (
    Owed,
    PromiseFilter,
    PromiseStory,
    find_promises,
    promise_story,
    promises_now,
)
from hotline_ivr.store.promises import act, enter_calls, expire, lock, make_anew

# Calls that are looked at in one transaction: the record waits for no longer than that.
PAGE = 400


class DatabasePromises:
    """Methods raise StoreError if the database cannot be used. `rules` are those of the plan in force."""

    def __init__(self, store: Store, node: str, rules: Callable[[], Rules]) -> None:
        self._store, self._node, self._rules = store, node, rules

    async def enter(self, ids: Sequence[str], now: datetime) -> None:
        """Take these finished calls of this node into the ledger, each once."""
        for start in range(0, len(ids), PAGE):
            await self._store.write(partial(self._enter, ids=ids[start : start + PAGE], now=now))

    async def sweep(self, after: tuple[datetime, str] | None, now: datetime) -> tuple[datetime, str] | None:
        """The next page of all calls that may still matter; where it ended, None after the last one."""
        since = now - self._rules().expires
        page = await self._store.read(lambda on: finished_since(on, self._node, since, after, PAGE))
        if not page:
            return None
        await self._store.write(lambda on: self._take(on, page, now, swept=True))
        return (page[-1].arrived_at, page[-1].id) if len(page) == PAGE else None

    async def expire(self, now: datetime) -> None:
        """Close what has expired."""
        await self._store.write(lambda on: expire(on, self._rules(), now))

    async def now(self) -> PromisesNow:
        """What is open of this node's entries."""
        return await self._store.read(lambda on: promises_now(on, self._node))

    async def find(self, wanted: PromiseFilter) -> list[Owed]:
        """Entries of all nodes."""
        return await self._store.read(lambda on: find_promises(on, wanted))

    async def story(self, entry_id: str) -> PromiseStory | None:
        """One entry with all that is known of it."""
        return await self._store.read(lambda on: promise_story(on, entry_id))

    async def act(self, entry_id: str, done: Act, now: datetime) -> Promise | None:
        """What somebody did; None if there is no such entry, ArgumentError if it is closed."""
        return await self._store.write(
            lambda on: act(on, self._node, entry_id, done, rules=self._rules(), now=now)
        )

    def _enter(self, connection: Connection, ids: Sequence[str], now: datetime) -> int:
        return self._take(connection, finished_calls(connection, self._node, ids), now, swept=False)

    def _take(
        self, connection: Connection, calls: Sequence[FinishedCall], now: datetime, *, swept: bool
    ) -> int:
        rules = self._rules()
        lock(connection)
        not_reached = end_attempts(connection, self._node, calls)
        changed = enter_calls(connection, calls, rules, now, swept=swept)
        make_anew(connection, not_reached, rules, now)
        return changed
