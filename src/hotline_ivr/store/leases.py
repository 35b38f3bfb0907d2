"""Leases: of all services that use a database, one may write for a node.

A lease is a row that its holder renews. Nobody's clock is trusted: whoever wants another's lease watches
whether its number of renewals stands still. And each transaction of the holder looks at the row first and
keeps it until it is committed, so that a service which was stopped for long and goes on writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from hotline_ivr.errors import StoreError
from hotline_ivr.store.engine import Result, Store, Transaction
from hotline_ivr.store.lease_tables import node_lease


@dataclass(frozen=True, slots=True)
class Lease:
    """A row of the table; moments are aware (UTC), on the holder's clock."""

    node: str
    holder: str
    place: str
    host: str
    process: int
    folder: str
    turn: int
    taken_at: datetime
    seen_at: datetime

    @property
    def text(self) -> str:
        """Who that is, for people."""
        return f"process {self.process} on {self.host}, state folder {self.folder}"


_columns = [node_lease.c[name] for name in Lease.__dataclass_fields__]


def lease_of(connection: Connection, node: str) -> Lease | None:
    """Who holds it."""
    row = connection.execute(select(*_columns).where(node_lease.c.node == node)).first()
    return None if row is None else Lease(*row)


def all_leases(connection: Connection) -> dict[str, Lease]:
    """Who holds which node, by node."""
    return {row.node: Lease(*row) for row in connection.execute(select(*_columns))}


def take(connection: Connection, wanted: Lease, before: Lease | None) -> bool:
    """Take it from `before`, as it was seen; False if it is another's by now."""
    row = {name: getattr(wanted, name) for name in Lease.__dataclass_fields__}
    if before is None:
        try:
            with connection.begin_nested():
                connection.execute(insert(node_lease).values(row))
        except IntegrityError:
            return False
        return True
    columns = node_lease.c
    seen = (columns.node == before.node, columns.holder == before.holder, columns.turn == before.turn)
    return connection.execute(update(node_lease).where(*seen).values(row)).rowcount == 1


def renew(connection: Connection, held: Lease, now: datetime) -> Lease | None:
    """The lease as it stands then; None if it is another's."""
    columns = node_lease.c
    mine = (columns.node == held.node, columns.holder == held.holder)
    after = replace(held, turn=held.turn + 1, seen_at=now)
    values = {"turn": after.turn, "seen_at": after.seen_at}
    done = connection.execute(update(node_lease).where(*mine).values(values)).rowcount
    return after if done == 1 else None


def give_back(connection: Connection, held: Lease) -> None:
    """So that whoever comes next need not watch it stand still."""
    columns = node_lease.c
    connection.execute(delete(node_lease).where(columns.node == held.node, columns.holder == held.holder))


def require(connection: Connection, node: str, holder: str) -> None:
    """Raises StoreError unless this holder has the lease; it keeps it until the transaction ends."""
    columns = node_lease.c
    held = select(columns.node).where(columns.node == node, columns.holder == holder)
    # Ignored by SQLite, which has one writer anyway.
    if connection.execute(held.with_for_update(read=True)).first() is None:
        raise StoreError(f"this service is not the one of node {node}: it may not write for it")


class FencedStore:
    """A store in which nothing is written, and nothing that is to be acted on is read, without the lease."""

    def __init__(self, store: Store, node: str, holder: str, *, reads: bool = False) -> None:
        self._store, self._node, self._holder, self._reads = store, node, holder, reads

    def for_deeds(self) -> FencedStore:
        """The same, for reading what is then done outside of the database, such as sending it."""
        return FencedStore(self._store, self._node, self._holder, reads=True)

    async def read(self, transaction: Transaction[Result]) -> Result:
        return await self._store.read(self._fenced(transaction) if self._reads else transaction)

    async def write(self, transaction: Transaction[Result]) -> Result:
        return await self._store.write(self._fenced(transaction))

    def _fenced(self, transaction: Transaction[Result]) -> Transaction[Result]:
        def run(connection: Connection) -> Result:
            require(connection, self._node, self._holder)
            return transaction(connection)

        return run

    async def close(self) -> None:
        await self._store.close()
