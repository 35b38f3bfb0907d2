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
    # Heard the information that was meant for them, and rang off or were told no more.
    INFORMED = "informed"
    VOICEMAIL = "voicemail"
    # Was promised to be called back.
    CALLBACK = "callback"
    # Was connected to a number outside ...
    OVERFLOWED = "overflowed"
    # ... or should have been, and nobody there answered.
    OVERFLOW_LOST = "overflow-lost"
    # Turned away because the carrier, the line or the number has as many calls as it takes.
    OVER_LIMIT = "over-limit"
    # Turned away by a list of callers, or by the guard against floods.
    BLOCKED = "blocked"
    # Was called back, and did not take the call.
    NOT_REACHED = "not-reached"


# What a caller of a closed line may still bring about.
_DESPITE_CLOSED = frozenset({Outcome.VOICEMAIL, Outcome.CALLBACK})


def settled(before: Outcome | None, outcome: Outcome) -> Outcome:
    """What stands when this outcome is settled: the first, but a closed line can still take a message."""
    if before is None or (before is Outcome.CLOSED and outcome in _DESPITE_CLOSED):
        return outcome
    return before


class Stage(StrEnum):
    """Where in its journey a call is; an abandoned call ended in one of these."""

    ARRIVAL = "arrival"
    # A notice before everything else, while an incident keeps callers ringing.
    INFORMATION = "information"
    GREETING = "greeting"
    MENU = "menu"
    QUEUE = "queue"
    RINGING = "ringing"
    TALK = "talk"
    TRANSFER = "transfer"
    VOICEMAIL = "voicemail"
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
    #: Count the seconds from when the caller first joined a queue, not from now; what passed outside counts.
    in_all: bool = False
    #: Count as if the caller had come so much earlier (s), before others who wait.
    head_start_s: int = 0
    #: After how many seconds of waiting operators of the next level are admitted; none where all are at once.
    admitted_s: tuple[int, ...] = ()
    #: Prompt that the operator hears before being connected; empty is none.
    announcement: str = ""
    #: What the caller hears, by Asterisk's name for it; empty is the music of all.
    music: str = ""
    #: After so many seconds a key leaves the queue for a promise to be rung back; 0 is no such offer.
    offer_after_s: int = 0


@dataclass(frozen=True, slots=True)
class Say:
    """Play several prompts of a language folder, one after the other."""

    language: str
    prompts: tuple[str, ...]
    stage: Stage


@dataclass(frozen=True, slots=True)
class AskKey:
    """Play prompts and wait for one key, at most `timeout_s` seconds after them; then ask again.

    `node` is where the caller is, for the record: a menu's id.
    """

    node: str
    language: str
    prompts: tuple[str, ...]
    timeout_s: int
    barge_in: bool
    stage: Stage = Stage.MENU


@dataclass(frozen=True, slots=True)
class AskDigits:
    """Play prompts and take digits; then ask again.

    They end with `terminator`, with `max_digits`, or by a pause of `timeout_s` seconds.
    """

    node: str
    language: str
    prompts: tuple[str, ...]
    max_digits: int
    #: `#`, `*` or empty.
    terminator: str
    timeout_s: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """Ring a configured number outside for at most `ring_s` seconds; ask again unless the call ends there."""

    trunk: str
    host: str
    number: str
    ring_s: int


@dataclass(frozen=True, slots=True)
class Confirm:
    """Who answers outside hears this prompt and has to press 1."""

    language: str
    prompt: str
    timeout_s: int
    tries: int


@dataclass(frozen=True, slots=True)
class HandOver:
    """Ring a centre's telephones one after the other; then ask again."""

    centre: str
    trunk: str
    host: str
    #: Numbers and how long each rings (s), in order.
    targets: tuple[tuple[str, int], ...]
    #: None connects to whoever answers.
    confirm: Confirm | None
    #: Most calls at the same time; 0 is no limit.
    channels: int
    #: The number shown there; empty is the caller's own.
    shows: str
    #: Begin with another target each time.
    in_turn: bool = False


@dataclass(frozen=True, slots=True)
class TakeMessage:
    """Record a message of at most `max_s` seconds; then ask again."""

    box: str
    max_s: int


@dataclass(frozen=True, slots=True)
class CallAt:
    """Keep on the channel the number (E.164) at which the caller wants to be rung."""

    number: str


@dataclass(frozen=True, slots=True)
class Promise:
    """Write down that this queue will call back; without a number the rest of the stretch is asked about."""

    queue: str
    #: At the number of CallAt, and not at the one that the caller rings from.
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """Settle the outcome now, whatever the caller does from here on."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""

    #: Why a call is refused that was not picked up (cause of Q.850); 0 says nothing.
    cause: int = 0


Step = (
    Answer
    | Play
    | Say
    | AskKey
    | AskDigits
    | Wait
    | Transfer
    | HandOver
    | TakeMessage
    | CallAt
    | Promise
    | Mark
    | HangUp
)


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


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """One key in a menu; None when none came in time."""

    key: str | None


@dataclass(frozen=True, slots=True)
class Collected:
    """The digits that a caller gave; empty when none came in time."""

    digits: str


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What another program said of the digits; None when it said nothing in time."""

    answer: str | None


class DialStatus(StrEnum):
    """Why Asterisk's Dial() came back (its DIALSTATUS); OTHER is everything that rang nobody."""

    ANSWERED = "ANSWER"
    NO_ANSWER = "NOANSWER"
    BUSY = "BUSY"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Transferred:
    """The number outside did not answer, or has hung up while the caller is still there."""

    status: DialStatus


class CentreStatus(StrEnum):
    """What came of handing a caller over; the dialplan's words."""

    # Somebody took the call, and it is over there.
    TAKEN = "TAKEN"
    # All were rung, and nobody took it.
    NOBODY = "NOBODY"
    # As many calls are there as may be at the same time.
    FULL = "FULL"


@dataclass(frozen=True, slots=True)
class CentreLeft:
    """The caller is still there, and a centre is done with the call."""

    status: CentreStatus


@dataclass(frozen=True, slots=True)
class MessageTaken:
    """The message is over and the caller still there; `kept` unless Asterisk could not write it."""

    kept: bool


@dataclass(frozen=True, slots=True)
class OfferTaken:
    """A waiting caller has pressed the key for being rung back, and is out of the queue."""


@dataclass(frozen=True, slots=True)
class NoNumber:
    """A promise to call back could not be made: the caller's number is withheld."""


Event = (
    Arrived
    | LeftQueue
    | KeyPressed
    | Collected
    | LookedUp
    | Transferred
    | CentreLeft
    | MessageTaken
    | OfferTaken
    | NoNumber
)

# Menus that a caller can go back through; who goes deeper comes back to the last of them.
MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class State:
    """Where a caller is, beyond the line: all that a decision needs of what was decided before.

    Everything in it comes from the plan and nothing from the caller, so there are only so many states of a
    line, and what follows each of them can be written down in advance for the time when nobody decides.
    """

    #: The language chosen; empty is the line's own.
    language: str = ""
    #: How often the caller has failed at this node; while waiting, how many overflow rules lie behind.
    tries: int = 0
    #: The menus gone through, the present one last; digits being asked for stand last as `_<id>`.
    path: tuple[str, ...] = ()
    #: Head start in a queue that a choice in a menu has given (s).
    head_start_s: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """What travels on the channel: all the state a decision may use."""

    line: str
    number: str
    caller: str
    plan_version: str
    asked: int = 0
    state: State = State()
    #: Unique id of the caller's channel; shares of callers are chosen by it.
    id: str = ""
    #: The carrier that delivered it; empty where a telephone of ours called.
    trunk: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The next straight stretch of steps, why, and where the caller is then."""

    steps: tuple[Step, ...]
    reason: str
    state: State = State()


@dataclass(frozen=True, slots=True)
class LookUp:
    """Nothing can be decided before another program has been asked; what it says comes back as LookedUp."""

    collect: str
    url: str
    deadline_s: int
    digits: str
