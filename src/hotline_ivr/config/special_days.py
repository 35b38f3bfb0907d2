"""Special days: the organisation's own days off and days with other hours."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.dates import Days
from hotline_ivr.config.day_hours import DayHours, WeekDay
from hotline_ivr.config.destinations import Destination
from hotline_ivr.config.refusal import refusal
from hotline_ivr.config.types import PromptId

Moved = Literal["next-working-day", "previous-working-day", "nearest-working-day", "next-monday"]


class SpecialDay(Model):
    """Days whose hours replace those of holidays, season and week; closed when no hours are written."""

    on: Days = Field(description="Days, as told under Days.", examples=["easter-1"])
    moved: Moved | None = Field(
        None,
        description="Where the day goes when it falls on a Saturday, a Sunday or a public holiday.",
        examples=["next-working-day"],
    )
    hours: DayHours | None = Field(
        None, description="Hours of the day; without them it is closed.", examples=["09:00-12:00"]
    )
    as_: WeekDay | None = Field(
        None,
        alias="as",
        description="Day of the week whose hours it has, as when one works in another day's place.",
        examples=["mon"],
    )
    greeting: PromptId | None = Field(
        None, description="Greeting while this day is open.", examples=["greeting-half-day"]
    )
    message: PromptId | None = Field(
        None, description="Closed message on this day.", examples=["closed-easter"]
    )
    to: Destination | None = Field(
        None,
        description="Where callers go while it is closed, instead of the line's `closed_to`.",
        examples=["{voicemail: main}"],
    )

    @model_validator(mode="after")
    def _one_kind_of_hours(self) -> Self:
        if self.hours is not None and self.as_ is not None:
            raise refusal("has both `hours` and `as`", "write its own hours, or the day whose hours it has")
        return self
