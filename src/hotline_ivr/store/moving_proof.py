"""The proof that two databases hold the same record: every row of one beside that of the other.

Both are read anew, in the order of the keys. A row is known by a hash of all that is in it; rows that are
not the same are named by their key, the first of them, and counted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table

from hotline_ivr.routing.caller import mask
from hotline_ivr.store.columns import to_micros
from hotline_ivr.store.engine import Store
from hotline_ivr.store.moving import Row, beside, pages_of

MOST_NAMED = 20
"""Rows of a table that are named; more than this have one cause, and the number tells the rest."""

_MODULUS = 1 << 256
# Columns of keys that may hold a telephone number.
_NUMBERS = frozenset({"person"})


@dataclass(frozen=True, slots=True)
class TableSum:
    """How many rows a table has, and the sum of their hashes."""

    rows: int
    digest: int


@dataclass(frozen=True, slots=True)
class UnlikeRow:
    """A row that is not the same on both sides. `key` is for people, numbers in it are masked."""

    table: str
    key: str
    # What is wrong with it in the new database.
    said: str


@dataclass(frozen=True, slots=True)
class MovedTable:
    """A table on both sides. `unlike` are the first rows that are not the same, `differing` is how many."""

    name: str
    source: TableSum
    target: TableSum
    differing: int = 0
    unlike: tuple[UnlikeRow, ...] = ()

    @property
    def same(self) -> bool:
        return self.differing == 0 and self.source == self.target


async def proof_of(source: Store, target: Store, table: Table) -> MovedTable:
    """Compare each row of a table with that of the same key in the other. Raises StoreError."""
    ours, theirs = _Sum(), _Sum()
    differing, unlike = 0, list[UnlikeRow]()
    async for mine, other in beside(source, target, table):
        if ours.take(mine) != theirs.take(other):
            differing += 1
            if len(unlike) < MOST_NAMED:
                unlike.append(_unlike(table, mine, other))
    return MovedTable(table.name, ours.whole, theirs.whole, differing, tuple(unlike))


async def sum_of(store: Store, table: Table) -> TableSum:
    """Read all of a table. Raises StoreError."""
    found = _Sum()
    async for page in pages_of(store, table):
        for row in page:
            found.take(row)
    return found.whole


class _Sum:
    def __init__(self) -> None:
        self._rows, self._digest = 0, 0

    def take(self, row: Row | None) -> int | None:
        """The row's hash, which is counted; None for none."""
        if row is None:
            return None
        found = _hash(row)
        self._rows += 1
        self._digest = (self._digest + found) % _MODULUS
        return found

    @property
    def whole(self) -> TableSum:
        return TableSum(self._rows, self._digest)


def _unlike(table: Table, mine: Row | None, other: Row | None) -> UnlikeRow:
    row = mine if mine is not None else other
    names = table.c.keys()
    words = []
    for key in table.primary_key.columns:
        value = None if row is None else row[names.index(key.name)]
        shown = mask(str(value)) if key.name in _NUMBERS else str(value)
        words.append(f"{key.name} {shown}")
    if mine is None:
        said = "is there, and not here"
    elif other is None:
        said = "is not there"
    else:
        apart = [name for name, a, b in zip(names, mine, other, strict=True) if _plain(a) != _plain(b)]
        said = f"is another one there: {', '.join(apart)}"
    return UnlikeRow(table.name, ", ".join(words), said)


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
