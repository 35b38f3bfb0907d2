"""When callers go elsewhere because own people do not suffice, and what becomes of them at closing time."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.destinations import Destination
from hotline_ivr.config.refusal import refusal
from hotline_ivr.config.types import Duration, Identifier, PromptId, WeeklyHours, YesNo

Route = Literal["inside", "outside", "both"]


class OverflowRule(Model):
    """Some callers, and where they go. Every condition that is written must hold."""

    name: Identifier = Field(description="Name of the rule, as reasons tell it.", examples=["evening"])
    after: Duration | None = Field(
        None,
        ge=5,
        description="Callers who have waited so long; without it the rule is asked on arrival.",
        examples=["1m"],
    )
    waiting: int | None = Field(
        None,
        ge=1,
        le=10_000,
        description="When so many callers or more wait, or the queue is full.",
        examples=["10"],
    )
    expected_wait: Duration | None = Field(
        None,
        ge=30,
        description="When the expected wait is so long or longer, and known well.",
        examples=["10m"],
    )
    nobody: YesNo = Field(False, description="When no operator of the queue can be reached.")
    hours: WeeklyHours | None = Field(
        None, description="In these hours, on the line's clock.", examples=["{fri: 14:00-16:00}"]
    )
    share: int | None = Field(
        None,
        ge=1,
        le=100,
        description="So many of a hundred callers, chosen by the call's id.",
        examples=["30"],
    )
    to: Destination = Field(
        description="Where they go: a centre, another queue, voicemail, a callback or a message.",
        examples=["{centre: night}"],
    )

    @model_validator(mode="after")
    def _some_condition(self) -> Self:
        conditions = (self.after, self.waiting, self.expected_wait, self.hours, self.share)
        if not self.nobody and all(condition is None for condition in conditions):
            raise refusal("has no condition", "write after, waiting, expected_wait, nobody, hours or share")
        if self.to.menu is not None or self.to.collect is not None:
            raise refusal("sends waiting callers back into menus", "write another place under `to`")
        if self.to.transfer is not None:
            raise refusal(
                "leads to a bare number, from which nobody comes back with a place",
                "give the number a centre, and write {centre: ...}",
            )
        return self


class Closing(Model):
    """What becomes of callers who still wait, or ring shortly before, when a line closes."""

    drain: Duration = Field(
        900, ge=0, le=14_400, description="How long after closing waiting callers are still served."
    )
    last_call: YesNo = Field(
        True,
        description="Whether callers are told at once when their turn would not come before that.",
    )
    talk_time: Duration = Field(
        180, ge=10, le=3600, description="How long a conversation takes, for the estimate of `last_call`."
    )
    message: PromptId = Field(
        "closing", description="Prompt for those whose turn does not come today.", examples=["closing"]
    )
    to: Destination | None = Field(
        None,
        description="Where they go after it: voicemail, a callback or a centre. Without it the call ends.",
        examples=["{callback: main}"],
    )

    @model_validator(mode="after")
    def _no_way_back(self) -> Self:
        if self.to is not None and (self.to.menu or self.to.collect or self.to.queue):
            raise refusal(
                "sends callers to where they would wait again", "write voicemail, callback, centre or message"
            )
        return self
