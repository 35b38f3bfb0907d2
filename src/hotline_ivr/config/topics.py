"""Topics of questions: a tree, in which every topic has an id of its own that entries keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.labels import Label, words_in
from hotline_ivr.config.refusal import refusal
from hotline_ivr.config.types import Identifier, YesNo

DEEPEST = 5
"""Levels of the tree: nobody finds anything in a deeper one while a caller waits."""


class Topic(Model):
    """What a question is about; topics below it are more exact."""

    name: Label = Field(description="What people read.", examples=["{nb: Opptak, en: Admission}"])
    retired: YesNo = Field(
        False,
        description="Whether it is offered no more, with all below it; entries that have it keep it.",
    )
    topics: dict[Identifier, Topic] = Field({}, description="Topics below this one, by id.")

    @model_validator(mode="after")
    def _not_too_deep(self) -> Self:
        if _depth(self) > DEEPEST:
            raise refusal(f"has more than {DEEPEST} levels", "put the lowest ones one level higher")
        return self


def _depth(topic: Topic) -> int:
    return 1 + max((_depth(each) for each in topic.topics.values()), default=0)


@dataclass(frozen=True, slots=True)
class PlacedTopic:
    """A topic where it stands: `path` are the ids from the root down to it, itself last."""

    id: str
    topic: Topic
    path: tuple[str, ...]
    #: Itself, or one above it.
    retired: bool
    names: tuple[Mapping[str, str], ...]

    def words(self, language: str) -> str:
        """`Admission / Exams`."""
        return " / ".join(words_in(name, language) for name in self.names)


def placed_topics(topics: Mapping[str, Topic]) -> dict[str, PlacedTopic]:
    """Every topic of the tree by its id, in the order in which they are written."""
    return {each.id: each for each in _walk(topics, (), (), retired=False)}


def _walk(
    topics: Mapping[str, Topic], path: tuple[str, ...], names: tuple[Mapping[str, str], ...], *, retired: bool
) -> Iterator[PlacedTopic]:
    for name, topic in topics.items():
        placed = PlacedTopic(name, topic, (*path, name), retired or topic.retired, (*names, topic.name))
        yield placed
        yield from _walk(topic.topics, placed.path, placed.names, retired=placed.retired)
