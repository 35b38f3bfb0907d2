"""Calls of the record for counting who called again, read as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import Connection, select

from hotline_ivr.routing.call_record import CallKind
from hotline_ivr.routing.repeats import Arrival
from hotline_ivr.store.streaming import pages, raw
from hotline_ivr.store.tables import call


def arrivals(
    connection: Connection,
    since: datetime,
    until: datetime,
    person: Callable[[str], str],
    line: str | None = None,
) -> Iterator[Arrival]:
    """Finished calls of callers in the order of arrival (aware; the end is not included), on all nodes.

    `person` says who has a number.
    """
    columns = call.c
    wanted = select(
        columns.line,
        columns.caller,
        columns.outcome,
        raw(columns.arrived_at),
        columns.arrived_at,
        columns.node,
        columns.id,
    ).where(
        columns.kind == CallKind.CALLER.value,
        columns.outcome.is_not(None),
        columns.arrived_at >= since,
        columns.arrived_at < until,
    )
    if line is not None:
        wanted = wanted.where(columns.line == line)
    for page in pages(connection, wanted, (columns.arrived_at, columns.node, columns.id)):
        for name, caller, outcome, at, *_ in page:
            yield Arrival(name, person(caller), at, outcome)
