"""What happens next to a call. Every routing rule lives here and in menus.py.

Pure: the rulebook, the call as it stands, what happened, and the time go in; the next straight stretch of
steps comes out, with the reason. Live calls, the files by which calls go on without us, `hotline simulate`
and the tests all use this one function.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from hotline_ivr.routing import callback_offers
from hotline_ivr.routing.head_start import head_start
from hotline_ivr.routing.menus import (
    Visit,
    after_digits,
    after_key,
    after_lookup,
)
from hotline_ivr.routing.places import (
    go_to,
    go_to_line_queue,
    last_word,
    left_centre,
    refused,
    waited_long,
)
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.situation import Rule, RuleKind, Situation
from hotline_ivr.routing.steps import (
    Answer,
    Arrived,
    AskKey,
    Call,
    CentreLeft,
    Collected,
    Decision,
    DialStatus,
    Event,
    HangUp,
    KeyPressed,
    LeftQueue,
    LookedUp,
    LookUp,
    Mark,
    MessageTaken,
    NoNumber,
    OfferTaken,
    Outcome,
    Play,
    QueueStatus,
    Stage,
    Step,
    Transferred,
)
from hotline_ivr.routing.surroundings import NOTHING_SEEN, Surroundings
from hotline_ivr.routing.turning_away import blocked
from hotline_ivr.routing.words import fit_word

# Who has asked so often goes in circles, and is helped best by an operator. A caller who listens to every
# menu of a large hotline presses two dozen keys. The dialplan's own bound is a little above this one.
MAX_ASKS = 60

# Who has asked so often is offered no call back any more: it takes a few asks to agree on one.
LAST_OFFER = MAX_ASKS - 15

# Stands in a state's path where a key shows that the caller wants to go on after the information.
GO_ON = "_go-on"
# How long that key is waited for after the prompt (s).
_GO_ON_TIMEOUT = 8

# The last resort when a call's line is gone from the plan: spoken in the language most people have some of.
_LAST_RESORT = Play("en", "technical", Stage.MESSAGE)
_NOTHING_KNOWN = Decision((Mark(Outcome.TECHNICAL), Answer(), _LAST_RESORT, HangUp()), "no-such-line")


def decide(  # noqa: PLR0911  one for each event
    book: Rulebook, call: Call, event: Event, now: datetime, surroundings: Surroundings = NOTHING_SEEN
) -> Decision | LookUp:
    """The next steps of `call` at `now` (aware). Never raises for a call that Asterisk can send."""
    if call.line not in book.plan.lines:
        return _NOTHING_KNOWN
    situation = book.situation(call.line, now)
    visit = _visit(book, call, now, situation, surroundings)
    if isinstance(event, KeyPressed | Collected | LookedUp):
        if callback_offers.is_asked(visit.state):
            return callback_offers.after(visit, call.caller, event, last=call.asked >= MAX_ASKS)
        return _in_a_menu(visit, event, call.asked)
    match event:
        case Arrived():
            return blocked(visit, call) or arrived(visit, situation)
        case LeftQueue(status):
            return _left_queue(visit, status)
        case Transferred(status):
            return _transferred(visit, status)
        case MessageTaken(kept):
            return _message_taken(visit, kept=kept)
        case CentreLeft(centre_status):
            return left_centre(visit, centre_status)
        case OfferTaken():
            return callback_offers.offer_taken(visit, call.caller, last=call.asked >= LAST_OFFER)
        case NoNumber():
            return callback_offers.no_number(visit)
        case _:
            assert_never(event)


def _in_a_menu(visit: Visit, event: KeyPressed | Collected | LookedUp, asked: int) -> Decision | LookUp:
    if asked >= MAX_ASKS:
        return go_to_line_queue(visit, "circles")
    match event:
        case KeyPressed(key) if visit.state.path == (GO_ON,):
            return _informed(visit) if key is None else _welcome(visit, "surge:goes-on")
        case KeyPressed(key):
            return after_key(visit, key)
        case Collected(digits):
            return after_digits(visit, digits)
        case LookedUp(answer):
            return after_lookup(visit, answer)


def visit_of(
    book: Rulebook, call: Call, now: datetime, surroundings: Surroundings = NOTHING_SEEN
) -> Visit | None:
    """The call at its place in the plan; None if its line is gone from there."""
    if call.line not in book.plan.lines:
        return None
    return _visit(book, call, now, book.situation(call.line, now), surroundings)


def _visit(
    book: Rulebook, call: Call, now: datetime, situation: Situation, surroundings: Surroundings
) -> Visit:
    line = book.plan.lines[call.line]
    route = situation.route or line.route
    ahead = head_start(book.plan, book.known_callers, call).seconds
    return Visit(book, call.line, line, call.state, now, route, situation.open, call.id, ahead, surroundings)


def in_situation(visit: Visit, situation: Situation) -> Visit:
    route = situation.route or visit.line.route
    if visit.is_open == situation.open and visit.route == route:
        return visit
    return replace(visit, is_open=situation.open, route=route)


def arrived(visit: Visit, situation: Situation) -> Decision:
    """What a caller meets who arrives in this situation."""
    visit = in_situation(visit, situation)
    if situation.information is not None and situation.open:
        return _inform(visit, situation, situation.information)
    if situation.open:
        greeting = situation.rule.message
        return _welcome(visit, f"open:{_because(visit, situation.rule)}", greeting, Answer())
    return _closed(visit, situation.rule)


def _because(visit: Visit, rule: Rule) -> str:
    """The rule in a word: its kind where it is the line's own week, else its place in the YAML."""
    if rule.kind is not RuleKind.WEEK:
        return f"{rule.kind}:{fit_word(rule.name)}"
    hours = visit.line.hours
    return "always" if hours is not None and hours.always else "hours"


def _welcome(visit: Visit, reason: str, greeting: str | None = None, *before: Step) -> Decision:
    """The greeting, and the line's menu or queue."""
    line = visit.line
    welcome = Play(visit.language, greeting or line.greeting, Stage.GREETING)
    steps = (*before, welcome)
    if line.menu is None:
        return go_to_line_queue(visit, reason, *steps)
    return visit.enter_menu(line.menu, reason, *steps)


def _inform(visit: Visit, situation: Situation, prompt: str) -> Decision:
    reason = f"surge:{fit_word(situation.rule.name)}"
    if not situation.must_press_to_go_on:
        notice = Play(visit.language, prompt, Stage.INFORMATION)
        return _welcome(visit, reason, situation.rule.message, Answer(), notice)
    key = AskKey(GO_ON, visit.language, (prompt,), _GO_ON_TIMEOUT, barge_in=False, stage=Stage.INFORMATION)
    return Decision((Answer(), key), reason, replace(visit.resting, path=(GO_ON,)))


def _informed(visit: Visit) -> Decision:
    return Decision((Mark(Outcome.INFORMED), HangUp()), "surge:informed", visit.resting)


def _closed(visit: Visit, rule: Rule) -> Decision:
    reason = f"closed:{_because(visit, rule)}"
    message = Play(visit.language, rule.message or visit.line.closed_message, Stage.MESSAGE)
    told: tuple[Step, ...] = (Mark(Outcome.CLOSED), Answer(), message)
    place = rule.to or visit.line.closed_to
    if place is None:
        return Decision((*told, HangUp()), reason, visit.resting)
    if place.message is not None:
        # Another word to a caller who is turned away: the line is closed all the same.
        more = Play(visit.language, place.message, Stage.MESSAGE)
        return Decision((*told, more, HangUp()), reason, visit.resting)
    return go_to(visit, place, reason, *told)


def _left_queue(visit: Visit, status: QueueStatus) -> Decision:
    match status:
        case QueueStatus.TIMEOUT:
            return waited_long(visit)
        case QueueStatus.FULL | QueueStatus.JOIN_EMPTY | QueueStatus.LEAVE_EMPTY:
            return refused(visit, outcome_of(status), full=status is QueueStatus.FULL)
        case _:
            return last_word(visit, outcome_of(status), f"left-queue:{outcome_of(status)}")


def _transferred(visit: Visit, status: DialStatus) -> Decision:
    if status is DialStatus.ANSWERED:
        return Decision((HangUp(),), "transfer:over", visit.resting)
    return last_word(visit, Outcome.OVERFLOW_LOST, f"transfer:{status.lower()}")


def _message_taken(visit: Visit, *, kept: bool) -> Decision:
    if not kept:
        return last_word(visit, Outcome.TECHNICAL, "voicemail:failed")
    box = visit.plan.voicemails.get(visit.node)
    thanks = [Play(visit.language, box.thanks, Stage.MESSAGE)] if box and box.thanks else []
    return Decision((Mark(Outcome.VOICEMAIL), *thanks, HangUp()), "voicemail:kept", visit.resting)


def outcome_of(status: QueueStatus) -> Outcome:
    """How a call ends that came out of the queue without an operator."""
    match status:
        case QueueStatus.TIMEOUT:
            return Outcome.TIMED_OUT
        case QueueStatus.FULL:
            return Outcome.FULL
        case QueueStatus.JOIN_EMPTY | QueueStatus.LEAVE_EMPTY:
            return Outcome.NO_OPERATOR
        case QueueStatus.CONTINUE | QueueStatus.WITHDRAWN | QueueStatus.UNKNOWN:
            return Outcome.TECHNICAL
