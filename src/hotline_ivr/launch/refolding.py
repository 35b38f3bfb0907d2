"""Making the rows of a node anew, page by page, beside a running service or without one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from hotline_ivr.routing.machine import UNDISTURBED
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import check_schema, require_file
from hotline_ivr.store.refolding import (
    Refolded,
    calls_between,
    calls_without_row,
    count_between,
    machine_of,
    refold,
)

TRIES = 3
"""How often rows that the service was writing are tried again."""

Span = tuple[datetime | None, datetime | None]


async def refold_record(
    settings: Settings, span: Span, *, dry_run: bool, progress: Callable[[int, int], object]
) -> Refolded:
    """Fold all calls that arrived within `span` (aware; None is open).

    `progress` is told how many calls are done, and of how many.

    Raises StoreError; what was written before stands, and doing it again goes on from there.
    """
    require_file(settings.database)
    store = open_store(settings.database)
    try:
        await check_schema(store)
        return await _Refolding(store, settings.node, span, dry_run=dry_run).run(progress)
    finally:
        await store.close()


class _Refolding:
    def __init__(self, store: Store, node: str, span: Span, *, dry_run: bool) -> None:
        self._store, self._node, self._span, self._dry_run = store, node, span, dry_run
        self._machine = UNDISTURBED
        self.done = Refolded()

    async def run(self, progress: Callable[[int, int], object]) -> Refolded:
        node, span = self._node, self._span
        self._machine = await self._store.read(lambda connection: machine_of(connection, node))
        total = await self._store.read(lambda connection: count_between(connection, node, span))
        after: tuple[datetime, str] | None = None
        while page := await self._page(after):
            await self._fold([ident for _, ident in page])
            after = page[-1]
            progress(self.done.looked_at, total)
        last = ""
        while ids := await self._store.read(partial(calls_without_row, node=node, after=last)):
            await self._fold(ids)
            last = ids[-1]
        for _ in range(TRIES):
            if busy := self.done.busy:
                self.done.busy = []
                self.done.looked_at -= len(busy)
                await self._fold(busy)
        return self.done

    async def _page(self, after: tuple[datetime, str] | None) -> list[tuple[datetime, str]]:
        return await self._store.read(
            lambda connection: calls_between(connection, self._node, self._span, after)
        )

    async def _fold(self, ids: list[str]) -> None:
        def work(connection: Connection) -> Refolded:
            return refold(
                connection, self._node, ids, self._machine, span=self._span, write=not self._dry_run
            )

        run = self._store.read if self._dry_run else self._store.write
        self.done.add(await run(work))
