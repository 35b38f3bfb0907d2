"""Attempts to call somebody back. Each is one row, and its key lets nobody make it twice.

An attempt is claimed, its file is written, and it is over when the record has its call, or when the time is
past in which it could have been dialled. Claims are made under the ledger's lock, so that a promise that was
kept or closed a moment ago is not dialled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from hotline_ivr.routing.callback_wishes import Wish
from hotline_ivr.routing.callbacks import Candidate, Dialling
from hotline_ivr.routing.owed import CONTACTS, FinishedCall, read_number
from hotline_ivr.routing.promises import Act, ActKind, State
from hotline_ivr.store.callback_candidates import NOT_RUNG, candidates
from hotline_ivr.store.promises import enter_act, lock
from hotline_ivr.store.tables import call, callback_attempt, open_call, promise

# An attempt of which no record has come so long after it was dialled has none: Asterisk's file was lost.
LONGEST_CALL = timedelta(hours=4)
# A claim of another node is left alone for so long after it could last be dialled; clocks differ.
GRACE = timedelta(minutes=2)

_attempt = callback_attempt.c


@dataclass(frozen=True, slots=True)
class Claimed:
    """An attempt that a node has taken, with the text of its file."""

    id: str
    file: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Who may be rung; by queue, how many are being rung, attempts that are not over, and those of 24 hours.

    `void` are calls, by id and with their queue, whose promise is closed, or whose person is in another call.
    """

    candidates: tuple[Candidate, ...]
    under_way: Mapping[str, int]
    standing: Mapping[str, int]
    dialled: Mapping[str, int]
    void: tuple[tuple[str, str], ...] = ()


def standing(
    connection: Connection,
    country: str | None,
    now: datetime,
    wishes: Sequence[Wish],
    suits: Callable[[Candidate], bool],
) -> Standing:
    """How it stands now. Whoever is in a call with us, or being rung, is no candidate."""
    up = connection.execute(
        select(
            call.c.id,
            call.c.caller,
            call.c.attempt,
            call.c.queued_at,
            call.c.connected_at,
            call.c.outside_number,
        ).join(open_call, _IS_OPEN)
    ).all()
    here = {read_number(row.caller, country) for row in up if row.caller}
    # Who waits after having been reached is still somebody for whom an operator is needed: the queue tells
    # when they joined it, and not which place they have.
    back = {row.attempt for row in up if row.attempt is not None and row.connected_at is not None}
    ringing = _attempt.state.in_(_UNDER_WAY)
    return Standing(
        tuple(each for wish in wishes for each in candidates(connection, wish, here, suits)),
        _by_queue(connection, ringing if not back else ringing & _attempt.id.not_in(back)),
        _by_queue(connection, ringing),
        _by_queue(connection, _attempt.claimed_at > now - timedelta(days=1)),
        tuple(_void(connection, up, country)),
    )


def _void(connection: Connection, up: Sequence[Any], country: str | None) -> Iterator[tuple[str, str]]:
    """Calls that wait for an operator, and nobody is to be rung any more when one comes."""
    by_attempt = {row.attempt: row for row in up if row.attempt is not None and row.outside_number is None}
    if not by_attempt:
        return
    others = {read_number(row.caller, country) for row in up if row.caller and row.attempt is None}
    wanted = select(_attempt.id, _attempt.queue, _attempt.person, promise.c.state, promise.c.number)
    wanted = wanted.outerjoin(promise, _ITS_PROMISE).where(_attempt.id.in_(by_attempt))
    for row in connection.execute(wanted):
        if row.state != State.OPEN or others & {row.person, row.number}:
            yield by_attempt[row.id].id, row.queue


def claim(
    connection: Connection, node: str, dialling: Dialling, file: str, *, until: datetime, now: datetime
) -> bool:
    """Take an attempt; False if the promise is not open any more, or somebody else rings already."""
    lock(connection)
    its = and_(promise.c.node == dialling.promise_node, promise.c.id == dialling.promise_id)
    same = and_(_attempt.promise_node == dialling.promise_node, _attempt.promise_id == dialling.promise_id)
    if connection.scalar(select(promise.c.state).where(its)) != State.OPEN:
        return False
    made = connection.execute(select(_attempt.number, _attempt.state).where(same)).all()
    if len(made) + 1 != dialling.number or any(state != "over" for _, state in made):
        return False
    connection.execute(
        insert(callback_attempt).values(
            node=node,
            promise_node=dialling.promise_node,
            promise_id=dialling.promise_id,
            number=dialling.number,
            id=dialling.id,
            person=dialling.person,
            queue=dialling.queue,
            file=file,
            claimed_at=now,
            until=until,
            state="claimed",
            result="",
            call_id="",
        )
    )
    return True


def claimed(connection: Connection, node: str) -> list[Claimed]:
    """What this node has taken and, as far as the database knows, not left for Asterisk."""
    wanted = select(_attempt.id, _attempt.file, _attempt.until)
    wanted = wanted.where(_attempt.node == node, _attempt.state == "claimed")
    return [Claimed(*row) for row in connection.execute(wanted)]


def written(connection: Connection, attempt_id: str) -> None:
    """Its file is there."""
    taken = and_(_attempt.id == attempt_id, _attempt.state == "claimed")
    connection.execute(update(callback_attempt).where(taken).values(state="written"))


def left_elsewhere(connection: Connection, node: str) -> None:
    """The node was another machine's: whether files of what it claimed are in its spool nobody knows here.

    So they count as there, and nobody is rung a second time; see LONGEST_CALL.
    """
    theirs = and_(_attempt.node == node, _attempt.state == "claimed")
    connection.execute(update(callback_attempt).where(theirs).values(state="written"))


def not_dialled(connection: Connection, attempt_id: str, now: datetime) -> None:
    """Its time is past, and there never was a file: nobody was rung."""
    taken = and_(_attempt.id == attempt_id, _attempt.state == "claimed")
    over = {"state": "over", "result": NOT_RUNG, "ended_at": now}
    connection.execute(update(callback_attempt).where(taken).values(**over))


def hopeless(connection: Connection, now: datetime) -> list[str]:
    """What will never be heard of: claims of nodes that are gone, calls whose record was lost."""
    gone = and_(_attempt.state == "claimed", _attempt.until < now - GRACE)
    lost = and_(_attempt.state == "written", _attempt.until < now - LONGEST_CALL)
    return list(connection.scalars(select(_attempt.id).where(gone | lost)))


def give_up(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """End these, if they are not over by now."""
    for attempt_id in ids:
        under_way = and_(_attempt.id == attempt_id, _attempt.state.in_(_UNDER_WAY))
        over = {"state": "over", "result": "lost", "ended_at": now}
        connection.execute(update(callback_attempt).where(under_way).values(**over))


def end_attempts(connection: Connection, node: str, calls: Sequence[FinishedCall]) -> set[str]:
    """Note what became of the attempts whose calls these are; the persons who were not reached."""
    persons = set()
    for each in calls:
        if each.attempt is None:
            continue
        unsettled = _attempt.state != "over"
        if each.dialled:
            # The call that Asterisk was killed in, told of after the one in which it refused the same file.
            unsettled = or_(unsettled, _attempt.result == NOT_RUNG)
        under_way = and_(_attempt.id == each.attempt, unsettled)
        row = connection.execute(select(callback_attempt).where(under_way)).first()
        if row is None:
            continue
        # An operator was to be rung first and none came, or Asterisk found the file too late and refused it.
        nobody = each.outcome not in CONTACTS and not each.dialled
        result = NOT_RUNG if nobody else each.outcome
        over = {"state": "over", "result": result, "call_id": each.id, "ended_at": each.ended_at}
        connection.execute(update(callback_attempt).where(under_way).values(**over))
        if each.outcome not in CONTACTS and not nobody:
            its = and_(promise.c.node == row.promise_node, promise.c.id == row.promise_id)
            last_at = connection.scalar(select(promise.c.last_at).where(its)) or each.ended_at
            enter_act(
                connection, node, row.person, last_at, Act(each.ended_at, ActKind.TRIED, "hotline", note="")
            )
            persons.add(row.person)
    return persons


_UNDER_WAY = ("claimed", "written")
_IS_OPEN = and_(call.c.node == open_call.c.node, call.c.id == open_call.c.call_id)
_ITS_PROMISE = and_(promise.c.node == _attempt.promise_node, promise.c.id == _attempt.promise_id)


def _by_queue(connection: Connection, which: Any) -> dict[str, int]:
    counted = select(_attempt.queue, func.count()).where(which).group_by(_attempt.queue)
    return {row[0]: row[1] for row in connection.execute(counted)}
