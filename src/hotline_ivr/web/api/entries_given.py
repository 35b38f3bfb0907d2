"""What somebody sends to write an entry, or to change one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from hotline_ivr.config.entry_kinds import EntryOutcome, Way
from hotline_ivr.config.models import Plan
from hotline_ivr.config.phone import to_e164
from hotline_ivr.routing.entries import Entry, EntryText, FollowUp
from hotline_ivr.routing.entry_rules import (
    LONGEST_NOTE,
    LONGEST_TEXT,
    MOST_TAGS,
    Mistake,
    clean_lines,
    clean_tags,
    language_of,
    mistakes,
    prepared_words,
    topic_words,
)
from hotline_ivr.web.api.problems import ApiError, Kind, WrongValue
from hotline_ivr.web.api.route import Given
from hotline_ivr.web.api.values import Moment

Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]
Note = Annotated[str, StringConstraints(max_length=LONGEST_NOTE)]
# What it names is looked up, so that a slip of the pen is answered with what was meant.
Id = Annotated[str, StringConstraints(max_length=60)]
Tag = Annotated[str, StringConstraints(max_length=200)]


class FollowUpGiven(Given):
    """What is still to be done."""

    due: date = Field(description="Until which day, on the line's clock.", examples=["2026-12-01"])
    owner: Id = Field(
        "", description="Id of the operator who sees to it; empty: nobody yet.", examples=["anna"]
    )
    note: Note = Field("", description="What is to be done.", examples=["send the form"])
    done: bool = Field(False, description="Whether it is done.")


class _Fields(Given):
    """What can be written at first, and changed later."""

    line: Id | None = Field(None, description="Id of the line; that of the call unless told otherwise.")
    way: Way | None = Field(None, description="How it came; `call` where there is a call.")
    at: Moment | None = Field(None, description="When it was asked; when the call arrived, or now.")
    number: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        None,
        description="A number of its own, where it is not that of the call.",
        examples=["+47 90 01 23 45"],
    )
    language: str | None = Field(
        None,
        pattern=r"^[a-z]{2,3}$",
        description="Language of the question, as ISO 639 writes it.",
        examples=["nb"],
    )
    operator: Id | None = Field(None, description="Id of the operator who answered.", examples=["anna"])
    topic: Id | None = Field(None, description="Id of the topic.", examples=["exams"])
    question: Text | None = Field(None, description="What was asked.")
    answer: Text | None = Field(None, description="What was answered, in free words.")
    prepared: Id | None = Field(None, description="Id of the prepared answer that was given.")
    variant: Id | None = Field(None, description="Which variant of it.")
    heard_of: Id | None = Field(None, description="Advertising channel: how they heard of us.")
    tags: tuple[Tag, ...] | None = Field(None, max_length=MOST_TAGS, description="Words to find it by.")
    follow_up: FollowUpGiven | None = Field(None, description="What is still to be done.")


class EntryGiven(_Fields):
    """A new entry. What is left out is empty, or taken from the call."""

    call: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
        description="Id of the call that it is about, which may still be up.",
        examples=["main-1795451000.1"],
    )
    outcome: EntryOutcome = Field(description="What became of the question.")


class EntryChange(_Fields):
    """What is to be different. What is left out stays; null empties what may be empty."""

    version: int = Field(
        ge=1, description="The version that you saw: if there is a newer one, nothing is changed."
    )
    outcome: EntryOutcome | None = Field(None, description="What became of the question.")


class EntryPath(Given):
    """Which entry."""

    id: str = Field(pattern=r"^[a-z0-9]{1,32}$", description="Id of an entry.", examples=["k7m2qxa5h3vbn2cd"])


def filled(entry: Entry, given: EntryGiven | EntryChange, plan: Plan, by: str, now: datetime) -> Entry:
    """The entry with what was given. Raises ApiError for a number that is none."""
    sent = given.model_fields_set
    values: dict[str, Any] = {
        name: getattr(given, name) or ""
        for name in ("language", "operator", "topic", "prepared", "variant", "heard_of")
        if name in sent
    }
    # An entry has these always, so null leaves them as they are.
    kept = {name: getattr(given, name) for name in ("line", "at", "way", "outcome")}
    values |= {name: value for name, value in kept.items() if value is not None}
    if "number" in sent:
        values["number"] = _number(given.number or "", plan)
    if "follow_up" in sent:
        values["follow_up"] = _follow_up(given.follow_up, entry.follow_up, by, now)
    made = replace(entry, **values, text=_text(entry.text, given))
    return replace(
        made,
        topic_words=topic_words(plan, made.topic) or _known_words(made, entry),
        prepared_text=_prepared_text(made, entry, plan),
    )


def _prepared_text(made: Entry, before: Entry, plan: Plan) -> str | None:
    """What was given stays what it was, whatever the configuration says by now."""
    if (made.prepared, made.variant) == (before.prepared, before.variant):
        return before.prepared_text
    language = made.language or language_of(plan, made.line)
    return prepared_words(plan, made.prepared, made.variant, language)


def _known_words(made: Entry, before: Entry) -> str:
    return before.topic_words if made.topic == before.topic else ""


def _text(text: EntryText, given: EntryGiven | EntryChange) -> EntryText:
    sent = given.model_fields_set
    return EntryText(
        clean_lines(given.question or "", LONGEST_TEXT) if "question" in sent else text.question,
        clean_lines(given.answer or "", LONGEST_TEXT) if "answer" in sent else text.answer,
        clean_tags(given.tags or ()) if "tags" in sent else text.tags,
    )


def _follow_up(
    given: FollowUpGiven | None, before: FollowUp | None, by: str, now: datetime
) -> FollowUp | None:
    if given is None:
        return None
    made = FollowUp(given.due, given.owner, clean_lines(given.note, LONGEST_NOTE))
    if not given.done:
        return made
    if before is not None and before.done_at is not None:
        # Who did it, did it then.
        return replace(made, done_at=before.done_at, done_by=before.done_by)
    return replace(made, done_at=now, done_by=by)


def _number(text: str, plan: Plan) -> str:
    if not text:
        return ""
    try:
        return to_e164(text.strip(), plan.organisation.country)
    except ValueError as refused:
        context = getattr(refused, "context", None) or {}
        message = f"{context.get('message', 'is no telephone number')}; {context.get('remedy', '')}".rstrip(
            "; "
        )
        raise invalid_entry([Mistake("number", message)]) from None


def checked(entry: Entry, plan: Plan, before: Entry | None = None) -> Entry:
    """The entry, if all that it says makes sense. Raises ApiError with every mistake."""
    if found := mistakes(entry, plan, before):
        raise invalid_entry(found)
    return entry


def invalid_entry(found: list[Mistake] | tuple[Mistake, ...]) -> ApiError:
    errors = tuple(WrongValue(where=f"body.{each.field}", message=each.message) for each in found)
    detail = "; ".join(f"{each.where}: {each.message}" for each in errors[:3])
    return ApiError(Kind.INVALID, detail, errors=errors)
