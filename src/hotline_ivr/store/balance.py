"""Our side of the balance proof, and what the nights before have found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from hotline_ivr.routing.balance_sides import BalanceLeg, BalanceRow
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.fold import CLOCK_SET
from hotline_ivr.store.columns import from_micros, to_micros
from hotline_ivr.store.ledger import kept_calls
from hotline_ivr.store.tables import balance_night, call, leg

# Calls in memory at once, with their events; also the parameters of one query, of which SQLite takes 999.
PAGE = 400

_row = (
    call.c.id,
    call.c.line,
    call.c.kind,
    call.c.arrived_at,
    call.c.last_event_at,
    call.c.queue,
    call.c.outcome,
    call.c.finished,
    call.c.discrepancy,
    call.c.operator,
    call.c.talk_ms,
    call.c.reasons,
)


def balance_rows(connection: Connection, node: str, since: int, until: int) -> Iterator[BalanceRow]:
    """Calls of a node that arrived from `since` to before `until` (microseconds UTC), in that order."""
    arrived = call.c.arrived_at
    query = select(*_row).where(call.c.node == node, arrived < from_micros(until))
    query = query.order_by(arrived, call.c.id).limit(PAGE)
    after = arrived >= from_micros(since)
    while page := connection.execute(query.where(after)).all():
        yield from _with_events(connection, node, page)
        last = page[-1]
        # With the first half the index gives the order; a bare `or` has SQLite sort the rest, each page.
        after = (arrived >= last.arrived_at) & or_(arrived > last.arrived_at, call.c.id > last.id)


def balance_rows_of(connection: Connection, node: str, ids: Sequence[str]) -> Iterator[BalanceRow]:
    """These calls of a node, whenever they arrived; one of which there is no row is left out."""
    for start in range(0, len(ids), PAGE):
        some = ids[start : start + PAGE]
        found = connection.execute(select(*_row).where(call.c.node == node, call.c.id.in_(some))).all()
        yield from _with_events(connection, node, found)


def doubled_ids(connection: Connection, node: str, since: int, until: int) -> list[tuple[str, list[str]]]:
    """Ids of this node's calls that other nodes have rows of too, and all these nodes."""
    nodes: defaultdict[str, set[str]] = defaultdict(set)
    other = call.alias()
    wanted = (
        select(call.c.id, other.c.node)
        .join(other, (other.c.id == call.c.id) & (other.c.node != call.c.node))
        .where(
            call.c.node == node,
            call.c.arrived_at >= from_micros(since),
            call.c.arrived_at < from_micros(until),
            other.c.arrived_at >= from_micros(since),
            other.c.arrived_at < from_micros(until),
        )
    )
    for ident, another in connection.execute(wanted):
        nodes[ident] |= {node, another}
    return [(ident, sorted(found)) for ident, found in sorted(nodes.items())]


def _with_events(connection: Connection, node: str, page: Sequence[Any]) -> Iterator[BalanceRow]:
    ids = [row.id for row in page]
    counts, legs = _counts(connection, node, ids), _legs(connection, node, ids)
    for row in page:
        events, queue_lines = counts.get(row.id, (0, 0))
        yield BalanceRow(
            row.id,
            row.line,
            row.kind,
            to_micros(row.arrived_at),
            to_micros(row.last_event_at),
            row.queue,
            row.outcome,
            row.finished,
            row.discrepancy,
            events,
            queue_lines,
            row.operator,
            row.talk_ms,
            tuple(legs.get(row.id, ())),
            CLOCK_SET in row.reasons,
        )


def _legs(connection: Connection, node: str, ids: Sequence[str]) -> dict[str, list[BalanceLeg]]:
    """The operators' telephones of each call."""
    found: defaultdict[str, list[BalanceLeg]] = defaultdict(list)
    columns = leg.c
    wanted = select(columns.call_id, columns.operator, columns.talk_ms).where(
        columns.node == node, columns.call_id.in_(ids), columns.operator.is_not(None)
    )
    for ident, operator, talk_ms in connection.execute(wanted):
        found[ident].append(BalanceLeg(operator, talk_ms))
    return found


def _counts(connection: Connection, node: str, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How many events of either file are kept of each call.

    Of one that was read twice, from a file and its copy, each event counts once, as it does in the fold.
    """
    found = {}
    for ident, kept in kept_calls(connection, node, ids).items():
        counts = []
        for source in (Source.CEL, Source.QUEUE_LOG):
            pieces = [piece for piece in kept.rows if piece.source == source]
            lines = [line for piece in pieces for line in piece.events.split(b"\n")]
            if len({piece.generation for piece in pieces}) > 1:
                # A channel's name stands only where it is another than before (routing/kept.py).
                unnamed = {tuple(line.split(b"\t")[:3] + line.split(b"\t")[4:]) for line in lines}
                counts.append(len(unnamed if source is Source.CEL else set(lines)))
            else:
                counts.append(len(lines))
        found[ident] = (counts[0], counts[1])
    return found


@dataclass(frozen=True, slots=True)
class Night:
    """What a nightly proof found of a node's day.

    `report` is JSON; `told_at` is None while nobody was told.
    """

    node: str
    day: str
    made_at: datetime
    arrivals: int
    callbacks: int
    under_way: int
    differences: int
    even: bool
    report: str
    told_at: datetime | None = None


_columns = [balance_night.c[name] for name in Night.__dataclass_fields__]


def keep_night(connection: Connection, night: Night) -> None:
    """Keep a proof, in the place of one of the same day."""
    same = (balance_night.c.node == night.node, balance_night.c.day == night.day)
    connection.execute(delete(balance_night).where(*same))
    row = {name: getattr(night, name) for name in Night.__dataclass_fields__}
    connection.execute(insert(balance_night).values(row))


def nights(connection: Connection, node: str | None, limit: int) -> list[Night]:
    """The newest nights, newest first; of one node or of all."""
    query = select(*_columns).order_by(balance_night.c.day.desc(), balance_night.c.node).limit(limit)
    if node is not None:
        query = query.where(balance_night.c.node == node)
    return [Night(*row) for row in connection.execute(query)]


def first_arrival(connection: Connection, node: str) -> datetime | None:
    """When a node's first call arrived."""
    wanted = select(call.c.arrived_at).where(call.c.node == node).order_by(call.c.arrived_at).limit(1)
    return connection.scalar(wanted)


def untold_nights(connection: Connection, node: str) -> list[Night]:
    """Nights that were not even and of which nobody has been told, oldest first."""
    columns = balance_night.c
    query = select(*_columns).where(columns.node == node, columns.told_at.is_(None), ~columns.even)
    return [Night(*row) for row in connection.execute(query.order_by(columns.day))]


def night_told(connection: Connection, node: str, day: str, at: datetime) -> None:
    """Somebody has been told of it."""
    columns = balance_night.c
    connection.execute(
        update(balance_night).where(columns.node == node, columns.day == day).values(told_at=at)
    )
