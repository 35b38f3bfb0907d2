"""The record of a node, wired together: the database, who keeps it, and how it does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import Any

import structlog

from hotline_ivr.asterisk.spool_files import bytes_behind, generations_behind
from hotline_ivr.asterisk.spool_log import open_logs
from hotline_ivr.calls.calls_in_hand import Limits
from hotline_ivr.calls.record_keeper import RecordKeeper, RecordObserver
from hotline_ivr.calls.record_pace import Pace
from hotline_ivr.errors import StoreError
from hotline_ivr.launch.rotating import KEPT
from hotline_ivr.launch.webhook_parts import WebhookParts
from hotline_ivr.routing.cel import Source
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import Store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade

log = structlog.get_logger()

# How often (seconds) a database that cannot be used is tried again.
DATABASE_RETRY = 5.0

# From so many rotated files on that are not in the record it is told that some will be lost.
UNREAD_TOLD = 40
_NAMES = {Source.CEL: "channel events", Source.QUEUE_LOG: "queue_log"}

# An inode that no file has.
_NO_FILE = -1


class RecordParts:
    """One node's record."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        observer: RecordObserver,
        hooks: WebhookParts,
        lease: Callable[[], Awaitable[None]],
    ) -> None:
        """`lease` makes this service the one that writes for its node; raises StoreError."""
        self._settings, self._hooks, self._lease = settings, hooks, lease
        self._begun_at = time.time()
        self._files = {Source.CEL: settings.cel_file, Source.QUEUE_LOG: settings.queue_log_file}
        self.keeper = RecordKeeper(
            settings.node,
            DatabaseLedger(store, settings.node, spooled=hooks.sender.wake),
            partial(open_logs, settings.cel_file, settings.queue_log_file),
            limits=Limits(refresh=settings.record_refresh, calls=settings.record_calls_held),
            pace=Pace(poll=settings.record_poll, last_pass=settings.drain_timeout),
            observer=observer,
        )
        # What is wrong with the tables; empty once they are of this version.
        self.tables = "not yet looked at"

    def trouble(self) -> str:
        """Why the record is not kept now; empty while it is."""
        return self.tables or ("" if self.keeper.healthy else self.keeper.detail)

    def behind(self) -> Mapping[str, tuple[int, float]]:
        """Of each log: bytes that are not in the database, and for how many seconds that has been so."""
        found: dict[str, tuple[int, float]] = {}
        for source, file in self._files.items():
            mark = self.keeper.marks.get(source)
            if mark is None:
                # How far it was read only the database knows: until it is there, all may be missing.
                missing, at = bytes_behind(file, _NO_FILE, 0), self._begun_at
            else:
                missing, at = bytes_behind(file, mark.position.inode, mark.position.offset), mark.at
            found[source.value] = (missing, max(0.0, time.time() - at) if missing else 0.0)
        return found

    def unread(self) -> str:
        """What will soon be lost, in words: rotated files are deleted, read or not. Empty if nothing."""
        if not self._settings.log_file_size:
            # Somebody else rotates them, and only they know how many stay.
            return ""
        for source, file in self._files.items():
            mark = self.keeper.marks.get(source)
            count = generations_behind(file, mark.position.inode if mark else _NO_FILE)
            if count >= UNREAD_TOLD:
                may = "are" if mark else "may be"
                return (
                    f"{count} rotated files of {_NAMES[source]} {may} not in it yet, and of more than {KEPT}"
                    " the oldest is deleted: make the database work, or copy them away for `hotline ingest`"
                )
        return ""

    async def run(self, beside: Mapping[str, Callable[[], Coroutine[Any, Any, None]]]) -> None:
        """Bring the tables up to date, then keep the record. Calls go on whatever the database does.

        `beside`, by name, is what needs the tables too and begins with it.
        """
        while True:
            try:
                await upgrade(self._settings.database)
                await self._lease()
                # Whatever is written from now on, it is known who is to be told of it.
                await self._hooks.write()
                break
            except StoreError as error:
                self.tables = f"the database cannot be used, Asterisk's files keep the record: {error}"
                log.error("the database cannot be used; trying again", reason=str(error))  # noqa: TRY400
                await asyncio.sleep(DATABASE_RETRY)
        self.tables = ""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.keeper.run(), name="record keeper")
            for name, work in beside.items():
                group.create_task(work(), name=name)
