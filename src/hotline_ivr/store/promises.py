"""The promise ledger's tables: calls and acts go in, entries are made anew from them in the same transaction.

Whoever writes holds a lock (of SQLite there is one writer anyway), so that two services, or a person and a
service, never make entries from halves of what is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select, text

from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.owed import CONTACTS, FinishedCall, Rules, person_of, read_number, settled_at
from hotline_ivr.routing.promises import Act, ActKind, Fact, Promise, State, promises
from hotline_ivr.store.owed import chunks, conversations
from hotline_ivr.store.tables import callback_attempt, promise, promise_act, promise_call

# Any number, so long as it is always this one and no other lock's (store/migrate.py).
_POSTGRES_LOCK = 4_573_002
_MICROSECOND = timedelta(microseconds=1)
# Who arrived longer ago than this does not begin to speak any more; see max_wait of a line.
LONGEST_WAIT = timedelta(hours=2)

Key = tuple[str, str]


def enter_calls(
    connection: Connection, calls: Sequence[FinishedCall], rules: Rules, now: datetime, *, swept: bool = False
) -> int:
    """Take these calls into the ledger, each once; how many of them are new to it or changed.

    `swept` says that they are a page of all calls in the order of arrival: what arrived later follows.
    """
    lock(connection)
    known = _known(connection, calls)
    persons = _Persons(connection, calls, rules.country)
    owed: list[tuple[str, Fact]] = []
    spoken: list[tuple[str, Fact]] = []
    gone: list[tuple[str, Key]] = []
    for each in calls:
        before = known.get((each.node, each.id))
        if before is not None and before[1] == each.outcome:
            continue
        at = settled_at(each, rules)
        person = persons.of(each)
        if before is not None:
            gone.append((before[0], (each.node, each.id)))
        if at is not None:
            fact = _fact(each, at, rules.country)
            (spoken if fact.is_contact else owed).append((person, fact))
    if owed:
        # Conversations that the ledger was told of before it knew that they close something.
        oldest, newest = min(each.arrived_at for each in calls), max(each.arrived_at for each in calls)
        span = (oldest - LONGEST_WAIT, newest) if swept else (oldest, None)
        spoken += _conversations(connection, {person for person, _ in owed}, span, rules)
    awaited = _with_open_entry(connection, [person for person, _ in spoken]) | {person for person, _ in owed}
    matters = [(person, fact) for person, fact in spoken if person in awaited]
    _forget(connection, [key for _, key in gone])
    _keep(connection, [*owed, *matters])
    touched = {person for person, _ in (*owed, *matters, *gone)}
    make_anew(connection, touched, rules, now)
    return len(owed) + len(matters) + len(gone)


def expire(connection: Connection, rules: Rules, now: datetime) -> None:
    """Close the entries that nobody rang about for too long."""
    lock(connection)
    columns = promise.c
    late = select(columns.person).where(columns.state == State.OPEN, columns.last_at <= now - rules.expires)
    make_anew(connection, set(connection.scalars(late)), rules, now)


def act(
    connection: Connection, node: str, entry_id: str, done: Act, *, rules: Rules, now: datetime
) -> Promise | None:
    """Note what somebody did about an entry; the entry after it. None if there is none of this id.

    Raises ArgumentError if it is closed already.
    """
    lock(connection)
    found = connection.execute(select(promise).where(promise.c.id == entry_id)).first()
    if found is None:
        return None
    if found.state != State.OPEN:
        raise ArgumentError(f"is closed already: {found.state}, by {found.closed_by}")
    enter_act(connection, node, found.person, found.last_at, done)
    make_anew(connection, {found.person}, rules, now)
    after = connection.execute(select(promise).where(promise.c.node == found.node, promise.c.id == entry_id))
    return as_promise(after.one())


def enter_act(connection: Connection, node: str, person: str, last_at: datetime, done: Act) -> None:
    """Keep it behind all that the entry is made of: the clocks of two nodes may differ."""
    newest = connection.scalar(select(func.max(promise_act.c.at)).where(promise_act.c.person == person))
    at = max(done.at, last_at + _MICROSECOND, *([newest + _MICROSECOND] if newest else []))
    row = {"node": node, "person": person, "at": at, "kind": done.kind.value, "by": done.by}
    connection.execute(insert(promise_act).values(**row, operator=done.operator, note=done.note))


def lock(connection: Connection) -> None:
    """One writer of the ledger at a time, until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})


def as_promise(row: Any) -> Promise:
    """A row of the table as a value."""
    values = {name: getattr(row, name) for name in _ENTRY}
    return Promise(**values | {"reasons": tuple(row.reasons.split()), "state": State(row.state)})


_ENTRY = tuple(column.name for column in promise.c if column.name != "person")


def _known(connection: Connection, calls: Sequence[FinishedCall]) -> dict[Key, tuple[str, str]]:
    """Person and outcome of those that the ledger has."""
    columns, known = promise_call.c, dict[Key, tuple[str, str]]()
    for node in {each.node for each in calls}:
        for some in chunks(each.id for each in calls if each.node == node):
            wanted = select(columns.call_id, columns.person, columns.outcome)
            wanted = wanted.where(columns.node == node, columns.call_id.in_(some))
            known |= {(node, id_): (person, outcome) for id_, person, outcome in connection.execute(wanted)}
    return known


def _conversations(
    connection: Connection, persons: set[str], span: tuple[datetime, datetime | None], rules: Rules
) -> list[tuple[str, Fact]]:
    found = []
    spoken = conversations(connection, *span)
    known = _Persons(connection, spoken, rules.country)
    for each in spoken:
        at, person = settled_at(each, rules), known.of(each)
        if person in persons and at is not None:
            found.append((person, _fact(each, at, rules.country)))
    return found


def _fact(call: FinishedCall, at: datetime, country: str | None) -> Fact:
    number = read_number(call.call_at, country) if call.call_at else ""
    return Fact(call.node, call.id, at, call.outcome, call.line, call.queue, number, call.place_at)


class _Persons:
    """Whose each call is. Who asked to be rung at another number is still who rang, wherever they speak."""

    def __init__(self, connection: Connection, calls: Sequence[FinishedCall], country: str | None) -> None:
        self._country = country
        self._rung: dict[str, str] = {}
        for some in chunks({each.attempt for each in calls if each.attempt is not None}):
            columns = callback_attempt.c
            rows = connection.execute(select(columns.id, columns.person).where(columns.id.in_(some)))
            self._rung |= {row.id: row.person for row in rows}
        numbers = {person_of(each, country) for each in calls if each.outcome in CONTACTS}
        self._asked_for: dict[str, str] = {}
        for some in chunks(numbers):
            asked = select(promise_call.c.number, promise_call.c.person).order_by(promise_call.c.at)
            asked = asked.where(
                promise_call.c.number.in_(some), promise_call.c.number != promise_call.c.person
            )
            self._asked_for |= {row.number: row.person for row in connection.execute(asked)}

    def of(self, call: FinishedCall) -> str:
        if call.attempt is not None and call.attempt in self._rung:
            return self._rung[call.attempt]
        person = person_of(call, self._country)
        return self._asked_for.get(person, person) if call.outcome in CONTACTS else person


def _with_open_entry(connection: Connection, persons: Iterable[str]) -> set[str]:
    columns, found = promise.c, set[str]()
    for some in chunks(set(persons)):
        wanted = select(columns.person).where(columns.state == State.OPEN, columns.person.in_(some))
        found.update(connection.scalars(wanted))
    return found


def _forget(connection: Connection, keys: Iterable[Key]) -> None:
    for node, call_id in keys:
        here = and_(promise_call.c.node == node, promise_call.c.call_id == call_id)
        connection.execute(delete(promise_call).where(here))


def _keep(connection: Connection, facts: Iterable[tuple[str, Fact]]) -> None:
    rows = {
        (fact.node, fact.call): {
            "node": fact.node,
            "call_id": fact.call,
            "person": person,
            "at": fact.at,
            "outcome": fact.outcome,
            "line": fact.line,
            "queue": fact.queue,
            "number": fact.number,
            "place_at": fact.place_at,
        }
        for person, fact in facts
    }
    # A conversation may be in the ledger already, and be found again as one that came later.
    _forget(connection, rows)
    if rows:
        connection.execute(insert(promise_call), list(rows.values()))


def make_anew(connection: Connection, persons: set[str], rules: Rules, now: datetime) -> None:
    """Make the entries of these persons from all that is known of each; the lock is held."""
    for some in chunks(persons):
        facts, acts = facts_of(connection, some), acts_of(connection, some)
        stood: defaultdict[str, dict[Key, Promise]] = defaultdict(dict)
        for row in connection.execute(select(promise).where(promise.c.person.in_(some))):
            stood[row.person][row.node, row.id] = as_promise(row)
        for person in some:
            made = promises(facts[person], acts[person], now=now, expires=rules.expires)
            _replace(connection, person, stood[person], {(each.node, each.id): each for each in made})


def _replace(
    connection: Connection, person: str, stood: Mapping[Key, Promise], made: Mapping[Key, Promise]
) -> None:
    for key in [key for key, entry in stood.items() if made.get(key) != entry]:
        connection.execute(delete(promise).where(promise.c.node == key[0], promise.c.id == key[1]))
    rows = [_row(person, entry) for key, entry in made.items() if stood.get(key) != entry]
    if rows:
        connection.execute(insert(promise), rows)


def _row(person: str, entry: Promise) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in _ENTRY}
    changed = {"person": person, "reasons": " ".join(entry.reasons), "state": entry.state.value}
    return values | changed


def facts_of(connection: Connection, persons: Sequence[str]) -> defaultdict[str, list[Fact]]:
    """By person, oldest first."""
    found: defaultdict[str, list[Fact]] = defaultdict(list)
    columns = promise_call.c
    wanted = select(promise_call).where(columns.person.in_(persons)).order_by(columns.person, columns.at)
    for row in connection.execute(wanted):
        found[row.person].append(
            Fact(row.node, row.call_id, row.at, row.outcome, row.line, row.queue, row.number, row.place_at)
        )
    return found


def acts_of(connection: Connection, persons: Sequence[str]) -> defaultdict[str, list[Act]]:
    """By person, oldest first."""
    found: defaultdict[str, list[Act]] = defaultdict(list)
    columns = promise_act.c
    wanted = select(promise_act).where(columns.person.in_(persons)).order_by(columns.person, columns.at)
    for row in connection.execute(wanted):
        found[row.person].append(Act(row.at, ActKind(row.kind), row.by, row.operator, row.note))
    return found
