"""Whom a queue may ring now, of however many open promises: only they leave the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, literal, or_, select

from hotline_ivr.routing.callback_wishes import MOST_SEEN, Wish
from hotline_ivr.routing.callbacks import Candidate
from hotline_ivr.routing.promises import State
from hotline_ivr.store.columns import Instant
from hotline_ivr.store.owed import chunks
from hotline_ivr.store.promises import as_promise
from hotline_ivr.store.tables import call, callback_attempt, promise

NOT_RUNG = "not-rung"
"""Result of an attempt that ended before the person was rung; it counts for nothing."""

_attempt = callback_attempt.c
_ITS = and_(promise.c.node == _attempt.promise_node, promise.c.id == _attempt.promise_id)
_FIRST_CALL = and_(call.c.node == promise.c.node, call.c.id == promise.c.id)
_JOINED_AT = func.coalesce(promise.c.place_at, call.c.queued_at, promise.c.opened_at)

Suits = Callable[[Candidate], bool]


def candidates(
    connection: Connection, wish: Wish, in_calls: AbstractSet[str], suits: Suits, most: int = MOST_SEEN
) -> list[Candidate]:
    """Who waits longest first; `in_calls` are people who are in a call with us, and numbers that are."""
    found: list[Candidate] = []
    for each in _wanted(connection, wish, most):
        if not in_calls & {each.person, each.rings} and suits(each):
            found.append(each)
            if len(found) == most:
                break
    return found


def _wanted(connection: Connection, wish: Wish, page: int) -> Iterator[Candidate]:
    """One page is enough, unless many of the first show numbers that may not be rung."""
    wanted = (
        select(promise, call.c.queued_at)
        .outerjoin(call, _FIRST_CALL)
        .where(*_would_ring(wish))
        .order_by(_JOINED_AT, promise.c.id)
    )
    for place in range(0, 1_000_000, page):
        rows = connection.execute(wanted.limit(page).offset(place)).all()
        tries = _tries(connection, [row.id for row in rows])
        for row in rows:
            yield _candidate(row, tries.get((row.node, row.id), []))
        if len(rows) < page:
            return


def _would_ring(wish: Wish) -> Iterator[ColumnElement[bool]]:
    """What a database can tell of routing/callback_wishes.suits."""
    columns = promise.c
    yield columns.state == State.OPEN
    yield columns.last_at > wish.since
    yield columns.line.in_(wish.lines)
    yield or_(columns.queue == wish.queue, and_(columns.queue == "", columns.line.in_(wish.own_lines)))
    words = literal(" ").concat(columns.reasons).concat(" ")
    yield or_(*(words.contains(f" {reason} ", autoescape=True) for reason in wish.reasons))
    yield ~exists().where(_ITS, _attempt.state != "over")
    rung = select(func.count()).where(_ITS, _attempt.result != NOT_RUNG).correlate(promise)
    yield rung.scalar_subquery() < wish.attempts
    latest = select(_attempt.result).where(_ITS).order_by(_attempt.number.desc()).limit(1).correlate(promise)
    tried_at = select(func.max(func.coalesce(_attempt.ended_at, _attempt.claimed_at))).where(_ITS)
    tried = tried_at.correlate(promise).scalar_subquery()
    not_rung = latest.scalar_subquery() == NOT_RUNG
    again = case(
        (not_rung, literal(wish.not_rung_before, Instant)), else_=literal(wish.tried_before, Instant)
    )
    yield or_(tried.is_(None), tried <= again)


def _tries(connection: Connection, ids: Sequence[str]) -> dict[tuple[str, str], list[Any]]:
    """All attempts of these promises, each one's in order."""
    found: dict[tuple[str, str], list[Any]] = {}
    for some in chunks(ids):
        wanted = select(callback_attempt).where(_attempt.promise_id.in_(some)).order_by(_attempt.number)
        for row in connection.execute(wanted):
            found.setdefault((row.promise_node, row.promise_id), []).append(row)
    return found


def _candidate(row: Any, tries: Sequence[Any]) -> Candidate:
    rung = sum(each.result != NOT_RUNG for each in tries)
    return Candidate(
        as_promise(row),
        row.person,
        row.place_at or row.queued_at or row.opened_at,
        len(tries),
        max((each.ended_at or each.claimed_at for each in tries), default=None),
        row.number or row.person,
        not_rung=len(tries) - rung,
        last_not_rung=bool(tries) and tries[-1].result == NOT_RUNG,
    )
