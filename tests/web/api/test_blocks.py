"""Blocking callers over the interface; every change stands in the trail."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.api.house import NOW, Caller, House

PEST = "+4799999999"


async def test_a_caller_is_blocked_shown_and_let_in_again(caller: Caller, house: House) -> None:
    body = {"callers": "99 99 99 99", "seconds": 3600, "reason": "threats", "refuse": "busy"}
    response = await caller.ask("POST", "/blocks", "control", json=body)
    assert response.status == 201, await response.text()
    made = await response.json()
    assert response.headers["Location"] == f"/api/v1/blocks/{made['id']}"
    assert (made["callers"], made["by"], made["refuse"], made["holds"]) == (
        PEST,
        "control token",
        "busy",
        True,
    )
    assert house.told == 1, "the service uses it at once"
    assert await caller.get(f"/blocks/{made['id']}?numbers=true", "control") == made
    assert await caller.get("/blocks?numbers=true", "control") == {"blocks": [made]}

    met = await caller.get("/explain", params={"line": "info", "from": PEST})
    assert met["parts"][0]["reason"] == f"blocked:by-hand.{made['id']}"

    response = await caller.ask("DELETE", f"/blocks/{made['id']}", "control")
    assert [each["holds"] for each in (await response.json())["ended"]] == [False]
    assert house.blocks.standing(NOW) == ()
    assert await caller.get("/blocks") == {"blocks": []}
    assert len((await caller.get("/blocks", params={"all": "true"}))["blocks"]) == 1
    actions = [each.action for each in house.trail.entries()]
    assert actions == ["caller.block", "numbers.read", "numbers.read", "caller.unblock"]


async def test_whom_is_masked_unless_a_role_that_may_see_numbers_asks(caller: Caller) -> None:
    for callers in (PEST, "+4782*", "withheld"):
        body = {"callers": callers, "reason": f"rings from {PEST} all night"}
        assert (await caller.ask("POST", "/blocks", "control", json=body)).status == 201
    shown = (await caller.get("/blocks"))["blocks"]
    assert {each["callers"] for each in shown} == {"+47 •••• 999", "+4782*", "withheld"}
    assert {each["reason"] for each in shown} == {"rings from +47 •••• 999 all night"}
    assert (await caller.get(f"/blocks/{shown[0]['id']}"))["reason"] == shown[0]["reason"]
    for path in ("/blocks?numbers=true", f"/blocks/{shown[0]['id']}?numbers=true"):
        await caller.problem(403, "GET", path, "read")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"callers": "kari"}, "is not a telephone number"),
        ({"callers": "+47*"}, "everybody in your own country"),
        ({"callers": PEST, "message": "strom"}, "did you mean 'storm'"),
        ({"callers": PEST, "seconds": 0}, ""),
        ({"callers": PEST, "message": "storm", "refuse": "busy"}, "not both"),
        ({}, ""),
    ],
)
async def test_what_makes_no_sense_is_a_problem_and_nothing_is_kept(
    caller: Caller, house: House, body: dict[str, Any], why: str
) -> None:
    response = await caller.ask("POST", "/blocks", "control", json=body)
    assert response.status in {400, 422}
    assert why in await response.text()
    assert house.blocks.all() == ()


async def test_a_block_that_is_not_there_is_not_found(caller: Caller) -> None:
    await caller.problem(404, "GET", "/blocks/zzzzzz")
    await caller.problem(404, "DELETE", "/blocks/zzzzzz", "control")
