"""Writing the record: one batch, one transaction.

Statements are made once from the tables and then run by the driver with rows that are already tuples, past
SQLAlchemy's handling of each parameter, which would take longer than the database does (bench/record.py).
Into PostgreSQL many new rows go by COPY.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table, bindparam, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ClauseElement

from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.cel import QueueEvent, Source
from hotline_ivr.routing.ledger import Batch, LedgerConflictError, Position, RejectedLine
from hotline_ivr.store import tables
from hotline_ivr.store.copying import FEWEST, copy_new, copy_rows
from hotline_ivr.store.turning import turn

Row = tuple[Any, ...]

_KEY = ("node", "source", "generation")
_PLACE = ("inode", "offset", "fingerprint")

# Where a call's row holds enumerations.
_ENUMERATIONS = [
    CallRecord._fields.index(name)
    for name in ("caller_kind", "outcome", "stage", "ended_by", "route", "discrepancy", "kind")
]

# Rows in one call of the driver: asyncpg prepares them on the event loop, 200 in about a millisecond.
ROWS_AT_ONCE = 200


def write_batch(connection: Connection, batch: Batch) -> None:
    """Write all of it. Raises LedgerConflictError if the logs are not where the batch says they were.

    Raises TakenForNewError if a call is not as new as the batch says: the same may then be written without
    that hint, in another transaction.
    """
    sql = _statements(connection.dialect)
    postgres = connection.dialect.name == "postgresql"
    if postgres:
        batch = turn(connection, batch)
    for before, after in batch.moves:
        _move(connection, sql, batch.node, before, after)
    if postgres:
        batch = _copied(connection, batch)
    for statement, rows in rows_of(connection.dialect, batch):
        for start in range(0, len(rows), ROWS_AT_ONCE):
            connection.exec_driver_sql(statement, rows[start : start + ROWS_AT_ONCE])


def _copied(connection: Connection, batch: Batch) -> Batch:
    """Copy what is new where it is much; what is left to be written."""
    if len(batch.events) >= FEWEST:
        copy_rows(connection, tables.call_event, batch.events)
        batch = replace(batch, events=())
    # Of a call that is there twice the last row counts.
    new = {record.id: record for record in batch.records if record.id in batch.new}
    if len(new) < FEWEST:
        return batch
    calls = [call_row(record) for record in new.values()]
    legs = [row for record in new.values() for row in leg_rows(record)]
    copy_new(connection, ((tables.call, calls), (tables.leg, legs)))
    return replace(batch, records=[record for record in batch.records if record.id not in new])


def rows_of(dialect: Dialect, batch: Batch) -> list[tuple[str, list[Row]]]:
    """Each statement and the rows it is run with, in order; the positions of the logs are not among them."""
    sql = _statements(dialect)
    return [(sql[name], rows) for name, rows in named_rows(batch)]


def named_rows(batch: Batch) -> list[tuple[str, list[Row]]]:
    """The same, each statement by its name: that of its table, or of what it does."""
    node = batch.node
    rows: dict[str, list[Row]] = {
        "join_events": [(call, node, channel, Source.QUEUE_LOG.value) for channel, call in batch.joined],
        "drop_call": [(node, channel) for channel, _ in batch.joined],
        "call_event": list(batch.events),
        "queue_event": [_queue_row(node, event) for event in batch.queue_events],
        "rejected_line": [_rejected_row(node, line) for line in batch.rejected],
        "log_clock": [(node, each.source.value, *each.place, *each.clock) for each in batch.clocks],
        "call": [call_row(record) for record in batch.records],
        "leg": [row for record in batch.records for row in leg_rows(record)],
        "open_call": [(node, call) for call in batch.opened],
        "close_call": [(node, call) for call in batch.closed],
    }
    return [(name, some) for name, some in rows.items() if some]


def _move(
    connection: Connection, sql: dict[str, str], node: str, before: Position | None, after: Position
) -> None:
    """Whoever moves a log must have read it from where it stood: so no line is counted twice."""
    key = (node, after.source.value, after.generation)
    if before is not None and before.generation == after.generation:
        there = (str(after.inode), after.offset, after.fingerprint, *key, before.offset)
        moved = connection.exec_driver_sql(sql["move"], there).rowcount
        if moved != 1:
            raise LedgerConflictError(f"{after.source} of {node} was moved by somebody else")
        return
    try:
        anew = (*key, str(after.inode), after.offset, after.fingerprint)
        connection.exec_driver_sql(sql["spool_position"], anew)
    except IntegrityError:
        raise LedgerConflictError(f"{after.source} of {node} was moved by somebody else") from None


# Values as rows. Enumerations become plain strings, which both drivers take without asking what they are.


def call_row(record: CallRecord) -> Row:
    """As the table `call` has it, in the order of its columns; times in microseconds."""
    row: list[Any] = list(record[:-1])
    for place in _ENUMERATIONS:
        value = row[place]
        if value is not None:
            row[place] = str(value)
    return tuple(row)


def leg_rows(record: CallRecord) -> list[Row]:
    """As the table `leg` has them."""
    return [
        (record.node, record.id, *leg[:-1], None if leg.result is None else str(leg.result))
        for leg in record.legs
    ]


def _queue_row(node: str, event: QueueEvent) -> Row:
    data = "|".join(event.data)
    return (node, event.generation, event.offset, event.at, event.kind, event.queue, event.member, data)


def _rejected_row(node: str, line: RejectedLine) -> Row:
    return (node, line.source.value, line.generation, line.offset, line.length, line.reason, line.data)


# Statements.


@lru_cache(maxsize=8)
def _statements(dialect: Dialect) -> dict[str, str]:
    """By name, as text with the driver's own placeholders, whose order is that of the tables' columns."""
    insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    positions, opened = tables.spool_position, tables.open_call
    move = update(positions).values({name: bindparam(f"to_{name}") for name in _PLACE})
    move = move.where(*(positions.c[name] == bindparam(f"at_{name}") for name in (*_KEY, "offset")))
    close = delete(opened).where(*(column == bindparam(f"at_{column.name}") for column in opened.c))

    events, calls = tables.call_event, tables.call
    joins = update(events).values(call_id=bindparam("to_call"))
    joins = joins.where(
        *(events.c[name] == bindparam(f"at_{name}") for name in ("node", "call_id", "source"))
    )
    drop = delete(calls).where(*(calls.c[name] == bindparam(f"at_{name}") for name in ("node", "id")))

    def text(statement: ClauseElement) -> str:
        return str(statement.compile(dialect=dialect))

    def upsert(table: Table) -> str:
        statement = insert(table).values({column.name: bindparam(column.name) for column in table.c})
        keys = list(table.primary_key.columns)
        changes = {column.name: statement.excluded[column.name] for column in table.c if column not in keys}
        if not changes:
            return text(statement.on_conflict_do_nothing())
        return text(statement.on_conflict_do_update(index_elements=keys, set_=changes))

    return {
        "call": upsert(tables.call),
        "leg": upsert(tables.leg),
        "open_call": upsert(opened),
        "close_call": text(close),
        "join_events": text(joins),
        "drop_call": text(drop),
        "call_event": text(insert(tables.call_event)),
        "queue_event": text(insert(tables.queue_event)),
        "rejected_line": text(insert(tables.rejected_line).on_conflict_do_nothing()),
        "log_clock": text(insert(tables.log_clock)),
        "spool_position": text(insert(positions)),
        "move": text(move),
    }
