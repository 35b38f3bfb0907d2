"""Making rows anew from what is kept of their calls, by the present fold.

Beside a service that writes the same tables: calls under way are left to it, and a row is held from before
its events are read until it is written. So whoever writes last has read all that the other has written. On
SQLite there is one writer anyway.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, func, or_, select

from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.cel import CallEvent, QueueEvent, Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.kept import kept_events, kept_queue_events
from hotline_ivr.routing.ledger import Batch, KeptCall
from hotline_ivr.routing.log_clocks import LogClocks
from hotline_ivr.routing.machine import Machine
from hotline_ivr.routing.restarts import Restarts
from hotline_ivr.store.columns import to_micros
from hotline_ivr.store.ledger import kept_calls, known_clocks, known_restarts
from hotline_ivr.store.tables import call, call_event, leg, open_call
from hotline_ivr.store.webhook_spool import spool_calls
from hotline_ivr.store.writer import call_row, leg_rows, write_batch

_log = logging.getLogger(__name__)

# Calls in one transaction: the service waits for no longer than that. Also parameters of one query.
PAGE = 200
# Later than anything (microseconds).
_EVERYTHING = 2**62

_COLUMNS = tuple(call.c.keys())


@dataclass(slots=True)
class Refolded:
    """What became of the calls that were looked at."""

    looked_at: int = 0
    changed: int = 0
    # Rows that were missing, and rows of what is no call to the hotline.
    made: int = 0
    removed: int = 0
    # Left alone: under way; written by the service at this moment; of which no events are kept; that failed.
    under_way: int = 0
    busy: list[str] = field(default_factory=list)
    without_events: int = 0
    failed: list[str] = field(default_factory=list)
    # How many rows changed in which column; `legs` are the rows of their legs.
    columns: Counter[str] = field(default_factory=Counter)

    def add(self, other: Refolded) -> None:
        """Take another page's."""
        for name in ("looked_at", "changed", "made", "removed", "under_way", "without_events"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.busy += other.busy
        self.failed += other.failed
        self.columns += other.columns


def machine_of(connection: Connection, node: str) -> Machine:
    """When a node's Asterisk started, and by which clocks it wrote."""
    restarts = known_restarts(connection, node, datetime.now(UTC))
    return Machine(Restarts(restarts), LogClocks(known_clocks(connection, node)))


def calls_between(
    connection: Connection,
    node: str,
    span: tuple[datetime | None, datetime | None],
    after: tuple[Any, str] | None,
) -> list[tuple[datetime, str]]:
    """A page of a node's calls in the order of arrival; `after` is where the page before ended."""
    arrived = call.c.arrived_at
    wanted = select(arrived, call.c.id).where(call.c.node == node).order_by(arrived, call.c.id).limit(PAGE)
    since, until = span
    if since is not None:
        wanted = wanted.where(arrived >= since)
    if until is not None:
        wanted = wanted.where(arrived < until)
    if after is not None:
        at, last = after
        wanted = wanted.where(arrived >= at, or_(arrived > at, call.c.id > last))
    return [(at, ident) for at, ident in connection.execute(wanted)]


def count_between(connection: Connection, node: str, span: tuple[datetime | None, datetime | None]) -> int:
    """How many calls that are in all."""
    since, until = span
    wanted = select(func.count()).select_from(call).where(call.c.node == node)
    if since is not None:
        wanted = wanted.where(call.c.arrived_at >= since)
    if until is not None:
        wanted = wanted.where(call.c.arrived_at < until)
    return connection.scalar(wanted) or 0


def calls_without_row(connection: Connection, node: str, after: str) -> list[str]:
    """A page of calls of which events are kept and there is no row, by id; operators' own calls have none."""
    columns = call_event.c
    row = exists().where(call.c.node == node, call.c.id == columns.call_id)
    wanted = select(columns.call_id).distinct().where(columns.node == node, columns.call_id > after, ~row)
    return list(connection.scalars(wanted.order_by(columns.call_id).limit(PAGE)))


def refold(
    connection: Connection,
    node: str,
    ids: Sequence[str],
    machine: Machine,
    *,
    span: tuple[datetime | None, datetime | None] = (None, None),
    write: bool = True,
    wait: bool = False,
) -> Refolded:
    """Make the rows of these calls (at most a page) anew, where they are not what the fold says.

    A row that is missing is made if the call arrived within `span`. `wait` waits for a row that the service
    is writing, else it is left alone and told.
    """
    done = Refolded(looked_at=len(ids))
    under_way = set(
        connection.scalars(
            select(open_call.c.call_id).where(open_call.c.node == node, open_call.c.call_id.in_(ids))
        )
    )
    done.under_way = len(under_way)
    there = set(connection.scalars(select(call.c.id).where(call.c.node == node, call.c.id.in_(ids))))
    held = select(call).where(call.c.node == node, call.c.id.in_(ids))
    if write:
        held = held.with_for_update(skip_locked=not wait)
    rows = {row.id: row for row in connection.execute(held)}
    done.busy = sorted(there - rows.keys() - under_way)
    left_alone = under_way | set(done.busy)
    legs = _legs(connection, node, ids)
    kept = kept_calls(connection, node, ids)
    records: list[CallRecord] = []
    gone: list[str] = []
    for ident in ids:
        if ident in left_alone:
            continue
        if ident not in kept:
            done.without_events += ident in rows
            continue
        try:
            record = folded(kept[ident], ident, node, machine)
        except Exception:  # noqa: BLE001
            # A fault of ours in one call must not stop the others; its events are kept.
            _log.exception("call %s cannot be folded", ident)
            done.failed.append(ident)
            continue
        row = rows.get(ident)
        if record is None:
            gone += [ident] * (row is not None)
        elif row is None:
            if _within(record, span):
                done.made += 1
                records.append(record)
        elif changed := _changes(row, legs.get(ident, []), record):
            done.changed += 1
            done.columns.update(changed)
            records.append(record)
    done.removed = len(gone)
    if write:
        _write(connection, node, records, gone)
    return done


def folded(kept: KeptCall, ident: str, node: str, machine: Machine) -> CallRecord | None:
    """The row of a call from what is kept of it, and what befell its machine."""
    events: list[CallEvent] = []
    lines: list[QueueEvent] = []
    for piece in kept.rows:
        if piece.source == Source.CEL:
            events += kept_events(piece.events, ident, piece.generation, piece.start)
        else:
            lines += kept_queue_events(piece.events, ident, piece.generation, piece.start)
    # What is under way is left alone: of all others everything is known.
    return fold(events, lines, node=node, machine=machine, heard_to=_EVERYTHING)


def _within(record: CallRecord, span: tuple[datetime | None, datetime | None]) -> bool:
    since, until = span
    early = since is not None and record.arrived_at < to_micros(since)
    return not early and (until is None or record.arrived_at < to_micros(until))


def _changes(row: Any, legs: Sequence[tuple[Any, ...]], record: CallRecord) -> list[str]:
    """The columns in which a row is not what the fold says."""
    changed = [
        name
        for name, stands, said in zip(_COLUMNS, map(_plain, row), call_row(record), strict=True)
        if stands != said
    ]
    if list(legs) != sorted(leg_rows(record), key=lambda each: each[2]):
        changed.append("legs")
    return changed


def _write(connection: Connection, node: str, records: Sequence[CallRecord], gone: Sequence[str]) -> None:
    ids = [record.id for record in records]
    # A leg that the fold does not know any more must not stay.
    connection.execute(delete(leg).where(leg.c.node == node, leg.c.call_id.in_([*ids, *gone])))
    if gone:
        connection.execute(delete(call).where(call.c.node == node, call.c.id.in_(gone)))
    if records:
        write_batch(connection, Batch(node, records=records))
        # Who was told of a call is told what is known of it now; history that is made anew is no news.
        spool_calls(connection, node, records, datetime.now(UTC), known_only=True)


def _legs(connection: Connection, node: str, ids: Sequence[str]) -> Mapping[str, list[tuple[Any, ...]]]:
    found: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    wanted = select(leg).where(leg.c.node == node, leg.c.call_id.in_(ids))
    for row in connection.execute(wanted.order_by(leg.c.call_id, leg.c.channel)):
        found[row.call_id].append(tuple(map(_plain, row)))
    return found


def _plain(value: Any) -> Any:
    return to_micros(value) if isinstance(value, datetime) else value
