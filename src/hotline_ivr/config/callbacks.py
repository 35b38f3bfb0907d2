"""Calling back, by the service itself, those whom a queue owes a call."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hotline_ivr.config.base import Model
from hotline_ivr.config.callback_offer import Offer
from hotline_ivr.config.outside import Prefix
from hotline_ivr.config.types import Duration, Identifier, PromptId, WeeklyHours

CallbackReason = Literal[
    "callback",
    "abandoned",
    "timed-out",
    "no-operator",
    "full",
    "over-limit",
    "overflow-lost",
    "technical",
    "voicemail",
]


class Callbacks(Model):
    """The service rings the person, and whoever presses 1 waits in the queue with the old place."""

    reasons: tuple[CallbackReason, ...] = Field(
        ("callback",),
        min_length=1,
        description="Who is called back: those who were promised it, or others in the promise ledger too.",
        examples=["[callback, abandoned]"],
    )
    offer: Offer | None = Field(
        None,
        description="Offers waiting callers to be rung back, with their place kept.",
        examples=["{after: 60s, key: 1}"],
    )
    first: Literal["caller", "operator"] = Field(
        "caller",
        description="Who is rung first: the person, who then waits for an operator in the old place; or an "
        "operator when that place's turn has come, who hears the person's telephone ring.",
    )
    operator_prompt: PromptId = Field(
        "callback-operator",
        description="With `first: operator`, said to the operator before the number.",
        examples=["callback-operator"],
    )
    hours: WeeklyHours | None = Field(
        None,
        description="When people are rung, on the line's clock; without it while the line is open.",
        examples=["{mon-fri: 09:00-17:00}"],
    )
    attempts: int = Field(3, ge=1, le=10, description="How often one person is rung at most.")
    spacing: Annotated[Duration, Field(ge=10, le=86_400)] = Field(
        900, description="Time from one attempt to the next.", examples=["15m"]
    )
    expires: Annotated[Duration, Field(ge=60, le=30 * 86_400)] = Field(
        86_400, description="Nobody is rung longer after their last call than this.", examples=["24h"]
    )
    ring: Annotated[Duration, Field(ge=5, le=60)] = Field(
        25, description="How long it rings; shorter than most voicemail boxes wait.", examples=["25s"]
    )
    trunk: Identifier | None = Field(
        None, description="Carrier; without it the first by id that takes calls.", examples=["carrier"]
    )
    prompt: PromptId = Field(
        "callback-call", description="Says who rings and asks for the key 1.", examples=["callback-call"]
    )
    press_within: Annotated[Duration, Field(ge=2, le=20)] = Field(
        5, description="How long the key is waited for after the prompt.", examples=["5s"]
    )
    press_tries: int = Field(2, ge=1, le=5, description="How often the prompt is played.")
    max_wait: Annotated[Duration, Field(ge=10, le=3600)] = Field(
        600, description="Longest wait in the queue of who has pressed the key.", examples=["10m"]
    )
    a_day: int = Field(
        200, ge=1, le=100_000, description="Most attempts of this queue in 24 hours: what a thief could cost."
    )
    allowed: tuple[Prefix, ...] = Field(
        (),
        description="Beginnings of the numbers that may be rung; without it those of the organisation's "
        "country, those with a surcharge excepted. Only who rang us is ever rung.",
        examples=["[+47 9, +47 4]"],
    )

    @property
    def operator_first(self) -> bool:
        return self.first == "operator"
