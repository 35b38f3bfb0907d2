"""Callers who still wait when a line closes, or ring shortly before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.explain import supposed_floor
from hotline_ivr.routing.floor import CallerJoined, Floor
from hotline_ivr.routing.floor_state import FloorState
from hotline_ivr.routing.overrides import Override, OverrideKind
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.steps import Arrived, Mark, NoNumber, Outcome, Play, State, Wait
from hotline_ivr.routing.surroundings import Surroundings
from tests.routing.overflow_calls import NOON, TIMEOUT, decided, kinds, of, the_plan

UNTIL_NOON = {"mon": "08:00-12:00"}
"""NOON is noon in Oslo, of a Monday."""


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
