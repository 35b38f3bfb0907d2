"""Reading what calls cost money for, in the order of their arrival, a page at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from hotline_ivr.routing.call_record import CallKind
from hotline_ivr.routing.cel import STAGE_EVENT, CallEvent, Source, stage_text
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
        for node, call_id, line, number, arrived_at, picked_up_at, ended_at, kind in page:
            picked_up_at = picked_up_at if kind == CallKind.CALLER else None  # nobody rang us  # noqa: PLW2901
            legs = dialled.get((node, call_id), ())
            yield RecordedCall(call_id, line, number, arrived_at, picked_up_at, ended_at, legs)
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
    legs = _dialled(connection, [(found.node, call_id)]).get((found.node, call_id), ())
    return RecordedCall(
        call_id, found.line, found.number, found.arrived_at, found.picked_up_at, found.ended_at, legs
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
        rows: defaultdict[str, list[DialledLeg]] = defaultdict(list)
        for row in connection.execute(outside.order_by(columns.call_id, columns.started_at, columns.channel)):
            trunk = trunk_of(row.channel_name)
            started = row.started_at or row.answered_at
            if trunk is not None and started is not None:
                rows[row.call_id].append(DialledLeg(trunk, "", started, row.answered_at, row.ended_at))
        for call_id, numbers in _numbers(connection, node, list(rows)).items():
            found[node, call_id] = _with_numbers(rows[call_id], numbers)
    return found


def _numbers(connection: Connection, node: str, ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Trunk and number of each dialling, in order, as the dialplan said them."""
    kept = kept_calls(connection, node, ids)
    numbers: dict[str, list[tuple[str, str]]] = {call_id: [] for call_id in ids}
    for call_id, pieces in kept.items():
        for piece in pieces.rows:
            if piece.source == Source.CEL:
                events = kept_events(piece.events, call_id, piece.generation, piece.start)
                numbers[call_id] += [said for event in events if (said := _dial(event)) is not None]
    return numbers


def _dial(event: CallEvent) -> tuple[str, str] | None:
    words = stage_text(event.extra).split("|") if event.kind == STAGE_EVENT else []
    return (words[1], words[2]) if len(words) >= 3 and words[0] == "dial" else None


def _with_numbers(legs: list[DialledLeg], said: list[tuple[str, str]]) -> tuple[DialledLeg, ...]:
    """Each connection with the number that was dialled for it: the next one by the same trunk."""
    left, made = list(said), []
    for each in legs:
        number = next((number for trunk, number in left if trunk == each.trunk), "")
        if number:
            left.remove((each.trunk, number))
        made.append(each._replace(number=number))
    return tuple(made)
