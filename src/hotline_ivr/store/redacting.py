"""Numbers out of the database: of calls with all their events, and of one person wherever it stands.

A call's row and its events change in one transaction, held from before they are read, so the service that
writes the same call at this moment has either written before or reads what is new.

What else may hold a number is found in every column of text or bytes of every table, so that a table of
tomorrow is looked through without a word in here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    LargeBinary,
    String,
    Table,
    and_,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.sql import ColumnElement

from hotline_ivr.routing.caller import MAX_NUMBER
from hotline_ivr.routing.number_forms import NumberForms
from hotline_ivr.routing.promises import Act, ActKind, State
from hotline_ivr.routing.redaction import Redactor
from hotline_ivr.store import schema, tables
from hotline_ivr.store.promises import enter_act, lock
from hotline_ivr.store.register_tables import register_entry

# Calls in one transaction.
PAGE = 200
# Pseudonyms are as long as what they replaced; longer numbers are cut before they are kept.
_LENGTHS = range(1, MAX_NUMBER + 1)

_call, _event, _promise = tables.call.c, tables.call_event.c, tables.promise.c
PERSONS: tuple[tuple[Table, str], ...] = (
    (tables.promise, "person"),
    (tables.promise, "number"),
    (tables.promise_call, "person"),
    (tables.promise_call, "number"),
    (tables.promise_act, "person"),
    (tables.callback_attempt, "person"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A value that still has the number: table, column, and the row's key."""

    table: str
    column: str
    key: str

    @property
    def place(self) -> str:
        return f"database, {self.table}.{self.column} of {self.key}"


def redact_calls(
    connection: Connection, node: str, ids: Sequence[str], redactor: Redactor, *, open_too: bool = False
) -> int:
    """Take numbers (or digits) out of these finished calls, at most a page; how many of them have changed."""
    held = select(_call.id, _call.caller, _call.caller_name, _call.outside_number, _call.kind)
    held = held.where(_call.node == node, _call.id.in_(ids)).with_for_update()
    if not open_too:
        held = held.where(_call.finished)
    changed = set()
    for row in connection.execute(held).all():
        ours = row.kind == "callback"
        pieces = select(tables.call_event).where(_event.node == node, _event.call_id == row.id)
        for piece in connection.execute(pieces).all():
            new = redactor.events(piece.events, ours=ours)
            if new != piece.events:
                its = and_(
                    *(column == getattr(piece, column.name) for column in tables.call_event.primary_key)
                )
                connection.execute(update(tables.call_event).where(its).values(events=new))
                changed.add(row.id)
        if redactor.numbers:
            values = {"caller": redactor.number(row.caller), "caller_name": ""}
            if ours and row.outside_number:
                values["outside_number"] = redactor.dialled(row.outside_number)
            if any(getattr(row, name) != value for name, value in values.items()):
                its = and_(_call.node == node, _call.id == row.id)
                connection.execute(update(tables.call).where(its).values(**values))
                changed.add(row.id)
    return len(changed)


def redact_person(connection: Connection, person: str, redactor: Redactor) -> None:
    """Give a person of the promise ledger the pseudonym, in all that their entries are made of."""
    lock(connection)
    for table, name in PERSONS:
        column = table.c[name]
        new = redactor.number(person)
        connection.execute(update(table).where(column == person).values({name: new}))
    numbers = (
        select(_promise.number)
        .distinct()
        .where(_promise.person == redactor.number(person), _promise.number != "")
    )
    for number in list(connection.scalars(numbers)):
        for table, name in PERSONS:
            if name == "number":
                its = and_(table.c.number == number, table.c.person == redactor.number(person))
                connection.execute(update(table).where(its).values(number=redactor.number(number)))
    # The file names whom to ring; nobody is rung by it any more.
    over = and_(
        tables.callback_attempt.c.person == redactor.number(person), tables.callback_attempt.c.state == "over"
    )
    connection.execute(update(tables.callback_attempt).where(over).values(file=""))


def under_way(connection: Connection, redactor: Redactor) -> list[str]:
    """Calls of the person, and attempts to ring them, that are not over."""
    wanted = select(tables.open_call.c.call_id, _call.caller, _call.outside_number).outerjoin(
        tables.call, and_(_call.node == tables.open_call.c.node, _call.id == tables.open_call.c.call_id)
    )
    found = [
        row.call_id
        for row in connection.execute(wanted)
        if redactor.is_meant(row.caller or "") or redactor.is_meant(row.outside_number or "")
    ]
    attempts = select(tables.callback_attempt.c.id, tables.callback_attempt.c.person).where(
        tables.callback_attempt.c.state != "over"
    )
    return found + [row.id for row in connection.execute(attempts) if redactor.is_meant(row.person)]


def cut_off(connection: Connection, redactor: Redactor, now: Any) -> None:
    """End attempts to ring the person: for where nothing runs, so that nobody is being rung."""
    attempt = tables.callback_attempt.c
    wanted = select(attempt.id, attempt.person).where(attempt.state != "over")
    theirs = [row.id for row in connection.execute(wanted) if redactor.is_meant(row.person)]
    over = {"state": "over", "result": "lost", "ended_at": now}
    connection.execute(update(tables.callback_attempt).where(attempt.id.in_(theirs)).values(**over))


def drop_promises(connection: Connection, node: str, person: str, now: Any) -> int:
    """End what is open of a person's promises: without a number nobody can be rung. How many they were."""
    lock(connection)
    mine = and_(or_(_promise.person == person, _promise.number == person), _promise.state == State.OPEN)
    rows = connection.execute(select(tables.promise).where(mine)).all()
    for row in rows:
        enter_act(connection, node, row.person, row.last_at, Act(now, ActKind.DROPPED, "privacy"))
        its = and_(_promise.node == row.node, _promise.id == row.id)
        closed = {"state": State.DROPPED.value, "closed_at": now, "closed_by": "privacy"}
        connection.execute(update(tables.promise).where(its).values(**closed))
    return len(rows)


def promises_of(connection: Connection, written: Sequence[str]) -> list[str]:
    """Ids of a person's promises, also where an erasure before this one put the pseudonym."""
    return list(connection.scalars(select(_promise.id).where(_promise.person.in_(written))))


def clear_notes(connection: Connection, person: str) -> None:
    """What people wrote about a person goes with the number."""
    for table in (tables.promise, tables.promise_act):
        connection.execute(update(table).where(table.c.person == person).values(note=""))


def spellings(connection: Connection, redactor: Redactor) -> list[str]:
    """Every way in which the person stands in calls and entries, by the reading that made the promises.

    Pseudonyms too: they tell what an erasure before this one got to.
    """
    person, forms = redactor.person, redactor.forms
    if person is None or forms is None:
        raise AssertionError("a redactor of a person has both")
    pseudonyms = [redactor.pseudonyms.of(person, length) for length in _LENGTHS]
    found = dict.fromkeys((*forms.written, *pseudonyms))
    for column in (_call.caller, _call.outside_number, register_entry.c.number):
        # However it is written, it ends alike.
        ends = column.like(f"%{'%'.join(forms.national[-4:])}")
        for number in connection.scalars(select(column).distinct().where(ends)):
            if redactor.is_meant(number):
                found[number] = None
    return list(found)


def calls_of(connection: Connection, written: Sequence[str]) -> list[tuple[str, str]]:
    """Node and id of the calls whose caller, or who was rung in them, is written like this."""
    rung = and_(_call.kind == "callback", _call.outside_number.in_(written))
    wanted = select(_call.node, _call.id).where(or_(_call.caller.in_(written), rung))
    return [(node, ident) for node, ident in connection.execute(wanted.order_by(_call.arrived_at, _call.id))]


# Everywhere.


def holders(connection: Connection, forms: NumberForms) -> Iterator[tuple[Found, Any, Column[Any], Any]]:
    """Every value of every table that has the number: where it is, its row, its column, the value."""
    for table in schema.metadata.sorted_tables:
        for column in table.c:
            if not isinstance(column.type, (String, LargeBinary)):
                continue
            wanted = select(*table.primary_key.columns, column.label("the_value")).where(
                _may_have(connection, column, forms)
            )
            for row in connection.execute(wanted).all():
                value = row.the_value
                data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
                if forms.find_in_text(data):
                    key = ", ".join(str(part) for part in row[:-1])
                    shown = forms.pattern.sub(b"(the number)", key.encode()).decode("utf-8", "replace")
                    yield Found(table.name, column.name, shown), row, column, value


def redact_everywhere(connection: Connection, forms: NumberForms, redactor: Redactor) -> int:
    """Replace it in each of them; how many there were."""
    count = 0
    for _, row, column, value in list(holders(connection, forms)):
        table = column.table
        keys = list(table.primary_key.columns)
        its = and_(*(key == part for key, part in zip(keys, row, strict=False)))
        if isinstance(value, bytes):
            new: bytes | str = redactor.events(value, own=False)
        else:
            new = redactor.text(str(value).encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
        connection.execute(update(table).where(its).values({column.name: new}))
        count += 1
    return count


def _may_have(connection: Connection, column: Column[Any], forms: NumberForms) -> ColumnElement[bool]:
    """What the database can tell: the digits of every form, or their beginning in base64."""
    if isinstance(column.type, LargeBinary):
        has = _has_bytes(connection)
        return or_(
            *(has(column, each) for each in (*(core.encode() for core in forms.cores), *forms.encoded))
        )
    # Most values have not even the digits one after another, and that is cheaper to see.
    some = or_(*(column.like(f"%{'%'.join(core)}%") for core in forms.cores))
    plain = and_(some, column.regexp_match(forms.loosely))
    coded = (column.contains(each.decode(), autoescape=True) for each in forms.encoded)
    return or_(plain, *coded)


def _has_bytes(connection: Connection) -> Callable[[ColumnElement[Any], bytes], ColumnElement[bool]]:
    if connection.dialect.name == "postgresql":
        # Both are bytes; digits and letters of base64 mean nothing to LIKE.
        return lambda column, data: column.bool_op("LIKE")(literal(b"%" + data + b"%", LargeBinary))
    return lambda column, data: func.instr(column, literal(data, LargeBinary)) > 0
