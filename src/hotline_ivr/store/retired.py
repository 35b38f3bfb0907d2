"""Nodes that are gone for good: their rows stay in a database that others go on using."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from hotline_ivr.store.lease_tables import node_lease
from hotline_ivr.store.tables import call, callback_attempt, promise, purge, rejected_line
from hotline_ivr.store.webhook_tables import webhook_delivery

RETIRED_AFTER = timedelta(days=30)
"""So long a node has neither held its lease, nor purged, nor had a call: longer than a repair lasts."""

_HELD_BY = (call, promise, callback_attempt, rejected_line, webhook_delivery)


def retired_nodes(connection: Connection, own: str, now: datetime) -> list[str]:
    """Those of which there are rows and nothing else; `now` is aware."""
    since = now - RETIRED_AFTER
    found = set[str]()
    for table in _HELD_BY:
        found |= set(connection.scalars(select(table.c.node).distinct()))
    alive = {own}
    alive |= set(connection.scalars(select(node_lease.c.node).where(node_lease.c.seen_at > since)))
    alive |= set(connection.scalars(select(purge.c.node).where(purge.c.begun_at > since)))
    newest = select(call.c.node, func.max(call.c.arrived_at)).group_by(call.c.node)
    alive |= {node for node, at in connection.execute(newest) if at is not None and at > since}
    return sorted(found - alive)
