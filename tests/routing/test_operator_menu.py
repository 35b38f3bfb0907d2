"""Operators at their own phones: what each key asks for, and what they hear."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_ivr.routing.control_steps import Enter
from hotline_ivr.routing.operator_menu import Heard, Node, begun, done, entered, nobody
from hotline_ivr.routing.presence import (
    Asked,
    BeReady,
    Presence,
    SignIn,
    SignOut,
    Standing,
    TakePause,
)
from hotline_ivr.routing.steps import Answer, HangUp, Play, Say, Stage
from tests.plans import a_plan

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TWO = {"lunch": {"name": "Lunch", "prompt": "name-lunch"}, "errand": {"name": "Errand"}}


def plan(reasons: dict[str, Any] | None = None) -> Any:
    floor = {"code": "*81", "language": "en", **({"pause_reasons": reasons} if reasons else {})}
    return a_plan(sections={"floor": floor})


def standing(value: Standing, **more: Any) -> Presence:
    return Presence(value, NOW, **more)


READY, OUT = standing(Standing.READY), standing(Standing.SIGNED_OUT)
PAUSED = standing(Standing.PAUSED, reason="break")


def asked(heard: object) -> Enter:
    assert isinstance(heard, Heard)
    question = heard.steps[-1]
    assert isinstance(question, Enter)
    return question


def test_who_rings_hears_how_they_stand_and_what_can_be_done() -> None:
    heard = begun(plan(), READY)
    assert heard.steps[0] == Answer()
    assert asked(heard).prompts == (
        "operator-is-ready", "operator-ready", "operator-pause", "operator-sign-out",
    )  # fmt: skip
    assert asked(begun(plan(), OUT)).prompts == ("operator-is-signed-out", "operator-ready")


@pytest.mark.parametrize(
    ("presence", "key", "event"),
    [
        (OUT, "1", SignIn("anna")),
        (PAUSED, "1", BeReady("anna")),
        (READY, "2", TakePause("break", "anna")),
        (READY, "3", SignOut("anna")),
        (PAUSED, "3", SignOut("anna")),
    ],
)
def test_a_key_is_a_wish(presence: Presence, key: str, event: object) -> None:
    assert entered(plan(), "anna", presence, Node.MENU, key) == event


@pytest.mark.parametrize(("presence", "key"), [(OUT, "2"), (OUT, "3"), (READY, "4"), (READY, "12")])
def test_a_key_that_means_nothing_is_asked_again(presence: Presence, key: str) -> None:
    assert asked(entered(plan(), "anna", presence, Node.MENU, key)).prompts[0] == "control-wrong-key"


def test_of_several_reasons_one_is_chosen_by_its_prompt_or_its_key() -> None:
    heard = entered(plan(TWO), "anna", READY, Node.MENU, "2")
    assert isinstance(heard, Heard)
    assert heard.node is Node.REASON
    said = asked(heard).prompts
    assert said[:3] == ("operator-which-pause", "name-lunch", "control-press")
    assert "operator-reason" in said
    assert entered(plan(TWO), "anna", READY, Node.REASON, "2") == TakePause("errand", "anna")
    wrong = entered(plan(TWO), "anna", READY, Node.REASON, "3")
    assert asked(wrong).prompts[0] == "control-wrong-key"


@pytest.mark.parametrize("keys", ["", "*"])
def test_no_key_and_a_star_end_the_call(keys: str) -> None:
    heard = entered(plan(), "anna", READY, Node.MENU, keys)
    assert isinstance(heard, Heard)
    assert heard.steps == (Say("en", ("control-goodbye",), Stage.MENU), HangUp())


def test_what_then_holds_is_spoken_back() -> None:
    assert done(plan(), PAUSED) == (Say("en", ("operator-is-paused",), Stage.MENU), HangUp())
    later = standing(Standing.READY, asked=Asked(Standing.PAUSED, "anna", "break"))
    assert done(plan(), later) == (Say("en", ("operator-after-the-call",), Stage.MENU), HangUp())


def test_a_phone_of_nobody_is_told_so() -> None:
    assert nobody(plan()) == (Answer(), Play("en", "operator-nobody", Stage.MESSAGE), HangUp())
