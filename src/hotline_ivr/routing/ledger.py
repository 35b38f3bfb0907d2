"""What passes between the logs, the keeper of the record, and the database: positions, readings, batches.

A batch is all that one commit holds: lines as they were read, the rows that came of them, and how far the
files have been read. It is written whole or not at all, so each event counts exactly once.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from hotline_ivr.errors import StoreError
from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.cel import CallEvent, QueueEvent, Source
from hotline_ivr.routing.log_clocks import LogClock
from hotline_ivr.routing.restarts import Restart

Event = TypeVar("Event", bound=CallEvent | QueueEvent)


class LedgerConflictError(StoreError):
    """Somebody else has moved the position: another service on this node, or an earlier try of our own."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a log has been read: `offset` bytes of the file that is its `generation`-th."""

    source: Source
    generation: int
    inode: int
    offset: int
    # Of the beginning of the file; empty before anything was read.
    fingerprint: str


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """Bytes that are no record. `data` is their beginning, `length` how many they were."""

    source: Source
    generation: int
    offset: int
    length: int
    reason: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Reading(Generic[Event]):
    """What was read at once from one log."""

    events: Sequence[Event]
    rejected: Sequence[RejectedLine]
    # None for the first reading ever.
    before: Position | None
    after: Position
    # Whether more is waiting already.
    more: bool


class KeptEvents(NamedTuple):
    """Events of one call out of one reading (routing/kept.py); a row of the database as it stands."""

    node: str
    call_id: str
    source: str
    generation: int
    # Where in the file the first of them began.
    start: int
    events: bytes


@dataclass(frozen=True, slots=True)
class KeptCall:
    """What the database holds of one call."""

    rows: Sequence[KeptEvents]
    # Whether it was not over when it was last written.
    is_open: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one commit holds."""

    node: str
    # Each log that was read: where it stood, and where it stands now.
    moves: Sequence[tuple[Position | None, Position]] = ()
    events: Sequence[KeptEvents] = ()
    # Queue events of no call.
    queue_events: Sequence[QueueEvent] = ()
    rejected: Sequence[RejectedLine] = ()
    records: Sequence[CallRecord] = ()
    opened: Sequence[str] = ()
    closed: Sequence[str] = ()
    # Channels that were taken for calls, as queue_log alone knew of them, each with the call that it is in.
    joined: Sequence[tuple[str, str]] = ()
    # Where a file began to be written by another clock.
    clocks: Sequence[LogClock] = ()
    # Calls of these records that have no row yet, as far as is known: a hint for whoever writes.
    new: AbstractSet[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LedgerState:
    """Where the record stands when a service starts."""

    # Of each log, its generations, oldest first.
    positions: dict[Source, list[Position]] = field(default_factory=dict)
    # Calls that were not over.
    open_calls: Sequence[str] = ()
    # When Asterisk last started, some times of the newest, as far as its log has been read.
    restarts: Sequence[Restart] = ()
    # By which clocks the files were written, the newest of each, and when the newest call was last heard of
    # (microseconds UTC).
    clocks: Sequence[LogClock] = ()
    heard_to: int | None = None


NOTHING_YET = LedgerState()
