"""What callers hear while they wait: music of the organisation's own, and words of comfort in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from hotline_ivr.config.base import Model
from hotline_ivr.config.described import Described
from hotline_ivr.config.refusal import quoted, refusal, text_of
from hotline_ivr.config.types import Duration, PromptId

if TYPE_CHECKING:
    from hotline_ivr.config.models import Plan, Queue

FOLDER = "music"
"""Folder of own music, beside the YAML files."""

_FILE = r"[A-Za-z0-9_-][A-Za-z0-9_. -]{0,99}\.(wav|flac|ogg|aiff)"


def _music_file(value: object) -> str:
    text = text_of(value, "a file of music")
    if not re.fullmatch(_FILE, text, re.ASCII):
        raise refusal(
            f"{quoted(text)} is not the name of a file of music",
            f"put a .wav, .flac, .ogg or .aiff into {FOLDER}/ beside the YAML files, and write its name",
        )
    return text


MusicFile = Annotated[
    str,
    BeforeValidator(_music_file),
    WithJsonSchema({"type": "string", "pattern": f"^{_FILE}$"}),
    Described("file of music", "calm.ogg"),
]


class Comfort(Model):
    """Words that waiting callers hear in the music. Being part of it they delay nobody."""

    prompts: tuple[PromptId, ...] = Field(
        min_length=1,
        max_length=5,
        description="Prompts, one after the other, in the caller's language.",
        examples=["[still-waiting]"],
    )
    every: Duration = Field(
        60,
        ge=15,
        le=300,
        description="Music before each of them; the first comes so long after the caller began to wait.",
        examples=["60s"],
    )


def music_class(queue_id: str, queue: Queue, language: str, *, offering: bool = False) -> str:
    """Asterisk's name for what callers of this language hear in a queue; empty is the music of all.

    `offering`: with the offer to be rung back in it.
    """
    if offering:
        return f"{queue_id}.{language}.offer"
    if queue.comfort is not None:
        return f"{queue_id}.{language}"
    return queue_id if queue.music else ""


@dataclass(frozen=True, slots=True)
class MusicClass:
    """What callers of a language hear in a queue, by Asterisk's name for it."""

    name: str
    queue: Queue
    language: str
    offering: bool = False

    @property
    def words(self) -> tuple[tuple[int, str], ...]:
        """Seconds of music and the prompt after them, one after the other and then from the beginning."""
        comfort, offer = self.queue.comfort, self.queue.offer
        every = [(comfort.every, prompt) for prompt in comfort.prompts] if comfort else []
        return ((offer.after, offer.prompt), *every) if offer is not None and self.offering else tuple(every)


def music_classes(plan: Plan) -> Iterator[MusicClass]:
    """Each class that is needed, with a language in which it is heard."""
    languages = {code: None for line in plan.lines.values() for code in (line.language, *line.languages)}
    seen: set[str] = set()
    for name, queue in plan.queues.items():
        for language in languages:
            offers = (False, True) if queue.offer is not None else (False,)
            for offering in offers:
                made = music_class(name, queue, language, offering=offering)
                if made and made not in seen:
                    seen.add(made)
                    yield MusicClass(made, queue, language, offering)
