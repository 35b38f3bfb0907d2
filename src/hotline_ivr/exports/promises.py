"""The promise ledger: everybody who reached nobody, in the order in which that began."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from hotline_ivr.exports.columns import (
    Kind,
    Personal,
    Row,
    Source,
    Wanted,
    count,
    moment,
    number,
    place_of,
    said,
    text,
)
from hotline_ivr.exports.within import count_within, within
from hotline_ivr.store.promise_list import number_of
from hotline_ivr.store.streaming import pages, raw
from hotline_ivr.store.tables import promise

_COLUMNS = (
    text("node", "node"),
    text("id", "id of the promise", 24),
    number("caller", "whom to ring; empty where withheld", Personal.NUMBER),
    text("line", "id of the line"),
    text("queue", "queue whose people owe the call"),
    moment("opened_at", "first call in which nobody was reached"),
    moment("last_at", "newest such call"),
    text("reasons", "what happened in these calls", 24),
    count("calls", "such calls"),
    count("tries", "times the person was rung in vain"),
    text("owner", "operator who has taken it"),
    text("state", "open, kept, done, dropped or expired"),
    moment("closed_at", "when it was closed"),
    text("closed_by", "by whom, or which call"),
    said("note", "what there was to say"),
    moment("place_at", "since when the place in the queue counts"),
)

_OPENED = raw(promise.c.opened_at)


def _promises(source: Source, wanted: Wanted) -> Iterator[Sequence[Row]]:
    names = [column.name for column in _COLUMNS if column.name != "caller"]
    keys = (_OPENED, promise.c.node, promise.c.id)
    labelled = [key.label(f"key{place}") for place, key in enumerate(keys)]
    chosen = [raw(promise.c[name]) for name in names]
    statement = select(promise.c.person, promise.c.number, *chosen, *labelled)
    for page in pages(source.connection, within(statement, wanted, promise, "opened_at"), keys):
        # Another number than the caller's own, where one was agreed on.
        yield [(*row[2:4], row[1] or number_of(row[0]), *row[4:]) for row in page]


def _count(source: Source, wanted: Wanted) -> int:
    return count_within(source, wanted, promise, "opened_at")


PROMISES = Kind(
    name="promises",
    title="Promises",
    about="who is or was owed a call back",
    columns=_COLUMNS,
    line_at=place_of(_COLUMNS)["line"],
    pages=_promises,
    count=_count,
)
