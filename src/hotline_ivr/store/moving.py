"""A whole record from one database into another, page by page, and the proof that all of it is there.

Rows are put in, or in the place of another row of the same key, so a move that was stopped goes on by being
done again, also when the source has gone on meanwhile. The proof (moving_proof.py) reads both anew.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection, Table, and_, collate, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ColumnElement

from hotline_ivr.store.engine import Store
from hotline_ivr.store.schema import lease_tables, metadata
from hotline_ivr.store.tables import spool_position

# Rows in one statement, at most: SQLite takes 999 parameters in old versions, and `call` has 42 columns.
_PARAMETERS = 900
# Rows in memory at once; events of a call are some kilobytes.
PAGE = 500
# Keys in one condition, at most: SQLite takes expressions that are 1,000 deep.
_DEEPEST = 100

Row: TypeAlias = tuple[Any, ...]


def all_tables() -> tuple[Table, ...]:
    """Every table of the record. Whose a node is, is of the database that says so."""
    return tuple(table for table in metadata.sorted_tables if table is not lease_tables.node_lease)


def is_empty(connection: Connection) -> bool:
    """Whether no table holds a row."""
    return all(connection.execute(select(table).limit(1)).first() is None for table in all_tables())


async def copy(source: Store, target: Store, table: Table, told: Callable[[int], object]) -> None:
    """Put a table's rows in, or in the place of those of the same key. Raises StoreError.

    `told` how many were looked at.
    """
    count = 0
    async for page in pages_of(source, table):
        await target.write(_page_writer(table, page))
        count += len(page)
        told(count)


async def prune(source: Store, target: Store, table: Table) -> int:
    """Delete rows of whose key the source has none; how many they were. Raises StoreError."""
    keys = list(table.primary_key.columns)
    count = 0
    gone: list[Row] = []

    async def delete_gone() -> None:
        nonlocal count
        if gone:
            await target.write(_deleter(keys, gone))
            count += len(gone)
            gone.clear()

    async for mine, other in beside(source, target, table, keys):
        if mine is None and other is not None:
            gone.append(other)
            if len(gone) == PAGE:
                await delete_gone()
    await delete_gone()
    return count


async def beside(
    source: Store, target: Store, table: Table, columns: Sequence[Column[Any]] | None = None
) -> AsyncIterator[tuple[Row | None, Row | None]]:
    """All rows of both sides in the order of the key, those of one key beside each other.

    Of `columns`, among them those of the key, or of all.
    """
    names = [column.name for column in columns or table.c]
    places = [names.index(key.name) for key in table.primary_key.columns]

    def key(row: Row) -> Row:
        return tuple(row[place] for place in places)

    ours, theirs = _rows(source, table, columns), _rows(target, table, columns)
    mine, other = await anext(ours, None), await anext(theirs, None)
    while mine is not None or other is not None:
        if other is None or (mine is not None and key(mine) < key(other)):
            yield mine, None
            mine = await anext(ours, None)
        elif mine is None or key(other) < key(mine):
            yield None, other
            other = await anext(theirs, None)
        else:
            yield mine, other
            mine, other = await anext(ours, None), await anext(theirs, None)


async def pages_of(
    store: Store, table: Table, columns: Sequence[Column[Any]] | None = None
) -> AsyncIterator[list[Row]]:
    """All rows of a table in the order of the key, each page in a transaction of its own."""
    after = None
    while page := await store.read(_page_reader(table, after, columns)):
        yield page
        after = page[-1]


async def _rows(store: Store, table: Table, columns: Sequence[Column[Any]] | None) -> AsyncIterator[Row]:
    async for page in pages_of(store, table, columns):
        for row in page:
            yield row


def read_pages(connection: Connection, table: Table) -> Iterator[list[Row]]:
    """All rows of a table as this one transaction sees them."""
    after = None
    while page := _page_reader(table, after)(connection):
        yield page
        after = page[-1]


def write_page(connection: Connection, table: Table, page: Sequence[Row]) -> None:
    """Put rows in, or in the place of those of the same key."""
    _page_writer(table, page)(connection)


async def count_of(store: Store, table: Table) -> int:
    """How many rows a table has."""
    wanted = select(func.count()).select_from(table)
    return await store.read(lambda connection: connection.scalar(wanted) or 0)


async def read_further(source: Store, target: Store) -> str | None:
    """The node of which files were read into the target further than into the source; None if of none."""
    places = spool_position.c
    wanted = select(places.node, places.source, places.generation, places.offset)

    def read(connection: Connection) -> dict[Row, int]:
        return {tuple(key): offset for *key, offset in connection.execute(wanted)}

    here, there = await source.read(read), await target.read(read)
    return next((key[0] for key, offset in sorted(there.items()) if offset > here.get(key, -1)), None)


def _page_reader(
    table: Table, after: Row | None, columns: Sequence[Column[Any]] | None = None
) -> Callable[[Connection], list[Row]]:
    keys = list(table.primary_key.columns)
    read_columns = list(columns or table.c)

    def read(connection: Connection) -> list[Row]:
        ordered = [_in_bytes(connection, key) for key in keys]
        wanted = select(*read_columns).order_by(*ordered).limit(PAGE)
        if after is not None:
            places = [after[read_columns.index(key)] for key in keys]
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


def _page_writer(table: Table, page: Sequence[Row]) -> Callable[[Connection], None]:
    names = table.c.keys()
    at_once = max(1, _PARAMETERS // len(names))

    def write(connection: Connection) -> None:
        for start in range(0, len(page), at_once):
            rows = [dict(zip(names, row, strict=True)) for row in page[start : start + at_once]]
            connection.execute(_insert_or_replace(connection, table, rows))

    return write


def _insert_or_replace(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> postgresql.Insert | sqlite.Insert:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(rows)
    keys = list(table.primary_key.columns)
    others = [column for column in table.c if column.name not in table.primary_key.columns]
    if not others:
        return statement.on_conflict_do_nothing()
    given = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=keys,
        set_={column.name: given[column.name] for column in others},
        # A row that is there already is left: a move that goes on would else write everything twice.
        where=or_(*(column.is_distinct_from(given[column.name]) for column in others)),
    )


def _deleter(keys: Sequence[Column[Any]], gone: Sequence[Row]) -> Callable[[Connection], None]:
    table = keys[0].table
    at_once = min(_DEEPEST, _PARAMETERS // len(keys))

    def write(connection: Connection) -> None:
        for start in range(0, len(gone), at_once):
            some = gone[start : start + at_once]
            each = [and_(*(key == value for key, value in zip(keys, row, strict=True))) for row in some]
            connection.execute(delete(table).where(or_(*each)))

    return write
