"""Sending a caller somewhere: into a queue and out of it again, to a centre, a box, a promise or a prompt.

A caller who waits has the state `(language, rules behind, ())`, or `("_in", queue)` where the queue is not
the line's own; one who waits until the line is done for the day has `("_drain", queue)`. At a centre the
state is `("_out", centre, queue)`, and the caller comes back to that queue; after `("_end", centre)` nobody
is left to come back to. Who is asked about a call back has `("_offer", queue, ...)` (callback_offers.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hotline_ivr.config.callback_offer import Offer
from hotline_ivr.config.destinations import Destination
from hotline_ivr.config.overflow import Closing, OverflowRule
from hotline_ivr.config.prompt_uses import CALLBACK_PROMPT
from hotline_ivr.config.waiting_music import music_class
from hotline_ivr.routing import centres
from hotline_ivr.routing.overflow import (
    SPENT,
    applies,
    long_wait,
    rule_for_refused,
    rule_on_arrival,
    time_left,
    timed,
    too_late,
)
from hotline_ivr.routing.skills import admissions
from hotline_ivr.routing.steps import (
    CentreStatus,
    Decision,
    HandOver,
    HangUp,
    Mark,
    Outcome,
    Play,
    Promise,
    Say,
    Stage,
    State,
    Step,
    TakeMessage,
    Transfer,
    Wait,
)
from hotline_ivr.routing.wait_words import expected_wait_words, position_words
from hotline_ivr.routing.wall import zone_of

if TYPE_CHECKING:
    from hotline_ivr.routing.menus import Visit

# How long a number outside rings (s): a little longer than most answering machines wait.
RING_S = 40

_IN, _OUT, _END, _OVER = "_in", "_out", "_end", "_over"
DRAIN = "_drain"
# States that name the queue last.
_QUEUE_LAST = frozenset({(_IN,), (_OUT,), (DRAIN,)})


def last_word(visit: Visit, outcome: Outcome, reason: str, *before: Step) -> Decision:
    """Nobody can help this caller now."""
    prompt = "technical" if outcome is Outcome.TECHNICAL else visit.line.sorry_message
    message = Play(visit.language, prompt, Stage.MESSAGE)
    return Decision((*before, Mark(outcome), message, HangUp()), reason, visit.resting)


# Into queues.


def go_to_line_queue(visit: Visit, reason: str, *before: Step) -> Decision:
    return enter_queue(visit, visit.line.queue, reason, *before)


def enter_queue(visit: Visit, queue: str, reason: str, *before: Step) -> Decision:
    """To the operators of a queue, unless the line's rules or the hour send the caller elsewhere."""
    line = visit.line
    if visit.route == "outside" and line.centre is not None:
        over = to_centre(visit, line.centre, f"{reason}+outside", *before, queue=queue)
        if over is not None:
            return over
    rule = rule_on_arrival(visit, queue)
    if rule is not None:
        # Where nobody is, who comes back from the centre is not sent there again.
        passed = SPENT if rule.nobody else 0
        outcome = Outcome.FULL if rule.waiting or rule.expected_wait else Outcome.NO_OPERATOR
        sent = _by_rule(visit, rule, queue, passed, outcome, *before)
        if sent is not None:
            return sent
    if visit.is_open and too_late(visit, queue):
        return _done_for_today(visit, Outcome.CLOSED, "closing:last-call", *before)
    return wait_in(visit, queue, reason, *before, *_told_before(visit, queue))


def _told_before(visit: Visit, queue: str) -> tuple[Step, ...]:
    """What a caller hears before waiting: the place, and the expected wait where that is known well."""
    words: tuple[str, ...] = ()
    if visit.line.position:
        place = visit.surroundings.place(queue, visit.now, visit.in_queue_s)
        words += position_words(visit.language, place or 0)
    if visit.line.expected_wait:
        found = visit.surroundings.expected(queue, visit.in_queue_s)
        words += expected_wait_words(visit.language, found) if found is not None else ()
    return (Say(visit.language, words, Stage.MESSAGE),) if words else ()


@dataclass(frozen=True, slots=True)
class Again:
    """Goes on waiting as if never out of the queue.

    `drains` until the line is done for the day; `offers` says whether to be rung back may still be offered.
    """

    drains: bool
    offers: bool


def wait_in(
    visit: Visit, queue: str, reason: str, *before: Step, passed: int = 0, again: Again | None = None
) -> Decision:
    """Wait until the next rule's time comes, the line is done for the day, or nobody waits longer."""
    line = visit.line
    served = visit.plan.queues.get(queue)
    offer = served.offer if served else None
    own = queue == line.queue
    rules = timed(line)
    limit = rules[passed].after or 0 if passed < len(rules) else line.max_wait
    behind = rules[min(passed, len(rules)) - 1].after or 0 if passed and rules else 0
    path = () if own or not (line.overflow or line.closing or offer) else (_IN, queue)
    state = replace(visit.resting, tries=passed, path=path)
    offers = again is None or again.offers
    offered = offer if offers and offer is not None and _is_offered(visit, queue, offer) else None

    def waits(seconds: int, *, in_all: bool = False) -> Wait:
        return Wait(
            queue,
            seconds,
            in_all,
            visit.in_queue_s,
            admissions(visit.plan, queue) if served else (),
            line.operator_announcement or "",
            music_class(queue, served, visit.language, offering=offered is not None) if served else "",
            offered.after if offered is not None else 0,
        )

    drains = again is not None and again.drains
    left = time_left(visit) if own and (passed or drains or visit.is_open) else None
    if left is None or left > limit - behind:
        return Decision((*before, waits(limit, in_all=passed > 0 or again is not None)), reason, state)
    if left <= 0:
        return _done_for_today(visit, Outcome.TIMED_OUT, "closing:drained", *before)
    return Decision((*before, waits(left)), reason, replace(state, path=(DRAIN, queue)))


def _is_offered(visit: Visit, queue: str, offer: Offer) -> bool:
    """Whether a caller who joins now is offered to be rung back. Nobody is while nobody can be asked."""
    if visit.surroundings.ahead:
        return False
    return offer.expected_wait is None or long_wait(visit, offer.expected_wait, queue)


def queue_of(visit: Visit) -> str:
    """The queue in which a caller of this state waits."""
    path = visit.state.path
    return path[-1] if path[:1] in _QUEUE_LAST else visit.line.queue


# Out of queues.


def waited_long(visit: Visit) -> Decision:
    """The time of a stretch of waiting is over."""
    queue, passed = queue_of(visit), visit.state.tries
    if visit.state.path[:1] == (DRAIN,):
        return _drained(visit, queue, passed)
    rules = timed(visit.line)
    if passed >= len(rules):
        return last_word(visit, Outcome.TIMED_OUT, "left-queue:timed-out")
    rule = rules[passed]
    if applies(visit, rule, visit.surroundings.queue(queue), queue):
        sent = _by_rule(visit, rule, queue, passed + 1, Outcome.TIMED_OUT)
        if sent is not None:
            return sent
    return wait_in(visit, queue, f"overflow:{rule.name}:not-now", passed=passed + 1)


def _drained(visit: Visit, queue: str, passed: int) -> Decision:
    left = time_left(visit)
    if left is None or left > 1:
        # The line has been kept open meanwhile; the time waited is known to the dialplan.
        return wait_in(visit, queue, "closing:later", passed=passed)
    return _done_for_today(visit, Outcome.TIMED_OUT, "closing:drained")


def refused(visit: Visit, outcome: Outcome, *, full: bool) -> Decision:
    """The queue did not take the caller, or has let go of it: it is full, or nobody is there."""
    if visit.state.tries < SPENT:
        queue = queue_of(visit)
        rule = rule_for_refused(visit, queue, full=full)
        if rule is not None:
            sent = _by_rule(visit, rule, queue, SPENT, outcome)
            if sent is not None:
                return sent
    return last_word(visit, outcome, f"left-queue:{outcome}")


def _done_for_today(visit: Visit, outcome: Outcome, reason: str, *before: Step) -> Decision:
    closing = visit.line.closing or Closing()
    told = Play(visit.language, closing.message, Stage.MESSAGE)
    if closing.to is None or closing.to.message is not None:
        more = (
            [Play(visit.language, closing.to.message, Stage.MESSAGE)]
            if closing.to and closing.to.message
            else []
        )
        return Decision((*before, Mark(outcome), told, *more, HangUp()), reason, visit.resting)
    return _for_good(visit, closing.to, outcome, reason, *before, told)


def _for_good(visit: Visit, place: Destination, outcome: Outcome, reason: str, *before: Step) -> Decision:
    """To a place from which nobody comes back to a queue."""
    if place.centre is not None:
        over = to_centre(visit, place.centre, reason, *before)
        return over or last_word(visit, outcome, reason, *before)
    decision = go_to(visit, place, reason, *before)
    return replace(decision, state=_over(visit)) if place.callback is not None else decision


def _over(visit: Visit) -> State:
    return replace(visit.resting, tries=SPENT, path=(_OVER,))


def no_number(visit: Visit) -> Decision:
    """A promise could not be made: the number is withheld."""
    if visit.state.path == (_OVER,):
        return last_word(visit, Outcome.TIMED_OUT, "callback:no-number")
    if visit.state.path[:1] == (_IN,):
        return wait_in(visit, queue_of(visit), "callback:no-number", passed=visit.state.tries)
    return wait_in(visit, visit.line.queue, "callback:no-number")


# By a rule.


def _by_rule(
    visit: Visit, rule: OverflowRule, queue: str, passed: int, outcome: Outcome, *before: Step
) -> Decision | None:
    """What a rule does; None where it cannot be done, so that the caller goes on as if it did not apply."""
    reason, to = f"overflow:{rule.name}", rule.to
    if to.centre is not None:
        return to_centre(visit, to.centre, reason, *before, queue=queue, passed=passed)
    if to.queue is not None:
        return (
            None if to.queue == queue else wait_in(visit, to.queue, reason, *before, passed=passed or SPENT)
        )
    if to.message is not None:
        told = Play(visit.language, to.message, Stage.MESSAGE)
        return Decision((*before, Mark(outcome), told, HangUp()), reason, visit.resting)
    decision = go_to(visit, to, reason, *before)
    if to.callback is None:
        return decision
    state = _over(visit) if passed == SPENT else replace(visit.resting, tries=passed, path=(_IN, queue))
    return replace(decision, state=state)


# Outside.


def to_centre(
    visit: Visit, name: str, reason: str, *before: Step, queue: str | None = None, passed: int = 0
) -> Decision | None:
    """To a centre; back to `queue` from there if nobody takes the call. None where it cannot take any."""
    step = _hand_over(visit, name)
    if step is None:
        return None
    path = (_END, name) if queue is None else (_OUT, name, queue)
    return Decision((*before, step), reason, replace(visit.resting, tries=passed, path=path))


def _hand_over(visit: Visit, name: str) -> HandOver | None:
    centre = visit.plan.centres.get(name)
    spent = visit.surroundings.minutes.get(name, 0.0)
    if centre is None or 0 < centre.minutes_a_day <= spent:
        return None
    return centres.hand_over(
        visit.plan,
        name,
        at=visit.now,
        zone=zone_of(visit.line.time_zone),
        call_id=None if visit.surroundings.ahead else visit.call_id,
        line_number=visit.line.numbers[0],
    )


def left_centre(visit: Visit, status: CentreStatus) -> Decision:
    """A centre is done with the call."""
    name = visit.state.path[1] if len(visit.state.path) > 1 else ""
    reason = f"centre:{name}:{status.lower()}"
    if status is CentreStatus.TAKEN:
        return Decision((HangUp(),), reason, visit.resting)
    if visit.state.path[:1] == (_OUT,):
        return wait_in(visit, queue_of(visit), reason, passed=visit.state.tries)
    return last_word(visit, Outcome.OVERFLOW_LOST, reason)


def go_to(visit: Visit, place: Destination, reason: str, *before: Step) -> Decision:
    """Send the caller there; to the line's queue where the plan lacks what the place needs."""
    if place.queue is not None:
        return enter_queue(visit, place.queue, reason, *before)
    if place.menu is not None:
        return visit.enter_menu(place.menu, reason, *before)
    if place.collect is not None:
        return visit.ask_digits(place.collect, reason, *before)
    if place.message is not None:
        told = Play(visit.language, place.message, Stage.MESSAGE)
        return Decision((*before, Mark(Outcome.INFORMED), told, HangUp()), reason, visit.resting)
    if place.transfer is not None:
        return _transfer(visit, place.transfer, reason, *before)
    if place.centre is not None:
        back = visit.line.queue if visit.is_open else None
        over = to_centre(visit, place.centre, reason, *before, queue=back)
        return over or _centre_away(visit, reason, *before)
    if place.voicemail is not None:
        return _voicemail(visit, place.voicemail, reason, *before)
    if place.callback is not None:
        promised = Play(visit.language, CALLBACK_PROMPT, Stage.MESSAGE)
        steps = (*before, Promise(place.callback), Mark(Outcome.CALLBACK), promised, HangUp())
        return Decision(steps, reason, visit.resting)
    raise AssertionError("a destination names one place")


def _centre_away(visit: Visit, reason: str, *before: Step) -> Decision:
    if visit.is_open:
        return wait_in(visit, visit.line.queue, reason, *before)
    return last_word(visit, Outcome.OVERFLOW_LOST, reason, *before)


def _transfer(visit: Visit, number: str, reason: str, *before: Step) -> Decision:
    found = centres.way_out(visit.plan, number)
    if found is None:
        return go_to_line_queue(visit, "no-carrier-out", *before)
    return Decision((*before, Transfer(*found, number, RING_S)), reason, visit.resting)


def _voicemail(visit: Visit, name: str, reason: str, *before: Step) -> Decision:
    box = visit.plan.voicemails.get(name)
    if box is None:
        return go_to_line_queue(visit, f"no-such-voicemail:{name}", *before)
    ask = Play(visit.language, box.prompt, Stage.VOICEMAIL)
    state = replace(visit.resting, path=(name,))
    return Decision((*before, ask, TakeMessage(name, box.max_length)), reason, state)
