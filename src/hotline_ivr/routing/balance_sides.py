"""The two sides of the balance proof: what Asterisk's files say of a call, and what our record says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from hotline_ivr.routing.cel import QUEUE_LOG_RESOLUTION
from hotline_ivr.routing.lost_channels import Seen


class Reason(StrEnum):
    """Why a call breaks the balance."""

    NO_ROW = "no-row"
    NO_EVENTS = "no-events"
    DOUBLED = "doubled"
    STILL_OPEN = "still-open"
    END_UNSEEN = "end-unseen"
    NO_OUTCOME = "no-outcome"
    LINE = "line"
    KIND = "kind"
    EVENTS = "events"
    QUEUE_LINES = "queue-lines"
    QUEUE = "queue"
    CONNECT = "connect"
    NO_CONNECT = "no-connect"
    ABANDON = "abandon"
    STORIES = "two-stories"
    OPERATOR = "operator"
    TALK = "talk"
    OUTCOME = "outcome"
    LOST = "lost"


class Imbalance(NamedTuple):
    """One call that breaks the balance."""

    call: str
    reason: Reason
    text: str


@dataclass(slots=True)
class WrittenCall:
    """What Asterisk's files say of one call. Times are microseconds since 1970 UTC."""

    id: str
    first_at: int
    last_at: int
    # In which run of Asterisk it was, by the file of channel events; None where that has nothing of it.
    run: int | None = None
    # Whether its first channel came from a carrier.
    from_carrier: bool = False
    # The line at which it arrived; None where the dialplan never said so.
    line: str | None = None
    called_back: bool = False
    # At the control number, which is no arrival.
    control: bool = False
    # Whether its beginning is in the files, the end of any of its channels, and that of all of it.
    begun: bool = False
    hung_up: bool = False
    ended: bool = False
    events: int = 0
    # Operators who took it up and were gone at once.
    drops: int = 0
    # What queue_log has of it.
    queue_lines: int = 0
    queues: tuple[str, ...] = ()
    # Queues that the dialplan sent it to; one that was full is in no line of queue_log.
    sent_to: tuple[str, ...] = ()
    abandoned: bool = False
    # Operators whom it was connected with, in order, and how many whole seconds each talk was that ended
    # without a transfer.
    members: tuple[str, ...] = ()
    talks: tuple[tuple[str, int], ...] = ()
    # Callers handed on by an operator: at once, and after asking.
    blind_transfers: int = 0
    asked_transfers: int = 0
    # What the dialplan settled since it last sent the caller to a queue or outside, in order.
    marks: tuple[str, ...] = ()
    # Whether somebody outside was to be rung, and a message recorded.
    sent_outside: bool = False
    recorded: bool = False
    # A call back whose operator was rung before the person.
    operator_first: bool = False

    @property
    def connects(self) -> int:
        return len(self.members)


@dataclass(slots=True)
class Written:
    """What Asterisk's files say. Times are microseconds since 1970 UTC.

    `cel_since` and `queue_since` are from when on the files have everything; None where there is no file.
    """

    calls: dict[str, WrittenCall] = field(default_factory=dict)
    cel_since: int | None = None
    queue_since: int | None = None
    # When Asterisk started, in the order of queue_log.
    restarts: list[int] = field(default_factory=list)
    # The last run that the file of channel events shows; and behind how many of these starts queue_log has
    # lines of a run's calls.
    last_run: int = 0
    starts_before: dict[int, int] = field(default_factory=dict)
    # Each SIP channel, in the order of the file.
    numbered: dict[str, Seen] = field(default_factory=dict)
    # Lines that are no record.
    unreadable: int = 0
    files: int = 0

    def cut_off(self, call: WrittenCall) -> bool:
        """Whether Asterisk started again after a call's last event.

        Told by what later runs wrote, where there is anything: the clock may have been set.
        """
        before = 0
        if call.run is not None:
            if call.run < self.last_run:
                return True
            before = self.starts_before.get(call.run, 0)
            if self.queue_since is not None and self.queue_since <= (self.cel_since or 0):
                # Each run began with a start of its own.
                before = max(before, call.run)
        return any(start + QUEUE_LOG_RESOLUTION > call.last_at for start in self.restarts[before:])


class BalanceLeg(NamedTuple):
    """What our record says of a ring of an operator's telephone; `talk_ms` is None if they never spoke."""

    operator: str
    talk_ms: int | None


class BalanceRow(NamedTuple):
    """What our record says of one call. Times are microseconds since 1970 UTC."""

    id: str
    line: str
    kind: str
    arrived_at: int
    last_event_at: int
    queue: str | None
    outcome: str | None
    finished: bool
    discrepancy: str | None
    # Events that are kept of it, from either file.
    events: int
    queue_lines: int
    # The first operator who was spoken with, and all talk, milliseconds.
    operator: str | None
    talk_ms: int | None
    legs: tuple[BalanceLeg, ...] = ()
    # Whether the machine's clock was set in the middle of it: queue_log counts by the clock as it stood.
    clock_set: bool = False
