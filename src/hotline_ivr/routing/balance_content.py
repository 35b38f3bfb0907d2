"""What a row says of a call's outcome, operators and talks, held against what Asterisk wrote.

The rules are the witness's own, simpler than those by which rows are made, and where the two could differ
without a fault nothing is said: after a transfer an operator may have the caller again without the queue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hotline_ivr.routing.balance_sides import BalanceRow, Imbalance, Reason, WrittenCall
from hotline_ivr.routing.call_record import CallKind
from hotline_ivr.routing.steps import Outcome

_OUTCOMES = frozenset(each.value for each in Outcome)
# What nobody but the dialplan can settle.
_ONLY_SETTLED = frozenset(
    {Outcome.CLOSED, Outcome.FULL, Outcome.OVER_LIMIT, Outcome.BLOCKED, Outcome.CALLBACK}
)
_DESPITE_CLOSED = frozenset({Outcome.VOICEMAIL.value, Outcome.CALLBACK.value})

TALK_OFF_MS = 1_500
"""So much may each talk be off: queue_log has whole seconds, which a busy Asterisk counts a little later."""


def against_marks(row: BalanceRow, call: WrittenCall) -> Iterator[Imbalance]:
    """Whether the outcome is what the dialplan settled last, unless somebody was spoken with."""
    over = row.finished and call.begun and (call.ended or call.hung_up)
    if not over or row.kind != CallKind.CALLER or row.outcome not in _OUTCOMES:
        return
    settled = _settled(call)
    text = ""
    if row.outcome == Outcome.ANSWERED:
        if settled is not None and not call.sent_to:
            text = f"the dialplan settled {settled} and sent it to no queue"
    elif row.outcome == Outcome.OVERFLOWED:
        if not call.sent_outside:
            text = "the dialplan sent it nowhere outside"
    elif row.outcome == Outcome.VOICEMAIL and call.recorded:
        return
    elif settled is not None and row.outcome != settled:
        text = f"the dialplan settled {settled}"
    elif settled is None and row.outcome in {*_ONLY_SETTLED, Outcome.VOICEMAIL}:
        text = "the dialplan settled nothing"
    if text:
        yield Imbalance(row.id, Reason.OUTCOME, f"{text}, the row says {row.outcome}")


def _settled(call: WrittenCall) -> str | None:
    """The first that was settled stands; the message or promise of a closed line takes its place."""
    marks = [mark for mark in call.marks if mark in _OUTCOMES]
    if marks and marks[0] == Outcome.CLOSED:
        return next((mark for mark in marks if mark in _DESPITE_CLOSED), marks[0])
    return marks[0] if marks else None


def against_talks(row: BalanceRow, call: WrittenCall) -> Iterator[Imbalance]:
    """Whether the operators and the lengths of their talks are those of queue_log."""
    if row.outcome != Outcome.ANSWERED or not call.members:
        return
    rung = {leg.operator for leg in row.legs}
    for member in dict.fromkeys(call.members):
        if member not in rung:
            text = f"queue_log connected it with {member}, the record has {_names(rung)} rung"
            yield Imbalance(row.id, Reason.OPERATOR, text)
    yield from _against_first(row, call)
    if call.operator_first or call.asked_transfers or row.clock_set:
        # The talk began in the queue before the person was there, or may have been a question; or queue_log's
        # seconds are those of a clock that was set.
        return
    yield from _against_lengths(row, call)


def _against_first(row: BalanceRow, call: WrittenCall) -> Iterator[Imbalance]:
    spoke = {leg.operator for leg in row.legs if leg.talk_ms is not None}
    first = next((member for member in call.members if member in spoke), None)
    # Of several who were gone at once, or before the person came, the row has the one who stayed.
    several = call.drops > 0 or call.operator_first
    if row.operator not in call.members or (not several and first is not None and row.operator != first):
        text = f"queue_log connected it with {', '.join(call.members)}, the row says {row.operator}"
        yield Imbalance(row.id, Reason.OPERATOR, text)


def _against_lengths(row: BalanceRow, call: WrittenCall) -> Iterator[Imbalance]:
    times, ended = Counter(call.members), Counter(member for member, _ in call.talks)
    said: Counter[str] = Counter()
    for member, seconds in call.talks:
        said[member] += seconds
    ours: Counter[str] = Counter()
    for leg in row.legs:
        ours[leg.operator] += leg.talk_ms or 0
    for member, seconds in said.items():
        if times[member] != ended[member] or seconds < 0:
            continue
        off = ours[member] - seconds * 1_000
        allowed = TALK_OFF_MS * times[member]
        # Who has been handed the caller by a colleague has had them without the queue, too.
        if off < -allowed or (off > allowed and not call.blind_transfers):
            yield _talk(row, f"{member} talked for {seconds} s", ours[member])
    if call.blind_transfers or times != ended:
        return
    whole, allowed, talk_ms = sum(said.values()), TALK_OFF_MS * sum(times.values()), row.talk_ms or 0
    others = {leg.operator for leg in row.legs if leg.talk_ms} - set(call.members)
    # Who came in besides may stay when the operator leaves.
    if talk_ms < whole * 1_000 - allowed or (talk_ms > whole * 1_000 + allowed and not others):
        yield _talk(row, f"all talks were {whole} s", talk_ms)


def _talk(row: BalanceRow, said: str, ours_ms: int) -> Imbalance:
    return Imbalance(row.id, Reason.TALK, f"{said} by queue_log, {ours_ms / 1_000:.1f} s by the record")


def _names(operators: set[str]) -> str:
    return ", ".join(sorted(operators)) or "nobody"
