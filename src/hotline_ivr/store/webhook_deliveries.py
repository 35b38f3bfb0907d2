"""Deliveries of web hooks in the database: what is due, how each try ended, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, select, update

from hotline_ivr.routing.webhooks import DeliveryState, HookCount, HookDelivery
from hotline_ivr.store.webhook_tables import webhook_delivery, webhook_subject

MOST_WAITING = 100_000
"""Deliveries that wait for one receiver: a week of a large hotline. Of more the oldest are given up."""

MOST_SENT, MOST_FAILED = 1_000, 10_000
"""Of those that are done, the newest are kept for each receiver, to be looked at or tried again."""

SUBJECTS_KEPT = timedelta(days=30)
"""For so long is known what was told of a call; later than that nothing new comes of it."""

_COLUMNS = webhook_delivery.c
_VALUES = [column for column in _COLUMNS if column.name != "node"]
_WAITING, _SENT, _FAILED = (each.value for each in DeliveryState)


def due(connection: Connection, node: str, hook: str, now: datetime, limit: int) -> list[HookDelivery]:
    """What may be tried now, of each subject only the oldest version: so its order is kept."""
    earlier = webhook_delivery.alias("earlier")
    ahead = exists().where(
        earlier.c.node == _COLUMNS.node,
        earlier.c.hook == _COLUMNS.hook,
        earlier.c.event == _COLUMNS.event,
        earlier.c.subject == _COLUMNS.subject,
        earlier.c.state == _WAITING,
        earlier.c.version < _COLUMNS.version,
    )
    wanted = select(*_VALUES).where(
        *_of(node, hook), _COLUMNS.state == _WAITING, _COLUMNS.next_at <= now, ~ahead
    )
    ordered = wanted.order_by(_COLUMNS.next_at, _COLUMNS.subject, _COLUMNS.version).limit(limit)
    return [_as_delivery(row) for row in connection.execute(ordered)]


def next_due(connection: Connection, node: str, hook: str) -> datetime | None:
    """When something is due again."""
    wanted = select(func.min(_COLUMNS.next_at)).where(*_of(node, hook), _COLUMNS.state == _WAITING)
    found: datetime | None = connection.scalar(wanted)
    return found


def settle(connection: Connection, node: str, tried: Sequence[HookDelivery]) -> None:
    """Note how these stand after a try."""
    for each in tried:
        changed = update(webhook_delivery).where(*_key(node, each), _COLUMNS.state == _WAITING)
        connection.execute(
            changed.values(
                state=each.state.value,
                tries=each.tries,
                reason=each.reason,
                next_at=each.next_at,
                tried_at=each.tried_at,
            )
        )


def expire(connection: Connection, node: str, hook: str, now: datetime, why: str) -> int:
    """Give up what has been tried for too long; how many that were."""
    late = update(webhook_delivery).where(
        *_of(node, hook), _COLUMNS.state == _WAITING, _COLUMNS.expires_at <= now
    )
    return connection.execute(late.values(state=_FAILED, reason=f"given up: {why}", tried_at=now)).rowcount


def prune(connection: Connection, node: str, hook: str, now: datetime) -> int:
    """Forget the oldest, so that the tables stay small; how many that waited were given up."""
    of_hook = and_(*_of(node, hook))
    for state, most in ((_SENT, MOST_SENT), (_FAILED, MOST_FAILED)):
        newest = select(_COLUMNS.tried_at).where(of_hook, _COLUMNS.state == state)
        oldest = connection.scalar(newest.order_by(_COLUMNS.tried_at.desc()).offset(most).limit(1))
        if oldest is not None:
            done = delete(webhook_delivery).where(of_hook, _COLUMNS.state == state)
            connection.execute(done.where(_COLUMNS.tried_at <= oldest))
    given_up = 0
    waiting = select(_COLUMNS.created_at).where(of_hook, _COLUMNS.state == _WAITING)
    bound = connection.scalar(waiting.order_by(_COLUMNS.created_at.desc()).offset(MOST_WAITING).limit(1))
    if bound is not None:
        over = update(webhook_delivery).where(
            of_hook, _COLUMNS.state == _WAITING, _COLUMNS.created_at <= bound
        )
        reason = f"given up: more than {MOST_WAITING} wait"
        given_up = connection.execute(over.values(state=_FAILED, reason=reason, tried_at=now)).rowcount
    known = webhook_subject.c
    connection.execute(delete(webhook_subject).where(known.node == node, known.at < now - SUBJECTS_KEPT))
    return given_up


def retry(connection: Connection, node: str, hook: str, now: datetime, give_up_after: timedelta) -> int:
    """Try at once what was given up and what waits; how many that are."""
    again = update(webhook_delivery).where(*_of(node, hook), _COLUMNS.state.in_((_FAILED, _WAITING)))
    expires_at = now + give_up_after
    changed = again.values(state=_WAITING, next_at=now, expires_at=expires_at, tries=0)
    return connection.execute(changed).rowcount


def counts(connection: Connection, node: str) -> Mapping[str, HookCount]:
    """By receiver, what waits and what was given up."""
    wanted = (
        select(_COLUMNS.hook, _COLUMNS.state, func.count(), func.min(_COLUMNS.created_at))
        .where(_COLUMNS.node == node, _COLUMNS.state.in_((_WAITING, _FAILED)))
        .group_by(_COLUMNS.hook, _COLUMNS.state)
    )
    waiting: dict[str, tuple[int, datetime]] = {}
    failed: dict[str, int] = {}
    for hook, state, count, oldest in connection.execute(wanted):
        if state == _WAITING:
            waiting[hook] = (count, oldest)
        else:
            failed[hook] = count
    found = {}
    for hook in {*waiting, *failed}:
        count, oldest = waiting.get(hook, (0, None))
        found[hook] = HookCount(hook, count, failed.get(hook, 0), oldest)
    return found


def newest(connection: Connection, node: str, state: DeliveryState | None, limit: int) -> list[HookDelivery]:
    """The newest deliveries, of a state or of all."""
    wanted = select(*_VALUES).where(_COLUMNS.node == node)
    if state is not None:
        wanted = wanted.where(_COLUMNS.state == state.value)
    ordered = wanted.order_by(_COLUMNS.created_at.desc(), _COLUMNS.subject, _COLUMNS.version.desc()).limit(
        limit
    )
    return [_as_delivery(row) for row in connection.execute(ordered)]


def _of(node: str, hook: str) -> tuple[ColumnElement[bool], ...]:
    return (_COLUMNS.node == node, _COLUMNS.hook == hook)


def _key(node: str, each: HookDelivery) -> tuple[ColumnElement[bool], ...]:
    subject = (_COLUMNS.event == each.event, _COLUMNS.subject == each.subject)
    return (*_of(node, each.hook), *subject, _COLUMNS.version == each.version)


def _as_delivery(row: Any) -> HookDelivery:
    values = {column.name: getattr(row, column.name) for column in _VALUES}
    return HookDelivery(**values | {"state": DeliveryState(row.state)})
