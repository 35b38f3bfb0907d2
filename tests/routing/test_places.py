"""Callers whom own people cannot serve: by which rule they go, where to, and how they come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.decide import decide
from hotline_ivr.routing.expected_wait import Expected
from hotline_ivr.routing.explain import FloorState, explain, supposed_floor
from hotline_ivr.routing.floor import CallerJoined, DeviceState, Floor, MemberSeen
from hotline_ivr.routing.foreseen import foresee
from hotline_ivr.routing.overrides import Override, OverrideKind
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.simulation import Scene, Simulation
from hotline_ivr.routing.steps import (
    Arrived,
    Call,
    CentreLeft,
    CentreStatus,
    Decision,
    Event,
    HandOver,
    HangUp,
    LeftQueue,
    Mark,
    NoNumber,
    Outcome,
    Play,
    Promise,
    QueueStatus,
    Say,
    State,
    Wait,
)
from hotline_ivr.routing.surroundings import NOTHING_SEEN, Surroundings
from hotline_ivr.routing.wait_words import expected_wait_words, position_words
from tests.plans import a_plan

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
NIGHT = {"centre": "night"}
SECTIONS: dict[str, Any] = {
    "queues": {"main": {"operators": ["anna"]}, "sales": {"operators": ["bjorn"], "max_waiting": 3}},
    "trunks": {"carrier": {"hosts": ["127.0.0.1"], "outbound": "127.0.0.1:5070"}},
    "centres": {
        "night": {
            "name": "Night centre",
            "targets": {"desk": {"number": "+47 22 85 00 00"}, "lena": {"number": "+47 90 00 00 01"}},
            "minutes_a_day": 60,
        }
    },
    "voicemails": {"box": {"prompt": "after-the-tone"}},
}
TIMEOUT = LeftQueue(QueueStatus.TIMEOUT)
NOBODY = CentreLeft(CentreStatus.NOBODY)


def the_plan(*rules: dict[str, Any], hours: Any = "always", **line: Any) -> Plan:
    named = [{"name": f"rule{place}", **rule} for place, rule in enumerate(rules)]
    return a_plan(hours, sections=SECTIONS, overflow=named, **line)


def a_call(state: State | None = None, **more: Any) -> Call:
    return replace(Call("info", "+4722851234", "+4790000001", "0123456789ab"), state=state or State(), **more)


def decided(
    plan: Plan | Rulebook,
    event: Event,
    state: State | None = None,
    seen: Surroundings = NOTHING_SEEN,
    at: datetime = NOON,
    **call: Any,
) -> Decision:
    book = plan if isinstance(plan, Rulebook) else Rulebook(plan)
    decision = decide(book, a_call(state, **call), event, at, seen)
    assert isinstance(decision, Decision)
    return decision


def of(plan: Plan, state: FloorState) -> Surroundings:
    return Surroundings(supposed_floor(plan, "info", state))


def kinds(decision: Decision) -> list[str]:
    return [type(step).__name__ for step in decision.steps]


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


# Closing time: the line is open until 12:00 on Mondays, the clock of the tests shows 12:00 in Oslo at NOON.
UNTIL_NOON = {"mon": "08:00-12:00"}


def closing(**more: Any) -> Plan:
    written = {"drain": "10m", "to": {"callback": "main"}, **more}
    return the_plan(hours=UNTIL_NOON, closing=written, max_wait="1h")


def test_who_waits_at_closing_time_is_served_for_a_while_and_then_promised_a_call() -> None:
    plan = closing()
    waits = decided(plan, Arrived(), at=NOON - timedelta(minutes=5))
    assert waits.steps[-1] == Wait("main", 15 * 60)
    done = decided(plan, TIMEOUT, waits.state, at=NOON + timedelta(minutes=10))
    assert (done.reason, kinds(done)) == ("closing:drained", ["Play", "Promise", "Mark", "Play", "HangUp"])
    withheld = decided(plan, NoNumber(), done.state, at=NOON + timedelta(minutes=10))
    assert withheld.steps[0] == Mark(Outcome.TIMED_OUT)


def test_early_in_the_day_closing_time_changes_nothing() -> None:
    waits = decided(closing(), Arrived(), at=NOON - timedelta(hours=3))
    assert (waits.steps[-1], waits.state) == (Wait("main", 3600), State())


def test_a_line_that_was_kept_open_meanwhile_serves_on() -> None:
    plan = closing()
    book = Rulebook(
        plan, [Override("o1", "info", OverrideKind.OPEN, NOON, NOON + timedelta(hours=1), "kari")]
    )
    waits = decided(plan, Arrived(), at=NOON - timedelta(minutes=5))
    later = decided(book, TIMEOUT, waits.state, at=NOON + timedelta(minutes=10))
    assert (later.reason, later.steps) == ("closing:later", (Wait("main", 3600),))


def test_a_caller_whose_turn_would_not_come_is_told_at_once() -> None:
    plan = closing(to={"message": "tomorrow"})
    busy = supposed_floor(plan, "info", FloorState.FULL)
    crowd = Surroundings(Floor(busy.members, {f"c{n}": CallerJoined("main", f"c{n}") for n in range(9)}))
    at = NOON - timedelta(minutes=1)
    told = decided(plan, Arrived(), seen=crowd, at=at)
    assert told.reason == "closing:last-call"
    assert [step.prompt for step in told.steps if isinstance(step, Play)] == [
        "greeting",
        "closing",
        "tomorrow",
    ]
    assert Mark(Outcome.CLOSED) in told.steps
    assert kinds(decided(plan, Arrived(), seen=of(plan, FloorState.STAFFED), at=at))[-1] == "Wait"


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


# The expected wait.


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
