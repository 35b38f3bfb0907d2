"""What queue_log tells of a call: to count unanswered rings, and to check the channel events against."""

from __future__ import annotations

from collections.abc import Sequence

from hotline_ivr.routing.call_record import Discrepancy
from hotline_ivr.routing.cel import QueueEvent
from hotline_ivr.routing.steps import Outcome

# A caller leaves the queue's own log with one of these. The outcome counts only for a call whose channel
# events were lost.
_LEAVING = {
    "ABANDON": Outcome.ABANDONED,
    "COMPLETEAGENT": Outcome.ANSWERED,
    "COMPLETECALLER": Outcome.ANSWERED,
    "BLINDTRANSFER": Outcome.ANSWERED,
    "ATTENDEDTRANSFER": Outcome.ANSWERED,
    "EXITWITHTIMEOUT": Outcome.TIMED_OUT,
    "EXITEMPTY": Outcome.NO_OPERATOR,
    "EXITWITHKEY": Outcome.ABANDONED,
    "WITHDRAW": Outcome.TECHNICAL,
    "AGENTDUMP": Outcome.TECHNICAL,
    "SYSCOMPAT": Outcome.TECHNICAL,
}
# Whose caller has hung up by then, so that the channel's own end follows at once; where the operator has,
# the dialplan soon ends the call, and after the others it may go on with the caller. How long (microseconds)
# an end that does not come is waited for.
_CALLER_GONE = frozenset({"ABANDON", "COMPLETECALLER"})
_END_WAITED_FOR_US = {"ABANDON": 15_000_000, "COMPLETECALLER": 15_000_000, "COMPLETEAGENT": 30_000_000}
_GOING_ON_US = 3_600_000_000
# Asterisk writes nothing for a caller whom the queue did not take in (app_queue.c: FULL and JOINEMPTY).
_NEVER_JOINED = frozenset({"FULL", "JOINEMPTY", "UNKNOWN", ""})
# A wait shorter than this may have ended before the caller was in the queue.
_SURELY_JOINED_US = 1_000_000


class QueueStory:
    """The lines of one call, in order."""

    __slots__ = (
        "_end_waited_for_us",
        "caller_gone",
        "connected",
        "entered_at",
        "events",
        "left_at",
        "outcome",
        "queue",
        "unanswered_rings",
    )

    def __init__(self, events: Sequence[QueueEvent]) -> None:
        self.events = events
        self.queue: str | None = None
        self.entered_at: int | None = None
        self.left_at: int | None = None
        # Whether it left by hanging up.
        self.caller_gone = False
        self._end_waited_for_us = 0
        self.connected = False
        # How the caller left the queue, as far as this log knows.
        self.outcome: Outcome | None = None
        self.unanswered_rings = 0
        for event in events:
            self._take(event)

    def _take(self, event: QueueEvent) -> None:
        kind = event.kind
        if kind == "ENTERQUEUE":
            if self.entered_at is None:
                self.entered_at, self.queue = event.at, event.queue
        elif kind == "CONNECT":
            self.connected = True
        elif kind == "RINGNOANSWER":
            self.unanswered_rings += 1
        elif kind in _LEAVING:
            self.left_at, self.caller_gone = event.at, kind in _CALLER_GONE
            self._end_waited_for_us = _END_WAITED_FOR_US.get(kind, _GOING_ON_US)
            self.outcome = _LEAVING[kind]

    def lost_from(self) -> int | None:
        """From when on (microseconds UTC) a call that left and has no end has lost it; None: it is here."""
        if self.left_at is None:
            return None
        return self.left_at + self._end_waited_for_us

    def differs(
        self, *, bridged: bool, waited_us: int | None, queue_status: str | None
    ) -> Discrepancy | None:
        """What the channel events say and this log does not, for a call that is over; None if they agree.

        `waited_us` is None for a call that was never sent to the queue.
        """
        if bridged:
            if self.outcome is Outcome.ABANDONED and not self.connected:
                return Discrepancy.ABANDONED_YET_BRIDGED
            return None if self.connected else Discrepancy.BRIDGE_WITHOUT_CONNECT
        if self.connected:
            return Discrepancy.CONNECT_WITHOUT_BRIDGE
        unseen = self.entered_at is None and queue_status not in _NEVER_JOINED
        if unseen and waited_us is not None and waited_us > _SURELY_JOINED_US:
            return Discrepancy.WAITED_UNSEEN_BY_QUEUE
        return None
