"""Who is preferred in a queue: by line, number dialled, choice in a menu and list of known callers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.decide import decide
from hotline_ivr.routing.explain import explain
from hotline_ivr.routing.foreseen import foresee
from hotline_ivr.routing.head_start import known_callers
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.simulation import Scene, Simulation
from hotline_ivr.routing.steps import (
    Arrived,
    Call,
    CentreLeft,
    CentreStatus,
    Decision,
    Event,
    KeyPressed,
    LeftQueue,
    QueueStatus,
    State,
    Wait,
)
from tests.plans import a_plan

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
NUMBERS = ["+47 22 85 12 34", "+47 22 85 12 35"]
DOCTOR = "+4790000009"
SECTIONS: dict[str, Any] = {
    "queues": {"main": {"operators": ["anna"]}, "sales": {"operators": ["bjorn"]}},
    "menus": {
        "main": {
            "prompt": "menu",
            "keys": {
                "1": {"queue": "sales", "priority": "4m"},
                "2": {"menu": "more", "priority": "2m"},
                "3": {"queue": "sales"},
                "9": {"do": "operator", "priority": "10s"},
            },
        },
        "more": {"prompt": "more", "keys": {"1": {"queue": "sales"}, "2": "back", "3": {"language": "en"}}},
    },
    "known_callers": {"health": {"name": "Health", "numbers": ["90 00 00 09"], "priority": "10m"}},
}


def the_plan(sections: dict[str, Any] | None = None, **line: Any) -> Plan:
    return a_plan(sections={**SECTIONS, **(sections or {})}, numbers=NUMBERS, languages=["en"], **line)


def head_start(
    plan: Plan, event: Event, state: State | None = None, caller: str = "", number: str = "+4722851234"
) -> int | None:
    """What the wait that follows gives; None where nobody waits next."""
    call = Call("info", number, caller, plan.version, state=state or State())
    decision = decide(Rulebook(plan), call, event, NOON)
    assert isinstance(decision, Decision)
    return next((step.head_start_s for step in decision.steps if isinstance(step, Wait)), None)


def pressed(plan: Plan, *keys: str) -> Decision:
    call = Call("info", "+4722851234", "", plan.version, state=State("", 0, ("main",)))
    last: Decision | None = None
    for key in keys:
        decision = decide(Rulebook(plan), call, KeyPressed(key), NOON)
        assert isinstance(decision, Decision)
        call, last = replace(call, state=decision.state), decision
    assert last is not None
    return last


def waits(decision: Decision) -> list[int]:
    return [step.head_start_s for step in decision.steps if isinstance(step, Wait)]


def test_nobody_is_preferred_unless_something_says_so() -> None:
    assert head_start(the_plan(), Arrived(), caller="+4790000001") == 0


@pytest.mark.parametrize(
    ("line", "number", "caller", "expected"),
    [
        ({"priority": "5m"}, "+4722851234", "", 300),
        ({"number_priority": {"+47 22 85 12 35": "1m"}}, "+4722851235", "", 60),
        ({"number_priority": {"+47 22 85 12 35": "1m"}}, "+4722851234", "", 0),
        ({}, "+4722851234", DOCTOR, 600),
        ({"priority": "5m", "number_priority": {"+47 22 85 12 34": "1m"}}, "+4722851234", "", 300),
        ({"priority": "5m"}, "+4722851234", DOCTOR, 600),
        ({"priority": "20m"}, "+4722851234", DOCTOR, 1200),
    ],
)
def test_of_line_number_and_caller_the_greatest_head_start_counts(
    line: dict[str, Any], number: str, caller: str, expected: int
) -> None:
    assert head_start(the_plan(**line), Arrived(), caller=caller, number=number) == expected


@pytest.mark.parametrize("caller", ["+4790000009", "4790000009", "004790000009", "90000009"])
def test_a_known_caller_is_known_however_the_carrier_writes_the_number(caller: str) -> None:
    assert head_start(the_plan(), Arrived(), caller=caller) == 600


def test_a_number_abroad_is_not_taken_for_one_at_home() -> None:
    listed = {"abroad": {"name": "Abroad", "numbers": ["+46 8 123 456 78"], "priority": "1m"}}
    known = known_callers(the_plan({"known_callers": listed}))
    assert set(known) == {"+46812345678", "46812345678", "0046812345678"}


def test_a_country_with_a_digit_before_national_numbers_may_send_it_or_not() -> None:
    listed = {"home": {"name": "Home", "numbers": ["030 1234567"], "priority": "1m"}}
    plan = a_plan(sections={"known_callers": {}})
    german = Plan.model_validate(
        {**plan.model_dump(exclude_defaults=True, exclude={"version", "lines"}),
         "lines": {"info": {"name": "Info", "numbers": ["+49 30 7654321"], "time_zone": "Europe/Berlin",
                            "hours": "always", "queue": "main"}},
         "organisation": {"name": "Beispiel", "country": "DE"}, "known_callers": listed},
        context={"country": "DE"},
    )  # fmt: skip
    assert {"301234567", "0301234567", "+49301234567"} <= set(known_callers(german))


def test_a_choice_in_a_menu_gives_a_head_start_in_its_queue() -> None:
    plan = the_plan(menu="main")
    assert waits(pressed(plan, "1")) == [240]
    assert waits(pressed(plan, "9")) == [10]
    assert waits(pressed(plan, "3")) == [0]


def test_a_choice_that_leads_to_further_menus_counts_in_the_queue_at_their_end() -> None:
    plan = the_plan(menu="main")
    assert waits(pressed(plan, "2", "1")) == [120]
    assert waits(pressed(plan, "2", "3", "8", "1")) == [120], "lost with the language or a wrong key"
    assert waits(pressed(plan, "2", "2", "3")) == [120], "who goes back keeps it"
    assert waits(pressed(plan, "2", "2", "1")) == [240], "the greatest counts"


def test_who_comes_back_from_a_centre_is_preferred_as_before() -> None:
    centre = {"name": "Night", "targets": {"desk": {"number": "+47 22 85 00 00"}}}
    more = {
        "centres": {"night": centre},
        "trunks": {"carrier": {"hosts": ["127.0.0.1"], "outbound": "127.0.0.1:5070"}},
    }
    rule = {"name": "long", "after": "1m", "to": {"centre": "night"}}
    plan = the_plan(more, menu="main", overflow=[rule])
    call = Call("info", "+4722851234", "", plan.version, state=pressed(plan, "1").state)
    over = decide(Rulebook(plan), call, LeftQueue(QueueStatus.TIMEOUT), NOON)
    assert isinstance(over, Decision)
    back = decide(Rulebook(plan), replace(call, state=over.state), CentreLeft(CentreStatus.NOBODY), NOON)
    assert isinstance(back, Decision)
    assert waits(back) == [240]


def test_the_explanation_says_what_prefers_a_caller() -> None:
    plan = the_plan(priority="5m")
    found = explain(Rulebook(plan), Call("info", "+4722851234", DOCTOR, plan.version), NOON)
    assert (found.head_start.seconds, found.head_start.because) == (600, "known caller, list health")
    assert waits(found.parts[-1].decision) == [600]


def test_a_simulated_call_tells_of_its_head_start() -> None:
    plan = the_plan(priority="5m")
    scenes: list[Scene] = []
    call = Call("info", "+4722851234", "", plan.version)
    Simulation(Rulebook(plan), call, NOON, tell=lambda _: "answered", show=scenes.append).play()
    assert "main, for 300 s at most, with a head start of 300 s" in [scene.text for scene in scenes]


def test_what_is_written_down_ahead_knows_the_line_and_the_choices() -> None:
    plan = the_plan(menu="main", priority="1m")
    found = foresee(Rulebook(plan), "info", NOON, 1, NOON)
    after = found.answers[State("", 0, ("main",))]
    assert waits(after[KeyPressed("1")]) == [240]
    assert waits(after[KeyPressed("3")]) == [60]
    assert State("", 0, ("main", "more"), 120) in found.answers
