"""What web hooks were told of persons: bodies that are kept, and hashes of what they said.

A hash of a whole row would tell the number to whoever has the rest of the row and tries all numbers, so it
goes with the number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, select, update
from sqlalchemy.sql import ColumnElement

from hotline_ivr.routing.webhooks import DeliveryState, Notice, erased_notice
from hotline_ivr.store import tables
from hotline_ivr.store.register_tables import register_entry
from hotline_ivr.store.webhook_spool import spool
from hotline_ivr.store.webhook_tables import webhook_delivery, webhook_subject

# Values in one IN (...): SQLite takes 999 parameters in old versions.
_AT_ONCE = 400

_told, _known = webhook_delivery.c, webhook_subject.c

Body = dict[str, Any]


def count_told(connection: Connection, node: str, before: datetime) -> int:
    """How many bodies that were told, or given up, are older."""
    wanted = select(func.count()).select_from(webhook_delivery).where(_done(node, before))
    return connection.scalar(wanted) or 0


def forget_told(connection: Connection, node: str, before: datetime) -> int:
    """Delete what was told, or given up, before this moment (aware); how many bodies. What waits stays."""
    gone = connection.execute(delete(webhook_delivery).where(_done(node, before))).rowcount
    old = and_(_known.node == node, _known.at < before)
    connection.execute(update(webhook_subject).where(old, _known.digest != "").values(digest=""))
    return gone


def still_told(connection: Connection, node: str, event: str, before: datetime) -> list[str]:
    """Subjects of what was spooled before this moment (aware) and is still on its way."""
    waits = and_(_told.node == node, _told.event == event, _told.state == DeliveryState.WAITING.value)
    return list(connection.scalars(select(_told.subject).distinct().where(waits, _told.created_at < before)))


def forget_subjects(connection: Connection, node: str, event: str, subjects: Sequence[str]) -> None:
    """Delete all that was told of these, or is on its way: nothing of them is left to tell of."""
    for some in _pieces(subjects):
        for table in (webhook_delivery, webhook_subject):
            its = and_(table.c.node == node, table.c.event == event, table.c.subject.in_(some))
            connection.execute(delete(table).where(its))


def redact_told(
    connection: Connection, event: str, subjects: Sequence[str], change: Callable[[Body], Body]
) -> int:
    """Change what bodies about these hold (`data`), those on their way too; how many were changed."""
    count = 0
    for some in _pieces(subjects):
        its = and_(_told.event == event, _told.subject.in_(some))
        for row in connection.execute(select(webhook_delivery).where(its).with_for_update()).all():
            body = json.loads(row.body)
            new = json.dumps(body | {"data": change(dict(body["data"]))})
            if new != row.body:
                keys = webhook_delivery.primary_key.columns
                same = and_(*(key == getattr(row, key.name) for key in keys))
                connection.execute(update(webhook_delivery).where(same).values(body=new))
                count += 1
        known = and_(_known.event == event, _known.subject.in_(some))
        connection.execute(update(webhook_subject).where(known).values(digest=""))
    return count


def spool_erased(connection: Connection, calls: Sequence[str], entries: Sequence[str], at: datetime) -> int:
    """Spool, for who wants it, that whose calls and entries these were has been erased; once for each.

    Each is told by the node that it is of. How many messages that makes.
    """
    by_node: dict[str, list[Notice]] = {}
    call, entry = tables.call.c, register_entry.c
    for some in _pieces(calls):
        for row in connection.execute(select(call.node, call.id, call.line).where(call.id.in_(some))):
            by_node.setdefault(row.node, []).append(erased_notice("call", row.id, row.line))
    for some in _pieces(entries):
        its = select(entry.node, entry.id, entry.line).where(entry.id.in_(some), entry.latest)
        for row in connection.execute(its):
            by_node.setdefault(row.node, []).append(erased_notice("entry", row.id, row.line))
    return sum(spool(connection, node, notices, at) for node, notices in by_node.items())


def told_of(connection: Connection, event: str, subjects: Sequence[str]) -> list[Any]:
    """Rows of what was told of these, or is on its way, oldest first."""
    found: list[Any] = []
    for some in _pieces(subjects):
        its = and_(_told.event == event, _told.subject.in_(some))
        found += connection.execute(select(webhook_delivery).where(its).order_by(_told.created_at)).all()
    return found


def _done(node: str, before: datetime) -> ColumnElement[bool]:
    return and_(_told.node == node, _told.state != DeliveryState.WAITING.value, _told.created_at < before)


def _pieces(values: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), _AT_ONCE):
        yield list(values[start : start + _AT_ONCE])
