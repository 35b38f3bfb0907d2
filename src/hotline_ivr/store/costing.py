"""Reading what calls cost money for, in the order of their arrival, a page at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from hotline_ivr.routing.call_record import CallKind
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.dialled import dialled_numbers
from hotline_ivr.routing.kept import kept_events
from hotline_ivr.routing.usage import DialledLeg, RecordedCall, trunk_of
from hotline_ivr.store.ledger import kept_calls
from hotline_ivr.store.tables import call, leg

# Calls in memory at once; also the parameters of one query, of which SQLite takes 999 in old versions.
PAGE = 500


def recorded_calls(connection: Connection, since: datetime, until: datetime) -> Iterator[RecordedCall]:
    """All calls that arrived from `since` until before `until` (aware), whatever their number."""
    columns = call.c
    query = (
        select(
            columns.node,
            columns.id,
            columns.line,
            columns.number,
            columns.arrived_at,
            columns.picked_up_at,
            columns.ended_at,
            columns.kind,
        )
        .where(columns.arrived_at < until)
        .order_by(columns.arrived_at, columns.node, columns.id)
        .limit(PAGE)
    )
    after = columns.arrived_at >= since
    while page := connection.execute(query.where(after)).all():
        dialled = _dialled(connection, [(row.node, row.id) for row in page])
        yield from (_recorded(row, dialled) for row in page)
        last = page[-1]
        later = or_(columns.node > last.node, and_(columns.node == last.node, columns.id > last.id))
        beyond = or_(columns.arrived_at > last.arrived_at, later)
        # With the first half the index gives the order; a bare `or` has SQLite sort the rest, each page.
        after = and_(columns.arrived_at >= last.arrived_at, beyond)


def recorded_call(connection: Connection, call_id: str) -> RecordedCall | None:
    """One call; None if it is not in the record."""
    found = connection.execute(select(call).where(call.c.id == call_id).order_by(call.c.node)).first()
    if found is None:
        return None
    return _recorded(found, _dialled(connection, [(found.node, call_id)]))


def _recorded(row: Any, dialled: Mapping[tuple[str, str], tuple[DialledLeg, ...]]) -> RecordedCall:
    return RecordedCall(
        row.id,
        row.line,
        row.number,
        row.arrived_at,
        row.picked_up_at,
        row.ended_at,
        dialled.get((row.node, row.id), ()),
        CallKind(row.kind),
    )


def _dialled(
    connection: Connection, calls: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], tuple[DialledLeg, ...]]:
    """The connections outside of these calls. Their numbers stand in the events alone."""
    by_node: defaultdict[str, list[str]] = defaultdict(list)
    for node, call_id in calls:
        by_node[node].append(call_id)
    found: dict[tuple[str, str], tuple[DialledLeg, ...]] = {}
    for node, ids in by_node.items():
        columns = leg.c
        outside = select(leg).where(
            columns.node == node,
            columns.call_id.in_(ids),
            columns.channel_name.startswith("PJSIP/trunk-", autoescape=True),
        )
        rows: defaultdict[str, list[tuple[str, DialledLeg]]] = defaultdict(list)
        for row in connection.execute(outside.order_by(columns.call_id, columns.started_at, columns.channel)):
            trunk = trunk_of(row.channel_name)
            started = row.started_at or row.answered_at
            if trunk is not None and started is not None:
                made = DialledLeg(trunk, "", started, row.answered_at, row.ended_at)
                rows[row.call_id].append((row.channel, made))
        numbers = _numbers(connection, node, list(rows))
        for call_id, legs in rows.items():
            of_call = numbers.get(call_id, {})
            found[node, call_id] = tuple(
                leg._replace(number=of_call.get(channel, "")) for channel, leg in legs
            )
    return found


def _numbers(connection: Connection, node: str, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """The number that was dialled for each channel outside, by call and channel."""
    numbers: dict[str, dict[str, str]] = {}
    for call_id, pieces in kept_calls(connection, node, ids).items():
        of_channels = [piece for piece in pieces.rows if piece.source == Source.CEL]
        events = (kept_events(each.events, call_id, each.generation, each.start) for each in of_channels)
        numbers[call_id] = dialled_numbers(chain.from_iterable(events))
    return numbers
