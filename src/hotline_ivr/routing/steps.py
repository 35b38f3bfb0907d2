"""What a caller goes through: steps, outcomes, and the decision that lists the next steps.

Closed unions: adding a member fails type checking wherever it is not yet handled.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a call ended. Every call gets exactly one."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    CLOSED = "closed"
    FULL = "full"
    NO_OPERATOR = "no-operator"
    TIMED_OUT = "timed-out"
    TECHNICAL = "technical"


class Stage(StrEnum):
    """Where in its journey a call is; an abandoned call ended in one of these."""

    ARRIVAL = "arrival"
    GREETING = "greeting"
    QUEUE = "queue"
    RINGING = "ringing"
    TALK = "talk"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Answer:
    """Pick up, so that the caller hears us."""


@dataclass(frozen=True, slots=True)
class Play:
    """Play one prompt of a language folder, to its end or the caller's."""

    language: str
    prompt: str
    stage: Stage


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait in a queue for an operator, at most `max_wait_s` seconds."""

    queue: str
    max_wait_s: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Settle the outcome now, whatever the caller does from here on."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""


Step = Answer | Play | Wait | Mark | HangUp


class QueueStatus(StrEnum):
    """Why Asterisk's Queue() came back (its QUEUESTATUS); UNKNOWN is undocumented: no such queue."""

    TIMEOUT = "TIMEOUT"
    FULL = "FULL"
    JOIN_EMPTY = "JOINEMPTY"
    LEAVE_EMPTY = "LEAVEEMPTY"
    CONTINUE = "CONTINUE"
    WITHDRAWN = "WITHDRAW"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A call has just come in."""


@dataclass(frozen=True, slots=True)
class LeftQueue:
    """The caller is still there, and no operator took the call."""

    status: QueueStatus


Event = Arrived | LeftQueue


@dataclass(frozen=True, slots=True)
class Call:
    """What travels on the channel: all the state a decision may use."""

    line: str
    number: str
    caller: str
    plan_version: str
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """The next straight stretch of steps, and why."""

    steps: tuple[Step, ...]
    reason: str
