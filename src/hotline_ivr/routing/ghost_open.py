"""Lines that are open while nobody is ready: callers wait, and nobody will come. Pure.

Who talks, rings or wraps up is at work. Whoever is on a pause, signed out, or without a phone is not, and a
queue where that is true of everybody is deserted. Where Asterisk cannot be heard, nobody can tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hotline_ivr.routing.floor import Floor
from hotline_ivr.routing.floor_view import OperatorView, Why, operator_view, why_in_words
from hotline_ivr.routing.presence import Presence
from hotline_ivr.routing.queue_lines import lines_of_queues
from hotline_ivr.routing.rulebook import Rulebook

AT_WORK = frozenset({Why.IN_CALL, Why.RINGING, Why.WRAP_UP, Why.PAUSE_ASKED, Why.SIGN_OUT_ASKED})
"""Reasons of somebody who is at work all the same."""


@dataclass(frozen=True, slots=True)
class Deserted:
    """A queue where nobody is ready though these lines are open; why, operator by operator."""

    queue: str
    lines: tuple[str, ...]
    waiting: int
    why_not: tuple[tuple[str, str], ...]


def deserted(
    book: Rulebook, floor: Floor, presences: Mapping[str, Presence], now: datetime, *, linked: bool
) -> Mapping[str, Deserted] | None:
    """The deserted queues at `now` (aware), by id; None while Asterisk is not linked.

    This is asked every second, and there may be a thousand operators: of each queue no more are looked at
    than until one is found at work.
    """
    if not linked:
        return None
    found: dict[str, Deserted] = {}
    for queue, lines in lines_of_queues(book.plan).items():
        open_lines = tuple(line for line in lines if _needs_people(book, line, now))
        if not open_lines:
            continue
        staff = []
        for name in book.plan.queues[queue].operators:
            seen = floor.of_operator(name)
            staff.append(operator_view(book.plan, name, (queue,), seen, presences.get(name), linked=True))
            if is_at_work(staff[-1]):
                break
        else:
            why_not = tuple((f"{each.id} ({each.name})", _reasons(each)) for each in staff)
            waiting = sum(each.queue == queue for each in floor.waiting.values())
            found[queue] = Deserted(queue, open_lines, waiting, why_not)
    return found


def is_at_work(operator: OperatorView) -> bool:
    """Whether callers can expect this operator: ready, or busy with callers."""
    return {each.why for each in operator.why_not_rung} <= AT_WORK


def _needs_people(book: Rulebook, line: str, now: datetime) -> bool:
    """Open, and not handed to a centre outside."""
    situation = book.situation(line, now)
    return situation.open and (situation.route or book.plan.lines[line].route) != "outside"


def _reasons(operator: OperatorView) -> str:
    return "; ".join(why_in_words(each) for each in operator.why_not_rung) or "ready"
