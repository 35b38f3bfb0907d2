"""Every number of a person that the database tells: in the columns of numbers, and in what people wrote."""

from __future__ import annotations

from sqlalchemy import Column, Connection, LargeBinary, Table, func, select

from hotline_ivr.routing.pseudonym import SAME
from hotline_ivr.routing.redaction import numbers_in_text, numbers_told
from hotline_ivr.store import tables
from hotline_ivr.store.redacting import PERSONS
from hotline_ivr.store.register_tables import register_entry
from hotline_ivr.store.webhook_tables import webhook_delivery

NUMBERS: tuple[tuple[Table, str], ...] = (
    (tables.call, "caller"),
    (tables.call, "outside_number"),
    *PERSONS,
    (register_entry, "number"),
)

TEXTS: tuple[tuple[Table, str], ...] = (
    (tables.promise, "note"),
    (tables.promise_act, "note"),
    (tables.callback_attempt, "file"),
    (tables.rejected_line, "data"),
    (register_entry, "question"),
    (register_entry, "answer"),
    (register_entry, "tags"),
    (register_entry, "follow_up_note"),
    (webhook_delivery, "body"),
)

# Rows that are held in memory at once.
_PAGE = 1_000


def told_numbers(connection: Connection) -> set[str]:
    """As they are written there; what only looks like one is among them."""
    found = set[str]()
    for table, name in NUMBERS:
        found |= {each for each in connection.scalars(select(table.c[name]).distinct()) if each}
    for table, name in TEXTS:
        column: Column[object] = table.c[name]
        for value in connection.scalars(select(column).distinct().execution_options(yield_per=_PAGE)):
            if isinstance(column.type, LargeBinary):
                data = value if isinstance(value, bytes) else b""
                found.update(numbers_told(data))
                found.update(numbers_in_text(data.decode("utf-8", "replace")))
            else:
                found.update(numbers_in_text(str(value or "")))
    events = select(tables.call_event.c.events).execution_options(yield_per=_PAGE)
    for value in connection.scalars(events):
        # Of who withheld a number the events alone may have it.
        found.update(numbers_told(value))
    return found


def calls_of_pseudonym(connection: Connection, same: str) -> list[tuple[str, str]]:
    """Node and id of the calls of a person whose number was replaced; `same` is what Pseudonyms.same says."""
    columns = tables.call.c
    wanted = select(columns.node, columns.id).where(func.substr(columns.caller, 1, SAME) == same)
    return [(node, ident) for node, ident in connection.execute(wanted)]
