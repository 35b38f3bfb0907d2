"""Reading the record: values out, never rows."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_, select

from hotline_ivr.routing.cel import CallEvent, QueueEvent, Source
from hotline_ivr.routing.kept import kept_events, kept_queue_events
from hotline_ivr.store.ledger import kept_calls
from hotline_ivr.store.tables import call, leg


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call as it stands in the database; see CallRecord. Times are aware (UTC), durations milliseconds."""

    node: str
    id: str
    line: str
    number: str
    caller: str
    caller_name: str
    caller_kind: str
    arrived_at: datetime
    picked_up_at: datetime | None
    greeting_started_at: datetime | None
    greeting_ended_at: datetime | None
    queued_at: datetime | None
    ringing_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    last_event_at: datetime
    wait_ms: int | None
    talk_ms: int | None
    total_ms: int | None
    queue: str | None
    operator: str | None
    outcome: str | None
    stage: str
    ended_by: str | None
    end_cause: int | None
    queue_status: str | None
    route: str | None
    plan_version: str | None
    reasons: str
    rings: int
    unanswered_rings: int
    discrepancy: str | None
    finished: bool
    keys: str
    centre: str | None
    outside_number: str | None
    outside_ring_ms: int | None
    outside_talk_ms: int | None
    confirmation: str | None
    kind: str
    attempt: str | None
    fold_version: int
    consent: str | None
    recorded: int | None


@dataclass(frozen=True, slots=True)
class StoredLeg:
    """Another channel of a call; see LegRecord."""

    channel: str
    channel_name: str
    operator: str | None
    device: str | None
    started_at: datetime | None
    answered_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    cause: int | None
    talk_ms: int | None
    result: str | None


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls; what is None does not matter. Times are aware; `until` itself is not included.

    `beyond` is where a page of the list ended: arrival and id of its last call.
    """

    since: datetime | None = None
    until: datetime | None = None
    line: str | None = None
    outcome: str | None = None
    limit: int = 50
    beyond: tuple[datetime, str] | None = None
    oldest_first: bool = False


@dataclass(frozen=True, slots=True)
class CallStory:
    """One call with all that is known of it."""

    call: StoredCall
    legs: tuple[StoredLeg, ...]
    events: tuple[CallEvent, ...]
    queue_events: tuple[QueueEvent, ...]


def find_calls(connection: Connection, wanted: CallFilter) -> list[StoredCall]:
    """The newest of these calls, newest first, or the oldest, oldest first."""
    keys = (call.c.arrived_at, call.c.id)
    ordered = keys if wanted.oldest_first else tuple(key.desc() for key in keys)
    query = select(call).order_by(*ordered).limit(wanted.limit)
    if wanted.since is not None:
        query = query.where(call.c.arrived_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(call.c.arrived_at < wanted.until)
    if wanted.line is not None:
        query = query.where(call.c.line == wanted.line)
    if wanted.outcome is not None:
        query = query.where(call.c.outcome == wanted.outcome)
    if wanted.beyond is not None:
        query = query.where(*_beyond(*wanted.beyond, later=wanted.oldest_first))
    return [StoredCall(*row) for row in connection.execute(query)]


def _beyond(arrived_at: datetime, call_id: str, *, later: bool) -> tuple[ColumnElement[bool], ...]:
    """The first half gives the order by the index."""
    arrived, ident = call.c.arrived_at, call.c.id
    if later:
        return (arrived >= arrived_at, or_(arrived > arrived_at, ident > call_id))
    return (arrived <= arrived_at, or_(arrived < arrived_at, ident < call_id))


def call_story(connection: Connection, call_id: str) -> CallStory | None:
    """The call of this id, or None. Ids begin with the node's name, so one is enough."""
    row = connection.execute(select(call).where(call.c.id == call_id).order_by(call.c.node)).first()
    if row is None:
        return None
    found = StoredCall(*row)
    columns = [leg.c[field.name] for field in fields(StoredLeg)]
    legs = connection.execute(
        select(*columns)
        .where(leg.c.node == found.node, leg.c.call_id == call_id)
        .order_by(leg.c.started_at, leg.c.channel)
    )
    events: list[CallEvent] = []
    queue_events: list[QueueEvent] = []
    kept = kept_calls(connection, found.node, [call_id]).get(call_id)
    for piece in kept.rows if kept is not None else ():
        if piece.source == Source.CEL:
            events.extend(kept_events(piece.events, call_id, piece.generation, piece.start))
        else:
            queue_events.extend(kept_queue_events(piece.events, call_id, piece.generation, piece.start))
    return CallStory(found, tuple(StoredLeg(*row) for row in legs), tuple(events), tuple(queue_events))
