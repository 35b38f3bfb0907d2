"""What operators hear at the code of their own phone, and what their keys ask for. Pure.

The phone says who it is, so no PIN is asked for, and nothing is kept between two keys but where somebody is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.control_steps import ControlStep, Enter
from hotline_ivr.routing.presence import (
    BeReady,
    Presence,
    PresenceEvent,
    SignIn,
    SignOut,
    Standing,
    TakePause,
)
from hotline_ivr.routing.refusals import DO_NOT_DISTURB
from hotline_ivr.routing.speech import MOST_PARTS, number
from hotline_ivr.routing.steps import Answer, HangUp, Play, Say, Stage

Parts = tuple[str, ...]

_KEY_TIMEOUT_S = 8

_STANDS = {
    Standing.READY: "operator-is-ready",
    Standing.PAUSED: "operator-is-paused",
    Standing.WRAP_UP: "operator-is-in-wrap-up",
    Standing.SIGNED_OUT: "operator-is-signed-out",
}


class Node(StrEnum):
    """Where an operator is; the word travels on the channel."""

    MENU = "1"
    REASON = "2"


@dataclass(frozen=True, slots=True)
class Heard:
    """What is said next, and where the operator is then."""

    node: Node
    steps: tuple[ControlStep, ...]


def begun(plan: Plan, presence: Presence) -> Heard:
    """How the operator stands, and what can be done."""
    steps = _ask(plan, (*stands(presence), *_choices(presence)), 1)
    return Heard(Node.MENU, (Answer(), *steps))


def disturbing(operator: str, presence: Presence) -> PresenceEvent:
    """What the code for do-not-disturb asks for: it sets it, and lifts it where it is set or asked for."""
    asked = presence.asked
    if DO_NOT_DISTURB in {presence.reason, asked.reason if asked else ""}:
        return BeReady(operator)
    return TakePause(DO_NOT_DISTURB, operator)


def nobody(plan: Plan) -> tuple[ControlStep, ...]:
    """For a phone that is no operator's."""
    return (Answer(), Play(plan.floor.language, "operator-nobody", Stage.MESSAGE), HangUp())


def entered(plan: Plan, operator: str, presence: Presence, node: Node, keys: str) -> Heard | PresenceEvent:
    """What a key asks for; or what is said to it. No key in time ends the call."""
    if not keys or keys.startswith("*"):
        return Heard(Node.MENU, (_say(plan, ("control-goodbye",)), HangUp()))
    if node is Node.REASON:
        reason = dict(_reasons(plan)).get(keys)
        return _which_pause(plan, "control-wrong-key") if reason is None else TakePause(reason, operator)
    match keys:
        case "1" if presence.standing is Standing.SIGNED_OUT:
            return SignIn(operator)
        case "1":
            return BeReady(operator)
        case "2" if presence.standing is not Standing.SIGNED_OUT:
            only = list(plan.floor.pause_reasons)
            return TakePause(only[0], operator) if len(only) == 1 else _which_pause(plan)
        case "3" if presence.standing is not Standing.SIGNED_OUT:
            return SignOut(operator)
        case _:
            return Heard(Node.MENU, _ask(plan, ("control-wrong-key", *_choices(presence)), 1))


def done(plan: Plan, presence: Presence) -> tuple[ControlStep, ...]:
    """What was asked for holds, or will when the call is over: told by how the operator stands then."""
    return (_say(plan, stands(presence)), HangUp())


def refused(plan: Plan, presence: Presence) -> tuple[ControlStep, ...]:
    """It cannot be: how the operator stands all the same."""
    return (_say(plan, ("control-not-possible", *stands(presence))), HangUp())


def stands(presence: Presence) -> Parts:
    """`You are ready for calls.` Of what was asked for in a call: `That happens when your call is over.`"""
    if presence.asked is not None:
        return ("operator-after-the-call",)
    if presence.reason == DO_NOT_DISTURB:
        return ("operator-is-undisturbed",)
    return (_STANDS[presence.standing],)


def _choices(presence: Presence) -> Parts:
    if presence.standing is Standing.SIGNED_OUT:
        return ("operator-ready",)
    return ("operator-ready", "operator-pause", "operator-sign-out")


def _reasons(plan: Plan) -> list[tuple[str, str]]:
    """Reasons by the keys that stand for them, in the YAML's order."""
    return [(str(key), name) for key, name in enumerate(plan.floor.pause_reasons, 1)]


def _which_pause(plan: Plan, *before: str) -> Heard:
    """`Which pause? Lunch, press 1. Reason 2, press 2.` As many as fit; all can be pressed."""
    language, said = plan.floor.language, (*before, "operator-which-pause")
    reasons = _reasons(plan)
    for key, name in reasons:
        own = plan.floor.pause_reasons[name].prompt
        spoken = number(language, int(key))
        choice = (*((own,) if own else ("operator-reason", *spoken)), "control-press", *spoken)
        if len(said) + len(choice) > MOST_PARTS:
            break
        said += choice
    return Heard(Node.REASON, _ask(plan, said, len(reasons[-1][0])))


def _ask(plan: Plan, prompts: Parts, most: int) -> tuple[ControlStep, ...]:
    return (Enter(plan.floor.language, prompts, most, _KEY_TIMEOUT_S),)


def _say(plan: Plan, prompts: Parts) -> ControlStep:
    return Say(plan.floor.language, prompts, Stage.MENU)
