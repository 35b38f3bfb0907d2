"""Opening the database by URL, and running transactions in it without holding up the event loop.

A transaction is a plain function of a SQLAlchemy connection, the same for both databases. SQLite runs it in
a thread with its own driver: it is one file on this machine, and an async driver would only add a hop between
threads to each statement (a third of the cost of a commit, measured). PostgreSQL runs it through asyncpg.

SQLite: write-ahead log, so that readers do not wait for the writer; `synchronous=FULL`, so that what is
committed survives a power cut; one writer. Many calls share a commit, so the disk is waited for a few times a
second and not once a call.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from hotline_ivr.errors import StoreError

Result = TypeVar("Result")
Transaction = Callable[[Connection], Result]

# How long (seconds) SQLite waits for another process's write, such as a backup's, before it gives up.
BUSY_TIMEOUT = 5.0
# How long (seconds) a connection to PostgreSQL, and one statement there, may take: far more than they do, so
# that only a dead one is given up.
CONNECT_TIMEOUT = 10.0
STATEMENT_TIMEOUT = 60.0
# After how long (seconds) in which a connection was not used the server is asked whether it is still there.
ASKED_AFTER = 1.0


class Store(Protocol):
    """A database. Every method raises StoreError if the database cannot be used."""

    async def read(self, transaction: Transaction[Result]) -> Result:
        """Run what only reads; it waits for no writer."""

    async def write(self, transaction: Transaction[Result]) -> Result:
        """Run it and commit; all of it is kept, or nothing."""

    async def close(self) -> None: ...


def open_store(url: str) -> Store:
    """The database at `sqlite:///path` or `postgresql://...`. Opens no connection yet.

    Raises StoreError for any other URL, and if PostgreSQL's driver is not installed.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteStore(parsed)
    return PostgresStore(parsed)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(
            "the database URL cannot be read: write sqlite:///path or postgresql://..."
        ) from None
    shown = parsed.render_as_string(hide_password=True)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise StoreError(f"{shown}: the record needs a file: write sqlite:///path")
        return parsed.set(drivername="sqlite+pysqlite")
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+asyncpg")
    raise StoreError(f"{shown}: only sqlite:///path and postgresql://... are known")


class SqliteStore:
    """One file; a thread for the one writer, others for readers."""

    def __init__(self, url: URL) -> None:
        self._path = Path(url.database or "")
        self._writer = sqlite_engine(url, begin="BEGIN IMMEDIATE")
        self._reader = sqlite_engine(url, begin="BEGIN")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="record-writer")

    async def read(self, transaction: Transaction[Result]) -> Result:
        return await asyncio.to_thread(self._run, self._reader, transaction)

    async def write(self, transaction: Transaction[Result]) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._run, self._writer, transaction)

    def _run(self, engine: Engine, transaction: Transaction[Result]) -> Result:
        with translated_errors(str(self._path)), engine.begin() as connection:
            return transaction(connection)

    async def close(self) -> None:
        await asyncio.to_thread(self._thread.shutdown)
        self._writer.dispose()
        self._reader.dispose()


def sqlite_engine(url: URL, begin: str) -> Engine:
    """An engine whose transactions start with `begin`.

    The driver's own handling of transactions is switched off: it does not begin one for DDL, so that a
    migration could stop half-way (SQLAlchemy, "Enabling Non-Legacy SQLite Transactional Modes").
    """
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT})

    @event.listens_for(engine, "connect")
    def prepare(connection: object, _record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]
        # What is deleted is overwritten: a number that was erased is not left in a free page of the file.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


class PostgresStore:
    """A server, through asyncpg."""

    def __init__(self, url: URL) -> None:
        self._shown = url.render_as_string(hide_password=True)
        self._engine = postgres_engine(url)

    async def read(self, transaction: Transaction[Result]) -> Result:
        return await self._run(transaction)

    async def write(self, transaction: Transaction[Result]) -> Result:
        return await self._run(transaction)

    async def _run(self, transaction: Transaction[Result]) -> Result:
        with translated_errors(self._shown):
            async with self._engine.begin() as connection:
                return await connection.run_sync(transaction)

    async def close(self) -> None:
        await self._engine.dispose()


def postgres_engine(url: URL) -> AsyncEngine:
    try:
        engine = create_async_engine(
            url,
            pool_size=2,
            connect_args={"timeout": CONNECT_TIMEOUT, "command_timeout": STATEMENT_TIMEOUT},
        )
    except ModuleNotFoundError:
        raise StoreError("PostgreSQL needs its driver: pip install 'hotline-ivr[postgres]'") from None
    _replace_lost_connections(engine)
    return engine


def _replace_lost_connections(engine: AsyncEngine) -> None:
    """A connection that was lost while idle is replaced before it is used.

    SQLAlchemy's own look at it (`pool_pre_ping`) takes three round trips for each transaction, as many as the
    transaction itself. A server that has ended says so; only one that was idle for a while is asked.
    """
    pool = engine.sync_engine.pool

    @event.listens_for(pool, "checkin")
    def put_back(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(pool, "checkout")
    def take_out(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if connection.driver_connection.is_closed():
            raise DisconnectionError("the server has ended the connection")
        if time.monotonic() - record.info.get("idle_since", math.inf) < ASKED_AFTER:
            return
        try:
            connection.ping()
        except Exception as error:
            raise DisconnectionError("the connection was lost") from error


@contextmanager
def translated_errors(database: str) -> Iterator[None]:
    """Whatever the drivers raise, as StoreError naming the database."""
    try:
        yield
    except StoreError:
        raise
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        # asyncpg's own errors while connecting come through as OSError or as its PostgresError.
        raise StoreError(f"the database {database} cannot be used: {_first_line(error)}") from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "asyncpg":
            raise
        raise StoreError(f"the database {database} cannot be used: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
