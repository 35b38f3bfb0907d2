"""The row of a call and the rows of its legs, as values.

Named tuples, because each is made for every call and is handed to the database as it stands: their fields are
the columns, in order (store/tables.py; a test holds that). `legs` comes last and is a table of its own.

Times are microseconds since 1970 UTC and durations are milliseconds, both whole numbers: they are compared
and subtracted in the hundreds of thousands, and nothing is lost on the way to the database and back.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from hotline_ivr.routing.steps import Outcome, Stage


class CallerKind(StrEnum):
    """What the network said about the caller's number."""

    OK = "ok"
    WITHHELD = "withheld"
    # The number held characters that no telephone number has; `caller` is what the filter left of it.
    INVALID = "invalid"


class CallKind(StrEnum):
    """Who rang whom."""

    CALLER = "caller"
    # The service rang somebody who was owed a call; no arrival.
    CALLBACK = "callback"


class EndedBy(StrEnum):
    """Who ended the call first."""

    CALLER = "caller"
    OPERATOR = "operator"
    SYSTEM = "system"


class Route(StrEnum):
    """Who decided for this call: the service, the fallback files, or one after the other."""

    SERVICE = "service"
    FALLBACK = "fallback"
    MIXED = "mixed"


class LegResult(StrEnum):
    """What became of ringing one operator."""

    ANSWERED = "answered"
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    REJECTED = "rejected"
    # The ringing was called off: the caller left, or somebody else answered.
    CANCELLED = "cancelled"
    # The telephone could not be reached.
    FAILED = "failed"


class Discrepancy(StrEnum):
    """The two files tell different stories of one call; the row goes by the channel events."""

    NO_CHANNEL_EVENTS = "no-channel-events"
    CONNECT_WITHOUT_BRIDGE = "connect-without-bridge"
    BRIDGE_WITHOUT_CONNECT = "bridge-without-connect"
    ABANDONED_YET_BRIDGED = "abandoned-yet-bridged"
    WAITED_UNSEEN_BY_QUEUE = "waited-unseen-by-queue"


class LegRecord(NamedTuple):
    """Another channel of the call: an operator's telephone, or where the call was transferred to."""

    channel: str
    channel_name: str
    operator: str | None
    # Which of the operator's telephones, where there are several.
    device: str | None
    started_at: int | None
    answered_at: int | None
    # First moment in one bridge with the caller.
    connected_at: int | None
    ended_at: int | None
    # ITU-T Q.850 cause of the hang-up, as Asterisk gave it.
    cause: int | None
    # Time in one bridge with the caller; None without any.
    talk_ms: int | None
    # None while it rings.
    result: LegResult | None


class CallRecord(NamedTuple):
    """One caller's journey: exactly one outcome, once it is finished."""

    node: str
    id: str
    line: str
    # The number that was dialled.
    number: str
    # The caller's number as filtered by the dialplan; empty when withheld.
    caller: str
    caller_name: str
    caller_kind: CallerKind

    arrived_at: int
    picked_up_at: int | None
    greeting_started_at: int | None
    greeting_ended_at: int | None
    queued_at: int | None
    # Since when operators' telephones were ringing without a break, the last time they did.
    ringing_at: int | None
    connected_at: int | None
    ended_at: int | None
    # The last moment of which anything is known.
    last_event_at: int

    # From entering the queue to an operator, or to leaving the queue; None for a call that never queued.
    wait_ms: int | None
    # With an operator, all conversations together; None for a call that had none.
    talk_ms: int | None
    # From arrival to the end; None while it lasts.
    total_ms: int | None

    queue: str | None
    # The first operator the caller spoke with.
    operator: str | None
    # None only while the call is under way and its outcome open.
    outcome: Outcome | None
    # Where the call was last; an abandoned call was abandoned there.
    stage: Stage
    ended_by: EndedBy | None
    end_cause: int | None
    # Asterisk's own word on leaving the queue (QUEUESTATUS).
    queue_status: str | None
    # None when the call ended before anybody decided anything.
    route: Route | None
    plan_version: str | None
    # What the service and the fallback gave as reasons, in order, and what went wrong; separated by blanks.
    reasons: str
    # Operators rung, and how many of those rings nobody answered (queue_log's RINGNOANSWER).
    rings: int
    unanswered_rings: int
    discrepancy: Discrepancy | None
    finished: bool
    # What the caller pressed, in order: `main:2@3.4 customer:6-digits@8.0 main:timeout@9.1`, each with its
    # menu and the seconds from the prompt's beginning; separated by blanks.
    keys: str
    # The centre outside to which the call was handed, the number there that took it or was rung last.
    centre: str | None
    outside_number: str | None
    # From handing over to a conversation there, or to coming back; several tries together.
    outside_ring_ms: int | None
    outside_talk_ms: int | None
    # Whether who answered there pressed 1: `pressed`, `not-pressed`; None where nobody was asked.
    confirmation: str | None
    kind: CallKind
    # Of a call back: which attempt at which promise.
    attempt: str | None
    # By which version of the fold this row was made.
    fold_version: int
    # Whether the caller may be recorded: announced, agreed, refused, no-answer, not-told; None: nobody asked.
    consent: str | None
    # Parts of the conversations that were recorded; None where nothing was.
    recorded: int | None
    legs: tuple[LegRecord, ...]
