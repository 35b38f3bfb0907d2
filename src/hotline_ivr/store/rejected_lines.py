"""Lines of Asterisk's that were no record: persons out of those that are old, or all of them away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, and_, delete, select, update

from hotline_ivr.store.tables import rejected_line

# Rows that are held in memory at once.
_PAGE = 200
_KEY = list(rejected_line.primary_key.columns)

Old = Callable[[bytes], bool]
"""Whether a line is old enough, as far as it tells when it was written."""


def redact_rejected(connection: Connection, node: str, old: Old, change: Callable[[bytes], bytes]) -> int:
    """Change what is kept of old lines; how many have changed."""
    changed = [(row, new) for row in _old(connection, node, old) if (new := change(row.data)) != row.data]
    for row, new in changed:
        connection.execute(update(rejected_line).where(_its(row)).values(data=new))
    return len(changed)


def count_rejected(connection: Connection, node: str, old: Old) -> int:
    """How many lines are old."""
    return sum(1 for _ in _old(connection, node, old))


def forget_rejected(connection: Connection, node: str, old: Old) -> int:
    """Delete old lines; how many they were."""
    gone = list(_old(connection, node, old))
    for row in gone:
        connection.execute(delete(rejected_line).where(_its(row)))
    return len(gone)


def _old(connection: Connection, node: str, old: Old) -> Iterator[Any]:
    wanted = select(rejected_line).where(rejected_line.c.node == node).execution_options(yield_per=_PAGE)
    for row in connection.execute(wanted):
        if old(row.data):
            yield row


def _its(row: Any) -> Any:
    return and_(*(column == getattr(row, column.name) for column in _KEY))
