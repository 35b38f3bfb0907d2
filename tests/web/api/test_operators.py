"""Operators over the interface: where they stand, what is asked of them, and the trail of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hotline_ivr.routing.floor import DeviceState, MemberSeen, fold_all
from hotline_ivr.routing.presence import Period, Standing
from tests.web.api.house import NOW, Caller, House

ANNA = MemberSeen("main", "anna", "PJSIP/anna", DeviceState.NOT_IN_USE, paused=False)


async def do(caller: Caller, action: str, operator: str = "anna", **more: Any) -> Any:
    response = await caller.ask("POST", f"/operators/{operator}/{action}", "control", **more)
    assert response.status == 200, await response.text()
    return await response.json()


async def test_operators_are_listed_with_the_reasons_why_they_are_not_rung(
    caller: Caller, house: House
) -> None:
    house.floor = fold_all([ANNA])
    listed = await caller.get("/operators")
    anna, bjorn = listed["operators"]
    assert (anna["standing"], anna["phone"], anna["queues"], anna["why_not_rung"]) == (
        "ready",
        "free",
        ["main"],
        [],
    )
    assert [each["code"] for each in bjorn["why_not_rung"]] == ["no-place"]
    assert await caller.get("/operators/anna") == anna


async def test_a_pause_and_its_end_are_told_and_stand_in_the_trail(caller: Caller, house: House) -> None:
    house.floor = fold_all([ANNA])
    paused = await do(caller, "pause", json={"reason": "break"}, headers={"X-Request-ID": "req-1"})
    assert (paused["standing"], paused["reason"], paused["by"]) == ("paused", "break", "control token")
    (why,) = paused["why_not_rung"]
    assert (why["code"], why["text"], why["since"]) == (
        "paused",
        "on a pause: break",
        NOW.isoformat().replace("+00:00", "Z"),
    )
    assert (await do(caller, "ready"))["standing"] == "ready"
    assert (await do(caller, "sign-out"))["standing"] == "signed-out"
    assert (await do(caller, "sign-in"))["standing"] == "ready"
    told = [(e.by, e.via, e.action, e.subject, dict(e.details)) for e in house.trail.entries()]
    assert told == [
        ("control token", "rest", "operator.pause", "anna", {"reason": "break"}),
        ("control token", "rest", "operator.ready", "anna", {}),
        ("control token", "rest", "operator.sign-out", "anna", {}),
        ("control token", "rest", "operator.sign-in", "anna", {}),
    ]


async def test_what_is_asked_for_in_a_call_is_told_as_asked(caller: Caller, house: House) -> None:
    house.staff.calls = {"anna"}
    assert (await do(caller, "pause", json={"reason": "break"}))["asked"] == "break"
    assert (await do(caller, "sign-out"))["asked"] == "signing-out"


async def test_a_pause_of_somebody_who_is_signed_out_is_refused_with_the_reason(
    caller: Caller, house: House
) -> None:
    await do(caller, "sign-out")
    problem = await caller.problem(409, "POST", "/operators/anna/ready", "control")
    assert (problem["code"], problem["detail"]) == ("not-now", "anna is signed out: sign in first.")
    assert [each.action for each in house.trail.entries()] == ["operator.sign-out"]


async def test_an_unknown_reason_or_operator_is_named_with_those_that_are(caller: Caller) -> None:
    body = {"reason": "nap"}
    problem = await caller.problem(422, "POST", "/operators/anna/pause", "control", json=body)
    assert "Reasons are: break" in problem["detail"]
    for method, path in (("GET", ""), ("POST", "/ready"), ("GET", "/periods")):
        problem = await caller.problem(404, method, f"/operators/cara{path}", "admin")
        assert "Operators are: anna, bjorn" in problem["detail"]


@pytest.mark.parametrize("action", ["sign-in", "sign-out", "ready", "pause"])
async def test_reading_is_not_enough_to_send_somebody_on_a_break(caller: Caller, action: str) -> None:
    await caller.problem(403, "POST", f"/operators/anna/{action}", "read", json={"reason": "break"})


async def test_the_ledger_is_shown_for_the_time_that_is_asked_for(caller: Caller, house: House) -> None:
    hour = timedelta(hours=1)
    house.periods = [
        Period("anna", Standing.PAUSED, "break", NOW - 30 * hour, NOW - 29 * hour, "anna", "anna"),
        Period("anna", Standing.READY, "", NOW - hour, None, "anna", ""),
        Period("bjorn", Standing.READY, "", NOW - hour, None, "bjorn", ""),
    ]
    (today,) = (await caller.get("/operators/anna/periods"))["periods"]
    assert (today["standing"], today["ended_at"]) == ("ready", None)
    query = {"from": (NOW - 48 * hour).isoformat(), "until": (NOW - 24 * hour).isoformat()}
    (earlier,) = (await caller.get("/operators/anna/periods", params=query))["periods"]
    assert (earlier["reason"], earlier["began_by"]) == ("break", "anna")


async def test_a_ledger_of_too_much_time_or_without_its_database_is_a_problem(
    caller: Caller, house: House
) -> None:
    query = {"from": (NOW - timedelta(days=32)).isoformat()}
    await caller.problem(422, "GET", "/operators/anna/periods", params=query)
    house.periods = None
    assert (await caller.problem(503, "GET", "/operators/anna/periods"))["code"] == "unavailable"


async def test_a_trail_that_cannot_be_written_does_not_hide_that_the_change_is_made(
    caller: Caller, house: House
) -> None:
    (house.folder / "audit.jsonl").mkdir()
    problem = await caller.problem(503, "POST", "/operators/anna/sign-out", "control")
    assert "The change is made" in problem["detail"]
    assert house.staff.standing["anna"].standing is Standing.SIGNED_OUT
