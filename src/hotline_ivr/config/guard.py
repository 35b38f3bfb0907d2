"""What keeps a hotline usable when too many call at once: limits, and what those hear who are turned away."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.refusal import refusal
from hotline_ivr.config.types import PromptId

Refusal = Literal["busy", "rejected", "congestion", "unobtainable"]


class TurnAway(Model):
    """What a caller gets who is turned away: a message, or a refusal by which no call comes about."""

    message: PromptId | None = Field(
        None, description="Prompt that is played, in the line's language; then the call ends."
    )
    refuse: Refusal | None = Field(
        None,
        description="What the carrier is told instead: `busy` (SIP 486), `rejected` (403), `congestion` (503)"
        " or `unobtainable` (404). Most carriers then play a tone or words of their own, and charge nothing.",
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.message is None) == (self.refuse is None):
            what = "has both a `message` and a refusal" if self.message else "says nothing"
            raise refusal(what, "write {message: PROMPT} or {refuse: busy}")
        return self


ALL_BUSY = TurnAway(message="all-busy")
"""What callers over a limit get where nothing is written."""


class Guard(Model):
    """What keeps a hotline usable when too many call at once."""

    over_limit: TurnAway | None = Field(
        None,
        description="What callers get who are over a limit of channels; a line may have its own. Without"
        " either the message `all-busy`.",
        examples=["{message: all-busy}"],
    )
    most_messages: int = Field(
        20,
        ge=0,
        le=1000,
        description="Most callers who hear a message of `over_limit` at once; others are busy (SIP 486).",
        examples=["20"],
    )
