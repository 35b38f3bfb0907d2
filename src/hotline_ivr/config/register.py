"""The register of calls: outcomes of entries, and the words for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from hotline_ivr.config.base import Model
from hotline_ivr.config.described import Described
from hotline_ivr.config.entry_kinds import EntryOutcome, Way
from hotline_ivr.config.labels import Label, words_in
from hotline_ivr.config.refusal import choices, did_you_mean, quoted, refusal, text_of
from hotline_ivr.config.types import YesNo


def _outcome(value: object) -> str:
    text = text_of(value, "an outcome")
    known = [each.value for each in EntryOutcome]
    if text not in known:
        raise refusal(
            f"{quoted(text)} is not an outcome of an entry{did_you_mean(text, known)}",
            f"write {choices(known)}",
        )
    return text


OutcomeId = Annotated[
    str,
    BeforeValidator(_outcome),
    WithJsonSchema({"enum": [each.value for each in EntryOutcome]}),
    Described("outcome of an entry", "answered"),
]

OUTCOME_WORDS: Mapping[EntryOutcome, Mapping[str, str]] = {
    EntryOutcome.ANSWERED: {"nb": "Besvart", "en": "Answered"},
    EntryOutcome.REFERRED: {"nb": "Vist videre", "en": "Told where to ask"},
    EntryOutcome.HANDED_ON: {"nb": "Satt over", "en": "Handed on"},
    EntryOutcome.TO_FOLLOW_UP: {"nb": "Følges opp", "en": "To be followed up"},
    EntryOutcome.NO_ANSWER_FOUND: {"nb": "Fant ikke svar", "en": "No answer found"},
    EntryOutcome.NOT_FOR_US: {"nb": "Ikke for oss", "en": "Not for us"},
    EntryOutcome.BROKEN_OFF: {"nb": "Samtalen ble brutt", "en": "The call broke off"},
    EntryOutcome.OTHER: {"nb": "Annet", "en": "Other"},
}

WAY_WORDS: Mapping[Way, Mapping[str, str]] = {
    Way.CALL: {"nb": "Telefon", "en": "Call"},
    Way.VISIT: {"nb": "Besøk", "en": "Visit"},
    Way.EMAIL: {"nb": "E-post", "en": "E-mail"},
    Way.LETTER: {"nb": "Brev", "en": "Letter"},
    Way.CHAT: {"nb": "Chat", "en": "Chat"},
    Way.OTHER: {"nb": "Annet", "en": "Other"},
}


class Entries(Model):
    """How entries of the register are written."""

    outcomes: dict[OutcomeId, Label] = Field(
        {},
        description="Words of your own for outcomes of entries.",
        examples=["{answered: {nb: Løst, en: Solved}}"],
    )
    topic_required: YesNo = Field(False, description="Whether an entry must have a topic.")

    def outcome_words(self, outcome: EntryOutcome, language: str) -> str:
        """What people read for an outcome."""
        return words_in(self.outcomes.get(outcome.value) or OUTCOME_WORDS[outcome], language)
