"""The calls that are under way, as the keeper of the record holds them between one reading and the next.

Runs in a thread, never on the event loop. A call is folded when it ends, and while it lasts only every few
seconds: folding it after each of its events would cost several times more and show nobody anything. So that
nothing depends on what is held here, every event is in the database as soon as it has been read, and a call
that is not over is noted there as open.
"""

from __future__ import annotations

import heapq
import logging
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hotline_ivr.calls.batch_draft import BatchDraft
from hotline_ivr.calls.held_call import HeldCall
from hotline_ivr.calls.taken import Aliases, Taken
from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.cel import QUEUE_START, Source
from hotline_ivr.routing.fold import RESTARTS_WITHIN_US, fold, in_order
from hotline_ivr.routing.fold_queue import QueueStory
from hotline_ivr.routing.kept import kept_events, kept_queue_events
from hotline_ivr.routing.ledger import NOTHING_YET, Batch, KeptCall, LedgerState
from hotline_ivr.routing.log_clocks import LogClocks
from hotline_ivr.routing.machine import Machine
from hotline_ivr.routing.restarts import Place, Restart, Restarts, marks

_log = logging.getLogger(__name__)

# Of a call that any of them cut off the newest says so too.
_STARTS_KNOWN = 20
# Nobody sets a clock so often within one call.
_CLOCKS_KNOWN = 100


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is held, and for how long (seconds)."""

    # How often the row of a call that is under way is brought up to date.
    refresh: float = 10.0
    # How long an ended call is held for what the other file has yet to say of it; what comes later still is
    # joined to its events from the database.
    linger: float = 2.0
    # Calls held at once, about 10 KiB each; of any others the events are read from the database again.
    calls: int = 5_000


class CallsInHand:
    """From what was read to what is written. Not for use by two threads at once.

    After a commit that failed, what is held here is ahead of the database: drop it, and begin anew from
    there.
    """

    def __init__(
        self, node: str, limits: Limits, state: LedgerState = NOTHING_YET, place: Place = (0, 0)
    ) -> None:
        """`place` is how far the file of channel events has been read."""
        self._node = node
        self._limits = limits
        self._starts = deque(state.restarts, maxlen=_STARTS_KNOWN)
        self._clocks = deque(state.clocks, maxlen=_CLOCKS_KNOWN)
        self._machine = Machine(Restarts(state.restarts), LogClocks(state.clocks))
        self._place = place
        # What is before this place was written before anything that queue_log has not yet told.
        self._place_before = place
        self.aliases = Aliases()
        # The clock (microseconds UTC) where the file of channel events has been read to. It may be set back;
        # the second is the same by a clock that nobody sets.
        self._heard_to: int | None = None
        self._heard_steady = 0
        # Calls that have left by queue_log and not ended yet, by when (of the latter) their end is due;
        # a heap.
        self._leaving: list[tuple[int, str]] = []
        # The one that was touched longest ago comes first.
        self._held: OrderedDict[str, HeldCall] = OrderedDict()
        # Of these, those of which queue_log alone has told.
        self._strays: set[str] = set()
        # Calls with events that are not yet in their row, and since when (seconds); the oldest first.
        self._stale: OrderedDict[str, float] = OrderedDict()
        # Ended calls, and when they are let go.
        self._lingering: deque[tuple[float, str]] = deque()
        # The same of calls that Asterisk itself hung up: whether it restarted is known only when it is back.
        self._hung_up: deque[tuple[float, str]] = deque()

    def unknown(self, ids: Iterable[str]) -> list[str]:
        """Of these calls, those whose earlier events must be read from the database."""
        return [call for call in ids if call not in self._held]

    def remember(self, kept: Mapping[str, KeptCall]) -> None:
        """Take calls in hand whose earlier events were read from the database."""
        for call, stored in kept.items():
            held = self._held[call] = HeldCall(
                noted_open=stored.is_open, told=not stored.is_open, written=True
            )
            held.settled = not stored.is_open
            for row in stored.rows:
                if row.source == Source.CEL:
                    events = kept_events(row.events, call, row.generation, row.start)
                    held.events.extend(events)
                    for event in events:
                        self.aliases.note(event)
                else:
                    held.queue_events.extend(kept_queue_events(row.events, call, row.generation, row.start))
            if not held.events:
                self._strays.add(call)
            self._await_end(call, held)

    def take(self, taken: Taken, now: float) -> tuple[Batch, list[CallRecord]]:
        """What to write for what was read, and the calls that ended. `now` in seconds of any steady clock."""
        draft = BatchDraft(self._node, self)
        self._note_clocks(taken)
        if taken.cel is not None:
            self._place = (taken.cel.after.generation, taken.cel.after.offset)
            if taken.cel.events:
                newest = taken.cel.events[-1]
                self._heard_to = newest.at
                self._heard_steady = newest.at - self._machine.clocks.ahead_us(Source.CEL, newest)
        restarted = self._note_starts(taken)
        self._held.update((call, HeldCall()) for call in taken.begun if call not in self._held)
        self._join(draft)
        for call in taken.touched():
            held = self._held.get(call)
            if held is None:
                held = self._held[call] = HeldCall()
            else:
                self._held.move_to_end(call)
            held.events.extend(taken.events.get(call, ()))
            held.queue_events.extend(taken.queue_events.get(call, ()))
            if not held.events:
                self._strays.add(call)
            if held.settled or call in taken.ended:
                draft.fold(call, held, over=call in taken.ended)
            else:
                self._stale.setdefault(call, now)
                draft.note_open(call, held)
            if call in taken.queue_events:
                self._await_end(call, held)
        if restarted:
            for _, call in self._hung_up:
                if (hung_up := self._held.get(call)) is not None:
                    draft.fold(call, hung_up, over=True)
        self._refresh(draft, now)
        self._let_go(draft, now)
        rejected = [
            line
            for reading in (taken.cel, taken.queue_log)
            if reading is not None
            for line in reading.rejected
        ]
        return draft.batch(
            moves=taken.moves(),
            events=taken.kept,
            queue_events=taken.other,
            rejected=rejected,
            clocks=taken.clocks,
        ), draft.ended

    def refresh(self, now: float) -> tuple[Batch, list[CallRecord]]:
        """What to write for calls whose rows have been behind for long enough, where nothing was read."""
        draft = BatchDraft(self._node, self)
        self._refresh(draft, now)
        self._let_go(draft, now)
        return draft.batch(), draft.ended

    def review(self, ids: Iterable[str], now: float) -> tuple[Batch, list[CallRecord]]:
        """What to write for these calls now, whether or not anything was read."""
        draft = BatchDraft(self._node, self)
        self._join(draft)
        for call in ids:
            held = self._held.get(call)
            if held is not None:
                draft.fold(call, held, over=False)
        self._let_go(draft, now)
        return draft.batch(), draft.ended

    def has_work(self) -> bool:
        """Whether time alone may give something to do."""
        return bool(self._stale or self._lingering or self._hung_up)

    def stale(self) -> list[str]:
        """Calls with events that are not yet in their row."""
        return list(self._stale)

    def fold(self, call: str, held: HeldCall) -> CallRecord | None:
        """The row of a call in hand, if it is one of the hotline and can be folded."""
        self._stale.pop(call, None)
        try:
            return fold(
                held.events,
                held.queue_events,
                node=self._node,
                machine=self._machine,
                heard_to=self._heard_to,
            )
        except Exception:  # noqa: BLE001
            # A fault of ours in one call must not stop the record of the others. Its lines are kept, so that
            # its row can be made when the fault has been mended.
            _log.exception("call %s cannot be folded", call)
            return None

    def complete(self, held: HeldCall) -> bool:
        """Whether nothing more is to be expected of a call that is over.

        A call that only queue_log knows yet may still get its channel events, as long as the Asterisk that
        wrote of it runs; it stays among the open ones, so that they will be joined to what is kept of it.
        """
        return bool(held.events) or self.cut_off(held)

    def cut_off(self, held: HeldCall) -> bool:
        """Whether Asterisk has started since, so that nothing more comes of a call that has not ended."""
        return self._machine.restarts.cutting(in_order(held.events), in_order(held.queue_events)) is not None

    def _note_clocks(self, taken: Taken) -> None:
        if taken.clocks:
            self._clocks.extend(taken.clocks)
            self._machine = self._machine._replace(clocks=LogClocks(self._clocks))

    def _note_starts(self, taken: Taken) -> bool:
        """Note beside each start of Asterisk how far the other file was read; whether there is one.

        That one was read first: of what it told by the last look at queue_log to its end, all was before the
        start, and what it tells from now on is after it.
        """
        numbers = [n for n, event in enumerate(taken.other) if event.kind == QUEUE_START]
        for number in numbers:
            start = taken.other[number]
            place = (start.generation, start.offset)
            self._starts.append(Restart(start.at, place, self._place_before, self._place))
            taken.other[number] = start._replace(data=marks(self._place_before, self._place))
        if numbers:
            self._machine = self._machine._replace(restarts=Restarts(self._starts))
        if not taken.more():
            self._place_before = self._place
        return bool(numbers)

    def _join(self, draft: BatchDraft) -> None:
        """Give calls what queue_log has told of them under the name of a channel that nobody knew yet.

        A busy Asterisk may write that line sooner than the first one of the channel into the other file. Of a
        call that is not in hand they are left alone: folded without its other events its row would be wrong.
        """
        for channel in list(self._strays):
            stray, call = self._held.get(channel), self.aliases.call_of(channel)
            if stray is None or stray.events:
                self._strays.discard(channel)
            elif call in self._held and call != channel:
                self._strays.discard(channel)
                del self._held[channel]
                self._stale.pop(channel, None)
                self._held[call].queue_events[:0] = stray.queue_events
                draft.join(channel, call, noted_open=stray.noted_open)

    def _refresh(self, draft: BatchDraft, now: float) -> None:
        while self._stale:
            call, since = next(iter(self._stale.items()))
            if now - since < self._limits.refresh:
                return
            draft.fold(call, self._held[call], over=False)

    def _await_end(self, call: str, held: HeldCall) -> None:
        """Note a call that queue_log has let go, if its channels have not ended: their end may be lost."""
        if (
            not held.settled
            and held.events
            and (due := QueueStory(held.queue_events).lost_from()) is not None
        ):
            ahead = self._machine.clocks.ahead_us(Source.QUEUE_LOG, held.queue_events[-1])
            heapq.heappush(self._leaving, (due - ahead, call))

    def _judge_lost(self, draft: BatchDraft) -> None:
        """Calls whose end should be there by now."""
        while self._leaving and self._leaving[0][0] <= self._heard_steady:
            _, call = heapq.heappop(self._leaving)
            held = self._held.get(call)
            if held is not None and not held.settled:
                draft.fold(call, held, over=False)

    def _let_go(self, draft: BatchDraft, now: float) -> None:
        self._judge_lost(draft)
        for record_id in draft.settled:
            self._lingering.append((now + self._limits.linger, record_id))
        for record_id in draft.hung_up:
            self._hung_up.append((now + RESTARTS_WITHIN_US / 1e6, record_id))
        while self._hung_up and self._hung_up[0][0] <= now:
            self._lingering.append((now, self._hung_up.popleft()[1]))
        suspended = {call for _, call in self._hung_up}
        while self._lingering and self._lingering[0][0] <= now:
            _, call = self._lingering.popleft()
            held = self._held.get(call)
            if held is not None and held.settled and call not in suspended:
                del self._held[call]
        while len(self._held) > self._limits.calls:
            call, held = next(iter(self._held.items()))
            if call in self._stale:
                draft.fold(call, held, over=False)
            self._held.pop(call, None)
