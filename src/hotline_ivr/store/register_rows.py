"""Entries of the register to rows and back."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from hotline_ivr.config.entry_kinds import EntryOutcome, Way
from hotline_ivr.routing.entries import Entry, EntryText, FollowUp
from hotline_ivr.routing.search_words import searchable
from hotline_ivr.store.register_tables import register_entry

_SAME = (
    "id",
    "version",
    "node",
    "line",
    "at",
    "number",
    "language",
    "operator",
    "topic",
    "topic_words",
    "prepared",
    "variant",
    "prepared_text",
    "heard_of",
    "created_at",
    "created_by",
    "changed_at",
    "changed_by",
    "changed_via",
    "erased_at",
)
"""Columns that are called as in Entry, and hold the same."""


_FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC)


def new_id() -> str:
    """An id for an entry: 80 random bits, so that nodes need not agree about it; nothing is told by it."""
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


def doc_of(entry_id: str, at: datetime) -> int:
    """The entry's number in the index: 16 bits of the day (UTC) and 47 of its id.

    The index hands out what fits in the order of these numbers, so the newest are had without all others.
    """
    day = min(max((at - _FIRST_DAY).days, 0), 0xFFFF)
    return day << 47 | int.from_bytes(hashlib.sha256(entry_id.encode()).digest()[:8]) >> 17


def row_of(entry: Entry) -> dict[str, Any]:
    """The latest version of an entry as a row."""
    values = {name: getattr(entry, name) for name in _SAME}
    text, todo = entry.text, entry.follow_up
    return values | {
        "latest": True,
        "batch": "",
        "doc": doc_of(entry.id, entry.at),
        "call_id": entry.call,
        "way": entry.way.value,
        "outcome": entry.outcome.value,
        "question": text.question,
        "answer": text.answer,
        "tags": tags_text(text.tags),
        "follow_up_due": todo.due.isoformat() if todo else None,
        "follow_up_owner": todo.owner if todo else "",
        "follow_up_note": todo.note if todo else "",
        "follow_up_done_at": todo.done_at if todo else None,
        "follow_up_done_by": todo.done_by if todo else "",
        "question_words": searchable(text.question),
        "tags_words": searchable(" ".join(text.tags)),
        # What was given by a button was answered no less than what was typed.
        "answer_words": searchable(f"{text.answer}\n{entry.prepared_text or ''}"),
    }


def entry_of(row: Any) -> Entry:
    """A row as an entry; it may hold other columns besides."""
    todo = None
    if row.follow_up_due is not None:
        todo = FollowUp(
            date.fromisoformat(row.follow_up_due),
            row.follow_up_owner,
            row.follow_up_note,
            row.follow_up_done_at,
            row.follow_up_done_by,
        )
    return Entry(
        **{name: getattr(row, name) for name in _SAME},
        call=row.call_id,
        way=Way(row.way),
        outcome=EntryOutcome(row.outcome),
        text=EntryText(row.question, row.answer, tuple(row.tags.split("\n")[1:-1])),
        follow_up=todo,
    )


def tags_text(tags: Iterable[str]) -> str:
    """Tags as they are kept: each stands between two line breaks, so that one is found whole."""
    listed = list(tags)
    return "\n".join(["", *listed, ""]) if listed else ""


_OF_INDEX = frozenset({"latest", "doc", "batch", "question_words", "tags_words", "answer_words"})

ENTRY_COLUMNS = tuple(each for each in register_entry.c if each.name not in _OF_INDEX)
"""What `entry_of` needs."""
