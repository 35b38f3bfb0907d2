"""Days of operators over the interface: pages by cursor, and the same figures as an export of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hotline_ivr.exports import operator_days
from hotline_ivr.exports.columns import Wanted
from hotline_ivr.routing.ledger import Batch
from hotline_ivr.routing.presence import Period, Standing
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.pauses import DatabasePauses
from hotline_ivr.store.writer import write_batch
from hotline_ivr.web.api.values import to_cursor
from tests.exports.records import answered, fill
from tests.exports.test_kinds import order, read
from tests.postgres import database_url, postgres
from tests.web.api.house import NOW, Caller, House
from tests.web.api.test_calls import AwayRecord

__all__ = ["database_url", "postgres"]

DAY = 86_400
EVENING = NOW + timedelta(hours=10)
"""The recorded call has arrived by then; in Oslo it is 23:30."""


def stood(operator: str, standing: Standing, days_ago: float, hours: float | None) -> Period:
    began = EVENING - timedelta(days=days_ago)
    ended = None if hours is None else began + timedelta(hours=hours)
    return Period(operator, standing, "break" if standing is Standing.PAUSED else "", began, ended, "x", "x")


CALLS = [
    answered(1),
    answered(2, after_s=60, line="courses"),
    answered(3, after_s=-3 * DAY, operator="anna"),
    answered(4, after_s=-400 * DAY),
    # Nobody was rung for it: a day without a row.
    answered(5, after_s=-40 * DAY, legs=(), operator=None),
]
STOOD = [
    stood("anna", Standing.READY, 401.0, 2),
    # Beyond midnight, and over days.
    stood("bjorn", Standing.PAUSED, 300.0, 5),
    stood("bjorn", Standing.WRAP_UP, 299.5, 60),
    stood("anna", Standing.SIGNED_OUT, 299.0, 5_000),
    stood("bjorn", Standing.SIGNED_OUT, 290.0, 6_000),
    stood("bjorn", Standing.PAUSED, 1.5, 1),
    stood("anna", Standing.READY, 1.2, None),
]


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """Calls and standings of more than a year, with months of nothing between."""
    await fill(database_url, *CALLS)
    opened = open_store(database_url)
    await DatabasePauses(opened, "main").write(STOOD)
    yield opened
    await opened.close()


@pytest.fixture(autouse=True)
def evening(house: House) -> None:
    house.now = EVENING


async def all_pages(caller: Caller, **params: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = await caller.get("/operator-days", params=params)
        assert len(page["days"]) <= int(params["limit"])
        found += page["days"]
        if page["next"] is None:
            return found
        params["cursor"] = page["next"]


async def exported(url: str, house: House, wanted: Wanted) -> list[dict[str, Any]]:
    """The export's rows as the list has them."""
    rows = await read(url, order("operators", wanted), house.plan)
    return [
        {
            f"{name[:-2]}_ms" if name.endswith("_s") else name: round(value * 1000)
            if name.endswith("_s")
            else value
            for name, value in row.items()
        }
        for row in rows
    ]


@pytest.mark.parametrize("limit", ["1", "2", "3", "500"])
async def test_all_pages_together_are_the_export(
    caller: Caller, house: House, database_url: str, limit: str
) -> None:
    whole = await exported(database_url, house, Wanted(None, EVENING))
    assert len({row["day"] for row in whole}) >= 7
    assert {row["operator"] for row in whole} == {"anna", "bjorn"}
    assert await all_pages(caller, limit=limit, order="oldest") == whole
    assert await all_pages(caller, limit=limit) == whole[::-1]


async def test_a_page_that_has_looked_at_many_days_is_short_and_tells_where_to_go_on(
    caller: Caller, house: House, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await exported(database_url, house, Wanted(None, EVENING))
    for most in (2, 3):
        monkeypatch.setattr(operator_days, "MOST_DAYS", most)
        assert await all_pages(caller, limit="500", order="oldest") == whole
        assert await all_pages(caller, limit="500") == whole[::-1]
        page = await caller.get("/operator-days?limit=500")
        assert (len({row["day"] for row in page["days"]}) <= most, page["next"] is None) == (True, False)


async def test_time_line_and_operator_choose(caller: Caller, house: House, database_url: str) -> None:
    """A day that lies in the time in part has that part, also where a page ends in it."""
    since, until = EVENING - timedelta(days=299.8), EVENING - timedelta(hours=3)
    span = {"since": since.isoformat(), "until": until.isoformat(), "line": "info", "limit": "1"}
    part = await exported(database_url, house, Wanted(since, until, ("info",)))
    assert await all_pages(caller, **span, order="oldest") == part
    assert await all_pages(caller, **span) == part[::-1]
    of_anna = [row for row in part if row["operator"] == "anna"]
    assert of_anna
    assert await all_pages(caller, **span, operator="anna", order="oldest") == of_anna


async def test_a_call_that_comes_between_two_pages_is_on_a_later_one(
    caller: Caller, house: House, store: Store, database_url: str
) -> None:
    page = await caller.get("/operator-days?order=oldest&limit=3")
    record = answered(6, after_s=120)
    await store.write(lambda connection: write_batch(connection, Batch("main", records=[record])))
    rest = await all_pages(caller, order="oldest", limit="3", cursor=page["next"])
    assert page["days"] + rest == await exported(database_url, house, Wanted(None, EVENING))
    assert rest[-1]["rings"] == 3


async def test_today_has_its_figures_until_now(caller: Caller, house: House) -> None:
    today = (await caller.get("/operator-days?limit=1"))["days"][0]
    house.now += timedelta(minutes=10)
    later = (await caller.get("/operator-days?limit=1"))["days"][0]
    assert (today["day"], today["operator"], today["name"]) == ("2026-11-23", "anna", "Anna Berg")
    assert later["ready_ms"] - today["ready_ms"] == 600_000


async def test_a_record_without_anything_has_no_days(house: House, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    await fill(url)
    house.record = empty = open_store(url)
    async with TestClient(TestServer(house.app())) as client:
        for way in ("oldest", "newest"):
            page = await Caller(client, house.secrets).get(f"/operator-days?order={way}")
            assert page == {"days": [], "next": None}
    await empty.close()


OTHERS = [
    "x",
    to_cursor("1"),
    to_cursor("soon", "anna"),
    to_cursor("0001-01-01", "anna"),
    to_cursor("9999-12-31", "anna"),
    to_cursor("1", "a", "b"),
]


@pytest.mark.parametrize("cursor", OTHERS)
async def test_a_cursor_of_another_list_is_refused(caller: Caller, cursor: str) -> None:
    response = await caller.ask("GET", f"/operator-days?cursor={cursor}")
    assert (response.status, (await response.json())["errors"][0]["where"]) == (422, "query.cursor")


async def test_a_cursor_of_a_day_that_is_not_there_finds_what_is_behind_it(caller: Caller) -> None:
    never = to_cursor("2026-06-01", "zoe")
    found = await caller.get(f"/operator-days?order=oldest&limit=1&cursor={never}")
    assert found["days"][0]["day"] > "2026-06-01"
    far = to_cursor("9998-12-31", "zoe")
    assert (await caller.get(f"/operator-days?order=oldest&cursor={far}"))["days"] == []


async def test_while_the_database_is_away_that_is_said(house: House) -> None:
    house.record = AwayRecord()
    async with TestClient(TestServer(house.app())) as client:
        problem = await Caller(client, house.secrets).problem(503, "GET", "/operator-days")
        assert problem["code"] == "unavailable"


def test_the_evening_is_after_the_recorded_call() -> None:
    assert datetime.fromtimestamp(CALLS[1].arrived_at / 1e6, UTC) < EVENING
