"""A house of routes, somebody who asks, and a record with some calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.kept import keep_events, keep_queue_events
from hotline_ivr.routing.ledger import Batch, KeptEvents, Position
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from tests.routing.call_tables import CALL, FOLDER, START, read_call
from tests.web.api.house import Caller, Client, House


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Seven calls: one answered, and six closed ones, of which two arrived in the same microsecond."""
    url = f"sqlite:///{tmp_path_factory.mktemp('record') / 'hotline.db'}"
    answered = read_call(FOLDER / "answered_caller_hangs_up.txt")
    first = fold(answered.events, answered.queue_events, node="main")
    closed = fold(read_call(FOLDER / "closed_heard_in_full.txt").events, [], node="main")
    assert first is not None
    assert closed is not None
    later = [
        closed._replace(id=f"main-{START}.{number}", arrived_at=closed.arrived_at + minute * 60_000_000)
        for number, minute in ((1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 5))
    ]
    kept = [
        KeptEvents("main", CALL, "cel", 1, 0, keep_events(answered.events)),
        KeptEvents("main", CALL, "queue_log", 1, 0, keep_queue_events(answered.queue_events)),
    ]

    async def write() -> None:
        await upgrade(url)
        store = open_store(url)
        moves = [(None, Position(Source.CEL, 1, 1, 1, "1:a"))]
        batch = Batch("main", moves=moves, records=(first, *later), events=kept)
        await DatabaseLedger(store, "main").commit(batch)
        await store.close()

    asyncio.run(write())
    return url


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    store = open_store(database)
    yield store
    await store.close()


@pytest.fixture
def house(tmp_path: Path, store: Store) -> House:
    return House(tmp_path, store)


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with TestClient(TestServer(house.app())) as client:
        yield client


@pytest.fixture
def caller(client: Client, house: House) -> Caller:
    return Caller(client, house.secrets)
