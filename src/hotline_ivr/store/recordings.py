"""Recordings of conversations in the database: a row a part, which outlives its file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, select, update

from hotline_ivr.routing.recordings import EMPTY, Counted, PartId, Recording
from hotline_ivr.store.engine import Store
from hotline_ivr.store.tables import call, recording

# Values in one statement: SQLite takes 999 parameters in old versions.
_AT_ONCE = 400

_own = recording.c


@dataclass(frozen=True, slots=True)
class RecordingFilter:
    """Which recordings; what is None does not matter. Times are aware; `until` itself is not included."""

    since: datetime | None = None
    until: datetime | None = None
    line: str | None = None
    queue: str | None = None
    operator: str | None = None
    limit: int = 50
    removed: bool = False


class DatabaseRecordings:
    """The recordings of one node. Methods raise StoreError if the database cannot be used."""

    def __init__(self, store: Store, node: str) -> None:
        self._store, self._node = store, node

    async def add(self, found: Sequence[Recording]) -> list[PartId]:
        """Keep parts that are not known yet; of others nothing changes. Those that were deleted before."""

        def write(connection: Connection) -> list[PartId]:
            deleted = []
            for each in found:
                same = (_own.node == self._node, _own.call_id == each.call_id, _own.part == each.part)
                row = connection.execute(select(_own.removed_at, _own.removed_by).where(*same)).first()
                if row is None:
                    connection.execute(insert(recording).values(_row(each)))
                elif row.removed_by == EMPTY:
                    # Nothing was said in what was there first; in this there is something.
                    connection.execute(update(recording).where(*same).values(_row(each)))
                elif row.removed_at is not None and each.removed_at is None:
                    deleted.append(each.id)
            return deleted

        return await self._store.write(write)

    async def known(self) -> frozenset[PartId]:
        """Parts that should have a file."""
        query = select(_own.call_id, _own.part).where(_own.node == self._node, _own.removed_at.is_(None))
        return await self._store.read(
            lambda connection: frozenset(PartId(*row) for row in connection.execute(query))
        )

    async def find(self, wanted: RecordingFilter) -> list[Recording]:
        """These recordings, newest first."""
        query = self._recordings().order_by(_own.recorded_at.desc(), _own.call_id.desc(), _own.part.desc())
        if not wanted.removed:
            query = query.where(_own.removed_at.is_(None))
        if wanted.since is not None:
            query = query.where(_own.recorded_at >= wanted.since)
        if wanted.until is not None:
            query = query.where(_own.recorded_at < wanted.until)
        for column, value in ((call.c.line, wanted.line), (call.c.queue, wanted.queue)):
            if value is not None:
                query = query.where(column == value)
        if wanted.operator is not None:
            query = query.where(call.c.operator == wanted.operator)
        return await self._read(query.limit(wanted.limit))

    async def of_calls(self, call_ids: Collection[str]) -> list[Recording]:
        """Recordings of these calls whose files are there, by call and part."""
        wanted, found = sorted(call_ids), []
        for first in range(0, len(wanted), _AT_ONCE):
            query = self._recordings().where(
                _own.removed_at.is_(None), _own.call_id.in_(wanted[first : first + _AT_ONCE])
            )
            found += await self._read(query.order_by(_own.call_id, _own.part))
        return found

    async def before(self, moment: datetime) -> list[Recording]:
        """Recordings that began before this moment and whose files are there, oldest first."""
        query = self._recordings().where(_own.removed_at.is_(None), _own.recorded_at < moment)
        return await self._read(query.order_by(_own.recorded_at, _own.call_id, _own.part))

    async def one(self, part: PartId) -> Recording | None:
        """A part, deleted or not."""
        query = self._recordings().where(_own.call_id == part.call_id, _own.part == part.part)
        found = await self._read(query)
        return found[0] if found else None

    async def removed(self, parts: Collection[PartId], by: str, at: datetime) -> None:
        """Their files are deleted."""

        def write(connection: Connection) -> None:
            for part in parts:
                connection.execute(
                    update(recording)
                    .where(
                        _own.node == self._node,
                        _own.call_id == part.call_id,
                        _own.part == part.part,
                        _own.removed_at.is_(None),
                    )
                    .values(removed_at=at, removed_by=by)
                )

        await self._store.write(write)

    async def with_file(self) -> list[Recording]:
        """Parts that should have a file."""
        return await self._read(self._recordings().where(_own.removed_at.is_(None)))

    async def calls_known(self, call_ids: Collection[str], *, over: bool = False) -> frozenset[str]:
        """Of these calls those that the record knows; with `over` those that it knows to be over."""
        wanted = sorted(call_ids)

        def read(connection: Connection) -> frozenset[str]:
            found: set[str] = set()
            for first in range(0, len(wanted), _AT_ONCE):
                query = select(call.c.id).where(
                    call.c.node == self._node, call.c.id.in_(wanted[first : first + _AT_ONCE])
                )
                found.update(connection.execute(query.where(call.c.finished) if over else query).scalars())
            return frozenset(found)

        return await self._store.read(read)

    async def deleted(self, parts: Collection[PartId]) -> list[PartId]:
        """Of these parts those whose row says that they were deleted, by call and part."""
        wanted = sorted({part.call_id for part in parts})

        def read(connection: Connection) -> list[PartId]:
            found: list[PartId] = []
            for first in range(0, len(wanted), _AT_ONCE):
                query = select(_own.call_id, _own.part).where(
                    _own.node == self._node,
                    _own.call_id.in_(wanted[first : first + _AT_ONCE]),
                    _own.removed_at.is_not(None),
                    _own.removed_by != EMPTY,
                )
                found += [PartId(*row) for row in connection.execute(query)]
            return sorted(each for each in found if each in parts)

        return await self._store.read(read)

    async def incomplete(self, since: datetime, before: datetime) -> list[Counted]:
        """Calls that ended between these moments with fewer rows than parts they began, oldest first."""
        ended = (call.c.ended_at >= since, call.c.ended_at < before)
        return await self._store.read(lambda connection: self._incomplete(connection, *ended))

    async def incomplete_of(self, call_ids: Collection[str]) -> list[Counted]:
        """Of these calls those that are over and have fewer rows than parts they began."""
        wanted = sorted(call_ids)

        def read(connection: Connection) -> list[Counted]:
            return [
                each
                for first in range(0, len(wanted), _AT_ONCE)
                for each in self._incomplete(connection, call.c.id.in_(wanted[first : first + _AT_ONCE]))
            ]

        return await self._store.read(read)

    def _incomplete(self, connection: Connection, *which: ColumnElement[bool]) -> list[Counted]:
        query = (
            select(call.c.id, call.c.recorded)
            .outerjoin(recording, and_(_own.node == call.c.node, _own.call_id == call.c.id))
            .where(call.c.node == self._node, call.c.recorded > 0, call.c.finished, *which)
            .group_by(call.c.id, call.c.recorded, call.c.arrived_at)
            .having(func.count(_own.part) < call.c.recorded)
            .order_by(call.c.arrived_at)
        )
        found = []
        for ident, recorded in connection.execute(query).all():
            parts = select(_own.part).where(_own.node == self._node, _own.call_id == ident)
            found.append(Counted(ident, recorded, frozenset(connection.execute(parts).scalars())))
        return found

    def _recordings(self) -> Select[Any]:
        return (
            select(*recording.columns, call.c.line, call.c.queue, call.c.operator, call.c.caller)
            .outerjoin(call, and_(_own.node == call.c.node, _own.call_id == call.c.id))
            .where(_own.node == self._node)
        )

    async def _read(self, query: Select[Any]) -> list[Recording]:
        rows = await self._store.read(lambda connection: list(connection.execute(query)))
        return [Recording(*row[:-4], *(text or "" for text in row[-4:])) for row in rows]


def _row(each: Recording) -> dict[str, object]:
    return {column.name: getattr(each, column.name) for column in recording.columns}
