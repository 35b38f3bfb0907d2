"""Rows into PostgreSQL by COPY, which takes less than half of the time of the driver's `executemany`.

COPY knows no conflicts, so it is for rows that are new: events, and the first row of a call with its legs.
Rows that are written again are replaced by statements: a staging table, which could be copied into, was
measured and is slower with as many rows as come at once (docs/record.md). They are not deleted and copied
anew either: who waits for a row that we hold, such as an erasure, would not find it any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table

from hotline_ivr.errors import StoreError

Row = tuple[Any, ...]

FEWEST = 24
"""Rows of one table from which on COPY is quicker: below, its round trips cost more than it saves."""

AT_ONCE = 500
"""Rows of one COPY: the event loop waits while bytes are made of them, which takes about a millisecond."""

_UNIQUE_VIOLATION = "23505"


class TakenForNewError(StoreError):
    """A row of a call is there that was to be copied: nothing of the transaction can be kept."""


def copy_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write rows none of whose keys is in the table, in the order of its columns."""
    columns = [column.name for column in table.c]
    # SQLAlchemy begins a transaction with its first statement, and a COPY is none of its own: outside of one
    # it would be kept whatever becomes of the rest.
    if not connection.connection.driver_connection.is_in_transaction():  # type: ignore[union-attr]
        connection.exec_driver_sql("SELECT 1")
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        connection.connection.dbapi_connection.run_async(  # type: ignore[union-attr]
            lambda driver, some=some: driver.copy_records_to_table(table.name, records=some, columns=columns)
        )


def copy_new(connection: Connection, pieces: Sequence[tuple[Table, Sequence[Row]]]) -> None:
    """Write these rows; raises TakenForNewError if a key of one is in its table already.

    A savepoint to go back to would be a round trip and a transaction within the transaction for each batch,
    for what happens next to never.
    """
    try:
        for table, rows in pieces:
            copy_rows(connection, table, rows)
    except Exception as error:
        if getattr(error, "sqlstate", None) != _UNIQUE_VIOLATION:
            raise
        raise TakenForNewError(f"a call that was taken for new has a row: {error}") from error
