"""The whole floor in one answer."""

from __future__ import annotations

from datetime import timedelta

from hotline_ivr.routing.floor import CallerJoined, DeviceState, MemberSeen, fold_all
from tests.web.api.house import NOW, Caller, House


async def test_the_floor_is_told_with_lines_queues_and_operators(caller: Caller, house: House) -> None:
    house.floor = fold_all(
        [
            MemberSeen("main", "anna", "PJSIP/anna", DeviceState.IN_USE, paused=False),
            CallerJoined("main", "m-1", NOW - timedelta(seconds=42)),
        ]
    )
    floor = await caller.get("/status")
    (line,) = floor["lines"]
    assert (line["id"], line["open"], line["until"], line["by_hand"]) == (
        "info",
        True,
        "2026-11-23T15:00:00Z",
        False,
    )
    (queue,) = floor["queues"]
    assert (queue["waiting"], queue["longest_wait_s"], queue["talking"], queue["away"]) == (1, 42.0, 1, 1)
    assert [each["id"] for each in floor["operators"]] == ["anna", "bjorn"]
    assert floor["linked"]


async def test_a_line_that_is_closed_by_hand_is_told_so(caller: Caller) -> None:
    await caller.ask("POST", "/lines/info/overrides", "control", json={"kind": "close"})
    (line,) = (await caller.get("/status"))["lines"]
    assert (line["open"], line["by_hand"]) == (False, True)


async def test_without_a_link_phones_are_not_known(caller: Caller, house: House) -> None:
    house.linked = False
    floor = await caller.get("/status")
    assert not floor["linked"]
    assert {each["phone"] for each in floor["operators"]} == {None}
