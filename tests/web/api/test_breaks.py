"""Breaks over the interface: asking, waiting, and not waiting any more."""

from __future__ import annotations

from hotline_ivr.routing.break_floor import BreakAnswer, BreakVerdict, BreakWish
from tests.web.api.house import NOW, Caller, House

NOON = int(NOW.timestamp())


def waits(house: House, operator: str = "anna") -> None:
    """The operator's next break is a lunch in five and a half minutes."""
    wish = BreakWish(operator, "lunch", 1800, NOON, NOON, NOON + 3600)
    house.breaks.next[operator] = BreakAnswer(wish, BreakVerdict.WAITS, NOON + 330, place=2)


def with_breaks(house: House) -> None:
    kinds = {"lunch": {"name": "Lunch", "length": "30m"}}
    house.use({"break_kinds": kinds})


async def test_a_break_is_granted_and_stands_in_the_trail(caller: Caller, house: House) -> None:
    with_breaks(house)
    response = await caller.ask("POST", "/operators/anna/break", "control", json={"kind": "lunch"})
    anna = await response.json()
    assert (response.status, anna["standing"], anna["reason"], anna["next_break"]) == (
        200,
        "paused",
        "lunch",
        None,
    )
    (entry,) = house.trail.entries()
    assert (entry.action, dict(entry.details)) == ("operator.break", {"kind": "lunch"})


async def test_who_has_to_wait_is_told_when_and_at_which_place(caller: Caller, house: House) -> None:
    with_breaks(house)
    waits(house)
    response = await caller.ask("POST", "/operators/anna/break", "control", json={"kind": "lunch"})
    anna = await response.json()
    assert anna["next_break"] == {
        "kind": "lunch",
        "asked": True,
        "begins": "2026-11-23T12:35:30Z",
        "minutes": 6,
        "place": 2,
        "forced": False,
    }
    assert anna["standing"] == "ready"
    listed = await caller.get("/operators")
    assert [each["next_break"] is None for each in listed["operators"]] == [False, True]


async def test_who_waits_may_take_it_back_once(caller: Caller, house: House) -> None:
    with_breaks(house)
    waits(house)
    await caller.ask("POST", "/operators/anna/break", "control", json={"kind": "lunch"})
    first = await caller.ask("DELETE", "/operators/anna/break", "control")
    assert (first.status, (await first.json())["next_break"]) == (200, None)
    second = await caller.ask("DELETE", "/operators/anna/break", "control")
    assert (second.status, (await second.json())["detail"]) == (409, "anna waits for no break.")


async def test_a_kind_that_nobody_knows_is_refused_with_those_that_are(caller: Caller, house: House) -> None:
    with_breaks(house)
    response = await caller.ask("POST", "/operators/anna/break", "control", json={"kind": "nap"})
    assert response.status == 422
    assert "Kinds are: lunch." in await response.text()


async def test_an_operator_nobody_knows_has_no_breaks(caller: Caller) -> None:
    for method, more in (("POST", {"json": {"kind": "lunch"}}), ("DELETE", {})):
        response = await caller.ask(method, "/operators/nobody/break", "control", **more)
        assert response.status == 404


async def test_reading_does_not_suffice(caller: Caller) -> None:
    response = await caller.ask("POST", "/operators/anna/break", json={"kind": "lunch"})
    assert response.status == 403


async def test_a_pause_may_have_the_name_of_a_kind_of_break(caller: Caller, house: House) -> None:
    with_breaks(house)
    response = await caller.ask("POST", "/operators/anna/pause", "control", json={"reason": "lunch"})
    assert (await response.json())["reason"] == "lunch"
