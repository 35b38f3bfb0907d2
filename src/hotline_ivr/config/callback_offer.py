"""The offer to waiting callers: press a key, hang up, keep the place, and be rung back."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from hotline_ivr.config.base import Model
from hotline_ivr.config.described import Described
from hotline_ivr.config.refusal import quoted, refusal, text_of
from hotline_ivr.config.types import Duration, PromptId

OFFER_PROMPTS = (
    "callback-number",
    "callback-right",
    "callback-enter",
    "callback-wrong-number",
    "callback-wait-on",
    "callback-agreed",
)
"""Every prompt of the conversation after the key, beside the digits; the words are in sounds/prompts.yaml."""


NOBODY_PROMPT = "callback-nobody"
"""Prompt for the operator who was rung first, when the person does not answer."""


def _key(value: object) -> str:
    text = text_of(value, "a key that leaves the queue")
    if not re.fullmatch(r"[0-9]", text, re.ASCII):
        raise refusal(f"{quoted(text)} is no key that can leave a queue", "write a digit 0-9")
    return text


LeavingKey = Annotated[
    str,
    BeforeValidator(_key),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": "^[0-9]$"}, {"type": "integer"}]}),
    Described("digit key", "1"),
]


class Offer(Model):
    """Words in the music, which never delay anybody, and a key that takes the caller out of the queue."""

    after: Annotated[Duration, Field(ge=5, le=600)] = Field(
        60,
        description="Music before the offer is heard, and again; earlier the key does nothing.",
        examples=["60s"],
    )
    expected_wait: Annotated[Duration | None, Field(ge=30, le=7200)] = Field(
        None,
        description="Offered only to those who are known, when they join, to wait at least so long.",
        examples=["3m"],
    )
    key: LeavingKey = Field("1", description="Key that accepts.", examples=["1"])
    prompt: PromptId = Field(
        "callback-offer", description="Words of the offer; they name the key.", examples=["callback-offer"]
    )
    tries: int = Field(
        3, ge=1, le=5, description="How often the number is asked about before the wait goes on."
    )
    answer_within: Annotated[Duration, Field(ge=2, le=30)] = Field(
        6, description="How long a key, or the next digit, is waited for.", examples=["6s"]
    )
