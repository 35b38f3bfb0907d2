"""Entries of the register as they are shown.

What people said is personal: who has a token of role read sees that there is an entry, its topic and outcome,
and no text of it. Numbers are masked unless a token of role control asks for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import Field

from hotline_ivr.config.entry_kinds import EntryOutcome, Way
from hotline_ivr.config.labels import words_in
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.caller import VISIBLE, mask
from hotline_ivr.routing.entries import Entry, FieldChange, changes
from hotline_ivr.routing.entry_rules import topic_words
from hotline_ivr.routing.snippets import Snippet
from hotline_ivr.store.register_list import EntryStory, Found
from hotline_ivr.web.api.route import Shown

_PERSONAL = frozenset({"question", "answer", "tags", "number", "follow_up.note"})


class FollowUpShown(Shown):
    """What is still to be done, or was."""

    due: date
    owner: str = Field(description="Id of the operator who sees to it; empty: nobody yet.")
    note: str | None = Field(description="Null with role read.")
    done: bool
    done_at: datetime | None
    done_by: str


class EntryShown(Shown):
    """An entry. Texts are null with role read."""

    id: str
    version: int = Field(description="To be named by who changes it.")
    node: str = Field(description="Where it was first written.")
    call: str | None = Field(description="Id of the call it is about.")
    line: str
    way: Way
    at: datetime = Field(description="When it was asked.")
    number: str = Field(description="A number of its own, masked unless asked for.")
    caller: str = Field(description="The number of its call, masked unless asked for.")
    language: str
    operator: str = Field(description="Id of the operator who answered.")
    topic: str
    topic_words: str = Field(description="The topic with those above it, also one that is gone.")
    question: str | None
    answer: str | None
    prepared: str = Field(description="Id of the prepared answer.")
    prepared_title: str
    variant: str
    prepared_text: str | None = Field(
        description="What it said when it was given. Null with role read, and where it is not known: entries"
        " of before it was kept, or without a variant where there are several."
    )
    outcome: EntryOutcome
    outcome_words: str
    heard_of: str
    heard_of_words: str
    tags: tuple[str, ...] | None
    follow_up: FollowUpShown | None
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str
    erased_at: datetime | None = Field(description="When its texts were erased for privacy.")


class EntryPage(Shown):
    """Entries, newest first; or follow-ups, that which is due first at the head."""

    at: datetime
    entries: tuple[EntryShown, ...]
    next: str | None = Field(description="Cursor of the page after this one; null on the last one.")


class SnippetShown(Shown):
    """Where what was looked for stands."""

    field: str = Field(description="question, tags, answer or prepared_text.")
    text: str = Field(description="Plain text on one line: to be escaped like any other.")
    marks: tuple[tuple[int, int], ...] = Field(description="The hits, from character to character.")


class FoundShown(Shown):
    """An entry that was found."""

    entry: EntryShown
    snippet: SnippetShown


class FoundPage(Shown):
    """What was found, the best first."""

    found: tuple[FoundShown, ...]
    next: str | None = Field(description="Cursor of the page after this one; null on the last one.")


class FieldChangeShown(Shown):
    """One field that was changed. What it held is null with role read where that is personal."""

    field: str
    before: str | int | bool | tuple[str, ...] | None
    after: str | int | bool | tuple[str, ...] | None


class VersionShown(Shown):
    """Who wrote a version, when, by which way, and what was different."""

    version: int
    at: datetime
    by: str
    via: str
    changes: tuple[FieldChangeShown, ...]


class EntryStoryShown(Shown):
    """One entry and its history, the oldest version first."""

    entry: EntryShown
    versions: tuple[VersionShown, ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """How much may be seen, and in which language words are."""

    plan: Plan
    texts: bool = False
    numbers: bool = False
    language: str = "nb"
    #: Digits of a number that are always shown.
    visible: int = VISIBLE


def entry_shown(entry: Entry, caller: str, sight: Sight) -> EntryShown:
    plan, language, texts = sight.plan, sight.language, sight.texts
    prepared, channel = plan.prepared_answers.get(entry.prepared), plan.advertising.get(entry.heard_of)
    same = {
        name: getattr(entry, name)
        for name in EntryShown.model_fields
        if name in Entry.__dataclass_fields__
        and name not in {"number", "follow_up", "topic_words", "prepared_text"}
    }
    return EntryShown(
        **same,
        number=_number(entry.number, sight),
        caller=_number(caller, sight),
        topic_words=topic_words(plan, entry.topic, language) or entry.topic_words,
        question=entry.text.question if texts else None,
        answer=entry.text.answer if texts else None,
        tags=entry.text.tags if texts else None,
        prepared_text=entry.prepared_text if texts else None,
        prepared_title=words_in(prepared.title, language) if prepared else "",
        outcome_words=plan.entries.outcome_words(entry.outcome, language),
        heard_of_words=words_in(channel.name, language) if channel else "",
        follow_up=_follow_up(entry, sight),
    )


def found_shown(found: Found, snippet: Snippet, sight: Sight) -> FoundShown:
    shown = SnippetShown(field=snippet.field, text=snippet.text, marks=snippet.marks)
    return FoundShown(entry=entry_shown(found.entry, found.caller, sight), snippet=shown)


def story_shown(story: EntryStory, sight: Sight) -> EntryStoryShown:
    versions = []
    before: Entry | None = None
    for each in story.versions:
        different = changes(before, each) if before is not None else ()
        versions.append(
            VersionShown(
                version=each.version,
                at=each.changed_at,
                by=each.changed_by,
                via=each.changed_via,
                changes=tuple(_change(change, sight) for change in different),
            )
        )
        before = each
    return EntryStoryShown(entry=entry_shown(story.entry, story.caller, sight), versions=tuple(versions))


def _change(change: FieldChange, sight: Sight) -> FieldChangeShown:
    if change.field in _PERSONAL and not sight.texts:
        return FieldChangeShown(field=change.field, before=None, after=None)
    if change.field == "number":
        before, after = _number(change.before, sight), _number(change.after, sight)
        return FieldChangeShown(field=change.field, before=before, after=after)
    return FieldChangeShown(field=change.field, before=_plain(change.before), after=_plain(change.after))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _number(number: str, sight: Sight) -> str:
    return number if sight.numbers else mask(number, sight.visible)


def _follow_up(entry: Entry, sight: Sight) -> FollowUpShown | None:
    todo = entry.follow_up
    if todo is None:
        return None
    return FollowUpShown(
        due=todo.due,
        owner=todo.owner,
        note=todo.note if sight.texts else None,
        done=not todo.is_open,
        done_at=todo.done_at,
        done_by=todo.done_by,
    )
