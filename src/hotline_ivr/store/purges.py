"""What has been kept long enough, taken out of the database page by page; and the list of purges.

A page is one transaction, so a purge that is killed leaves whole pages, and the next one goes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ColumnElement

from hotline_ivr.routing.call_record import CallerKind, Discrepancy
from hotline_ivr.routing.kept import last_kept
from hotline_ivr.routing.promises import State
from hotline_ivr.routing.pseudonym import MARK
from hotline_ivr.routing.steps import Outcome
from hotline_ivr.store import tables
from hotline_ivr.store.columns import to_micros
from hotline_ivr.store.ledger import kept_calls
from hotline_ivr.store.promises import lock
from hotline_ivr.store.refolding import calls_without_row
from hotline_ivr.store.webhook_privacy import forget_subjects

# Calls in one transaction: the service's own writing waits for no longer than that.
PAGE = 200

_call, _promise = tables.call.c, tables.promise.c
_attempt = tables.callback_attempt.c


@dataclass(frozen=True, slots=True)
class Purge:
    """One day's. `report` says by kind how much went."""

    day: str
    begun_at: datetime
    done_at: datetime | None
    report: Mapping[str, int]


def last_purges(connection: Connection, node: str, limit: int) -> list[Purge]:
    """The newest first."""
    table = tables.purge
    wanted = select(table).where(table.c.node == node).order_by(table.c.day.desc()).limit(limit)
    return [
        Purge(row.day, row.begun_at, row.done_at, json.loads(row.report or "{}"))
        for row in connection.execute(wanted)
    ]


def begin_purge(connection: Connection, node: str, day: str, now: datetime) -> None:
    """Note that it has begun; one that was stopped begins again."""
    sort = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {"node": node, "day": day, "begun_at": now, "done_at": None, "report": "{}"}
    connection.execute(sort(tables.purge).values(row).on_conflict_do_nothing())


def end_purge(connection: Connection, node: str, day: str, now: datetime, report: Mapping[str, int]) -> None:
    """Note that it is done."""
    its = and_(tables.purge.c.node == node, tables.purge.c.day == day)
    values = {"done_at": now, "report": json.dumps(dict(report), sort_keys=True)}
    connection.execute(update(tables.purge).where(its).values(values))


Place = tuple[datetime, str]


def old_calls(
    connection: Connection,
    node: str,
    span: tuple[datetime | None, datetime],
    after: Place | None,
    *,
    digits: bool,
    open_too: bool = False,
) -> list[Place]:
    """A page of finished calls that arrived within `span` and may still tell a number, a name, or digits.

    With `open_too` also of those that never ended: of a node that is gone.
    """
    since, before = span
    arrived = _call.arrived_at
    wanted = select(arrived, _call.id).where(_call.node == node, arrived < before)
    wanted = wanted if open_too else wanted.where(_call.finished)
    wanted = wanted.where(_HAS_DIGITS if digits else _HAS_NUMBER)
    if since is not None:
        wanted = wanted.where(arrived >= since)
    if after is not None:
        at, last = after
        wanted = wanted.where(arrived >= at, or_(arrived > at, _call.id > last))
    return [(at, ident) for at, ident in connection.execute(wanted.order_by(arrived, _call.id).limit(PAGE))]


def whole_calls(connection: Connection, node: str, before: datetime, *, open_too: bool = False) -> list[str]:
    """A page of finished calls that arrived before."""
    wanted = select(_call.id).where(_call.node == node, _call.arrived_at < before)
    wanted = wanted if open_too else wanted.where(_call.finished)
    return list(connection.scalars(wanted.order_by(_call.arrived_at).limit(PAGE)))


def forget_calls(connection: Connection, node: str, ids: Sequence[str]) -> int:
    """Delete these whole calls; how many they were. Files of their recordings must be gone by then."""
    for table in (
        tables.leg,
        tables.call_event,
        tables.open_call,
        tables.voicemail_message,
        tables.promise_call,
        tables.recording,
    ):
        connection.execute(delete(table).where(table.c.node == node, table.c.call_id.in_(ids)))
    forget_subjects(connection, node, "call-ended", ids)
    connection.execute(delete(tables.call).where(_call.node == node, _call.id.in_(ids)))
    return len(ids)


def old_without_row(
    connection: Connection, node: str, before: datetime, after: str
) -> tuple[list[str], str | None]:
    """Calls without a row that are over and were last heard of before: operators' own, to somewhere else.

    By id, of a page behind `after`; and where it ends, None if it was the last.
    """
    ids = calls_without_row(connection, node, after)
    kept = kept_calls(connection, node, ids)
    moment = to_micros(before)
    old = [
        ident
        for ident in ids
        if not kept[ident].is_open and last_kept(row.events for row in kept[ident].rows) < moment
    ]
    return old, ids[-1] if ids else None


def count_calls(connection: Connection, node: str, before: datetime, *, open_too: bool = False) -> int:
    """How many whole calls arrived before."""
    wanted = select(func.count()).select_from(tables.call)
    wanted = wanted.where(_call.node == node, _call.arrived_at < before)
    return connection.scalar(wanted if open_too else wanted.where(_call.finished)) or 0


def old_promises(connection: Connection, node: str, before: datetime) -> list[tuple[str, str]]:
    """Closed entries of a node whose last call is so old: id and person."""
    wanted = select(_promise.id, _promise.person).where(
        _promise.node == node, _promise.state != State.OPEN, _promise.last_at < before
    )
    return [(ident, person) for ident, person in connection.execute(wanted)]


def forget_promises(connection: Connection, node: str, before: datetime) -> int:
    """Delete closed entries with what they were made of: calls and acts of that time, and attempts."""
    lock(connection)
    entries = old_promises(connection, node, before)
    for ident, person in entries:
        act, made = tables.promise_act.c, tables.promise_call.c
        connection.execute(delete(tables.promise_act).where(act.person == person, act.at < before))
        connection.execute(delete(tables.promise_call).where(made.person == person, made.at < before))
        its = and_(_attempt.promise_node == node, _attempt.promise_id == ident, _attempt.state == "over")
        connection.execute(delete(tables.callback_attempt).where(its))
        connection.execute(delete(tables.promise).where(_promise.node == node, _promise.id == ident))
    return len(entries)


def old_persons(connection: Connection, node: str, before: datetime) -> list[str]:
    """Persons of closed entries of that time whose number is still told."""
    wanted = (
        select(_promise.person)
        .distinct()
        .where(
            _promise.node == node,
            _promise.state != State.OPEN,
            _promise.last_at < before,
            or_(_is_plain(_promise.person), and_(_promise.number != "", _is_plain(_promise.number))),
        )
    )
    return list(connection.scalars(wanted))


def _is_plain(column: ColumnElement[str]) -> ColumnElement[bool]:
    return and_(~column.startswith(MARK, autoescape=True), ~column.startswith("withheld "))


_HAS_DIGITS = _call["keys"].contains("-digits@", autoescape=True)
_HAS_NUMBER = or_(
    and_(_call.caller != "", _is_plain(_call.caller)),
    _call.caller_name != "",
    # Without a number there may be a name in its place, a number to be rung at, or one that queue_log alone
    # has. They are few, and looked at each time.
    and_(
        _call.caller == "",
        or_(
            _call.caller_kind == CallerKind.INVALID.value,
            _call.outcome == Outcome.CALLBACK.value,
            _call.discrepancy == Discrepancy.NO_CHANNEL_EVENTS.value,
        ),
    ),
)
