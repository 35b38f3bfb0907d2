"""Reading more rows than fit into memory, beside a service that writes.

PostgreSQL: one read-only transaction, so all that is read is of one moment, and a cursor of the server.
SQLite: page after page by key, each read for itself: a transaction that stays open would keep the
write-ahead log from being folded back for as long as it lasts. A row that changes meanwhile is read as it was
or as it is. Neither holds up whoever writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    BigInteger,
    Connection,
    Select,
    and_,
    create_engine,
    make_url,
    or_,
    type_coerce,
)
from sqlalchemy.sql import ColumnElement

from hotline_ivr.errors import StoreError
from hotline_ivr.store.columns import Instant
from hotline_ivr.store.engine import BUSY_TIMEOUT, postgres_engine, translated_errors
from hotline_ivr.store.migrate import require_file, schema_state

Result = TypeVar("Result")

PAGE = 1_000
"""Rows in memory at once."""


def read_at_length(url: str, work: Callable[[Connection], Result]) -> Result:
    """Open the database for `work`, which may read for hours, and close it.

    Raises StoreError if it is not there, is of another version, or fails.
    """
    require_file(url)
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _read_sqlite(parsed.set(drivername="sqlite+pysqlite"), work)
    return asyncio.run(_read_postgres(parsed.set(drivername="postgresql+asyncpg"), work))


def raw(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A moment as the number that it is in the database (microseconds): a million rows want no objects."""
    return type_coerce(column, BigInteger) if isinstance(column.type, Instant) else column


def pages(
    connection: Connection, statement: Select[Any], keys: Sequence[ColumnElement[Any]]
) -> Iterator[Sequence[Any]]:
    """The rows in the order of `keys`, which are unique together and whose first has an index.

    The keys are the last columns of the statement.
    """
    ordered = statement.order_by(*keys)
    if connection.dialect.name == "postgresql":
        options = {"stream_results": True, "yield_per": PAGE}
        yield from connection.execute(ordered, execution_options=options).partitions(PAGE)
        return
    page = connection.execute(ordered.limit(PAGE)).all()
    while page:
        yield page
        place = page[-1][-len(keys) :]
        page = connection.execute(ordered.where(_behind(keys, place)).limit(PAGE)).all()


def _behind(keys: Sequence[ColumnElement[Any]], place: Sequence[Any]) -> ColumnElement[bool]:
    """The first half gives the order by the index; a bare `or` has SQLite sort the rest, each page."""
    later = [
        and_(*(keys[before] == place[before] for before in range(number)), key > place[number])
        for number, key in enumerate(keys)
    ]
    return and_(keys[0] >= place[0], or_(*later))


def _read_sqlite(url: URL, work: Callable[[Connection], Result]) -> Result:
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT, "isolation_level": None})
    try:
        with translated_errors(str(url.database)), engine.connect() as connection:
            return _checked(connection, work)
    finally:
        engine.dispose()


async def _read_postgres(url: URL, work: Callable[[Connection], Result]) -> Result:
    engine = postgres_engine(url)
    try:
        with translated_errors(url.render_as_string(hide_password=True)):
            async with engine.connect() as opened:
                connection = await opened.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
                return await connection.run_sync(_checked, work)
    finally:
        await engine.dispose()


def _checked(connection: Connection, work: Callable[[Connection], Result]) -> Result:
    state = schema_state(connection)
    if not state.ok:
        raise StoreError(state.text)
    return work(connection)
