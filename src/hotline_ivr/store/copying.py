"""Rows into PostgreSQL by COPY, which takes less than half of the time of the driver's `executemany`.

COPY knows no conflicts, so it is for rows that are new: events, and the first row of a call with its legs.
Rows that are written again are replaced by statements: a staging table, which could be copied into, was
measured and is slower with as many rows as come at once (docs/record.md). They are not deleted and copied
anew either: who waits for a row that we hold, such as an erasure, would not find it any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table

Row = tuple[Any, ...]

FEWEST = 24
"""Rows of one table from which on COPY is quicker: below, its round trips cost more than it saves."""

_STEP = 200
"""Rows after which the event loop has its turn: it makes bytes of so many in less than a millisecond."""

_UNIQUE_VIOLATION = "23505"


def copy_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write rows none of whose keys is in the table, in the order of its columns."""
    columns = [column.name for column in table.c]
    # SQLAlchemy begins a transaction with its first statement, and a COPY is none of its own: outside of one
    # it would be kept whatever becomes of the rest.
    if not connection.connection.driver_connection.is_in_transaction():  # type: ignore[union-attr]
        connection.exec_driver_sql("SELECT 1")
    connection.connection.dbapi_connection.run_async(  # type: ignore[union-attr]
        lambda driver: driver.copy_records_to_table(table.name, records=_by_and_by(rows), columns=columns)
    )


def copy_if_new(connection: Connection, pieces: Sequence[tuple[Table, Sequence[Row]]]) -> bool:
    """Write these rows; False, and nothing is written, if a key of one is in its table already."""
    connection.exec_driver_sql("SAVEPOINT before_copy")
    try:
        for table, rows in pieces:
            if rows:
                copy_rows(connection, table, rows)
    except Exception as error:
        if getattr(error, "sqlstate", None) != _UNIQUE_VIOLATION:
            raise
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT before_copy")
        return False
    # The savepoint goes with the transaction; letting go of it would be one more round trip.
    return True


async def _by_and_by(rows: Sequence[Row]) -> AsyncIterator[Row]:
    for number, row in enumerate(rows, 1):
        yield row
        if number % _STEP == 0:
            await asyncio.sleep(0)
