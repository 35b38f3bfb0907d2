"""The register: the latest version of every entry, in the order in which things were asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

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
from hotline_ivr.store.register_tables import register_entry
from hotline_ivr.store.streaming import pages, raw

_COLUMNS = (
    text("node", "node on which it was first written"),
    text("id", "the entry's id", 18),
    count("version", "how often it was written"),
    text("call_id", "call it is about", 24),
    text("line", "id of the line"),
    text("way", "call, visit, email, letter, chat or other"),
    moment("at", "when it was asked"),
    number("number", "a number of its own", Personal.NUMBER),
    text("language", "language"),
    text("operator", "who answered"),
    text("topic", "id of the topic"),
    text("topic_words", "the topic as it was called", 24),
    said("question", "what was asked"),
    said("answer", "what was answered"),
    said("tags", "words to find it by"),
    text("prepared", "prepared answer that was given"),
    text("variant", "which of its variants"),
    said("prepared_text", "what it said when it was given; empty where that is not known"),
    text("outcome", "what became of it"),
    text("heard_of", "advertising channel"),
    text("follow_up_due", "day until which something is to be done"),
    text("follow_up_owner", "by which operator"),
    said("follow_up_note", "what is to be done"),
    moment("follow_up_done_at", "when it was done"),
    text("follow_up_done_by", "by whom"),
    moment("created_at", "when it was first written"),
    text("created_by", "by whom"),
    moment("changed_at", "when it was last written"),
    text("changed_by", "by whom"),
    text("changed_via", "by which way: rest, local, import, privacy"),
    moment("erased_at", "when its texts were erased for privacy"),
)

_ENTRY = register_entry.c
_AT = raw(_ENTRY.at)
_TAGS = place_of(_COLUMNS)["tags"]


def _entries(source: Source, wanted: Wanted) -> Iterator[Sequence[Row]]:
    keys = (_AT, _ENTRY.id)
    labelled = [key.label(f"key{place}") for place, key in enumerate(keys)]
    statement = select(*(raw(_ENTRY[column.name]) for column in _COLUMNS), *labelled)
    for page in pages(
        source.connection, within(statement, wanted, register_entry, "at", _ENTRY.latest), keys
    ):
        yield [_row(row) for row in page]


def _row(row: Any) -> Row:
    values = list(row[: len(_COLUMNS)])
    values[_TAGS] = ", ".join(values[_TAGS].split("\n")[1:-1])
    return values


def _count(source: Source, wanted: Wanted) -> int:
    return count_within(source, wanted, register_entry, "at", _ENTRY.latest)


ENTRIES = Kind(
    name="entries",
    title="Entries",
    about="what was asked and answered",
    columns=_COLUMNS,
    line_at=place_of(_COLUMNS)["line"],
    pages=_entries,
    count=_count,
)
