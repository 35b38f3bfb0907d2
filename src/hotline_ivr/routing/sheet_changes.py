"""What a row of a spreadsheet says today beside what it said when it was imported, and beside its entry."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hotline_ivr.routing.entries import Entry
from hotline_ivr.routing.pseudonym import is_pseudonym

_READ: Mapping[str, Callable[[Entry], Any]] = {
    "date": lambda entry: entry.at,
    "way": lambda entry: entry.way,
    "number": lambda entry: entry.number,
    "operator": lambda entry: entry.operator,
    "topic": lambda entry: entry.topic,
    "question": lambda entry: entry.text.question,
    "answer": lambda entry: entry.text.answer,
    "outcome": lambda entry: entry.outcome,
    "heard_of": lambda entry: entry.heard_of,
    "tags": lambda entry: entry.text.tags,
    "language": lambda entry: entry.language,
    "due": lambda entry: entry.follow_up.due if entry.follow_up else None,
    "owner": lambda entry: entry.follow_up.owner if entry.follow_up else "",
    "note": lambda entry: entry.follow_up.note if entry.follow_up else "",
    "done": lambda entry: entry.follow_up is not None and not entry.follow_up.is_open,
}
_TODO = ("due", "owner", "note", "done")


@dataclass(frozen=True, slots=True)
class SheetChange:
    """A row that says something else than when it was imported.

    `fields` are those that differ. `entry` is the entry with them, or None where somebody has changed one of
    them in the register too: then it is for a person to say which is right.
    """

    row: int
    entry_id: str
    fields: tuple[str, ...]
    entry: Entry | None
    #: The version of the entry that this was made of.
    seen: int


def compared(columns: Collection[str]) -> tuple[str, ...]:
    """The fields by which a row is held against its entry: those for which the sheet has a column."""
    given = set(columns)
    if "time" in given:
        given.add("date")
    if "answer" in given:
        # Where none is written it goes by the answer.
        given.add("outcome")
    return tuple(name for name in _READ if name in given)


def said(entry: Entry, fields: Sequence[str]) -> tuple[Any, ...]:
    """What an entry says in these fields."""
    return tuple(_READ[name](entry) for name in fields)


def change_of(row: int, given: Entry, versions: Sequence[Entry], fields: Sequence[str]) -> SheetChange | None:
    """What is to be changed in an entry (of these versions, oldest first) by its row; None for nothing."""
    latest = versions[-1]
    before = next((each for each in reversed(versions) if each.changed_via == "import"), versions[0])
    new: list[str] = []
    clash = False
    for name in fields:
        was, says, now = (_READ[name](each) for each in (before, given, latest))
        if says in (was, now) or (name == "number" and is_pseudonym(now)):
            # A number that is no longer kept is none that was corrected, and does not come back.
            continue
        new.append(name)
        clash = clash or now != was
    if not new:
        return None
    entry = None if clash else _merged(latest, given, new)
    return SheetChange(row, latest.id, tuple(new), entry, latest.version)


def _merged(latest: Entry, given: Entry, fields: Sequence[str]) -> Entry:
    text = {name: getattr(given.text, name) for name in ("question", "answer", "tags") if name in fields}
    own = ("way", "number", "operator", "topic", "outcome", "heard_of", "language")
    values: dict[str, Any] = {name: getattr(given, name) for name in own if name in fields}
    if "date" in fields:
        values["at"] = given.at
    if "topic" in fields:
        values["topic_words"] = given.topic_words
    if any(name in fields for name in _TODO):
        values["follow_up"] = given.follow_up
    return replace(
        latest,
        **values,
        text=replace(latest.text, **text),
        changed_at=given.changed_at,
        changed_by=given.changed_by,
        changed_via="import",
    )
