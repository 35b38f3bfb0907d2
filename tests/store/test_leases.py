"""One holder a node, and nothing written without it; on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select, text

from hotline_ivr.errors import StoreError
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.lease_tables import node_lease
from hotline_ivr.store.leases import FencedStore, Lease, give_back, lease_of, renew, take
from hotline_ivr.store.migrate import upgrade

NOW = datetime(2026, 8, 17, 8, tzinfo=UTC)
ONE = Lease("main", "one", "here", "host", 12, "/state", 0, NOW, NOW)
OTHER = replace(ONE, holder="other", place="there")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    await upgrade(database_url)
    store = open_store(database_url)
    yield store
    await store.close()


async def taken(store: Store, wanted: Lease, before: Lease | None) -> bool:
    return await store.write(lambda connection: take(connection, wanted, before))


async def held(store: Store) -> Lease | None:
    return await store.read(lambda connection: lease_of(connection, "main"))


async def test_of_many_who_want_it_at_once_one_has_it(store: Store) -> None:
    wanted = [replace(ONE, holder=f"nr{number}") for number in range(10)]
    assert sum(await asyncio.gather(*(taken(store, each, None) for each in wanted))) == 1


async def test_it_is_taken_only_as_it_was_seen(store: Store) -> None:
    assert await taken(store, ONE, None)
    renewed = await store.write(lambda connection: renew(connection, ONE, NOW + timedelta(seconds=3)))
    assert renewed is not None
    assert await held(store) == renewed
    assert not await taken(store, OTHER, ONE)
    assert await taken(store, OTHER, renewed)
    assert await store.write(lambda connection: renew(connection, renewed, NOW)) is None


async def test_what_is_given_back_is_free_and_another_s_stays(store: Store) -> None:
    assert await taken(store, ONE, None)
    await store.write(lambda connection: give_back(connection, OTHER))
    assert await held(store) == ONE
    await store.write(lambda connection: give_back(connection, ONE))
    assert await taken(store, OTHER, None)


async def test_each_node_has_its_own(store: Store) -> None:
    assert await taken(store, ONE, None)
    assert await taken(store, replace(OTHER, node="second"), None)


async def test_without_it_nothing_is_written_and_nothing_read_that_is_acted_on(store: Store) -> None:
    fenced = FencedStore(store, "main", "one")

    def count(connection: Connection) -> int:
        return len(connection.execute(select(node_lease)).all())

    assert await fenced.read(count) == 0
    for refused in (fenced.write(count), fenced.for_deeds().read(count)):
        with pytest.raises(StoreError, match="not the one of node main"):
            await refused
    assert await taken(store, ONE, None)
    assert await fenced.write(count) == await fenced.for_deeds().read(count) == 1


@pytest.mark.postgres
async def test_who_is_writing_is_waited_for_before_it_is_taken(store: Store) -> None:
    """On either database: else the old holder's batch could be committed after the new one's first."""
    assert await taken(store, ONE, None)
    order: list[str] = []
    fenced = FencedStore(store, "main", "one")
    writing = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(connection: Connection) -> None:
        loop.call_soon_threadsafe(writing.set)
        sleep = "SELECT pg_sleep(0.5)" if connection.dialect.name == "postgresql" else "SELECT 1"
        connection.execute(text(sleep))
        order.append("written")

    async def takes() -> None:
        await writing.wait()
        assert await taken(store, OTHER, ONE)
        order.append("taken")

    await asyncio.gather(fenced.write(slow), takes())
    assert order == ["written", "taken"]
