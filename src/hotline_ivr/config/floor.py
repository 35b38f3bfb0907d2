"""Rules for those who answer: pause reasons with their limits, and what follows a call that rang in vain."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.control import Code
from hotline_ivr.config.refusal import refusal
from hotline_ivr.config.types import Duration, Identifier, LanguageCode, Name, PromptId, YesNo

RESERVED_REASONS = frozenset(
    {"wrap-up", "no-answer", "declined", "do-not-disturb", "dropped", "signing-out", "ready"}
)
"""Reasons that the service gives itself."""


OPERATOR_PROMPTS = (
    "operator-is-ready",
    "operator-is-paused",
    "operator-is-undisturbed",
    "operator-is-in-wrap-up",
    "operator-is-signed-out",
    "operator-after-the-call",
    "operator-ready",
    "operator-pause",
    "operator-sign-out",
    "operator-which-pause",
    "operator-reason",
    "operator-nobody",
    "control-press",
    "control-wrong-key",
    "control-not-possible",
    "control-goodbye",
)
"""Every prompt of `code`, beside those of the reasons; the words are in sounds/prompts.yaml."""


class PauseReason(Model):
    """Why an operator may be away from the queues."""

    name: Name = Field(description="Name shown to people.", examples=["Lunch"])
    limit: Annotated[Duration | None, Field(ge=60, le=43_200)] = Field(
        None, description="Longest time; who is away longer is shown as over it.", examples=["30m"]
    )
    returns: YesNo = Field(
        False, description="Whether the operator is ready again when the limit is reached, without a word."
    )
    prompt: PromptId | None = Field(
        None,
        description="Prompt that says the reason at the telephone; without it it is called by its key.",
        examples=["name-lunch"],
    )

    @model_validator(mode="after")
    def _returns_at_a_limit(self) -> Self:
        if self.returns and self.limit is None:
            raise refusal("returns by itself, but has no limit", "write a `limit`, such as 15m")
        return self


def _reasons() -> dict[str, PauseReason]:
    return {"break": PauseReason(name="Break")}


class Floor(Model):
    """Rules for all operators."""

    pause_reasons: dict[Identifier, PauseReason] = Field(
        default_factory=_reasons,
        min_length=1,
        description="Reasons for a pause, by id, beside the kinds of breaks; left out, there is one: break.",
        examples=["{lunch: {name: Lunch, limit: 30m}}"],
    )
    unanswered_rings: int = Field(
        1,
        ge=0,
        le=20,
        description="Calls in a row for which a phone may ring in vain before it is left in peace; 0 never.",
    )
    unanswered_pause: Annotated[Duration, Field(ge=10, le=43_200)] = Field(
        60, description="How long it is then left in peace.", examples=["60s"]
    )

    code: Code | None = Field(
        None,
        description="Short code of operators' own phones: signing in and out, pauses, being ready.",
        examples=["'*81'"],
    )
    do_not_disturb_code: Code | None = Field(
        None,
        description="Short code of operators' own phones that sets do-not-disturb, and lifts it again.",
        examples=["'*78'"],
    )
    language: LanguageCode = Field("nb", description="Language of what they hear there.")

    @model_validator(mode="after")
    def _own_names(self) -> Self:
        if taken := sorted(RESERVED_REASONS & self.pause_reasons.keys()):
            raise refusal(
                f"the reason `{taken[0]}` is one that the service gives itself", "choose another id"
            )
        return self
