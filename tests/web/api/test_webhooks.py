"""Web hooks over the interface and at a terminal: what waits, what was given up, and trying it again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hotline_ivr.routing.ledger import Batch
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from tests.exports.records import answered
from tests.web.api.house import Caller, House
from tests.web.api.test_calls import AwayRecord

HOOKS = {"crm": {"url": "https://crm.example.org/x?key=secret-word", "secret": "env:NOTHING"}}


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[House]:
    """A house of its own, with one call that nobody has been told of."""
    url = f"sqlite:///{tmp_path / 'hooks.db'}"
    await upgrade(url)
    store = open_store(url)
    house = House(tmp_path, store)
    house.use({"webhooks": HOOKS})
    await house.hook_deliveries.subscribe(house.subscriptions())
    await DatabaseLedger(store, "main").commit(Batch("main", records=[answered(1)]))
    yield house
    await store.close()


async def test_web_hooks_are_listed_with_what_waits(told: House) -> None:
    async with TestClient(TestServer(told.app())) as client:
        caller = Caller(client, told.secrets)
        answer = await caller.get("/webhooks")
        (hook,) = answer["webhooks"]
        assert (hook["id"], hook["events"], hook["waiting"], hook["failed"]) == ("crm", ["call-ended"], 1, 0)
        (each,) = answer["deliveries"]
        assert (each["id"], each["state"], each["tries"]) == (
            f"main:call-ended:{answered(1).id}:1",
            "waiting",
            0,
        )
        # An address may hold a key, and a body is about a caller.
        text = await (await caller.ask("GET", "/webhooks")).text()
        assert "secret-word" not in text
        assert "example.org" not in text
        assert (await caller.get("/webhooks?state=failed"))["deliveries"] == []
        assert (await caller.get("/webhooks?limit=0"))["deliveries"] == []


async def test_what_was_given_up_is_tried_again_and_noted(told: House) -> None:
    late = datetime(2099, 1, 1, tzinfo=UTC)
    await told.hook_deliveries.expire("crm", late, "gone")
    async with TestClient(TestServer(told.app())) as client:
        caller = Caller(client, told.secrets)
        await caller.problem(403, "POST", "/webhooks/crm/retry")
        response = await caller.ask("POST", "/webhooks/crm/retry", "control")
        assert await response.json() == {"hook": "crm", "messages": 1}
        await caller.problem(404, "POST", "/webhooks/nobody/retry", "control")
        assert (await caller.get("/webhooks"))["webhooks"][0]["waiting"] == 1
    (entry,) = told.trail.entries()
    assert (entry.action, entry.subject, entry.details) == ("webhook.retry", "crm", {"messages": "1"})


async def test_without_the_database_it_says_so(tmp_path: Path) -> None:
    house = House(tmp_path, AwayRecord())
    house.use({"webhooks": HOOKS})
    async with TestClient(TestServer(house.app())) as client:
        caller = Caller(client, house.secrets)
        await caller.problem(503, "GET", "/webhooks")
        await caller.problem(503, "POST", "/webhooks/crm/retry", "control")
