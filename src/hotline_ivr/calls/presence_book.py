"""Where every operator stands, kept in memory, on disk, and line by line in the database's pause ledger.

The file is what a start begins from, so it holds while the database is away. A line of the ledger stays in
the file until the database has it; writing one twice does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import structlog

from hotline_ivr.errors import HotlineError, StoreError
from hotline_ivr.routing.presence import Period, Presence, by_set_clock, is_new_period, period_of
from hotline_ivr.routing.presence_kept import KeptPresences

log = structlog.get_logger()

# How often (seconds) changes are written at most: a person who asked for one waits for the file, wrap-ups of
# a busy floor go together.
SAVE_PACE = 0.2
# How long (seconds) after a failure, of the file or the database, it is tried again.
RETRY = 5.0
# Lines kept for a database that is away: a week of a floor of a hundred. What is dropped beyond that still
# stands in Asterisk's queue_log.
UNWRITTEN_LIMIT = 100_000


class PresenceFile(Protocol):
    """The file. Both raise a HotlineError if it cannot be used; called in threads."""

    def load(self) -> KeptPresences: ...

    def save(self, kept: KeptPresences) -> None: ...


class PauseLedger(Protocol):
    """The table. Raises StoreError if the database cannot be used."""

    async def write(self, periods: Sequence[Period]) -> None: ...


class PresenceBook:
    """All operators of a node. `seen` is called after each change, in the event loop."""

    def __init__(
        self,
        file: PresenceFile,
        ledger: PauseLedger,
        *,
        pace: float = SAVE_PACE,
        retry: float = RETRY,
        seen: Callable[[str, Presence], None] = lambda _operator, _presence: None,
    ) -> None:
        self._file = file
        self._ledger = ledger
        self._pace, self._retry = pace, retry
        self._seen = seen
        kept = file.load()
        self._presences = dict(kept.presences)
        # By operator and beginning, so that the end of a period takes the place of its open line.
        self._unwritten = {(each.operator, each.began_at): each for each in kept.unwritten}
        self._changes = self._changes_saved = 0
        self._unsaved, self._unwritten_yet = asyncio.Event(), asyncio.Event()
        self._saved = asyncio.Condition()
        if self._unwritten:
            self._unwritten_yet.set()

    def presences(self) -> Mapping[str, Presence]:
        return dict(self._presences)

    def of(self, operator: str) -> Presence | None:
        return self._presences.get(operator)

    def put(self, operator: str, presence: Presence) -> None:
        """From now on the operator stands so."""
        before = self._presences.get(operator)
        if before == presence:
            return
        if before is None or is_new_period(before, presence):
            if before is not None:
                self._note(period_of(operator, before, presence))
            self._note(period_of(operator, presence))
        self._presences[operator] = presence
        self._touch()
        self._seen(operator, presence)

    def forget(self, operator: str, now: Presence) -> None:
        """The operator is gone from the plan; `now` ends the last period."""
        before = self._presences.pop(operator, None)
        if before is not None:
            self._note(period_of(operator, before, now))
            self._touch()

    def clock_set(self, ahead: timedelta) -> None:
        """The clock is so much further ahead: everybody has stood so for as long, by the ledger too."""
        for operator, before in self._presences.items():
            now = self._presences[operator] = by_set_clock(before, ahead)
            unwritten = self._unwritten.pop((operator, before.since), None)
            known_as = unwritten.known_as if unwritten is not None else None
            self._note(replace(period_of(operator, now), known_as=known_as or before.since))
            self._seen(operator, now)
        self._touch()

    async def saved(self) -> None:
        """Wait until all changes made so far are on disk."""
        wanted = self._changes
        async with self._saved:
            await self._saved.wait_for(lambda: self._changes_saved >= wanted)

    async def keep_file(self) -> None:
        """Keep the file up to date until cancelled; what is not saved then is saved by `close`."""
        while True:
            await self._unsaved.wait()
            self._unsaved.clear()
            try:
                await self._save()
                await asyncio.sleep(self._pace)
            except HotlineError as error:
                log.error("where operators stand cannot be kept; trying again", reason=str(error))  # noqa: TRY400
                self._unsaved.set()
                await asyncio.sleep(self._retry)

    async def keep_ledger(self) -> None:
        """Hand the ledger's lines to the database until cancelled; while it is away they stay in the file."""
        while True:
            await self._unwritten_yet.wait()
            self._unwritten_yet.clear()
            try:
                await self._write()
                await asyncio.sleep(self._pace)
            except StoreError as error:
                log.warning("the pause ledger waits for the database", reason=str(error))
                self._unwritten_yet.set()
                await asyncio.sleep(self._retry)

    async def close(self) -> None:
        """Save what has changed since the last time."""
        if self._changes > self._changes_saved:
            await self._save()

    def _note(self, period: Period) -> None:
        key = (period.operator, period.began_at)
        if key in self._unwritten and period.known_as is None:
            period = replace(period, known_as=self._unwritten[key].known_as)
        self._unwritten[key] = period
        if len(self._unwritten) > UNWRITTEN_LIMIT:
            del self._unwritten[next(iter(self._unwritten))]
            log.error("the pause ledger has lost a line: the database was away too long")

    def _touch(self) -> None:
        self._changes += 1
        self._unsaved.set()
        self._unwritten_yet.set()

    async def _save(self) -> None:
        change = self._changes
        kept = KeptPresences(dict(self._presences), tuple(self._unwritten.values()))
        await asyncio.to_thread(self._file.save, kept)
        self._changes_saved = max(self._changes_saved, change)
        async with self._saved:
            self._saved.notify_all()

    async def _write(self) -> None:
        periods = tuple(self._unwritten.values())
        if not periods:
            return
        await self._ledger.write(periods)
        for period in periods:
            key = (period.operator, period.began_at)
            # Its end may have come meanwhile.
            if self._unwritten.get(key) == period:
                del self._unwritten[key]
        self._unsaved.set()
