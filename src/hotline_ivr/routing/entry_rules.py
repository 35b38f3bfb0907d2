"""What may stand in an entry: every rule about it is here.

Who saves an entry is told of all mistakes at once, each with its field and what was probably meant. What an
entry has already stays allowed: a topic that was retired since, or an operator who has left.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from hotline_ivr.config.labels import words_in
from hotline_ivr.config.models import Plan
from hotline_ivr.config.refusal import did_you_mean, quoted
from hotline_ivr.config.topics import placed_topics
from hotline_ivr.routing.caller import clean_text
from hotline_ivr.routing.entries import Entry

LONGEST_TEXT = 4000
"""Characters of a question or an answer: two pages."""

LONGEST_NOTE = 500
LONGEST_TAG = 40
MOST_TAGS = 20

_LISTED = 12


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with one field."""

    field: str
    message: str


def mistakes(entry: Entry, plan: Plan, before: Entry | None = None) -> tuple[Mistake, ...]:
    """Everything that is wrong with an entry; `before` is what it was, if it is changed."""
    return tuple(_mistakes(entry, plan, before))


def _mistakes(entry: Entry, plan: Plan, before: Entry | None) -> Iterator[Mistake]:
    def is_new(value: Callable[[Entry], str]) -> bool:
        return bool(value(entry)) and (before is None or value(before) != value(entry))

    if is_new(lambda each: each.line) and entry.line not in plan.lines:
        yield _unknown("line", "line", entry.line, plan.lines)
    if not entry.line:
        yield Mistake("line", f"is required; lines are: {_few(plan.lines)}")
    if is_new(lambda each: each.topic):
        yield from _topic(entry.topic, plan)
    if not entry.topic and plan.entries.topic_required:
        yield Mistake("topic", f"is required; topics are: {_few(_offered(plan))}")
    if is_new(lambda each: f"{each.prepared} {each.variant}".strip()):
        yield from _prepared(entry, plan, before)
    if is_new(lambda each: each.heard_of):
        yield from _heard_of(entry.heard_of, plan)
    if is_new(lambda each: each.operator) and entry.operator not in plan.operators:
        yield _unknown("operator", "operator", entry.operator, plan.operators)
    if is_new(_owner) and _owner(entry) not in plan.operators:
        yield _unknown("follow_up.owner", "operator", _owner(entry), plan.operators)
    if not entry.text.question and not entry.topic:
        yield Mistake("question", "an entry needs a question or a topic, or nobody knows what it is about")


def _owner(entry: Entry) -> str:
    return entry.follow_up.owner if entry.follow_up else ""


def _topic(name: str, plan: Plan) -> Iterator[Mistake]:
    placed = placed_topics(plan.topics)
    if name not in placed:
        yield _unknown("topic", "topic", name, _offered(plan))
    elif placed[name].retired:
        yield Mistake("topic", f"topic {quoted(name)} is retired; topics are: {_few(_offered(plan))}")


def _offered(plan: Plan) -> list[str]:
    return [name for name, each in placed_topics(plan.topics).items() if not each.retired]


def _prepared(entry: Entry, plan: Plan, before: Entry | None) -> Iterator[Mistake]:
    answers = plan.prepared_answers
    if not entry.prepared:
        yield Mistake("variant", "is a variant of no prepared answer: name the answer too")
        return
    if entry.prepared not in answers:
        yield _unknown("prepared", "prepared answer", entry.prepared, answers)
        return
    answer = answers[entry.prepared]
    if answer.retired and (before is None or before.prepared != entry.prepared):
        yield Mistake("prepared", f"the prepared answer {quoted(entry.prepared)} is retired")
    if entry.variant and entry.variant not in answer.variants:
        yield _unknown("variant", "variant", entry.variant, answer.variants)


def _heard_of(name: str, plan: Plan) -> Iterator[Mistake]:
    offered = [each for each, channel in plan.advertising.items() if not channel.retired]
    if name not in plan.advertising:
        yield _unknown("heard_of", "advertising channel", name, offered)
    elif name not in offered:
        yield Mistake("heard_of", f"the advertising channel {quoted(name)} is retired")


def _unknown(field: str, kind: str, name: str, known: Iterable[str]) -> Mistake:
    names = list(known)
    listed = f". There is: {_few(names)}." if names else ": there is none at all."
    return Mistake(field, f"there is no {kind} {quoted(name)}{did_you_mean(name, names)}{listed}")


def _few(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:_LISTED]) + (", ..." if len(listed) > _LISTED else "") if listed else "none"


def clean_lines(text: str, limit: int) -> str:
    """`text` as people wrote it, with its lines; nothing invisible, at most `limit` characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cleaned = "\n".join(clean_text(line, limit) for line in lines)
    while "\n\n\n" in cleaned:
        cleaned = cleaned.replace("\n\n\n", "\n\n")
    return cleaned.strip("\n")[:limit].rstrip()


def clean_tags(tags: Iterable[str], longest: int = LONGEST_TAG) -> tuple[str, ...]:
    """Tags in small letters, each once, in the order of the alphabet; a comma would part one in two.

    Each has at most so many characters.
    """
    found = {
        tag
        for text in tags
        for part in text.split(",")
        if (tag := clean_text(unicodedata.normalize("NFKC", part).casefold(), longest).lstrip("#").strip())
    }
    return tuple(sorted(found))


def language_of(plan: Plan, line: str) -> str:
    """The language of a line's callers, until somebody says otherwise."""
    return plan.lines[line].language if line in plan.lines else ""


def topic_words(plan: Plan, topic: str, language: str = "nb") -> str:
    """The words of a topic with those above it; empty where the configuration does not know it."""
    placed = placed_topics(plan.topics).get(topic)
    return placed.words(language) if placed else ""


def prepared_words(plan: Plan, prepared: str, variant: str, language: str) -> str | None:
    """What a prepared answer says to a caller of this language; empty without one.

    None where that is not known: the configuration has it no more, or it has several variants and none of
    them is named.
    """
    if not prepared:
        return ""
    answer = plan.prepared_answers.get(prepared)
    variants = {} if answer is None else answer.variants
    if not variant and len(variants) == 1:
        variant = next(iter(variants))
    return words_in(variants[variant], language) if variant in variants else None


def with_topics_below(plan: Plan, topic: str) -> tuple[str, ...]:
    """A topic and all below it."""
    return tuple(name for name, each in placed_topics(plan.topics).items() if topic in each.path) or (topic,)


def by_words(labels: Mapping[str, Mapping[str, str]], text: str) -> list[str]:
    """The ids that have these words in any language, whatever their capitals."""
    wanted = text.strip().casefold()
    return [
        name
        for name, words in labels.items()
        if wanted == name.casefold() or any(wanted == each.casefold() for each in words.values())
    ]
