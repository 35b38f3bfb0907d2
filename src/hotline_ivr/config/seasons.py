"""A season: a part of the year with a week of its own."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.dates import DateSpan, OneDate
from hotline_ivr.config.day_hours import SeasonHours
from hotline_ivr.config.destinations import Destination
from hotline_ivr.config.refusal import refusal
from hotline_ivr.config.types import PromptId


class Season(Model):
    """A part of the year whose own week replaces the ordinary one, first and last day included."""

    from_: OneDate = Field(alias="from", description="First day.", examples=["06-15"])
    until: OneDate = Field(description="Last day; before `from`, it is in the next year.", examples=["08-15"])
    hours: SeasonHours = Field(
        description="The week of the season; `closed` for none.", examples=["{mon-fri: 10:00-14:00}"]
    )
    greeting: PromptId | None = Field(
        None, description="Greeting while the season opens the line.", examples=["greeting-summer"]
    )
    message: PromptId | None = Field(
        None, description="Closed message while the season closes the line.", examples=["closed-summer"]
    )
    to: Destination | None = Field(
        None,
        description="Where callers go while the season closes the line, instead of the line's `closed_to`.",
        examples=["{voicemail: main}"],
    )

    @model_validator(mode="after")
    def _dates_fit(self) -> Self:
        if self.from_.yearly != self.until.yearly:
            raise refusal(
                "has one date with a year and one without", "write the year in `from` and `until`, or in none"
            )
        if not self.from_.yearly and self.until.first < self.from_.first:
            raise refusal("ends before it begins", "let `until` be after `from`, or leave the years out")
        return self

    @property
    def span(self) -> DateSpan:
        first, last = self.from_.first, self.until.last
        return DateSpan(first, last, f"{self.from_.text} to {self.until.text}")
