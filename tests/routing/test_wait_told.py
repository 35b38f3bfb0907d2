"""What callers are told of their wait before it: the place, and how long it is likely to take."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hotline_ivr.routing.expected_wait import Expected
from hotline_ivr.routing.explain import supposed_floor
from hotline_ivr.routing.floor import CallerJoined, DeviceState, Floor, MemberSeen
from hotline_ivr.routing.floor_state import FloorState
from hotline_ivr.routing.steps import Arrived, Promise, Say, State, Wait
from hotline_ivr.routing.surroundings import NOTHING_SEEN, Surroundings
from hotline_ivr.routing.wait_words import expected_wait_words, position_words
from tests.routing.overflow_calls import NIGHT, NOBODY, NOON, decided, kinds, the_plan


def long_wait(seconds: float, width: float = 1.5) -> Surroundings:
    """A floor on which everybody is known to wait about so long."""
    found = Expected(seconds / width, seconds, seconds * width)
    return Surroundings(supposed_floor(the_plan(), "info", FloorState.ALL_PAUSED), expected=lambda *_: found)


def test_callers_are_told_how_long_it_will_take_where_the_line_wants_that_and_it_is_known_well() -> None:
    told = decided(the_plan(expected_wait="yes"), Arrived(), seen=long_wait(360))
    assert kinds(told) == ["Answer", "Play", "Say", "Wait"]
    (said,) = [step for step in told.steps if isinstance(step, Say)]
    assert said.prompts == expected_wait_words("nb", Expected(240, 360, 540))
    assert said.prompts[0] == "say-expected-wait"
    for plan, seen in (
        (the_plan(), long_wait(360)),
        (the_plan(expected_wait="yes"), NOTHING_SEEN),
        (the_plan(expected_wait="yes"), long_wait(360, width=3)),
    ):
        assert kinds(decided(plan, Arrived(), seen=seen)) == ["Answer", "Play", "Wait"]


def test_who_comes_back_from_a_centre_is_not_told_again() -> None:
    plan = the_plan({"after": "1m", "to": NIGHT}, expected_wait="yes")
    state = State("", 1, ("_out", "night", "main"))
    assert kinds(decided(plan, NOBODY, state, seen=long_wait(360))) == ["Wait"]


@pytest.mark.parametrize(("seconds", "goes"), [(599, False), (601, True)])
def test_a_rule_may_ask_for_the_expected_wait(seconds: float, *, goes: bool) -> None:
    plan = the_plan({"expected_wait": "10m", "to": {"callback": "main"}})
    decision = decided(plan, Arrived(), seen=long_wait(seconds))
    assert any(isinstance(step, Promise) for step in decision.steps) is goes
    assert not any(isinstance(step, Promise) for step in decided(plan, Arrived()).steps)


def test_the_last_call_goes_by_the_expected_wait_where_it_is_known() -> None:
    closing = {"drain": "15m", "to": {"callback": "main"}}
    plan = the_plan(hours={"mon": "08:00-12:01"}, closing=closing)
    for seconds, taken in ((900, True), (1_000, False)):
        decision = decided(plan, Arrived(), seen=long_wait(seconds))
        assert any(isinstance(step, Wait) for step in decision.steps) is taken


def crowd(count: int, free: int = 0) -> Surroundings:
    """So many wait in main, one more each ten seconds, and as many operators are free."""
    seats = {
        ("main", f"op{place}"): MemberSeen("main", f"op{place}", "x", DeviceState.NOT_IN_USE, paused=False)
        for place in range(free)
    }
    joined = {
        f"c{place}": CallerJoined("main", f"c{place}", NOON - timedelta(seconds=10 * place + 5))
        for place in range(count)
    }
    return Surroundings(Floor(seats, joined))


@pytest.mark.parametrize(
    ("seen", "line", "place"),
    [
        (crowd(0), {}, 1),
        (crowd(3), {}, 4),
        # As if it had come 20 s earlier: before the two who have waited for 5 s and 15 s.
        (crowd(3), {"priority": "20s"}, 2),
        (crowd(1, free=2), {}, None),
        (crowd(2, free=2), {}, 3),
        (crowd(150), {}, None),
        (NOTHING_SEEN, {}, None),
    ],
)
def test_callers_who_have_to_wait_are_told_their_place(
    seen: Surroundings, line: dict[str, Any], place: int | None
) -> None:
    decision = decided(the_plan(position="yes", **line), Arrived(), seen=seen)
    said = [step.prompts for step in decision.steps if isinstance(step, Say)]
    assert said == ([] if place is None else [position_words("nb", place)])


def test_the_place_and_the_expected_wait_are_told_in_one() -> None:
    both = replace(long_wait(360), floor=crowd(1).floor)
    decision = decided(the_plan(position="yes", expected_wait="yes"), Arrived(), seen=both)
    (said,) = [step for step in decision.steps if isinstance(step, Say)]
    assert said.prompts[0] == "say-you-are-number"
    assert "say-expected-wait" in said.prompts
