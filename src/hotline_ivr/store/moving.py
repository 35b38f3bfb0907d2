"""A whole record from one database into another, page by page, and the proof that all of it is there.

Rows are put in where none of the same key is, so a move that was stopped goes on by being done again. The
proof reads both databases anew: rows are counted, and summed by a hash of each, whatever their order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, collate, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ColumnElement

from hotline_ivr.store.columns import to_micros
from hotline_ivr.store.engine import Store
from hotline_ivr.store.schema import lease_tables, metadata

# Rows in one statement, at most: SQLite takes 999 parameters in old versions, and `call` has 42 columns.
_PARAMETERS = 900
# Rows in memory at once; events of a call are some kilobytes.
PAGE = 500
_MODULUS = 1 << 256


@dataclass(frozen=True, slots=True)
class TableSum:
    """How many rows a table has, and the sum of their hashes."""

    rows: int
    digest: int


@dataclass(frozen=True, slots=True)
class MovedTable:
    """A table on both sides."""

    name: str
    source: TableSum
    target: TableSum

    @property
    def same(self) -> bool:
        return self.source == self.target


def all_tables() -> tuple[Table, ...]:
    """Every table of the record. Whose a node is, is of the database that says so."""
    return tuple(table for table in metadata.sorted_tables if table is not lease_tables.node_lease)


def is_empty(connection: Connection) -> bool:
    """Whether no table holds a row."""
    return all(connection.execute(select(table).limit(1)).first() is None for table in all_tables())


async def copy(source: Store, target: Store, table: Table, told: Callable[[int], object]) -> None:
    """Put a table's rows in where they are not yet; `told` how many were looked at. Raises StoreError."""
    count, after = 0, None
    while page := await source.read(_page_reader(table, after)):
        await target.write(_page_writer(table, page))
        after = page[-1]
        count += len(page)
        told(count)


async def sum_of(store: Store, table: Table) -> TableSum:
    """Read all of a table. Raises StoreError."""
    rows, digest, after = 0, 0, None
    while page := await store.read(_page_reader(table, after)):
        for row in page:
            digest = (digest + _hash(row)) % _MODULUS
        rows += len(page)
        after = page[-1]
    return TableSum(rows, digest)


def read_pages(connection: Connection, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """All rows of a table as this one transaction sees them."""
    after = None
    while page := _page_reader(table, after)(connection):
        yield page
        after = page[-1]


def write_page(connection: Connection, table: Table, page: Sequence[tuple[Any, ...]]) -> None:
    """Put rows in where none of the same key is."""
    _page_writer(table, page)(connection)


async def count_of(store: Store, table: Table) -> int:
    """How many rows a table has."""
    wanted = select(func.count()).select_from(table)
    return await store.read(lambda connection: connection.scalar(wanted) or 0)


def _page_reader(table: Table, after: Sequence[Any] | None) -> Callable[[Connection], list[tuple[Any, ...]]]:
    keys = list(table.primary_key.columns)

    def read(connection: Connection) -> list[tuple[Any, ...]]:
        ordered = [_in_bytes(connection, key) for key in keys]
        wanted = select(table).order_by(*ordered).limit(PAGE)
        if after is not None:
            places = [after[list(table.c).index(key)] for key in keys]
            wanted = wanted.where(or_(*_later(ordered, places)))
        return [tuple(row) for row in connection.execute(wanted)]

    return read


def _later(keys: Sequence[ColumnElement[Any]], places: Sequence[Any]) -> Iterator[ColumnElement[bool]]:
    """A key is behind another if it is equal up to a column, and greater in that one."""
    for number, key in enumerate(keys):
        same = [keys[before] == places[before] for before in range(number)]
        yield and_(*same, key > places[number])


def _in_bytes(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Texts in the order of their bytes: by a language's rules two of them may be equal."""
    if connection.dialect.name == "postgresql" and column.type.python_type is str:
        return collate(column, "C")
    return column


def _page_writer(table: Table, page: Sequence[tuple[Any, ...]]) -> Callable[[Connection], None]:
    names = table.c.keys()
    at_once = max(1, _PARAMETERS // len(names))

    def write(connection: Connection) -> None:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        for start in range(0, len(page), at_once):
            rows = [dict(zip(names, row, strict=True)) for row in page[start : start + at_once]]
            connection.execute(insert(table).values(rows).on_conflict_do_nothing())

    return write


def _hash(row: Sequence[Any]) -> int:
    data = json.dumps([_plain(value) for value in row], ensure_ascii=False).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(data).digest())


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return to_micros(value)
        case bytes():
            return value.hex()
        case _:
            return value
