"""Legs and pauses over the interface: pages by cursor, filters, and a database that is away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.ledger import Batch
from hotline_ivr.routing.presence import Period, Standing
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.pauses import DatabasePauses
from hotline_ivr.web.api.values import to_cursor
from tests.routing.call_tables import FOLDER, read_call
from tests.web.api.house import Caller, House
from tests.web.api.test_calls import AwayRecord

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Three answered calls of a leg each, and three pauses."""
    url = f"sqlite:///{tmp_path / 'legs.db'}"
    await upgrade(url)
    opened = open_store(url)
    told = read_call(FOLDER / "answered_caller_hangs_up.txt")
    record = fold(told.events, told.queue_events, node="main")
    assert record is not None
    records = [
        record._replace(id=f"main-9.{number}", arrived_at=record.arrived_at + number * 60_000_000)
        for number in range(3)
    ]
    await DatabaseLedger(opened, "main").commit(Batch("main", records=records))
    pauses = [
        Period("anna", Standing.PAUSED, "break", NOON + timedelta(hours=hour), None, "anna", "")
        for hour in range(3)
    ]
    await DatabasePauses(opened, "main").write(pauses)
    yield opened
    await opened.close()


async def all_pages(caller: Caller, path: str, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    params = {"limit": "2", "order": "oldest"}
    while True:
        page = await caller.get(path, params=params)
        assert len(page[key]) <= 2
        found += page[key]
        if page["next"] is None:
            return found
        params["cursor"] = page["next"]


async def test_legs_of_all_calls_come_page_by_page_with_their_call(caller: Caller) -> None:
    found = await all_pages(caller, "/legs", "legs")
    assert [each["call"] for each in found] == ["main-9.0", "main-9.1", "main-9.2"]
    assert {(each["node"], each["line"], each["operator"], each["result"]) for each in found} == {
        ("main", "demo", "anna", "answered")
    }
    newest = await caller.get("/legs?limit=1&operator=anna&line=demo")
    assert [each["call"] for each in newest["legs"]] == ["main-9.2"]
    assert (await caller.get("/legs?operator=nobody"))["legs"] == []


async def test_pauses_of_all_operators_come_page_by_page(caller: Caller) -> None:
    found = await all_pages(caller, "/pauses", "pauses")
    assert [each["began_at"] for each in found] == [
        f"2026-11-23T{hour}:00:00Z" for hour in ("12", "13", "14")
    ]
    assert {(each["node"], each["operator"], each["standing"], each["reason"]) for each in found} == {
        ("main", "anna", "paused", "break")
    }
    assert (await caller.get("/pauses?until=2026-11-23T12:00:00Z"))["pauses"] == []


OTHERS = ["x", to_cursor("1", "2"), to_cursor("soon", "a", "b"), to_cursor("9" * 40, "a", "b")]


@pytest.mark.parametrize("path", ["/legs", "/pauses"])
@pytest.mark.parametrize("cursor", OTHERS)
async def test_a_cursor_of_another_list_is_refused(caller: Caller, path: str, cursor: str) -> None:
    response = await caller.ask("GET", f"{path}?cursor={cursor}")
    assert (response.status, (await response.json())["errors"][0]["where"]) == (422, "query.cursor")


async def test_while_the_database_is_away_that_is_said(house: House) -> None:
    house.record = AwayRecord()
    async with TestClient(TestServer(house.app())) as client:
        for path in ("/legs", "/pauses"):
            problem = await Caller(client, house.secrets).problem(503, "GET", path)
            assert problem["code"] == "unavailable"
