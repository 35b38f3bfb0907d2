"""What happens next to a call. Every routing rule lives here.

Pure: the plan, the call as it stands, what happened, and the time go in; the next straight stretch of steps
comes out, with the reason. Live calls, `hotline explain` and the tests all use this one function.
"""

from __future__ import annotations

from datetime import datetime

from hotline_ivr.config.models import Line, Plan
from hotline_ivr.routing.calendar import is_open
from hotline_ivr.routing.steps import (
    Answer,
    Arrived,
    Call,
    Decision,
    Event,
    HangUp,
    LeftQueue,
    Mark,
    Outcome,
    Play,
    QueueStatus,
    Stage,
    Wait,
)

# The last resort when a call's line is gone from the plan: spoken in the language most people have some of.
_LAST_RESORT = Play("en", "technical", Stage.MESSAGE)


def decide(plan: Plan, call: Call, event: Event, now: datetime) -> Decision:
    """The next steps of `call` at `now` (aware). Never raises for a call that Asterisk can send."""
    line = plan.lines.get(call.line)
    if line is None:
        return Decision((Mark(Outcome.TECHNICAL), Answer(), _LAST_RESORT, HangUp()), "no-such-line")
    match event:
        case Arrived():
            return _arrived(line, now)
        case LeftQueue(status):
            return _left_queue(line, status)


def _arrived(line: Line, now: datetime) -> Decision:
    if not is_open(line, now):
        message = Play(line.language, line.closed_message, Stage.MESSAGE)
        return Decision((Mark(Outcome.CLOSED), Answer(), message, HangUp()), "closed:hours")
    greeting = Play(line.language, line.greeting, Stage.GREETING)
    reason = "open:always" if line.hours and line.hours.always else "open:hours"
    return Decision((Answer(), greeting, Wait(line.queue, line.max_wait)), reason)


def _left_queue(line: Line, status: QueueStatus) -> Decision:
    outcome = outcome_of(status)
    prompt = "technical" if outcome is Outcome.TECHNICAL else line.sorry_message
    message = Play(line.language, prompt, Stage.MESSAGE)
    return Decision((Mark(outcome), message, HangUp()), f"left-queue:{outcome}")


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
