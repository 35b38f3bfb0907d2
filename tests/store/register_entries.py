"""Entries for tests of the register."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hotline_ivr.config.entry_kinds import EntryOutcome, Way
from hotline_ivr.routing.entries import Entry, EntryText

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

_numbers = count()


def an_entry(
    question: str = "When is the deadline?",
    answer: str = "",
    *tags: str,
    minutes: float = 0,
    **values: Any,
) -> Entry:
    """An entry that was written so many minutes past noon, a minute after it was asked."""
    at = NOON + minutes * MINUTE
    made: dict[str, Any] = {
        "id": f"entry{next(_numbers):06}",
        "version": 1,
        "node": "main",
        "call": None,
        "line": "info",
        "way": Way.VISIT,
        "at": at,
        "text": EntryText(question, answer, tuple(sorted(tags))),
        "outcome": EntryOutcome.ANSWERED,
        "created_at": at + MINUTE,
        "created_by": "anna",
        "changed_at": at + MINUTE,
        "changed_by": "anna",
        "changed_via": "rest",
    }
    return Entry(**made | values)
