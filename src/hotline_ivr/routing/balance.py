"""The balance proof: every arrival has exactly one outcome, and our rows say what Asterisk wrote.

Two accounts of the same calls are laid side by side. One is our record, a row a call. The other is what
Asterisk's own files say of each call, read anew by a reader that shares nothing with the one by which rows
are made (asterisk/witness.py): a fault in that one would else be on both sides, and prove nothing.

Pure. Rows go past one by one; what Asterisk wrote is held, a few hundred bytes a call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hotline_ivr.routing.balance_content import against_marks, against_talks
from hotline_ivr.routing.balance_sides import BalanceRow, Imbalance, Reason, Written, WrittenCall
from hotline_ivr.routing.call_record import CallKind
from hotline_ivr.routing.lost_channels import LostChannels, lost_channels
from hotline_ivr.routing.steps import Outcome

_OUTCOMES = frozenset(each.value for each in Outcome)
# How a call may end whose caller left the queue by hanging up: also one that Asterisk itself hung up, and
# one that had somebody before it waited again.
_AFTER_ABANDON = frozenset({Outcome.ABANDONED, Outcome.TECHNICAL, Outcome.OVERFLOWED, Outcome.ANSWERED})


@dataclass(slots=True)
class LineSums:
    """A line's arrivals, and what became of them."""

    arrivals: int = 0
    # Arrivals that Asterisk wrote of, as far as its files reach back.
    written: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    under_way: int = 0

    @property
    def even(self) -> bool:
        return self.arrivals == sum(self.outcomes.values()) + self.under_way


class Balance:
    """Takes our rows in any order, then tells what of Asterisk's account no row has taken.

    `since` and `until` bound the arrivals (microseconds UTC). Asterisk's files were read up to `read_at`: of
    what happened less than `settle` microseconds before, one account may not know yet, and nothing is said.
    """

    def __init__(self, written: Written | None, since: int, until: int, *, read_at: int, settle: int) -> None:
        self._written = written or Written()
        self._since, self._until = since, until
        #: What happened from then on is not judged.
        self.settled = read_at - settle
        reach = self._written.cel_since
        self._reach = None if reach is None else max(reach, since)
        self._gaps = list(lost_channels(self._written.numbered.values()))
        self._seen: set[str] = set()
        self.lines: dict[str, LineSums] = {}
        #: Calls that the service made: no arrivals.
        self.callbacks = 0

    def add(self, row: BalanceRow) -> Iterator[Imbalance]:
        """Count a row of this time, and compare it."""
        self._seen.add(row.id)
        if row.kind == CallKind.CALLER:
            sums = self._sums(row.line)
            sums.arrivals += 1
            if row.outcome is not None and row.outcome in _OUTCOMES:
                sums.outcomes[row.outcome] += 1
            elif not row.finished:
                sums.under_way += 1
        else:
            self.callbacks += 1
        if row.finished and row.outcome not in _OUTCOMES:
            yield Imbalance(row.id, Reason.NO_OUTCOME, f"it is over, and its outcome is {row.outcome!r}")
        yield from self._compared(row)

    def doubled(self, call: str, nodes: Sequence[str]) -> Imbalance:
        """A call that several nodes have a row of."""
        return Imbalance(call, Reason.DOUBLED, f"rows of the nodes {', '.join(nodes)} have this id")

    def unseen(self) -> list[WrittenCall]:
        """Calls of this time that no row has taken so far, and that should have one."""
        if self._reach is None:
            return []
        return [
            call
            for call in self._written.calls.values()
            if self._reach <= call.first_at < min(self._until, self.settled)
            and call.id not in self._seen
            and _is_a_call(call)
        ]

    def missing(self, call: WrittenCall) -> Imbalance:
        """A call of which there is no row at all."""
        if not call.called_back:
            sums = self._sums(call.line or "")
            sums.arrivals += 1
        which = "called somebody back" if call.called_back else f"arrived at line {call.line or '(none)'}"
        return Imbalance(call.id, Reason.NO_ROW, f"it {which}, {call.events} events are in Asterisk's file")

    def lost(self) -> list[LostChannels]:
        """SIP channels of this time that Asterisk wrote nothing of."""
        reach = self._reach
        if reach is None:
            return []
        return [
            gap for gap in self._gaps if gap.before >= reach and gap.after < min(self._until, self.settled)
        ]

    def finish(self) -> None:
        """Count what Asterisk wrote of, by line."""
        reach = self._reach
        for call in self._written.calls.values() if reach is not None else ():
            if reach is not None and reach <= call.first_at < self._until and call.line is not None:
                self._sums(call.line).written += 1

    def _sums(self, line: str) -> LineSums:
        return self.lines.setdefault(line, LineSums())

    def _compared(self, row: BalanceRow) -> Iterator[Imbalance]:
        if self._reach is None or not self._reach <= row.arrived_at < self.settled:
            return
        call = self._written.calls.get(row.id)
        if call is None or call.events == 0:
            text = "Asterisk's file has no event of it"
            yield Imbalance(row.id, Reason.NO_EVENTS, text)
            return
        if max(call.last_at, row.last_event_at) >= self.settled:
            return
        yield from self._against_events(row, call)
        reach = self._written.queue_since
        if reach is not None and call.first_at >= reach:
            yield from _against_queue(row, call)

    def _against_events(self, row: BalanceRow, call: WrittenCall) -> Iterator[Imbalance]:
        cut = self._written.cut_off(call)
        if (call.ended or cut) and not row.finished:
            yield Imbalance(row.id, Reason.STILL_OPEN, "Asterisk has ended it, the row has not")
        elif row.finished and not (call.ended or call.hung_up or cut):
            yield Imbalance(row.id, Reason.END_UNSEEN, "the row is over, Asterisk's file has no end of it")
        elif not row.finished and any(call.last_at <= gap.before for gap in self._gaps):
            text = (
                "it is under way, and events of other calls were lost since its last one: its end may be, too"
            )
            yield Imbalance(row.id, Reason.LOST, text)
        if call.line is not None and call.line != row.line:
            yield Imbalance(row.id, Reason.LINE, f"it arrived at line {call.line}, the row says {row.line}")
        kind = CallKind.CALLBACK if call.called_back else CallKind.CALLER
        if kind != row.kind:
            yield Imbalance(row.id, Reason.KIND, f"it is a call of kind {kind}, the row says {row.kind}")
        yield from against_marks(row, call)
        if call.events != row.events:
            text = f"Asterisk's file has {call.events} events of it, the record {row.events}"
            yield Imbalance(row.id, Reason.EVENTS, text)


def not_written(gap: LostChannels) -> Imbalance:
    """What to say of channels that are missing."""
    many = f"{gap.channels} SIP channels (callers or telephones)" if gap.channels > 1 else "a SIP channel"
    text = f"of {many} Asterisk's file has nothing: no room on its disk, or a file is gone"
    return Imbalance(f"PJSIP/*-{gap.first:08x}", Reason.LOST, text)


def _is_a_call(call: WrittenCall) -> bool:
    """Whether there should be a row of it: an operator's own call has none, nor one to the control number."""
    if call.control:
        return False
    if call.line is not None or call.called_back:
        return True
    return call.from_carrier if call.events else bool(call.queues)


def _against_queue(row: BalanceRow, call: WrittenCall) -> Iterator[Imbalance]:
    if call.queue_lines != row.queue_lines:
        text = f"queue_log has {call.queue_lines} lines of it, the record {row.queue_lines}"
        yield Imbalance(row.id, Reason.QUEUE_LINES, text)
    if call.queues and row.queue not in (*call.queues, *call.sent_to):
        text = f"queue_log has it in {', '.join(call.queues)}, the row in {row.queue or 'none'}"
        yield Imbalance(row.id, Reason.QUEUE, text)
    talks = call.connects - call.drops
    # Of a call back an operator may have had the end in the queue, and the person was never reached.
    reached = row.outcome == Outcome.ANSWERED or row.kind == CallKind.CALLBACK
    if talks > 0 and not reached:
        text = f"queue_log connected it with somebody, the row says {row.outcome}"
        yield Imbalance(row.id, Reason.CONNECT, text)
    elif row.outcome == Outcome.ANSWERED and call.queues and not call.connects:
        text = "the row is answered, queue_log connected it with nobody"
        yield Imbalance(row.id, Reason.NO_CONNECT, text)
    elif call.abandoned and row.outcome not in _AFTER_ABANDON:
        text = f"queue_log says that the caller gave up, the row says {row.outcome}"
        yield Imbalance(row.id, Reason.ABANDON, text)
    elif row.discrepancy is not None:
        yield Imbalance(row.id, Reason.STORIES, f"the two files tell different stories: {row.discrepancy}")
    else:
        yield from against_talks(row, call)
