"""The pause ledger: every standing of every operator, one row each, in the order of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select

from hotline_ivr.routing.presence import Period, Standing
from hotline_ivr.store.engine import Store
from hotline_ivr.store.tables import operator_period

# Rows in one statement: SQLite takes 999 parameters in old versions.
_ROWS_AT_ONCE = 100


class DatabasePauses:
    """The pause ledger of one node. Methods raise StoreError if the database cannot be used."""

    def __init__(self, store: Store, node: str) -> None:
        self._store = store
        self._node = node

    async def write(self, periods: Sequence[Period]) -> None:
        """Keep these lines, each in the place of one with the same operator and beginning, old or new."""
        await self._store.write(lambda connection: _write(connection, self._node, periods))

    async def between(
        self, start: datetime, end: datetime, operator: str | None = None
    ) -> tuple[Period, ...]:
        """Every line that touches the time from `start` to `end` (aware), oldest first."""
        return await self._store.read(lambda connection: _read(connection, self._node, start, end, operator))


def _write(connection: Connection, node: str, periods: Sequence[Period]) -> None:
    columns = operator_period.c
    for first in range(0, len(periods), _ROWS_AT_ONCE):
        some = periods[first : first + _ROWS_AT_ONCE]
        same = [
            (columns.operator == each.operator) & (columns.began_at == began)
            for each in some
            for began in (each.began_at, each.known_as)
            if began is not None
        ]
        connection.execute(delete(operator_period).where(columns.node == node, or_(*same)))
        connection.execute(
            insert(operator_period),
            [
                {
                    "node": node,
                    "operator": each.operator,
                    "began_at": each.began_at,
                    "ended_at": each.ended_at,
                    "standing": each.standing.value,
                    "reason": each.reason,
                    "began_by": each.began_by,
                    "ended_by": each.ended_by,
                }
                for each in some
            ],
        )


def _read(
    connection: Connection, node: str, start: datetime, end: datetime, operator: str | None
) -> tuple[Period, ...]:
    columns = operator_period.c
    wanted = (
        select(
            columns.operator,
            columns.standing,
            columns.reason,
            columns.began_at,
            columns.ended_at,
            columns.began_by,
            columns.ended_by,
        )
        .where(columns.node == node, columns.began_at < end)
        .where(or_(columns.ended_at.is_(None), columns.ended_at > start))
        .order_by(columns.began_at, columns.operator)
    )
    if operator is not None:
        wanted = wanted.where(columns.operator == operator)
    return tuple(Period(row.operator, Standing(row.standing), *row[2:]) for row in connection.execute(wanted))
