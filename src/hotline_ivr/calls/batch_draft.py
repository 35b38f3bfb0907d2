"""What is to be written of the calls that are under way, while it is put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hotline_ivr.calls.held_call import HeldCall
from hotline_ivr.routing.call_record import CallRecord, EndedBy
from hotline_ivr.routing.cel import QueueEvent
from hotline_ivr.routing.fold import hung_up_by_asterisk
from hotline_ivr.routing.ledger import Batch, KeptEvents, Position, RejectedLine
from hotline_ivr.routing.log_clocks import LogClock


class Hand(Protocol):
    """Who holds the calls, and can tell of one what its events amount to."""

    def fold(self, call: str, held: HeldCall) -> CallRecord | None:
        """The row of a call, if it is one of the hotline and can be folded."""

    def complete(self, held: HeldCall) -> bool:
        """Whether nothing more is to be expected of a call that is over."""

    def cut_off(self, held: HeldCall) -> bool:
        """Whether Asterisk has started since, so that nothing more comes of a call that has not ended."""


class BatchDraft:
    """One batch while it is put together."""

    def __init__(self, node: str, hand: Hand) -> None:
        self._node = node
        self._hand = hand
        self._records: list[CallRecord] = []
        self._opened: list[str] = []
        self._closed: list[str] = []
        self._joined: list[tuple[str, str]] = []
        self._new: set[str] = set()
        # Calls whose end has not been told yet.
        self.ended: list[CallRecord] = []
        # Calls of which nothing more is to be expected.
        self.settled: list[str] = []
        # Of these, those that Asterisk itself hung up.
        self.hung_up: list[str] = []

    def note_open(self, call: str, held: HeldCall) -> None:
        """Have the database know a call as one that is not over."""
        if not held.noted_open:
            held.noted_open = True
            self._opened.append(call)

    def fold(self, call: str, held: HeldCall, *, over: bool) -> None:
        """Write the row of a call anew; `over` says that no more events of it are to be expected."""
        record = self._hand.fold(call, held)
        if record is None:
            # An operator's own call, of which there is no row: it ends with the Asterisk that it was in.
            held.settled = over or self._hand.cut_off(held)
        else:
            held.settled = record.finished and self._hand.complete(held)
        if record is not None:
            self._records.append(record)
            if not held.written:
                held.written = True
                self._new.add(record.id)
            if record.finished and not held.told:
                held.told = True
                self.ended.append(record)
                if record.ended_by is not EndedBy.CALLER and hung_up_by_asterisk(held.events):
                    self.hung_up.append(call)
        if not held.settled:
            self.note_open(call, held)
            return
        self.settled.append(call)
        if held.noted_open:
            held.noted_open = False
            self._closed.append(call)

    def join(self, channel: str, call: str, *, noted_open: bool) -> None:
        """Give a call what was kept under the name of a channel."""
        self._joined.append((channel, call))
        if noted_open:
            self._closed.append(channel)

    def batch(
        self,
        *,
        moves: Sequence[tuple[Position | None, Position]] = (),
        events: Sequence[KeptEvents] = (),
        queue_events: Sequence[QueueEvent] = (),
        rejected: Sequence[RejectedLine] = (),
        clocks: Sequence[LogClock] = (),
    ) -> Batch:
        """All of it, with what was read."""
        return Batch(
            node=self._node,
            moves=moves,
            events=events,
            queue_events=queue_events,
            rejected=rejected,
            clocks=clocks,
            records=self._records,
            opened=self._opened,
            closed=self._closed,
            joined=self._joined,
            new=self._new,
        )
