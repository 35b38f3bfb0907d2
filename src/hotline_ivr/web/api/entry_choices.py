"""What a form for an entry offers: topics, outcomes, prepared answers, and how people heard of us."""

from __future__ import annotations

from pydantic import Field

from hotline_ivr.config.entry_kinds import EntryOutcome, Way
from hotline_ivr.config.labels import words_in
from hotline_ivr.config.models import Plan
from hotline_ivr.config.register import WAY_WORDS
from hotline_ivr.config.topics import placed_topics
from hotline_ivr.web.api.route import Shown


class ChoiceShown(Shown):
    """One of several, and its words."""

    id: str
    words: str


class TopicShown(ChoiceShown):
    """A topic."""

    path: tuple[str, ...] = Field(description="Ids from the root of the tree down to it.")
    words_path: str = Field(description="Its words after those of the topics above it.")


class VariantShown(Shown):
    """A variant of a prepared answer."""

    id: str
    text: str


class PreparedShown(Shown):
    """A prepared answer."""

    id: str
    title: str
    topics: tuple[str, ...]
    variants: tuple[VariantShown, ...]


class ChoicesShown(Shown):
    """Everything that is offered, in the order of the configuration; what is retired is left out."""

    topics: tuple[TopicShown, ...]
    outcomes: tuple[ChoiceShown, ...]
    ways: tuple[ChoiceShown, ...]
    heard_of: tuple[ChoiceShown, ...]
    prepared: tuple[PreparedShown, ...]
    operators: tuple[ChoiceShown, ...]
    topic_required: bool


def choices_shown(plan: Plan, language: str) -> ChoicesShown:
    return ChoicesShown(
        topics=tuple(
            TopicShown(
                id=each.id,
                words=words_in(each.topic.name, language),
                path=each.path,
                words_path=each.words(language),
            )
            for each in placed_topics(plan.topics).values()
            if not each.retired
        ),
        outcomes=tuple(
            ChoiceShown(id=each.value, words=plan.entries.outcome_words(each, language))
            for each in EntryOutcome
        ),
        ways=tuple(ChoiceShown(id=each.value, words=words_in(WAY_WORDS[each], language)) for each in Way),
        heard_of=tuple(
            ChoiceShown(id=name, words=words_in(channel.name, language))
            for name, channel in plan.advertising.items()
            if not channel.retired
        ),
        prepared=tuple(
            PreparedShown(
                id=name,
                title=words_in(answer.title, language),
                topics=answer.topics,
                variants=tuple(
                    VariantShown(id=variant, text=words_in(words, language))
                    for variant, words in answer.variants.items()
                ),
            )
            for name, answer in plan.prepared_answers.items()
            if not answer.retired
        ),
        operators=tuple(ChoiceShown(id=name, words=each.name) for name, each in plan.operators.items()),
        topic_required=plan.entries.topic_required,
    )
