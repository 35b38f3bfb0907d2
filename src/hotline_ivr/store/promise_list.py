"""Reading the promise ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from hotline_ivr.routing.promises import Act, Fact, Promise, PromisesNow, State
from hotline_ivr.store.promises import acts_of, as_promise, facts_of
from hotline_ivr.store.tables import promise


@dataclass(frozen=True, slots=True)
class Owed:
    """An entry and whose it is: the number, empty where it was withheld."""

    promise: Promise
    number: str


@dataclass(frozen=True, slots=True)
class PromiseFilter:
    """Which entries; what is None does not matter. `after` is where the page before ended."""

    state: str | None = State.OPEN.value
    line: str | None = None
    owner: str | None = None
    limit: int = 50
    after: tuple[datetime, str] | None = None


@dataclass(frozen=True, slots=True)
class PromiseStory:
    """One entry, the calls around it and what was done, oldest first."""

    owed: Owed
    calls: tuple[Fact, ...]
    acts: tuple[Act, ...]


def find_promises(connection: Connection, wanted: PromiseFilter) -> list[Owed]:
    """These entries, the oldest first: it waits longest."""
    columns = promise.c
    query = select(promise).order_by(columns.opened_at, columns.id).limit(wanted.limit)
    for column, value in ((columns.state, wanted.state), (columns.line, wanted.line)):
        if value is not None:
            query = query.where(column == value)
    if wanted.owner is not None:
        query = query.where(columns.owner == wanted.owner)
    if wanted.after is not None:
        at, last = wanted.after
        query = query.where(columns.opened_at >= at, or_(columns.opened_at > at, columns.id > last))
    return [Owed(as_promise(row), row.number or number_of(row.person)) for row in connection.execute(query)]


def promise_story(connection: Connection, entry_id: str) -> PromiseStory | None:
    """The entry of this id, or None. Ids begin with the node's name, so one is enough."""
    row = connection.execute(select(promise).where(promise.c.id == entry_id).order_by(promise.c.node)).first()
    if row is None:
        return None
    entry = as_promise(row)

    def within(at: datetime) -> bool:
        return entry.opened_at <= at and (entry.closed_at is None or at <= entry.closed_at)

    facts = facts_of(connection, [row.person])[row.person]
    acts = acts_of(connection, [row.person])[row.person]
    return PromiseStory(
        Owed(entry, row.number or number_of(row.person)),
        tuple(each for each in facts if within(each.at)),
        tuple(each for each in acts if within(each.at)),
    )


def promises_now(connection: Connection, node: str) -> PromisesNow:
    """What is open of this node's entries."""
    columns = promise.c
    here = and_(columns.node == node, columns.state == State.OPEN)
    query = select(columns.line, func.count(), func.min(columns.opened_at)).where(here).group_by(columns.line)
    rows = connection.execute(query).all()
    oldest = min((since for _, _, since in rows), default=None)
    return PromisesNow({line: count for line, count, _ in rows}, oldest)


def number_of(person: str) -> str:
    """The number of who is owed a call; empty where nobody knows it."""
    return "" if person.startswith("withheld ") else person
