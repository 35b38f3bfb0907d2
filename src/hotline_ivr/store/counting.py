"""Counting calls of the record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from hotline_ivr.store.tables import call

# Stretches in one query; each brings two parameters, of which SQLite takes 999 in old versions.
_SPANS_AT_ONCE = 200


def count_arrivals(connection: Connection, line: str, spans: Sequence[tuple[datetime, datetime]]) -> int:
    """How many calls arrived on `line` in any of the spans (aware; the end is not included)."""
    arrived, total = call.c.arrived_at, 0
    for start in range(0, len(spans), _SPANS_AT_ONCE):
        some = spans[start : start + _SPANS_AT_ONCE]
        within = or_(*(and_(arrived >= since, arrived < until) for since, until in some))
        query = (
            select(func.count()).select_from(call).where(call.c.line == line, call.c.kind == "caller", within)
        )
        total += connection.scalar(query) or 0
    return total
