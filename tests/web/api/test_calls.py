"""Calls over the interface: pages, filters, masked numbers, and a database that is away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import Connection
from structlog.testing import capture_logs

from hotline_ivr.errors import StoreError
from hotline_ivr.web.api.values import to_cursor
from tests.routing.call_tables import CALL, START
from tests.web.api.house import Caller, House

Result = TypeVar("Result")


class AwayRecord:
    """A database that cannot be reached."""

    async def read(self, _transaction: Callable[[Connection], Result]) -> Result:
        raise StoreError("the database postgresql://hotline@db.internal/hotline cannot be used: refused")

    write = read

    async def close(self) -> None:
        return


def ids(page: Any) -> list[str]:
    return [str(call["id"]).rpartition(".")[2] for call in page["calls"]]


async def test_calls_are_listed_newest_first(caller: Caller) -> None:
    page = await caller.get("/calls")
    assert ids(page) == ["6", "5", "4", "3", "2", "1", "0"]
    assert page["next"] is None
    answered = page["calls"][-1]
    assert (answered["outcome"], answered["operator"], answered["line"]) == ("answered", "anna", "demo")
    assert answered["arrived_at"] == "2026-11-23T16:23:20Z"
    assert answered["finished"] is True


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
async def test_pages_put_together_are_the_whole_list_also_where_two_calls_arrived_at_once(
    caller: Caller, limit: int
) -> None:
    found: list[str] = []
    params = {"limit": str(limit)}
    while True:
        page = await caller.get("/calls", params=params)
        assert len(page["calls"]) <= limit
        found += ids(page)
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert found == ["6", "5", "4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("outcome=answered", ["0"]),
        ("line=demo", ["0"]),
        ("line=nobody-has-this-one", []),
        ("since=2026-11-23T16:26:20Z", ["6", "5", "4"]),
        ("since=2026-11-23T17:26:20%2B01:00", ["6", "5", "4"]),
        ("since=2026-11-23T17:26:20+01:00", ["6", "5", "4"]),
        ("until=2026-11-23T16:24:20Z", ["0"]),
        ("since=2026-11-23T16:24:20Z&until=2026-11-23T16:25:20Z&outcome=closed", ["1"]),
    ],
)
async def test_calls_are_chosen_by_time_line_and_outcome(
    caller: Caller, query: str, found: list[str]
) -> None:
    response = await caller.ask("GET", f"/calls?{query}")
    assert response.status == 200, await response.text()
    assert ids(await response.json()) == found


async def test_numbers_are_masked_and_names_left_out(caller: Caller) -> None:
    for role in ("read", "control", "admin"):
        answered = (await caller.get("/calls", role))["calls"][-1]
        assert (answered["caller"], answered["caller_name"]) == ("+47 •••• 432", "")
        story = await caller.ask("GET", f"/calls/{CALL}", role)
        assert "98765432" not in await story.text()


async def test_numbers_are_shown_to_control_who_asks_and_that_stands_in_the_trail(
    caller: Caller, house: House
) -> None:
    with capture_logs() as logs:
        answered = (await caller.get("/calls?numbers=true&limit=9", "control"))["calls"][-1]
        story = await caller.get(f"/calls/{CALL}?numbers=true", "admin")
    assert (answered["caller"], answered["caller_name"]) == ("+4798765432", "Kåre")
    assert story["call"]["caller"] == "+4798765432"
    said = [entry["token"] for entry in logs if "numbers" in entry["event"]]
    assert said == ["control token", "admin token"]
    looks = [(each.by, each.action, each.subject, dict(each.details)) for each in house.trail.entries()]
    assert looks == [
        ("control token", "numbers.read", "calls", {"limit": "9"}),
        ("admin token", "numbers.read", CALL, {}),
    ]
    assert "98765432" not in house.trail._path.read_text()


async def test_numbers_are_not_shown_where_the_trail_cannot_be_written(caller: Caller, house: House) -> None:
    path = house.trail._path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir()
    assert "not shown" in (await caller.problem(503, "GET", "/calls?numbers=true", "control"))["detail"]
    assert (await caller.get("/calls", "control"))["calls"]


@pytest.mark.parametrize("path", ["/calls?numbers=true", f"/calls/{CALL}?numbers=true"])
async def test_numbers_are_refused_to_who_may_only_read(caller: Caller, path: str) -> None:
    assert "role control" in (await caller.problem(403, "GET", path))["detail"]


async def test_one_call_has_its_time_line(caller: Caller) -> None:
    story = await caller.get(f"/calls/{CALL}")
    assert story["call"]["id"] == CALL
    assert story["legs"][0]["operator"] == "anna"
    rings = next(event for event in story["events"] if event["text"] == "anna rings")
    assert (rings["after_ms"], rings["exact"]) == (2858.0, True)
    assert any(event["text"] == "queue log: anna connected" for event in story["events"])


@pytest.mark.parametrize(
    "name",
    [
        "main-1.1",
        "x" * 64,
        "x" * 65,
        "x" * 6000,
        "%00",
        "a%0d%0aSet-Cookie:x",
        "1'%20OR%20'1'='1",
        "..%2f..%2fetc%2fpasswd",
        "%ff%fe",
        "%F0%9F%93%9E",
    ],
)
async def test_a_call_that_is_not_there_is_not_found_whatever_its_name(caller: Caller, name: str) -> None:
    await caller.problem(404, "GET", f"/calls/{name}")


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("limit=0", "query.limit"),
        ("limit=501", "query.limit"),
        ("limit=" + "9" * 4000, "query.limit"),
        ("limit=ten", "query.limit"),
        ("outcome=won", "query.outcome"),
        ("outcoem=closed", "query.outcoem"),
        ("line=a'%20OR%201=1--", "query.line"),
        ("line=%00", "query.line"),
        ("line=demo&line=other", "query.line"),
        ("since=yesterday", "query.since"),
        ("since=1795451000", "query.since"),
        ("since=2026-11-23", "query.since"),
        ("since=2026-11-23T16:00:00", "query.since"),
        ("since=0001-01-01T00:00:00%2B14:00", "query.since"),
        ("since=9999-12-31T23:59:59-14:00", "query.since"),
        ("numbers=perhaps", "query.numbers"),
        ("cursor=" + "A" * 201, "query.cursor"),
        ("cursor=nonsense", "query.cursor"),
        ("cursor=%ff", "query.cursor"),
        ("cursor=" + to_cursor("9" * 60, CALL), "query.cursor"),
        ("cursor=" + to_cursor(str(START), "a\x00b"), "query.cursor"),
        ("cursor=" + to_cursor(str(START)), "query.cursor"),
    ],
)
async def test_a_query_that_makes_no_sense_is_refused_with_its_place(
    caller: Caller, query: str, where: str
) -> None:
    problem = await caller.problem(422, "GET", f"/calls?{query}")
    assert [each["where"] for each in problem["errors"]] == [where]


async def test_while_the_database_is_away_only_calls_are(house: House) -> None:
    house.record = AwayRecord()
    async with TestClient(TestServer(house.app())) as client:
        caller = Caller(client, house.secrets)
        for path in ("/calls", f"/calls/{CALL}"):
            problem = await caller.problem(503, "GET", path)
            assert problem["code"] == "unavailable"
            assert "db.internal" not in problem["detail"]
        for path in ("/lines", "/lines/info", "/overrides"):
            await caller.get(path)
        closed = await caller.ask("POST", "/lines/info/overrides", "control", json={"kind": "close"})
        assert closed.status == 201
        assert len((await caller.get("/audit", "admin"))["entries"]) == 1
