"""Whose a node is: two folders, one database, one name. The processes of it are in the acceptance tests."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select

from hotline_ivr.calls.callback_keeper import BEGINS_WITHIN
from hotline_ivr.errors import SetupError, StoreError
from hotline_ivr.launch.lease_keeper import RENEW_EVERY, TAKEN_AFTER, LeaseKeeper
from hotline_ivr.settings import Settings
from hotline_ivr.store import attempts
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.lease_tables import node_lease
from hotline_ivr.store.leases import lease_of
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.tables import callback_attempt

PACE, PATIENCE = 0.05, 1.5
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
TAKEN = {
    "node": "main",
    "promise_node": "main",
    "promise_id": "main-0.0",
    "number": 1,
    "id": "main-0.0-1",
    "person": "+4790012345",
    "queue": "main",
    "file": "a call file",
    "claimed_at": NOW,
    "until": NOW + BEGINS_WITHIN,
    "state": "claimed",
    "result": "",
    "call_id": "",
}


@asynccontextmanager
async def keeper(
    folder: Path, database_url: str, node: str = "main", patience: float = PATIENCE
) -> AsyncIterator[LeaseKeeper]:
    variables = {"HOTLINE_STATE": str(folder), "HOTLINE_NODE": node, "DATABASE_URL": database_url}
    made = LeaseKeeper(Settings.from_environment(variables), pace=PACE, patience=patience)
    try:
        yield made
    finally:
        await made.close()


async def test_a_copy_with_the_same_name_is_refused_while_the_first_renews(
    tmp_path: Path, database_url: str
) -> None:
    await upgrade(database_url)
    async with keeper(tmp_path / "a", database_url) as first, keeper(tmp_path / "b", database_url) as copy:
        await first.take()
        stop = asyncio.Event()
        renewing = asyncio.create_task(first.run(stop))
        with pytest.raises(SetupError, match=rf"node main .* state folder {tmp_path / 'a'}.*HOTLINE_NODE"):
            await copy.ask()
        with pytest.raises(StoreError, match="another service is node main"):
            await copy.take()
        assert copy.refused
        assert not stop.is_set()
        renewing.cancel()


async def test_a_name_that_nobody_renews_is_taken_and_the_one_before_ends(
    tmp_path: Path, database_url: str
) -> None:
    await upgrade(database_url)
    async with keeper(tmp_path / "a", database_url) as first, keeper(tmp_path / "b", database_url) as second:
        await first.take()
        await second.ask()
        await second.take()
        stop = asyncio.Event()
        async with asyncio.timeout(10):
            await first.run(stop)
        assert stop.is_set()
        assert f"state folder {tmp_path / 'b'}" in first.refused


async def test_the_next_process_of_the_same_folder_need_not_wait(tmp_path: Path, database_url: str) -> None:
    await upgrade(database_url)
    async with keeper(tmp_path / "a", database_url) as killed:
        await killed.take()
        async with asyncio.timeout(50), keeper(tmp_path / "a", database_url, patience=100) as again:
            await again.ask()
            await again.take()


async def test_a_copied_folder_is_another_one(tmp_path: Path, database_url: str) -> None:
    await upgrade(database_url)
    async with keeper(tmp_path / "a", database_url) as first:
        await first.take()
        shutil.copytree(tmp_path / "a", tmp_path / "b")
        renewing = asyncio.create_task(first.run(asyncio.Event()))
        async with keeper(tmp_path / "b", database_url) as copy:
            with pytest.raises(SetupError):
                await copy.ask()
        renewing.cancel()


async def test_two_names_share_a_database(tmp_path: Path, database_url: str) -> None:
    await upgrade(database_url)
    async with (
        asyncio.timeout(50),
        keeper(tmp_path / "a", database_url, "east", patience=100) as east,
        keeper(tmp_path / "b", database_url, "west", patience=100) as west,
    ):
        await west.ask()
        await east.take()
        await west.ask()
        await west.take()


async def test_who_stops_gives_it_back(tmp_path: Path, database_url: str) -> None:
    await upgrade(database_url)
    async with keeper(tmp_path / "a", database_url) as first:
        await first.take()
    store = open_store(database_url)
    assert await store.read(lambda connection: lease_of(connection, "main")) is None
    await store.close()


async def test_where_there_are_no_tables_or_no_database_yet_the_start_goes_on(tmp_path: Path) -> None:
    missing = f"sqlite:///{tmp_path / 'none' / 'hotline.db'}"
    async with keeper(tmp_path / "a", missing) as first:
        await first.ask()
    assert not (tmp_path / "none").exists()
    empty = f"sqlite:///{tmp_path / 'empty.db'}"
    (tmp_path / "empty.db").touch()
    async with keeper(tmp_path / "a", empty) as first:
        await first.ask()
        with pytest.raises(StoreError):
            await first.take()


async def test_a_lease_that_is_gone_with_its_database_is_had_again(tmp_path: Path, database_url: str) -> None:
    """As when a backup is put back on the server beside the running service."""
    await upgrade(database_url)
    store = open_store(database_url)
    async with keeper(tmp_path / "a", database_url) as first:
        await first.take()
        await store.write(lambda connection: connection.execute(delete(node_lease)))
        stop = asyncio.Event()
        renewing = asyncio.create_task(first.run(stop))
        async with asyncio.timeout(20):
            while await store.read(lambda connection: lease_of(connection, "main")) is None:
                await asyncio.sleep(PACE)
        assert not stop.is_set()
        renewing.cancel()
    await store.close()


async def test_what_has_stood_still_for_long_enough_is_not_watched_once_more(
    tmp_path: Path, database_url: str
) -> None:
    await upgrade(database_url)
    async with keeper(tmp_path / "a", database_url) as dead, keeper(tmp_path / "b", database_url) as copy:
        await dead.take()
        await copy.ask()
        copy._patience = 1_000
        async with asyncio.timeout(20):
            await copy.take()


@pytest.mark.parametrize(("folder", "finished"), [("a", ["main-0.0-1"]), ("b", [])])
async def test_a_call_back_that_was_taken_elsewhere_is_not_made_here_as_well(
    tmp_path: Path, database_url: str, folder: str, finished: list[str]
) -> None:
    """The next process of the same folder finishes it; another machine does not know whether it was made."""
    await upgrade(database_url)
    store = open_store(database_url)
    async with keeper(tmp_path / "a", database_url) as first:
        await first.take()
        await store.write(lambda connection: connection.execute(insert(callback_attempt).values(TAKEN)))
        async with keeper(tmp_path / folder, database_url, patience=0.1) as second:
            await second.take()
    claimed = await store.read(lambda connection: attempts.claimed(connection, "main"))
    assert [each.id for each in claimed] == finished
    states = await store.read(lambda connection: list(connection.scalars(select(callback_attempt.c.state))))
    assert states == ["claimed" if finished else "written"]
    await store.close()


def test_a_call_back_that_was_taken_before_the_node_was_lost_is_past_when_another_may_act() -> None:
    # Its lease was renewed so long before it at most, and stood still for so long when another took the node.
    assert BEGINS_WITHIN.total_seconds() < TAKEN_AFTER - RENEW_EVERY
