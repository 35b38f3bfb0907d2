"""An entry of the register: what somebody asked, what they were told, and what is still to be done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from hotline_ivr.config.entry_kinds import EntryOutcome, Way


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is still to be done, by whom and until which day (of the line's clock)."""

    due: date
    #: Id of an operator; empty: nobody's yet.
    owner: str = ""
    note: str = ""
    done_at: datetime | None = None
    done_by: str = ""

    @property
    def is_open(self) -> bool:
        return self.done_at is None


@dataclass(frozen=True, slots=True)
class EntryText:
    """What people say and write in an entry: all of it that may be personal, but for the number."""

    question: str = ""
    answer: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One question. Ids are those of the configuration; empty is none. Times are aware (UTC)."""

    id: str
    #: Counts from 1; each change makes a new one, and the old ones are kept.
    version: int
    node: str
    #: Asterisk's linkedid of the call; None for what came otherwise.
    call: str | None
    line: str
    way: Way
    #: When it was asked: of a call, when it arrived.
    at: datetime
    #: A number of its own, in E.164: of who wrote or came, or where a caller wants to be rung.
    number: str = ""
    language: str = ""
    operator: str = ""
    topic: str = ""
    #: The topic's words when this was written, for when the configuration knows it no more.
    topic_words: str = ""
    text: EntryText = EntryText()
    #: A prepared answer and its variant, if one was given.
    prepared: str = ""
    variant: str = ""
    #: What it said when it was given; None where nobody knows any more.
    prepared_text: str | None = ""
    outcome: EntryOutcome
    heard_of: str = ""
    follow_up: FollowUp | None = None
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str
    #: By which way it was changed: rest, command, import or privacy.
    changed_via: str
    #: When its texts were erased for privacy; what is left is only for counting.
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What one field was before a change, and what it became."""

    field: str
    before: Any
    after: Any


_OF_WRITING = frozenset(
    {"version", "changed_at", "changed_by", "changed_via", "topic_words", "prepared_text"}
)


def changes(before: Entry, after: Entry) -> tuple[FieldChange, ...]:
    """What is different between two versions, but for who wrote them and when."""
    return tuple(
        FieldChange(name, was, becomes)
        for (name, was), (_, becomes) in zip(_flat(before), _flat(after), strict=True)
        if was != becomes
    )


def _flat(entry: Entry) -> Iterator[tuple[str, Any]]:
    for field in fields(entry):
        value = getattr(entry, field.name)
        if field.name == "text":
            yield from ((each.name, getattr(value, each.name)) for each in fields(EntryText))
        elif field.name == "follow_up":
            yield from (
                (f"follow_up.{each.name}", getattr(value, each.name, None) if value else None)
                for each in fields(FollowUp)
            )
        elif field.name not in _OF_WRITING:
            yield field.name, value


def erased(entry: Entry, at: datetime, by: str) -> Entry:
    """What is left of an entry when its texts are erased: enough to count it, nothing of anybody."""
    return replace(
        entry,
        text=EntryText(),
        prepared_text="",
        number="",
        follow_up=None,
        changed_at=at,
        changed_by=by,
        changed_via="privacy",
        erased_at=at,
    )
