"""What keeps a hotline usable when too many call at once: limits, and what those hear who are turned away."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.cause import Refusal
from hotline_ivr.config.dates import FullDate
from hotline_ivr.config.outside import Prefix
from hotline_ivr.config.refusal import refusal
from hotline_ivr.config.types import Duration, Name, PhoneNumber, PromptId, YesNo

MOST_LISTED = 2_000
"""Most numbers and beginnings of numbers in all lists: each is a few small files for a dead service."""


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

REJECTED = TurnAway(refuse="rejected")
"""What callers on the block list get where nothing is written."""


class Callers(Model):
    """Some callers, by their numbers."""

    numbers: tuple[PhoneNumber, ...] = Field(
        (), max_length=1000, description="Their numbers.", examples=["[+47 99 99 99 99]"]
    )
    prefixes: tuple[Prefix, ...] = Field(
        (), max_length=1000, description="Beginnings of their numbers.", examples=["[+47 820]"]
    )
    withheld: YesNo = Field(False, description="Callers whose number is not told.")
    until: FullDate | None = Field(
        None, description="Last day on which this holds; without it always.", examples=["2026-12-31"]
    )
    reason: Name | None = Field(None, description="Why, for people.", examples=["threats, case 17"])

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if not (self.numbers or self.prefixes or self.withheld):
            raise refusal("names nobody", "write numbers, prefixes, or withheld: yes")
        return self


class Blocked(Callers):
    """Callers who are turned away, and what they get."""

    message: PromptId | None = Field(None, description="Prompt that they hear; then the call ends.")
    refuse: Refusal | None = Field(
        None, description="What the carrier is told instead; without either what `guard.blocked` says."
    )

    @model_validator(mode="after")
    def _one_at_most(self) -> Self:
        if self.message is not None and self.refuse is not None:
            raise refusal("has both a `message` and a refusal", "write one of the two")
        return self

    @property
    def away(self) -> TurnAway | None:
        if self.message is None and self.refuse is None:
            return None
        return TurnAway(message=self.message) if self.message else TurnAway(refuse=self.refuse)


BUSY = TurnAway(refuse="busy")
"""What callers in a flood get where nothing is written."""


class CallerRate(Model):
    """How many calls of one caller are let in within a time."""

    calls: int = Field(30, ge=0, le=200, description="Most calls; 0 is no limit.", examples=["30"])
    within: Duration = Field(60, ge=1, le=3600, description="Within this time, which slides along.")


class TrunkRate(Model):
    """How many calls of one carrier are let in within a time."""

    calls: int = Field(0, ge=0, le=10_000, description="Most calls; 0 is no limit.", examples=["300"])
    within: Duration = Field(60, ge=1, le=3600, description="Within this time, which slides along.")


class Flood(Model):
    """Calls that come faster than people call. Only those count that are let in, so others get in again."""

    per_caller: CallerRate = Field(
        CallerRate(),
        description="Calls of one number; callers without a number have none.",
        examples=["{calls: 30, within: 1m}"],
    )
    per_trunk: TrunkRate = Field(
        TrunkRate(),
        description="Calls of one carrier, whoever calls.",
        examples=["{calls: 300, within: 1m}"],
    )
    away: TurnAway | None = Field(
        None,
        description="What callers get who are turned away; without it they are busy (SIP 486).",
        examples=["{message: all-busy}"],
    )


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
    allow: tuple[Callers, ...] = Field(
        (),
        max_length=500,
        description="Callers whom neither `block` nor anybody's `hotline block` turns away.",
        examples=["[{numbers: [+47 22 85 00 00], reason: switchboard}]"],
    )
    block: tuple[Blocked, ...] = Field(
        (),
        max_length=500,
        description="Callers who are turned away, on every line and number but those for emergencies.",
        examples=["[{prefixes: [+47 820], refuse: busy}]"],
    )
    blocked: TurnAway | None = Field(
        None,
        description="What blocked callers get where their entry says nothing; without it they are rejected"
        " (SIP 403).",
        examples=["{refuse: rejected}"],
    )
    flood: Flood = Field(
        Flood(),
        description="When calls come faster than people call. Not for callers on the allow list, nor for"
        " numbers for emergencies.",
        examples=["{per_caller: {calls: 10, within: 1m}}"],
    )
