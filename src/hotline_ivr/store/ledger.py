"""The record's place in the database, as its keeper needs it: where it stands, what it holds, and writing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import BigInteger, Connection, func, select, type_coerce

from hotline_ivr.routing.cel import QUEUE_START, Source
from hotline_ivr.routing.ledger import Batch, KeptCall, KeptEvents, LedgerState, Position
from hotline_ivr.routing.log_clocks import Clock, LogClock
from hotline_ivr.routing.restarts import Restart, restart_of
from hotline_ivr.store.columns import to_micros
from hotline_ivr.store.copying import TakenForNewError
from hotline_ivr.store.engine import Store
from hotline_ivr.store.migrate import check_schema
from hotline_ivr.store.tables import call, call_event, log_clock, open_call, queue_event, spool_position
from hotline_ivr.store.webhook_spool import spool_calls
from hotline_ivr.store.writer import write_batch

# Starts of Asterisk that are looked back to: what any of them cut off, the newest cuts off as well.
_RESTARTS = 20
# So often is the clock set within one call at most, and among these is the present one of each file.
_CLOCKS = 40
# Of so many of the newest calls it is looked when they were last heard of.
_NEWEST = 100

# Keys in one IN (...): SQLite takes 999 parameters in old versions.
_KEYS_AT_ONCE = 500


class DatabaseLedger:
    """The record of one node. Every method raises StoreError if the database cannot be used."""

    def __init__(
        self,
        store: Store,
        node: str,
        *,
        spooled: Callable[[], object] = lambda: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._node = node
        self._checked = False
        # Called in the event loop when there is something for web hooks.
        self._spooled, self._clock = spooled, clock

    async def state(self) -> LedgerState:
        """Where the record stands. Also raises StoreError if the tables are not those of this version."""
        if not self._checked:
            await check_schema(self._store)
            self._checked = True
        return await self._store.read(self._state)

    async def calls(self, ids: Sequence[str]) -> Mapping[str, KeptCall]:
        """What is kept of these calls; one of which nothing is kept is left out."""
        return await self._store.read(lambda connection: kept_calls(connection, self._node, ids))

    async def commit(self, batch: Batch) -> None:
        """Write it, all or nothing; LedgerConflictError if the logs were moved by somebody else."""
        try:
            told = await self._commit(batch)
        except TakenForNewError:
            told = await self._commit(replace(batch, new=frozenset()))
        if told:
            self._spooled()

    async def _commit(self, batch: Batch) -> int:
        return await self._store.write(lambda connection: _write(connection, batch, self._clock()))

    def _state(self, connection: Connection) -> LedgerState:
        open_calls = select(open_call.c.call_id).where(open_call.c.node == self._node)
        return LedgerState(
            positions={source: _positions(connection, self._node, source) for source in Source},
            open_calls=list(connection.scalars(open_calls)),
            restarts=known_restarts(connection, self._node, self._clock(), _RESTARTS),
            clocks=known_clocks(connection, self._node, _CLOCKS),
            heard_to=_last_heard(connection, self._node),
        )


def known_restarts(
    connection: Connection, node: str, now: datetime, limit: int | None = None
) -> list[Restart]:
    """When a node's Asterisk started, the newest (at most `limit`) by the order of its file, ascending."""
    columns = queue_event.c
    # As the number it is: of a row of before times were proved no calendar may have the time.
    at = type_coerce(columns.at, BigInteger)
    wanted = (
        select(at, columns.generation, columns.start, columns.data)
        .where(columns.node == node, columns.event == QUEUE_START)
        # Those of archives (below 0) are told by their times alone.
        .order_by(columns.generation.desc(), columns.start.desc())
        .limit(limit)
    )
    found = [
        restart_of(moment, (generation, start), data.split("|"), now=to_micros(now))
        for moment, generation, start, data in connection.execute(wanted)
    ]
    return [each for each in reversed(found) if each is not None]


def known_clocks(connection: Connection, node: str, limit: int | None = None) -> list[LogClock]:
    """By which clocks a node's files were written, the newest (at most `limit`) of each, ascending."""
    columns, found = log_clock.c, []
    for source in Source:
        wanted = (
            select(columns.generation, columns.start, columns.boot, columns.ahead_us)
            .where(columns.node == node, columns.source == source.value)
            .order_by(columns.generation.desc(), columns.start.desc())
            .limit(limit)
        )
        found += [
            LogClock(source, (generation, start), Clock(boot, ahead_us))
            for generation, start, boot, ahead_us in reversed(connection.execute(wanted).all())
        ]
    return found


def _last_heard(connection: Connection, node: str) -> int | None:
    newest = (
        select(type_coerce(call.c.last_event_at, BigInteger).label("at"))
        .where(call.c.node == node)
        .order_by(call.c.arrived_at.desc())
        .limit(_NEWEST)
        .subquery()
    )
    found: int | None = connection.scalar(select(func.max(newest.c.at)))
    return found


def _write(connection: Connection, batch: Batch, now: datetime) -> int:
    """The batch, and what web hooks are told of it, in one transaction; how many messages that makes."""
    write_batch(connection, batch)
    return spool_calls(connection, batch.node, batch.records, now)


def _positions(connection: Connection, node: str, source: Source) -> list[Position]:
    columns = spool_position.c
    # All there ever were, a row each: a file that still lies there is never read again, however many do.
    every = (
        select(columns.generation, columns.inode, columns.offset, columns.fingerprint)
        # Those below 0 are archives (store/archives.py), of which no file is followed.
        .where(columns.node == node, columns.source == source.value, columns.generation > 0)
        .order_by(columns.generation)
    )
    return [
        Position(source, generation, int(inode), offset, fingerprint)
        for generation, inode, offset, fingerprint in connection.execute(every)
    ]


def kept_calls(connection: Connection, node: str, ids: Sequence[str]) -> Mapping[str, KeptCall]:
    """What the database holds of these calls, events in the order of the files."""
    rows: dict[str, list[KeptEvents]] = defaultdict(list)
    still_open: set[str] = set()
    columns = call_event.c
    for start in range(0, len(ids), _KEYS_AT_ONCE):
        some = ids[start : start + _KEYS_AT_ONCE]
        kept = (
            select(call_event)
            .where(columns.node == node, columns.call_id.in_(some))
            .order_by(columns.call_id, columns.source, columns.generation, columns.start)
        )
        for row in connection.execute(kept):
            rows[row.call_id].append(KeptEvents(*row))
        opened = select(open_call.c.call_id).where(open_call.c.node == node, open_call.c.call_id.in_(some))
        still_open.update(connection.scalars(opened))
    return {call: KeptCall(found, call in still_open) for call, found in rows.items()}
