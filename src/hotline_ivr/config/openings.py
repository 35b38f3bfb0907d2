"""Openings and closures: days on which a line is open or closed besides its week."""

from __future__ import annotations

from pydantic import Field

from hotline_ivr.config.base import Model
from hotline_ivr.config.dates import Days
from hotline_ivr.config.day_hours import SomeHours
from hotline_ivr.config.destinations import Destination
from hotline_ivr.config.types import PromptId

_ON = "Days, as told under Days."


class Opening(Model):
    """Hours on some days besides everything else: open, whatever the week, holidays and closures say."""

    on: Days = Field(description=_ON, examples=["2026-04-14"])
    hours: SomeHours = Field(description="When it is open on these days.", examples=["18:00-02:00"])
    greeting: PromptId | None = Field(
        None, description="Greeting in these hours.", examples=["greeting-deadline"]
    )


class Closure(Model):
    """Days, or hours of days, on which the line is closed."""

    on: Days = Field(description=_ON, examples=["2026-12-24 to 2027-01-02"])
    hours: SomeHours | None = Field(
        None, description="Part of the day; without it the whole day is closed.", examples=["12:00-16:00"]
    )
    message: PromptId | None = Field(
        None, description="Closed message of this closure.", examples=["closed-staff-day"]
    )
    to: Destination | None = Field(
        None,
        description="Where callers go meanwhile, instead of the line's `closed_to`.",
        examples=["{voicemail: main}"],
    )
