"""The SIP side's own log of calls, against which the record is held.

One row a call, written by the caller or the operator's phone and by nothing that the product has touched.
Times are seconds since the epoch (UTC), taken where the message was sent or received.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class EndedBy(StrEnum):
    """Who ended a call, as seen from the side that keeps the ledger."""

    US = "us"
    THEM = "them"
    NOBODY = ""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What one side saw of one call."""

    call_id: str
    """SIP Call-ID on this side's leg."""
    number: str
    """User part that names this side: the caller's From, or the operator's To."""
    started: float
    """INVITE sent or received."""
    peer: str = ""
    ringing: float | None = None
    answered: float | None = None
    """200 for the INVITE sent or received."""
    ended: float | None = None
    """BYE, CANCEL or refusal sent or received; None while the call is up, or when its end was never seen."""
    ended_by: EndedBy = EndedBy.NOBODY
    code: int = 0
    """Final SIP status of the INVITE; 0 while there is none."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in a side's log."""

    event: str
    call_id: str
    number: str
    at: float
    more: str = ""


def read_entry(line: str) -> Entry | None:
    """One line of a log: event|Call-ID|number|seconds|microseconds[|more]; None if it is cut short."""
    fields = line.rstrip("\n").split("|")
    if len(fields) < 5:
        return None
    try:
        at = float(fields[3]) + float(fields[4]) / 1e6
    except ValueError:
        return None
    return Entry(fields[0], fields[1], fields[2], at, fields[5] if len(fields) > 5 else "")


def fold(entries: Iterable[Entry]) -> list[LedgerRow]:
    """Rows in the order in which the calls began."""
    rows: dict[str, LedgerRow] = {}
    for entry in entries:
        if entry.event == "invite":
            if entry.call_id in rows:
                # Sent again, or a change in a call that is up.
                continue
            rows[entry.call_id] = LedgerRow(entry.call_id, entry.number, entry.at, peer=entry.more)
        elif (row := rows.get(entry.call_id)) is not None and (step := _STEPS.get(entry.event)) is not None:
            rows[entry.call_id] = step(row, entry)
    return sorted(rows.values(), key=lambda row: row.started)


def _ended(by: EndedBy, code: int = 0) -> Callable[[LedgerRow, Entry], LedgerRow]:
    def step(row: LedgerRow, entry: Entry) -> LedgerRow:
        if row.ended is not None:
            # The 487 after a CANCEL, the second BYE of two that crossed, or a message sent again.
            return row
        status = int(entry.more or 0) or code or row.code
        return replace(row, ended=entry.at, ended_by=by, code=status)

    return step


def _rang(row: LedgerRow, entry: Entry) -> LedgerRow:
    return replace(row, ringing=row.ringing or entry.at)


def _answered(row: LedgerRow, entry: Entry) -> LedgerRow:
    if row.answered is not None:
        return row
    # A CANCEL that crosses the answer leaves a call that is up.
    return replace(row, answered=entry.at, code=200, ended=None, ended_by=EndedBy.NOBODY)


def _kept(row: LedgerRow, _entry: Entry) -> LedgerRow:
    return replace(row, ended=None, ended_by=EndedBy.NOBODY)


_STEPS: dict[str, Callable[[LedgerRow, Entry], LedgerRow]] = {
    "ringing": _rang,
    "answered": _answered,
    "bye-sent": _ended(EndedBy.US),
    "bye-received": _ended(EndedBy.THEM),
    "cancel": _ended(EndedBy.US, 487),
    "cancelled": _ended(EndedBy.THEM, 487),
    # The talk is over when the caller is handed on, whatever the phone does with its own leg afterwards.
    "handed-on": _ended(EndedBy.US),
    # It could not be done, and the talk goes on.
    "kept": _kept,
    "refused": _ended(EndedBy.THEM),
    "declined": _ended(EndedBy.US),
}
