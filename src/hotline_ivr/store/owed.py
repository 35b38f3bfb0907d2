"""Finished calls, read out of the record for the promise ledger."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, or_, select

from hotline_ivr.routing.cel import STAGE_EVENT, Source, stage_text
from hotline_ivr.routing.kept import kept_events
from hotline_ivr.routing.owed import CONTACTS, FinishedCall
from hotline_ivr.routing.steps import Outcome
from hotline_ivr.store.ledger import kept_calls
from hotline_ivr.store.tables import call

# Values in one IN (...): SQLite takes 999 parameters in old versions.
AT_ONCE = 400
_SECONDS = re.compile(r"[0-9]{1,10}", re.ASCII)

_FINISHED = select(
    call.c.node,
    call.c.id,
    call.c.line,
    call.c.queue,
    call.c.caller,
    call.c.outcome,
    call.c.arrived_at,
    call.c.connected_at,
    call.c.ended_at,
    call.c.wait_ms,
    call.c.outside_talk_ms,
    call.c.attempt,
    call.c.outside_number,
).where(call.c.finished, call.c.ended_at.is_not(None))


def finished_calls(connection: Connection, node: str, ids: Sequence[str]) -> list[FinishedCall]:
    """Of these calls of a node, those that are over."""
    found: list[FinishedCall] = []
    for some in chunks(ids):
        found += _read(connection, _FINISHED.where(call.c.node == node, call.c.id.in_(some)))
    return found


def finished_since(
    connection: Connection, node: str, since: datetime, after: tuple[datetime, str] | None, limit: int
) -> list[FinishedCall]:
    """A page of a node's finished calls in the order of arrival; `after` is where the page before ended."""
    arrived = call.c.arrived_at
    wanted = _FINISHED.where(call.c.node == node, arrived >= since).order_by(arrived, call.c.id).limit(limit)
    if after is not None:
        at, last = after
        wanted = wanted.where(arrived >= at, or_(arrived > at, call.c.id > last))
    return _read(connection, wanted)


def conversations(connection: Connection, since: datetime, until: datetime | None) -> list[FinishedCall]:
    """Calls of any node that arrived from then on, and up to then, and were answered."""
    wanted = _FINISHED.where(call.c.arrived_at >= since, call.c.outcome.in_(sorted(CONTACTS)))
    if until is not None:
        wanted = wanted.where(call.c.arrived_at <= until)
    return _read(connection, wanted)


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """The values, so many at once as fit into one statement."""
    listed = list(values)
    for start in range(0, len(listed), AT_ONCE):
        yield listed[start : start + AT_ONCE]


def _read(connection: Connection, wanted: Select[*tuple[Any, ...]]) -> list[FinishedCall]:
    rows = connection.execute(wanted).all()
    promised = _promises(connection, [row for row in rows if row.outcome == Outcome.CALLBACK])
    return [
        FinishedCall(
            node=row.node,
            id=row.id,
            line=row.line,
            queue=(promised.get((row.node, row.id)) or _NOTHING).queue or row.queue or "",
            caller=row.caller,
            outcome=row.outcome or "",
            arrived_at=row.arrived_at,
            connected_at=row.connected_at,
            ended_at=row.ended_at,
            wait_ms=row.wait_ms,
            outside_talk_ms=row.outside_talk_ms,
            attempt=row.attempt,
            dialled=row.outside_number is not None,
            call_at=(promised.get((row.node, row.id)) or _NOTHING).number,
            place_at=(promised.get((row.node, row.id)) or _NOTHING).place_at,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class _Promised:
    """What a caller was promised: by which queue, at which number, with the place of which moment (aware)."""

    queue: str = ""
    number: str = ""
    place_at: datetime | None = None


_NOTHING = _Promised()


def _promised(words: Sequence[str]) -> _Promised:
    """As the dialplan says it: `promise`, queue, number, seconds since the epoch or nothing."""
    queue, number, since = (*words[1:4], "", "")[:3]
    place_at = datetime.fromtimestamp(int(since), UTC) if _SECONDS.fullmatch(since) else None
    return _Promised(queue, number, place_at)


def _promises(
    connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]]
) -> dict[tuple[str, str], _Promised]:
    """What each of these calls was promised."""
    found: dict[tuple[str, str], _Promised] = {}
    for node in {row.node for row in rows}:
        ids = [row.id for row in rows if row.node == node]
        for call_id, kept in kept_calls(connection, node, ids).items():
            for piece in kept.rows:
                if piece.source == Source.CEL:
                    for event in kept_events(piece.events, call_id, piece.generation, piece.start):
                        words = stage_text(event.extra).split("|") if event.kind == STAGE_EVENT else []
                        if len(words) >= 2 and words[0] == "promise":
                            found[node, call_id] = _promised(words)
    return found
