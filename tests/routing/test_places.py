"""Callers whom own people cannot serve: by which rule they go, where to, and how they come back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hotline_ivr.routing.explain import explain
from hotline_ivr.routing.floor_state import FloorState
from hotline_ivr.routing.foreseen import foresee
from hotline_ivr.routing.overrides import Override, OverrideKind
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.simulation import Scene, Simulation
from hotline_ivr.routing.steps import (
    Arrived,
    CentreLeft,
    CentreStatus,
    HandOver,
    HangUp,
    LeftQueue,
    Mark,
    NoNumber,
    Outcome,
    Promise,
    QueueStatus,
    State,
    Wait,
)
from hotline_ivr.routing.surroundings import Surroundings
from tests.plans import a_plan
from tests.routing.overflow_calls import (
    NIGHT,
    NOBODY,
    NOON,
    SECTIONS,
    TIMEOUT,
    a_call,
    decided,
    kinds,
    of,
    the_plan,
)


def test_a_line_without_rules_lets_callers_wait_as_long_as_ever() -> None:
    decision = decided(the_plan(max_wait="5m"), Arrived())
    assert decision.steps[-1] == Wait("main", 300)
    assert decided(the_plan(), TIMEOUT).reason == "left-queue:timed-out"


def test_after_a_while_a_caller_goes_to_the_centre_and_comes_back_to_wait_on() -> None:
    plan = the_plan({"after": "1m", "to": NIGHT}, max_wait="5m")
    waits = decided(plan, Arrived())
    assert waits.steps[-1] == Wait("main", 60)
    over = decided(plan, TIMEOUT, waits.state)
    assert over.reason == "overflow:rule0"
    (step,) = over.steps
    assert isinstance(step, HandOver)
    assert step.targets == (("+4722850000", 20), ("+4790000001", 20))
    assert step.shows == "+4722851234"
    back = decided(plan, NOBODY, over.state)
    assert back.steps == (Wait("main", 300, in_all=True),)
    assert decided(plan, TIMEOUT, back.state).steps[0] == Mark(Outcome.TIMED_OUT)


def test_who_was_in_another_queue_comes_back_to_that_one() -> None:
    plan = the_plan({"after": "1m", "to": NIGHT}, {"after": "2m", "to": {"queue": "sales"}})
    second = decided(plan, TIMEOUT, State("", 1))
    assert second.steps == (Wait("sales", 300, in_all=True),)
    assert second.state == State("", 2, ("_in", "sales"))


def test_a_call_that_the_centre_took_is_over_with_it() -> None:
    state = State("", 1, ("_out", "night", "main"))
    assert decided(the_plan(), CentreLeft(CentreStatus.TAKEN), state).steps == (HangUp(),)


@pytest.mark.parametrize(
    ("rule", "floor", "goes"),
    [
        ({"nobody": "yes"}, FloorState.EMPTY, True),
        ({"nobody": "yes"}, FloorState.ALL_PAUSED, False),
        ({"nobody": "yes"}, FloorState.STAFFED, False),
        ({"waiting": 4}, FloorState.FULL, True),
        ({"waiting": 4}, FloorState.STAFFED, False),
        ({"hours": {"mon": "11:00-13:00"}}, FloorState.STAFFED, True),
        ({"hours": {"mon": "13:00-15:00"}}, FloorState.STAFFED, False),
        ({"hours": {"sun": "22:00-13:00"}}, FloorState.STAFFED, True),
        ({"nobody": "yes", "hours": {"tue": "08:00-16:00"}}, FloorState.EMPTY, False),
    ],
)
def test_a_rule_applies_when_all_of_its_conditions_hold(
    rule: dict[str, Any], floor: FloorState, *, goes: bool
) -> None:
    plan = the_plan({**rule, "to": NIGHT})
    decision = decided(plan, Arrived(), seen=of(plan, floor))
    assert kinds(decision) == ["Answer", "Play", "HandOver" if goes else "Wait"]


def test_a_rule_about_the_floor_sleeps_while_nobody_looks_at_it() -> None:
    plan = the_plan({"nobody": "yes", "to": NIGHT})
    assert kinds(decided(plan, Arrived()))[-1] == "Wait"
    # The queue itself says so a moment later.
    sent = decided(plan, LeftQueue(QueueStatus.JOIN_EMPTY))
    assert kinds(sent) == ["HandOver"]
    back = decided(plan, NOBODY, sent.state)
    lost = decided(plan, LeftQueue(QueueStatus.JOIN_EMPTY), back.state)
    assert lost.steps[0] == Mark(Outcome.NO_OPERATOR)


def test_a_full_queue_sends_callers_on_without_our_knowing_the_floor() -> None:
    plan = the_plan({"waiting": 50, "to": {"voicemail": "box"}})
    assert kinds(decided(plan, LeftQueue(QueueStatus.FULL))) == ["Play", "TakeMessage"]


def test_a_share_of_the_callers_is_the_same_each_time_and_as_large_as_it_says() -> None:
    plan = Rulebook(the_plan({"share": 30, "to": NIGHT}))

    def sent() -> list[bool]:
        return [kinds(decided(plan, Arrived(), id=f"node-{n}.1"))[-1] == "HandOver" for n in range(1000)]

    first = sent()
    assert first == sent()
    assert 250 < sum(first) < 350


def test_a_centre_that_has_had_its_minutes_is_as_if_the_rule_did_not_apply() -> None:
    plan = the_plan({"nobody": "yes", "to": NIGHT})
    floor = of(plan, FloorState.EMPTY).floor
    for minutes, last in ((59.9, "HandOver"), (60.0, "Wait")):
        seen = Surroundings(floor, {"night": minutes})
        assert kinds(decided(plan, Arrived(), seen=seen))[-1] == last


def test_a_number_that_the_list_does_not_hold_is_never_dialled() -> None:
    sections = {**SECTIONS, "outside": {"allowed": ["+47 90"]}}
    plan = a_plan(sections=sections, overflow=[{"name": "one", "after": "9s", "to": NIGHT}])
    (step,) = decided(plan, TIMEOUT).steps
    assert isinstance(step, HandOver)
    assert step.targets == (("+4790000001", 20),)


@pytest.mark.parametrize(
    ("kind", "last"), [("outside", "HandOver"), ("inside", "Wait"), ("both", "HandOver")]
)
def test_a_route_by_hand_holds_from_the_next_caller_on_and_ends_by_itself(kind: str, last: str) -> None:
    plan = the_plan({"share": 100, "to": NIGHT}, centre="night")
    until = NOON + timedelta(hours=1)
    override = Override("o1", "info", OverrideKind(kind), NOON, until, "kari")
    book = Rulebook(plan, [override])
    assert kinds(decided(book, Arrived()))[-1] == last
    assert kinds(decided(book, Arrived(), at=until))[-1] == "HandOver"
    assert book.situation("info", NOON).open


def test_a_route_does_not_open_a_line_that_is_closed() -> None:
    plan = the_plan(hours={"tue": "08:00-16:00"}, centre="night")
    book = Rulebook(plan, [Override("o1", "info", OverrideKind.OUTSIDE, NOON, None, "kari")])
    assert decided(book, Arrived()).steps[0] == Mark(Outcome.CLOSED)


def test_a_closed_line_hands_callers_to_a_centre_and_says_sorry_where_nobody_takes_them() -> None:
    plan = the_plan(hours={"tue": "08:00-16:00"}, closed_to=NIGHT)
    over = decided(plan, Arrived())
    assert kinds(over)[-1] == "HandOver"
    lost = decided(plan, NOBODY, over.state)
    assert lost.steps[0] == Mark(Outcome.OVERFLOW_LOST)
    assert lost.steps[-1] == HangUp()


def test_a_withheld_number_gets_no_promise_and_waits_on_where_it_was() -> None:
    plan = the_plan({"after": "1m", "to": {"callback": "main"}})
    promised = decided(plan, TIMEOUT)
    assert Promise("main") in promised.steps
    assert decided(plan, NoNumber(), promised.state).steps == (Wait("main", 300, in_all=True),)


# Ahead of time, in words, and by hand.


def test_what_can_be_foreseen_is_and_the_rest_lets_callers_wait() -> None:
    plan = the_plan({"share": 30, "to": NIGHT}, {"after": "1m", "to": NIGHT}, {"nobody": "yes", "to": NIGHT})
    foreseen = foresee(Rulebook(plan), "info", NOON, 1, NOON)
    (arrival,) = foreseen.arrivals
    assert arrival.steps[-1] == Wait("main", 60)
    answers = foreseen.answers[arrival.state]
    assert kinds(answers[TIMEOUT]) == ["HandOver"]
    assert kinds(answers[LeftQueue(QueueStatus.JOIN_EMPTY)]) == ["HandOver"]
    at_the_centre = foreseen.answers[answers[TIMEOUT].state]
    assert set(at_the_centre) == {CentreLeft(status) for status in CentreStatus}


@pytest.mark.parametrize("state", FloorState)
def test_an_explanation_of_any_floor_comes_to_an_end(state: FloorState) -> None:
    plan = the_plan(
        {"nobody": "yes", "to": NIGHT},
        {"waiting": 2, "to": {"queue": "sales"}},
        {"after": "1m", "to": {"queue": "sales"}},
        {"after": "2m", "to": NIGHT},
    )
    found = explain(Rulebook(plan), a_call(), NOON, state)
    last = found.parts[-1].decision.steps[-1]
    expected = {FloorState.STAFFED: Wait, FloorState.EMPTY: HandOver, FloorState.ALL_PAUSED: HandOver}
    assert isinstance(last, expected.get(state, HangUp))


def test_a_simulated_caller_walks_to_the_centre_and_back() -> None:
    plan = the_plan({"after": "1m", "to": NIGHT})
    words = iter(["timeout", "nobody", "timeout"])
    shown: list[Scene] = []
    walk = Simulation(
        Rulebook(plan), a_call(), NOON, tell=lambda _question: next(words, None), show=shown.append
    )
    assert walk.play() is Outcome.TIMED_OUT
    assert "night by carrier: +4722850000 for 20 s, then +4790000001 for 20 s" in [
        each.text for each in shown
    ]
