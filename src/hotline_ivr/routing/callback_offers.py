"""A waiting caller has pressed the key to be rung back: at which number, and is that right?

The number that the caller rings from is said digit by digit and confirmed by a key, or another is typed; one
that is withheld has to be. Whoever gives up, and everybody while the service is away, goes back into the
queue to the place they had.

The state is `(what is asked, queue, "_p<rules behind>")`, and `"_drain"` behind it for who waits until the
line is done for the day. A number that was typed is kept by the dialplan and never by us.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from hotline_ivr.config.callback_offer import Offer
from hotline_ivr.config.menus import MAX_DIGITS
from hotline_ivr.routing import places
from hotline_ivr.routing.owed import read_number
from hotline_ivr.routing.places import Again, queue_of, wait_in
from hotline_ivr.routing.ringing import may_ring, spoken_number
from hotline_ivr.routing.steps import (
    AskDigits,
    AskKey,
    CallAt,
    Collected,
    Decision,
    HangUp,
    KeyPressed,
    LookedUp,
    Mark,
    Outcome,
    Play,
    Promise,
    Stage,
    State,
    Step,
)

if TYPE_CHECKING:
    from hotline_ivr.routing.menus import Visit

NODE = "_callback"
"""What the record calls this place; no menu's id begins so."""

_OWN, _TYPED, _NUMBER = "_offer", "_typed", "_number"
_ASKED = frozenset({_OWN, _TYPED, _NUMBER})
_RIGHT, _OTHER, _WAIT_ON = "1", "2", "0"
_BEHIND = "_p"


def is_asked(state: State) -> bool:
    """Whether a caller in this state is being asked about a call back."""
    return bool(state.path) and state.path[0] in _ASKED


def offer_taken(visit: Visit, caller: str, *, last: bool) -> Decision:
    """The key was pressed. `last`: this caller has asked so often that nothing is offered any more."""
    queue = queue_of(visit)
    here = visit.at(replace(visit.state, tries=0, path=_path(_OWN, visit.state, queue)))
    offer = _offer(visit, queue)
    if offer is None or visit.surroundings.ahead or last:
        return _back(here, "offer:not-now", last=last)
    number = read_number(caller, visit.plan.organisation.country) if caller else ""
    if not _may_ring(visit, queue, number):
        return _ask_number(here, offer, "offer:no-number" if not caller else "offer:not-this-number")
    return _confirm(here, offer, number, "offer:taken")


def after(visit: Visit, caller: str, event: KeyPressed | Collected | LookedUp, *, last: bool) -> Decision:
    """What follows a key, or the digits of another number. `last` as in `offer_taken`."""
    if last:
        return _back(visit, "offer:circles", last=True)
    match event:
        case KeyPressed(key):
            return _after_key(visit, caller, key)
        case Collected(digits):
            return _after_digits(visit, digits)
        case LookedUp():
            return _back(visit, "offer:not-now")


def _after_key(visit: Visit, caller: str, key: str | None) -> Decision:
    """What was pressed when the number had been said."""
    offer = _offer(visit, _queue(visit))
    if key == _RIGHT and offer is not None:
        told = Play(visit.language, "callback-agreed", Stage.MESSAGE)
        promise = Promise(_queue(visit), elsewhere=visit.state.path[0] == _TYPED)
        steps = (promise, Mark(Outcome.CALLBACK), told, HangUp())
        return Decision(steps, "offer:agreed", visit.state)
    if offer is None or visit.surroundings.ahead:
        return _back(visit, "offer:not-now")
    if key == _OTHER:
        return _ask_number(_asking(visit, _NUMBER), offer, "offer:another-number")
    if key == _WAIT_ON:
        return _back(visit, "offer:declined")
    reason = "offer:no-input" if key is None else "offer:wrong-input"
    if visit.state.tries + 1 >= offer.tries:
        return _back(visit, reason)
    again = visit.failed_once_more()
    if visit.state.path[0] == _OWN:
        return _confirm(again, offer, read_number(caller, visit.plan.organisation.country), reason)
    # Which number was typed only the dialplan knows.
    return _ask_number(_asking(again, _NUMBER), offer, reason)


def _after_digits(visit: Visit, digits: str) -> Decision:
    """The number that was typed."""
    queue = _queue(visit)
    offer = _offer(visit, queue)
    if offer is None or visit.surroundings.ahead:
        return _back(visit, "offer:not-now")
    number = read_number(digits, visit.plan.organisation.country) if digits else ""
    if _may_ring(visit, queue, number):
        here = _asking(visit, _TYPED)
        return _confirm(here, offer, number, "offer:typed", CallAt(number))
    if visit.state.tries + 1 >= offer.tries:
        return _back(visit, "offer:no-number")
    wrong = "callback-wrong-number" if digits else ""
    return _ask_number(
        visit.failed_once_more(), offer, "offer:wrong-number" if digits else "offer:no-input", wrong
    )


def no_number(visit: Visit) -> Decision:
    """There is no number to promise a call to."""
    return _back(visit, "offer:no-number") if is_asked(visit.state) else places.no_number(visit)


def foreseen(waiting: State, queue: str, tries: int) -> Iterator[tuple[State, KeyPressed]]:
    """The states of a caller who is asked when the service goes away, and what decides there.

    Any key but the one that confirms stands for everything else.
    """
    for what in (_OWN, _TYPED, _NUMBER):
        for failed in range(tries + 1):
            state = replace(waiting, tries=failed, path=_path(what, waiting, queue))
            if what != _NUMBER:
                yield state, KeyPressed(_RIGHT)
            yield state, KeyPressed(OTHER_THAN_RIGHT)


OTHER_THAN_RIGHT = "A"
"""As in foreseen.py: a key that no menu can name stands for every other event."""


def _path(what: str, waiting: State, queue: str) -> tuple[str, ...]:
    drains = waiting.path[:1] == (places.DRAIN,)
    return (what, queue, f"{_BEHIND}{waiting.tries}", *((places.DRAIN,) if drains else ()))


def _offer(visit: Visit, queue: str) -> Offer | None:
    rules = visit.plan.queues.get(queue)
    return rules.offer if rules is not None else None


def _may_ring(visit: Visit, queue: str, number: str) -> bool:
    callbacks = visit.plan.queues[queue].callbacks
    return callbacks is not None and may_ring(number, callbacks, visit.plan)


def _queue(visit: Visit) -> str:
    return visit.state.path[1] if len(visit.state.path) > 1 else visit.line.queue


def _asking(visit: Visit, what: str) -> Visit:
    return visit.at(replace(visit.state, path=(what, *visit.state.path[1:])))


def _confirm(visit: Visit, offer: Offer, number: str, reason: str, *before: Step) -> Decision:
    said = spoken_number(number, visit.plan.organisation.country)
    prompts = ("callback-number", *said, "callback-right")
    key = AskKey(NODE, visit.language, prompts, offer.answer_within, barge_in=True)
    return Decision((*before, key), reason, visit.state)


def _ask_number(visit: Visit, offer: Offer, reason: str, wrong: str = "") -> Decision:
    here = _asking(visit, _NUMBER)
    prompts = (*((wrong,) if wrong else ()), "callback-enter")
    digits = AskDigits(NODE, visit.language, prompts, MAX_DIGITS, "#", offer.answer_within)
    return Decision((digits,), reason, here.state)


def _back(visit: Visit, reason: str, *, last: bool = False) -> Decision:
    """Into the queue again, to the old place."""
    passed = int(visit.state.path[2].removeprefix(_BEHIND)) if len(visit.state.path) > 2 else 0
    quiet = last or visit.surroundings.ahead
    told = () if quiet else (Play(visit.language, "callback-wait-on", Stage.MESSAGE),)
    drains = places.DRAIN in visit.state.path[3:]
    waits = Again(drains=drains, offers=not last)
    return wait_in(visit, _queue(visit), reason, *told, passed=passed, again=waits)
