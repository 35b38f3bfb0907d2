"""Taking old logs into the record: only what is not there yet, and the rows that come of it.

An event is known by what it says, not by its place: the service may have read the same file under another
name. Archives have generations below 0, which the service follows none of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select

from hotline_ivr.routing.call_record import CallKind
from hotline_ivr.routing.cel import QUEUE_LOG_RESOLUTION, QUEUE_START, CallEvent, QueueEvent, Source
from hotline_ivr.routing.kept import keep_events, keep_queue_events, kept_events, kept_queue_events
from hotline_ivr.routing.ledger import RejectedLine
from hotline_ivr.routing.machine import Machine
from hotline_ivr.store.columns import from_micros
from hotline_ivr.store.ledger import kept_calls
from hotline_ivr.store.refolding import PAGE, Refolded, refold
from hotline_ivr.store.tables import call, call_event, leg, queue_event, rejected_line, spool_position

_LONGEST_CALL_US = 4 * 3_600_000_000


def generation_of(connection: Connection, node: str, source: Source, fingerprint: str) -> int:
    """The generation of an archive: the one it had before, or the next below 0."""
    columns = spool_position.c
    its = (columns.node == node, columns.source == source.value, columns.generation < 0)
    known = connection.scalar(
        select(func.max(columns.generation)).where(*its, columns.fingerprint == fingerprint)
    )
    if known is not None:
        return int(known)
    return int(connection.scalar(select(func.min(columns.generation)).where(*its)) or 0) - 1


def add_events(
    connection: Connection, node: str, by_call: Mapping[str, Sequence[CallEvent]], machine: Machine
) -> tuple[int, Refolded]:
    """Keep those events that are not kept yet; how many they were, and the rows that came of them."""
    rows, count = [], 0
    for some in _pages(list(by_call)):
        known = _known(connection, node, some)
        for ident in some:
            new = [event for event in by_call[ident] if _said(event) not in known[ident]]
            if new:
                count += len(new)
                place = (new[0].generation, new[0].offset)
                rows.append(_row(node, ident, Source.CEL, place, keep_events(new)))
    return count, _write(connection, node, rows, machine)


def calls_of_channels(
    connection: Connection, node: str, by_channel: Mapping[str, Sequence[QueueEvent]]
) -> dict[str, str]:
    """Of these names in queue_log, those that are a later channel of a call back: channel and call."""
    moments = [event.at for events in by_channel.values() for event in events]
    if not moments:
        return {}
    columns = call.c
    wanted = (
        select(leg.c.channel, leg.c.call_id)
        .join(call, (columns.node == leg.c.node) & (columns.id == leg.c.call_id))
        .where(
            columns.node == node,
            columns.kind == CallKind.CALLBACK.value,
            columns.arrived_at >= from_micros(min(moments) - _LONGEST_CALL_US),
            columns.arrived_at <= from_micros(max(moments) + QUEUE_LOG_RESOLUTION),
        )
    )
    return {channel: ident for channel, ident in connection.execute(wanted) if channel in by_channel}


def add_queue_events(
    connection: Connection, node: str, by_call: Mapping[str, Sequence[QueueEvent]], machine: Machine
) -> tuple[int, Refolded]:
    """The same of queue_log's lines of calls."""
    rows, count = [], 0
    for some in _pages(list(by_call)):
        known = _known(connection, node, some)
        for ident in some:
            new = [event for event in by_call[ident] if _line(event) not in known[ident]]
            if new:
                count += len(new)
                place = (new[0].generation, new[0].offset)
                rows.append(_row(node, ident, Source.QUEUE_LOG, place, keep_queue_events(new)))
    return count, _write(connection, node, rows, machine)


def add_other(connection: Connection, node: str, events: Sequence[QueueEvent]) -> int:
    """Keep those of queue_log's lines of no call that are not kept yet; how many they were."""
    if not events:
        return 0
    columns = queue_event.c
    moments = [event.at for event in events]
    stand = select(columns.at, columns.event, columns.queue, columns.operator, columns.data).where(
        columns.node == node,
        columns.event.in_(sorted({event.kind for event in events})),
        columns.at >= from_micros(min(moments)),
        columns.at <= from_micros(max(moments)),
    )
    # Beside a start of Asterisk it was noted how far the other file had been read.
    known = {(*said, "" if said[1] == QUEUE_START else data) for *said, data in connection.execute(stand)}
    new = []
    for event in events:
        said = (from_micros(event.at), event.kind, event.queue, event.member, "|".join(event.data))
        if said not in known:
            names = ("at", "event", "queue", "operator", "data")
            place = {"node": node, "generation": event.generation, "start": event.offset}
            new.append(place | dict(zip(names, said, strict=True)))
    for some in _pages(new):
        connection.execute(insert(queue_event), some)
    return len(new)


def add_rejected(connection: Connection, node: str, lines: Sequence[RejectedLine]) -> int:
    """Keep those lines that are no record and not kept yet; how many they were.

    Such a line is known by what it is and where in the content: of a rotated, packed or copied file the same.
    """
    columns, count = rejected_line.c, 0
    for some in _pages(lines):
        stand = select(columns.start, columns.length, columns.reason, columns.data).where(
            columns.node == node,
            columns.source == some[0].source.value,
            columns.start.in_([line.offset for line in some]),
        )
        known = {
            (start, length, reason, bytes(data)) for start, length, reason, data in connection.execute(stand)
        }
        new = [line for line in some if (line.offset, line.length, line.reason, line.data) not in known]
        count += len(new)
        if new:
            connection.execute(insert(rejected_line), [_rejected(node, line) for line in new])
    return count


def note_archive(connection: Connection, node: str, source: Source, place: tuple[int, int, str]) -> None:
    """Remember an archive of which something was new: generation, bytes, fingerprint."""
    generation, size, fingerprint = place
    columns = spool_position.c
    its = (columns.node == node, columns.source == source.value, columns.generation == generation)
    if connection.execute(select(columns.offset).where(*its)).first() is None:
        connection.execute(
            insert(spool_position).values(
                node=node,
                source=source.value,
                generation=generation,
                inode="0",
                offset=size,
                fingerprint=fingerprint,
            )
        )


def _write(connection: Connection, node: str, rows: Sequence[dict[str, Any]], machine: Machine) -> Refolded:
    done = Refolded()
    for some in _pages(rows):
        connection.execute(insert(call_event), some)
        ids = sorted({row["call_id"] for row in some})
        done.add(refold(connection, node, ids, machine, wait=True))
    return done


def _row(node: str, ident: str, source: Source, place: tuple[int, int], data: bytes) -> dict[str, Any]:
    generation, start = place
    return {
        "node": node,
        "call_id": ident,
        "source": source.value,
        "generation": generation,
        "start": start,
        "events": data,
    }


def _rejected(node: str, line: RejectedLine) -> dict[str, Any]:
    return {
        "node": node,
        "source": line.source.value,
        "generation": line.generation,
        "start": line.offset,
        "length": line.length,
        "reason": line.reason,
        "data": line.data,
    }


def _pages(values: Sequence[Any]) -> Iterable[list[Any]]:
    for start in range(0, len(values), PAGE):
        yield list(values[start : start + PAGE])


def _known(connection: Connection, node: str, ids: Sequence[str]) -> Mapping[str, set[tuple[Any, ...]]]:
    """What is kept of these calls, by what it says."""
    found: defaultdict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for ident, kept in kept_calls(connection, node, ids).items():
        for piece in kept.rows:
            if piece.source == Source.CEL:
                events = kept_events(piece.events, ident, piece.generation, piece.start)
                found[ident].update(map(_said, events))
            else:
                lines = kept_queue_events(piece.events, ident, piece.generation, piece.start)
                found[ident].update(map(_line, lines))
    return found


def _said(event: CallEvent) -> tuple[Any, ...]:
    return ("cel", event.kind, event.at, event.channel, event.extra)


def _line(event: QueueEvent) -> tuple[Any, ...]:
    return ("queue", event.kind, event.at, event.queue, event.member, event.data)
