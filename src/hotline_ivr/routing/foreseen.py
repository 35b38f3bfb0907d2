"""What would be decided, written down before it is asked: by this, calls go on when nobody answers asks.

A State holds nothing of a caller's, so there are only so many of them, and from each only so many things can
happen. They are all gone through here, by the same `decide` as live calls: a caller in a menu meets the same
menu without the service. Look-ups take their default, since nobody is there to ask; and of digits only the
length and the patterns are looked into, not the check digit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from hotline_ivr.config.menus import MAX_DIGITS
from hotline_ivr.config.models import Plan
from hotline_ivr.routing import callback_offers
from hotline_ivr.routing.decide import MAX_ASKS, arrived, decide, visit_of
from hotline_ivr.routing.places import go_to_line_queue
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.situation import Change, Situation
from hotline_ivr.routing.steps import (
    AskDigits,
    AskKey,
    Call,
    CentreLeft,
    CentreStatus,
    Collected,
    Decision,
    DialStatus,
    Event,
    HandOver,
    KeyPressed,
    LeftQueue,
    LookedUp,
    LookUp,
    MessageTaken,
    NoNumber,
    OfferTaken,
    Promise,
    QueueStatus,
    State,
    Step,
    TakeMessage,
    Transfer,
    Transferred,
    Wait,
)
from hotline_ivr.routing.surroundings import AHEAD

# Most states of a line that are written down; a line with more menus than these sends callers whose state
# is not among them to its queue. A hotline of 60 menus in two languages with three tries has 360.
MAX_STATES = 1_000

KEYS = "0123456789*#"
NO_MENUS_KEY = "A"
"""A key that telephones can send and no menu can name; stands for all of them."""


NO_RIGHT_DIGITS = "0" * (MAX_DIGITS + 1)
"""More digits than can be asked for; stands for all that are wrong."""


@dataclass(frozen=True, slots=True)
class Enough:
    """Stands for every event of a caller who has asked too often."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """Stands for all digits of this shape, N being any digit: `4NNNNN`."""

    shape: str


Foreseeable = Event | Enough | Fitting


@dataclass(frozen=True, slots=True)
class Foreseen:
    """All that can happen on one line."""

    #: What a caller meets on arrival, by situation; `changes` name them by their place here.
    arrivals: tuple[Decision, ...]
    #: When which situation begins (UTC); the last one bounds how far this may be trusted.
    changes: tuple[tuple[datetime, int], ...]
    #: By state, what follows each event.
    answers: Mapping[State, Mapping[Foreseeable, Decision]]
    #: For a caller whose state is not among these.
    lost: Decision
    #: Of the configuration that says so.
    plan_version: str


def foresee(book: Rulebook, line_id: str, start: datetime, days: int, now: datetime) -> Foreseen:
    """Everything that can happen on this line in the `days` from `start` on. KeyError for an unknown line."""
    changes = book.changes(line_id, start, days)
    call = Call(line_id, "", "", book.plan.version)
    visit = visit_of(book, call, now, AHEAD)
    if visit is None:
        raise KeyError(line_id)
    situations = _distinct(changes)
    arrivals = tuple(arrived(visit, situation) for situation in situations)
    lost = go_to_line_queue(visit, "lost")
    return Foreseen(
        arrivals,
        tuple((change.at, situations[change.situation]) for change in changes),
        _answers(book, call, (*arrivals, lost), now),
        lost,
        book.plan.version,
    )


def _distinct(changes: tuple[Change, ...]) -> dict[Situation, int]:
    """The situations, numbered in the order in which they first come."""
    places: dict[Situation, int] = {}
    for change in changes:
        places.setdefault(change.situation, len(places))
    return places


def _answers(
    book: Rulebook, call: Call, begin: tuple[Decision, ...], now: datetime
) -> dict[State, dict[Foreseeable, Decision]]:
    found: dict[State, dict[Foreseeable, Decision]] = {}
    todo = deque(begin)
    while todo:
        decision = todo.popleft()
        here = ((decision.state, event) for event in _can_follow(decision.steps, book.plan))
        for state, event in (*here, *_asked_meanwhile(decision, book.plan)):
            if state not in found and len(found) >= MAX_STATES:
                break
            answers = found.setdefault(state, {})
            if event not in answers:
                answers[event] = _answer(book, replace(call, state=state), event, now)
                todo.append(answers[event])
    return found


def _asked_meanwhile(decision: Decision, plan: Plan) -> Iterator[tuple[State, Foreseeable]]:
    """Of those who wait, some are asked about a call back when the service goes away."""
    for step in decision.steps:
        offer = (
            plan.queues[step.queue].offer if isinstance(step, Wait) and step.queue in plan.queues else None
        )
        if isinstance(step, Wait) and offer is not None:
            yield from callback_offers.foreseen(decision.state, step.queue, offer.tries)


def _answer(book: Rulebook, call: Call, event: Foreseeable, now: datetime) -> Decision:
    if isinstance(event, Enough):
        call, event = replace(call, asked=MAX_ASKS), KeyPressed(None)
    elif isinstance(event, Fitting):
        # As if the other program had given no answer, where there is one.
        event = LookedUp(None)
    decision = decide(book, call, event, now, AHEAD)
    if isinstance(decision, LookUp):
        raise TypeError("digits are foreseen as their default")
    return decision


def _can_follow(steps: tuple[Step, ...], plan: Plan) -> Iterator[Foreseeable]:
    """What can happen after these steps, the catch-all of each kind last (see asterisk/stretch.py)."""
    for step in steps:
        match step:
            case AskKey():
                yield Enough()
                yield from (KeyPressed(None), *map(KeyPressed, KEYS), KeyPressed(NO_MENUS_KEY))
            case AskDigits(node):
                yield Enough()
                yield Collected("")
                yield from map(Fitting, plan.collects[node].shapes)
                yield Collected(NO_RIGHT_DIGITS)
            case Wait(queue):
                if queue in plan.queues and plan.queues[queue].offer is not None:
                    yield OfferTaken()
                yield from map(LeftQueue, QueueStatus)
            case Transfer():
                yield from map(Transferred, DialStatus)
            case HandOver():
                yield from map(CentreLeft, CentreStatus)
            case TakeMessage():
                yield from (MessageTaken(kept=True), MessageTaken(kept=False))
            case Promise():
                yield NoNumber()
            case _:
                pass
