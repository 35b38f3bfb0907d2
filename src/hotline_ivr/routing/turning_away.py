"""Callers who are turned away at the door: what they get, and why."""

from __future__ import annotations

from hotline_ivr.config.cause import CAUSES
from hotline_ivr.config.guard import TurnAway
from hotline_ivr.routing.menus import Visit
from hotline_ivr.routing.steps import Answer, Call, Decision, HangUp, Mark, Outcome, Play, Stage, Step
from hotline_ivr.routing.words import fit_word


def blocked(visit: Visit, call: Call) -> Decision | None:
    """For a caller whom a list turns away; None for everybody else, and for emergency numbers."""
    if visit.line.is_emergency(call.number):
        return None
    rule = visit.book.callers.blocks_caller(call.caller, visit.now)
    if rule is None:
        return None
    return turned_away(visit.language, rule.away, f"blocked:{fit_word(rule.place)}")


def turned_away(language: str, away: TurnAway, reason: str) -> Decision:
    """A message and the end, or a refusal of the call."""
    steps: tuple[Step, ...] = (Mark(Outcome.BLOCKED),)
    if away.message is not None:
        steps += (Answer(), Play(language, away.message, Stage.MESSAGE), HangUp())
    else:
        steps += (HangUp(CAUSES[away.refuse or "rejected"]),)
    return Decision(steps, reason)
