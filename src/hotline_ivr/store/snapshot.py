"""The whole record as it is at one moment, in a SQLite file of its own, while services go on writing.

SQLite is copied by its online backup, in one step: it reads at one moment and keeps no writer waiting. A
server's rows are read in one transaction that sees one moment and put into a SQLite file of the same
tables: so a backup is the same for both databases, needs no program of the server's version, is proved row
by row, and goes into either.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, make_url, text

from hotline_ivr.errors import StoreError
from hotline_ivr.store.engine import Store, open_store, sqlite_engine
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.moving import all_tables, copy, is_empty, read_pages, write_page
from hotline_ivr.store.moving_proof import sum_of


async def snapshot(url: str, target: Path) -> None:
    """Write it to `target`, which must not exist. Raises StoreError."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        await asyncio.to_thread(_copy_sqlite, Path(parsed.database or ""), target)
        return
    await upgrade(f"sqlite:///{target}")
    store = open_store(url)
    try:
        await store.read(lambda connection: _copy_rows(connection, target))
    finally:
        await store.close()
    await asyncio.to_thread(_settle, target)


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.exists():
        raise StoreError(f"{source} does not exist yet: `hotline serve` creates it")
    try:
        with (
            closing(sqlite3.connect(source, timeout=30)) as read,
            closing(sqlite3.connect(target)) as written,
        ):
            read.backup(written)
    except sqlite3.Error as error:
        raise StoreError(f"{source}: cannot be copied: {error}") from None
    _settle(target)


def _settle(path: Path) -> None:
    """One file without a log beside it, and whole; whose a node was is no part of it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'node_lease'").fetchone():
            connection.execute("DELETE FROM node_lease")
            connection.commit()
    check_file(path)


def check_file(path: Path) -> str:
    """Whether SQLite finds it whole; the version of its tables. Raises StoreError if it is not."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            (said,) = connection.execute("PRAGMA integrity_check").fetchone()
            (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.Error, TypeError) as error:
        raise StoreError(f"{path.name}: is no database of the record: {error}") from None
    if said != "ok":
        raise StoreError(f"{path.name}: is damaged: {said}")
    return str(version)


def _copy_rows(connection: Connection, target: Path) -> None:
    connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    engine = sqlite_engine(make_url(f"sqlite+pysqlite:///{target}"), begin="BEGIN IMMEDIATE")
    try:
        with engine.begin() as written:
            for table in all_tables():
                for page in read_pages(connection, table):
                    write_page(written, table, page)
    finally:
        engine.dispose()


async def _same(source: Store, target: Store) -> bool:
    """Whether all rows are there already: of a restore that was stopped after it."""
    for table in all_tables():
        if await sum_of(source, table) != await sum_of(target, table):
            return False
    return True


async def fill(file: Path, url: str) -> None:
    """The rows of a snapshot into an empty database on a server, proved. Raises StoreError."""
    await upgrade(f"sqlite:///{file}")
    await upgrade(url)
    source, target = open_store(f"sqlite:///{file}"), open_store(url)
    try:
        if not await target.read(is_empty) and not await _same(source, target):
            raise StoreError(
                "the database holds rows already: make an empty one and set HOTLINE_DATABASE_URL"
            )
        for table in all_tables():
            await copy(source, target, table, lambda _: None)
            if await sum_of(source, table) != await sum_of(target, table):
                raise StoreError(
                    f"the rows of {table.name} are not all there: empty the database and try again"
                )
    finally:
        await source.close()
        await target.close()
