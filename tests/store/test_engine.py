"""Opening a database, and what happens when it cannot be used."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from hotline_ivr.errors import StoreError
from hotline_ivr.store import engine
from hotline_ivr.store.engine import PostgresStore, SqliteStore, Store, open_store
from tests.postgres import PostgresServer


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "cannot be read"),
        ("not a url", "cannot be read"),
        ("mysql://user:secret@host/db", "only sqlite"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str, reason: str) -> None:
    with pytest.raises(StoreError, match=reason) as refused:
        open_store(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("sqlite:////tmp/x.db", SqliteStore),
        ("sqlite+aiosqlite:////tmp/x.db", SqliteStore),
        ("postgresql://user@host/db", PostgresStore),
        ("postgresql+asyncpg://user@host/db", PostgresStore),
        ("postgresql+psycopg://user@host/db", PostgresStore),
    ],
)
async def test_urls_are_taken_as_everybody_writes_them(url: str, kind: type[Store]) -> None:
    store = open_store(url)
    assert isinstance(store, kind)
    await store.close()


async def test_sqlite_survives_a_power_cut_and_readers_do_not_wait(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")

    def pragmas(connection: Connection) -> list[object]:
        return [connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")]

    assert await store.write(pragmas) == ["wal", 2]
    assert await store.read(pragmas) == ["wal", 2]
    await store.close()


async def test_a_transaction_that_raises_leaves_nothing_behind(database_url: str) -> None:
    store = open_store(database_url)

    def half(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE t (x INTEGER)"))
        connection.execute(text("INSERT INTO t VALUES (1)"))
        raise KeyError("a fault of ours")

    with pytest.raises(KeyError):
        await store.write(half)
    with pytest.raises(StoreError):
        await store.read(lambda connection: connection.scalar(text("SELECT count(*) FROM t")))
    await store.close()


async def test_sqlite_never_runs_on_the_event_loop(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    where: list[int] = []

    def note(connection: Connection) -> None:
        connection.execute(text("SELECT 1"))
        where.append(threading.get_ident())

    await store.write(note)
    await store.write(note)
    await store.read(note)
    assert threading.get_ident() not in where
    assert where[0] == where[1], "one writer, in one thread"
    await store.close()


async def test_a_locked_database_is_a_store_error_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT", 0.05)
    path = tmp_path / "x.db"
    store = open_store(f"sqlite:///{path}")
    await store.write(lambda connection: connection.execute(text("CREATE TABLE t (x INTEGER)")))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreError, match="locked"):
            await store.write(lambda connection: connection.execute(text("INSERT INTO t VALUES (1)")))
        assert await store.read(lambda connection: connection.scalar(text("SELECT count(*) FROM t"))) == 0
    finally:
        other.execute("ROLLBACK")
        other.close()
    await store.write(lambda connection: connection.execute(text("INSERT INTO t VALUES (1)")))
    await store.close()


async def test_a_folder_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'no' / 'such' / 'x.db'}")
    with pytest.raises(StoreError, match="cannot be used"):
        await store.read(lambda connection: connection.scalar(text("SELECT 1")))
    await store.close()


async def test_nobody_listening_is_a_store_error(tmp_path: Path) -> None:
    store = open_store(f"postgresql://user:secret@/db?host={tmp_path}")
    with pytest.raises(StoreError, match="cannot be used") as refused:
        await store.read(lambda connection: connection.scalar(text("SELECT 1")))
    assert "secret" not in str(refused.value)
    await store.close()


@pytest.mark.postgres
async def test_a_database_or_an_account_that_does_not_exist_is_a_store_error(
    postgres: PostgresServer,
) -> None:
    url = await asyncio.to_thread(postgres.new_database)
    for wrong in (url.replace("@/hotline", "@/nothing"), url.replace("postgres@", "nobody@")):
        store = open_store(wrong)
        with pytest.raises(StoreError, match="does not exist"):
            await store.read(lambda connection: connection.scalar(text("SELECT 1")))
        await store.close()


@pytest.mark.postgres
async def test_after_a_restart_of_postgresql_the_store_works_again(postgres: PostgresServer) -> None:
    store = open_store(await asyncio.to_thread(postgres.new_database))

    def one(connection: Connection) -> int:
        return int(connection.scalar(text("SELECT 1")) or 0)

    assert await store.read(one) == 1
    await asyncio.to_thread(postgres.stop)
    with pytest.raises(StoreError):
        await store.read(one)
    await asyncio.to_thread(postgres.start)
    assert await store.read(one) == 1
    await store.close()
