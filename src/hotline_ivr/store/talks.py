"""How long conversations have taken lately, out of the record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from hotline_ivr.store.tables import call

MOST_TALKS = 2_000
"""So many of the newest calls are read: days of a small hotline, hours of a large one."""


def recent_talks(connection: Connection, since: datetime) -> Mapping[str, Sequence[float]]:
    """Seconds of conversation by queue, of the newest calls that arrived since then."""
    query = (
        select(call.c.queue, call.c.talk_ms)
        .where(call.c.arrived_at >= since, call.c.talk_ms > 0, call.c.queue.is_not(None))
        .order_by(call.c.arrived_at.desc())
        .limit(MOST_TALKS)
    )
    found: defaultdict[str, list[float]] = defaultdict(list)
    for queue, talk_ms in connection.execute(query):
        found[queue].append(talk_ms / 1000)
    return found
