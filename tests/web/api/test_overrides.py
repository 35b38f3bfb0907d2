"""Closing, opening and informing over the interface; every change stands in the trail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from tests.web.api.house import NOW, Caller, House

PATH = "/lines/info/overrides"


async def close(caller: Caller, **body: Any) -> Any:
    response = await caller.ask("POST", PATH, "control", json={"kind": "close", **body})
    assert response.status == 201, await response.text()
    made = await response.json()
    assert response.headers["Location"] == f"/api/v1/overrides/{made['id']}"
    return made


@pytest.mark.parametrize(
    ("end", "until"),
    [
        ({}, None),
        ({"until": "15:00"}, "2026-11-23T14:00:00Z"),
        ({"ends_at": "2026-11-23T15:00:00+01:00"}, "2026-11-23T14:00:00Z"),
        ({"seconds": 5400}, "2026-11-23T14:00:00Z"),
        ({"until_next_change": True}, "2026-11-23T15:00:00Z"),
    ],
)
async def test_a_line_is_closed_until_whatever_end_is_said(
    caller: Caller, house: House, end: dict[str, Any], until: str | None
) -> None:
    made = await close(caller, prompt="storm", **end)
    assert made["until"] == until
    assert (made["line"], made["kind"], made["by"], made["holds"]) == ("info", "close", "control token", True)
    (kept,) = house.overrides.standing(NOW)
    assert (kept.id, kept.prompt) == (made["id"], "storm")
    assert house.told == 1, "the service uses it at once"
    assert (await caller.get(f"/overrides/{made['id']}")) == made


async def test_who_did_what_over_which_request_is_in_the_trail(caller: Caller, house: House) -> None:
    headers = {"X-Request-ID": "req-1"}
    await caller.ask("POST", PATH, "control", json={"kind": "open"}, headers=headers)
    await caller.ask("DELETE", PATH, "admin", headers={"X-Request-ID": "req-2"})
    told = [(e.by, e.via, e.action, e.subject, e.request_id) for e in house.trail.entries()]
    assert told == [
        ("control token", "rest", "override.set", "info", "req-1"),
        ("admin token", "rest", "override.clear", "info", "req-2"),
    ]
    assert house.told == 2


async def test_an_information_up_front_may_ask_for_a_key(caller: Caller, house: House) -> None:
    body = {"kind": "surge", "prompt": "storm", "must_press_to_go_on": True, "seconds": 60}
    assert (await caller.ask("POST", PATH, "control", json=body)).status == 201
    assert house.overrides.standing(NOW)[0].must_press_to_go_on


async def test_calls_are_routed_by_the_same_door(caller: Caller, house: House) -> None:
    assert (await caller.ask("POST", PATH, "control", json={"kind": "inside", "seconds": 60})).status == 201
    assert [each.kind for each in house.overrides.standing(NOW)] == ["inside"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"kind": "outside"}, "line 'info' has no centre to send callers to"),
        ({"kind": "both", "prompt": "storm"}, "a route has no prompt"),
        ({"kind": "close", "prompt": "strom"}, "no prompt 'strom'; did you mean 'storm'"),
        ({"kind": "close", "until": "soon"}, "'soon' is no moment"),
        ({"kind": "close", "until": "today 08:00"}, "is past"),
        ({"kind": "close", "ends_at": "2026-11-23T12:30:00Z"}, "is past"),
        ({"kind": "close", "ends_at": "2036-11-23T12:30:00Z"}, "a year at most"),
        ({"kind": "close", "ends_at": "2026-11-23T14:00:00"}, "needs its offset"),
        ({"kind": "close", "ends_at": 1795451000}, "write a moment with its offset"),
        ({"kind": "close", "until": "15:00", "seconds": 60}, "give one end only"),
        ({"kind": "close", "until": "x" * 41}, "at most 40"),
        ({"kind": "close", "until": "\r\nX-Evil: 1"}, "is no moment"),
        ({"kind": "close", "seconds": 0}, "greater than or equal to 1"),
        ({"kind": "close", "seconds": 366 * 86400 + 1}, "less than or equal"),
        ({"kind": "close", "prompt": "../../etc/passwd"}, "should match pattern"),
        ({"kind": "close", "must_press_to_go_on": True}, "belongs to an information"),
        ({"kind": "surge"}, "needs a prompt"),
        ({"kind": "close", "line": "other"}, "there is no such key"),
        ({}, "is required here"),
    ],
)
async def test_a_wish_that_makes_no_sense_is_refused_and_changes_nothing(
    caller: Caller, house: House, body: dict[str, Any], why: str
) -> None:
    response = await caller.ask("POST", PATH, "control", json=body)
    assert "X-Evil" not in response.headers
    problem = await caller.problem(422, "POST", PATH, "control", json=body)
    assert why in problem["detail"]
    assert house.overrides.all() == ()
    assert list(house.trail.entries()) == []


async def test_a_line_that_is_not_there_cannot_be_closed(caller: Caller, house: House) -> None:
    await caller.problem(404, "POST", "/lines/inof/overrides", "control", json={"kind": "close"})
    await caller.problem(404, "DELETE", "/lines/inof/overrides", "control")
    assert house.overrides.all() == ()


async def test_a_line_is_given_back_to_its_calendar(caller: Caller, house: House) -> None:
    made = await close(caller)
    response = await caller.ask("DELETE", PATH, "control")
    (ended,) = (await response.json())["ended"]
    assert (ended["id"], ended["holds"], ended["cleared_by"]) == (made["id"], False, "control token")
    assert house.overrides.standing(NOW) == ()
    problem = await caller.problem(404, "DELETE", PATH, "control")
    assert "no override of line 'info'" in problem["detail"]


async def test_one_override_is_ended_and_the_other_stays(caller: Caller, house: House) -> None:
    made = await close(caller)
    await caller.ask("POST", PATH, "control", json={"kind": "surge", "prompt": "storm"})
    response = await caller.ask("DELETE", f"/overrides/{made['id']}", "control")
    assert [each["id"] for each in (await response.json())["ended"]] == [made["id"]]
    assert [each.kind for each in house.overrides.standing(NOW)] == ["surge"]
    await caller.problem(404, "DELETE", f"/overrides/{made['id']}", "control")


async def test_the_list_tells_what_stands_and_when_asked_what_has_ended(caller: Caller, house: House) -> None:
    first = await close(caller, seconds=60)
    house.now = NOW + timedelta(seconds=60)
    second = await close(caller)
    assert [each["id"] for each in (await caller.get("/overrides"))["overrides"]] == [second["id"]]
    listed = (await caller.get("/overrides?all=true"))["overrides"]
    assert [(each["id"], each["holds"]) for each in listed] == [(first["id"], False), (second["id"], True)]
    assert (await caller.get("/overrides?line=other"))["overrides"] == []


@pytest.mark.parametrize("name", ["zzzzzz", "x" * 33, "A", "%00", "' OR ''='", "a%2fb"])
async def test_an_override_that_is_not_there_is_not_found(caller: Caller, name: str) -> None:
    await caller.problem(404, "GET", f"/overrides/{name}")
    await caller.problem(404, "DELETE", f"/overrides/{name}", "control")


async def test_a_file_that_cannot_be_read_is_our_trouble_and_not_the_clients(
    caller: Caller, house: House
) -> None:
    (house.folder / "overrides.json").write_text("{")
    for method, path, role in (
        ("GET", "/overrides", "read"),
        ("DELETE", PATH, "control"),
        ("POST", PATH, "control"),
    ):
        body = {"kind": "close"} if method == "POST" else None
        problem = await caller.problem(503, method, path, role, json=body)
        assert problem["code"] == "unavailable"
        assert str(house.folder) not in problem["detail"]


async def test_a_change_that_cannot_be_noted_holds_is_told_and_is_used(caller: Caller, house: House) -> None:
    """The disk is full, say, after the override was written and before the trail was."""
    (house.folder / "audit.jsonl").mkdir()
    problem = await caller.problem(503, "POST", PATH, "control", json={"kind": "close"})
    assert "The change is made" in problem["detail"]
    assert len(house.overrides.standing(NOW)) == 1
    assert house.told == 1


async def test_two_who_close_at_the_same_time_are_both_in_the_trail(house: House) -> None:
    import asyncio

    async with TestClient(TestServer(house.app())) as client:
        caller = Caller(client, house.secrets)
        await asyncio.gather(*(close(caller, seconds=number) for number in range(1, 11)))
    assert len(list(house.trail.entries())) == 10
    assert len(house.overrides.standing(NOW)) == 1, "each ended the one before it"
