"""Call centres and on-call people outside: their numbers, who is rung when, and what it may cost."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.dates import FullDate
from hotline_ivr.config.refusal import refusal
from hotline_ivr.config.types import (
    Duration,
    Identifier,
    LanguageCode,
    Name,
    PhoneNumber,
    PromptId,
    WeeklyHours,
    YesNo,
)

Order = Literal["listed", "round-robin", "weighted"]

# More telephones than this in a row would keep a caller waiting for many minutes; and all of them have to fit
# into one answer to Asterisk.
MAX_TARGETS = 20


class Target(Model):
    """One telephone of a centre."""

    number: PhoneNumber = Field(description="Number that is rung.", examples=["+47 22 85 00 00"])
    ring: Duration = Field(20, ge=5, le=120, description="How long it rings before the next is tried.")
    weight: int = Field(
        1, ge=1, le=100, description="Share of the calls that it is first for, with `order: weighted`."
    )
    hours: WeeklyHours | None = Field(
        None,
        description="When it is on duty, on the line's clock; without it always.",
        examples=["{mon-fri: 16:00-22:00}"],
    )


class Duty(Model):
    """Who is on duty on some days."""

    from_: FullDate = Field(alias="from", description="First day.", examples=["2026-12-21"])
    until: FullDate = Field(description="Last day.", examples=["2026-12-27"])
    targets: tuple[Identifier, ...] = Field(
        min_length=1, description="Targets that are rung on these days, in this order.", examples=["[lena]"]
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until < self.from_:
            raise refusal("ends before it begins", "let `until` be the later day")
        return self

    def holds_on(self, day: date) -> bool:
        return self.from_ <= day <= self.until


class Centre(Model):
    """A call centre, or people on call, outside."""

    name: Name = Field(description="Name shown to people.", examples=["Night centre"])
    targets: dict[Identifier, Target] = Field(
        min_length=1, max_length=MAX_TARGETS, description="Telephones by id, in the order in which they ring."
    )
    order: Order = Field(
        "listed",
        description="Who is rung first: the first that is `listed`, each in turn (`round-robin`), or each as "
        "often as its `weight` says (`weighted`). The others follow.",
    )
    rota: tuple[Duty, ...] = Field(
        (),
        description="Days on which only some targets are on duty; of two that hold, the first. On other days "
        "all targets are.",
        examples=["[{from: 2026-12-21, until: 2026-12-27, targets: [lena]}]"],
    )
    trunk: Identifier | None = Field(
        None,
        description="Carrier that takes these calls; without it the first by id that takes any.",
        examples=["carrier"],
    )
    confirm: YesNo = Field(
        True,
        description="Whether who answers has to press 1 to take the call, so that no answering machine "
        "swallows a caller.",
    )
    prompt: PromptId = Field("press-one", description="Prompt that asks for the key.", examples=["press-one"])
    press_within: Duration = Field(
        5, ge=2, le=20, description="How long the key is waited for after the prompt.", examples=["5s"]
    )
    press_tries: int = Field(2, ge=1, le=5, description="How often the prompt is played.")
    language: LanguageCode = Field("nb", description="Language of the prompt for who answers.")
    channels: int = Field(
        0,
        ge=0,
        le=1000,
        description="Most calls at the same time; 0 is no limit. Asterisk counts them itself.",
    )
    minutes_a_day: int = Field(
        0,
        ge=0,
        le=100_000,
        description="Minutes of conversation a day after which no more callers are sent; 0 is no limit.",
    )
    shows: PhoneNumber | None = Field(
        None, description="Number shown there; without it the line's.", examples=["+47 22 85 12 34"]
    )
    record: YesNo = Field(
        False,
        description="Whether conversations there are recorded too, where `recording` of the caller's line "
        "says so: callers are told or asked before it rings there.",
        examples=["yes"],
    )
    shows_caller: YesNo = Field(False, description="Show the caller's own number; few carriers take it.")
