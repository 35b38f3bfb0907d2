"""A line: its numbers, when it is open, what callers hear, and where they go."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.campaign import Campaign
from hotline_ivr.config.described import Described
from hotline_ivr.config.destinations import Destination
from hotline_ivr.config.guard import TurnAway
from hotline_ivr.config.head_starts import MOST_HEAD_START_S
from hotline_ivr.config.overflow import Closing, OverflowRule, Route
from hotline_ivr.config.recording import Recording
from hotline_ivr.config.refusal import refusal
from hotline_ivr.config.types import (
    Duration,
    Identifier,
    LanguageCode,
    Name,
    PhoneNumber,
    PromptId,
    TimeZone,
    WeeklyHours,
    YesNo,
)


class Line(Model):
    """A hotline: its numbers, its hours, what callers hear, and where they go."""

    name: Name = Field(description="Name shown to people.")
    numbers: tuple[PhoneNumber, ...] = Field(
        min_length=1, description="Telephone numbers that reach this line."
    )
    time_zone: TimeZone = Field(description="Time zone of the hours; its summer time is followed.")
    language: LanguageCode = Field(
        "nb", description="Language of the prompts, until the caller chooses another."
    )
    languages: tuple[LanguageCode, ...] = Field(
        (), description="Further languages that a menu may offer.", examples=["[en]"]
    )
    hours: WeeklyHours | None = Field(
        None,
        description="`always`, or days with their hours, as told under Hours. Or name a `calendar`.",
        examples=["{mon-fri: 08:00-16:00}"],
    )
    calendar: Identifier | None = Field(
        None, description="Calendar that says when the line is open, instead of `hours`.", examples=["office"]
    )
    campaign: Campaign | None = Field(
        None, description="First and last moment of the line's life.", examples=["{until: 2026-10-15 20:00}"]
    )
    greeting: PromptId = Field("greeting", description="Prompt played when the line is open.")
    menu: Identifier | None = Field(
        None,
        description="Menu that follows the greeting; without one callers go to the queue.",
        examples=["main"],
    )
    closed_message: PromptId = Field(
        "closed", description="Prompt played when the line is closed.", examples=["closed"]
    )
    closed_to: Destination | None = Field(
        None,
        description="Where callers go after the closed message; without it the call ends.",
        examples=["{voicemail: main}"],
    )
    queue: Identifier = Field(description="Queue in which callers wait for an operator.")
    priority: Duration = Field(
        0,
        ge=0,
        le=MOST_HEAD_START_S,
        description="Head start of its callers in a queue: they count as if they had called so much earlier.",
        examples=["5m"],
    )
    number_priority: dict[PhoneNumber, Duration] = Field(
        {},
        description="Head start of those who dial one of the line's numbers; the greatest counts.",
        examples=["{+47 22 85 12 35: 5m}"],
    )
    max_wait: Duration = Field(
        300, ge=5, le=7200, description="Longest wait in the queue; then the sorry message is played."
    )
    position: YesNo = Field(
        False,
        description="Whether callers who have to wait are told their place in the queue before they do.",
    )
    expected_wait: YesNo = Field(
        False,
        description="Whether callers are told before they wait how long it is likely to take; only "
        "where that is known well.",
    )
    sorry_message: PromptId = Field(
        "sorry",
        description="Prompt when no operator could be reached: waited too long, queue full, nobody there.",
        examples=["sorry"],
    )

    operator_announcement: PromptId | None = Field(
        None,
        description="Prompt that operators hear before they are connected, in their own language; the caller "
        "hears music until its end.",
        examples=["for-admission"],
    )
    centre: Identifier | None = Field(
        None, description="Call centre of this line, for `route: outside`.", examples=["night"]
    )
    route: Route = Field(
        "both",
        description="Who takes the calls: only own people (`inside`: no rule sends a caller to a centre), "
        "the `centre` first (`outside`), or own people and the centre as the rules below say. "
        "`hotline route` changes it for a while.",
    )
    overflow: tuple[OverflowRule, ...] = Field(
        (), max_length=8, description="Where callers go when own people do not suffice; the first that fits."
    )
    recording: Recording | None = Field(
        None,
        description="Whether conversations of its callers are recorded, where the queue says nothing else;"
        " without it none is.",
        examples=["{consent: key}"],
    )
    closing: Closing | None = Field(
        None,
        description="What becomes of callers who still wait at closing time; without it they are served.",
    )

    channels: int = Field(
        0,
        ge=0,
        le=10_000,
        description="Most calls on this line at once; 0 is no limit. Asterisk counts them itself.",
        examples=["20"],
    )
    number_channels: Annotated[
        dict[PhoneNumber, Annotated[int, Field(ge=1, le=10_000)]],
        Described("whole number by telephone number", "{+47 22 85 12 34: 5}"),
    ] = Field(
        {},
        description="Most calls at once by number, where single numbers have a limit of their own.",
    )
    over_limit: TurnAway | None = Field(
        None,
        description="What callers over a limit get; without it what `guard` says.",
        examples=["{refuse: busy}"],
    )
    emergency: YesNo = Field(
        False,
        description="Whether this is an emergency line: no limit turns its callers away, and the carriers'"
        " `reserve` is kept for it.",
    )
    emergency_numbers: tuple[PhoneNumber, ...] = Field(
        (), description="Numbers of this line that alone are for emergencies.", examples=["[+47 22 85 12 34]"]
    )

    @property
    def is_limited(self) -> bool:
        """Whether this line or one of its numbers takes only so many calls at once."""
        return self.channels > 0 or bool(self.number_channels)

    def is_emergency(self, number: str) -> bool:
        return self.emergency or number in self.emergency_numbers

    @model_validator(mode="after")
    def _priorities_are_of_own_numbers(self) -> Self:
        for number, seconds in self.number_priority.items():
            if number not in self.numbers:
                raise refusal(f"prefers {number}, which is no number of this line", "write one of `numbers`")
            if seconds > MOST_HEAD_START_S:
                raise refusal(f"gives {number} a head start of more than an hour", "write at most 1h")
        return self

    @model_validator(mode="after")
    def _overflow_makes_sense(self) -> Self:
        if self.route == "outside" and self.centre is None:
            raise refusal("has `route: outside` and no `centre`", "name the `centre` that takes the calls")
        names = [rule.name for rule in self.overflow]
        if len(set(names)) < len(names):
            raise refusal("has two overflow rules of one name", "give each rule a name of its own")
        late = next((rule for rule in self.overflow if (rule.after or 0) >= self.max_wait), None)
        if late is not None:
            raise refusal(
                f"overflow rule '{late.name}' never comes: max_wait is {self.max_wait} s",
                "let `after` be shorter than max_wait",
            )
        return self

    @model_validator(mode="after")
    def _one_kind_of_hours(self) -> Self:
        if (self.hours is None) == (self.calendar is None):
            what = (
                "has neither `hours` nor a `calendar`"
                if self.hours is None
                else "has both `hours` and a `calendar`"
            )
            raise refusal(what, "write hours: always, hours: with days below it, or the calendar's id")
        return self
