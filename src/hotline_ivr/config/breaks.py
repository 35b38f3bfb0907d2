"""Breaks: their kinds, and where in a shift they lie."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.refusal import refusal
from hotline_ivr.config.shift_words import ClockTime, OneInterval
from hotline_ivr.config.types import Duration, Identifier, Name, YesNo

SHORTEST_BREAK, LONGEST_BREAK = 60, 4 * 3600
"""Seconds; outside of these a length is a slip of the pen."""


class BreakKind(Model):
    """A kind of break: lunch, a short break."""

    name: Name = Field(description="Name shown to people.", examples=["Lunch"])
    length: Duration = Field(
        ge=SHORTEST_BREAK,
        le=LONGEST_BREAK,
        description="How long it is, where a shift says nothing else.",
        examples=["30m"],
    )
    paid: YesNo = Field(True, description="Whether it counts as working time.")
    returns: YesNo = Field(
        True, description="Whether the operator is ready again when it is over, without a word."
    )


class Break(Model):
    """A break of a shift: at a time of the clock, or at any time within a window."""

    kind: Identifier | None = Field(
        None, description="Which kind of break; left out, the one of the same id.", examples=["lunch"]
    )
    at: ClockTime | None = Field(None, description="When it begins, if that is planned.", examples=["11:30"])
    between: OneInterval | None = Field(
        None, description="Within these hours, if it floats: begun and over.", examples=["11:00-13:30"]
    )
    length: Duration | None = Field(
        None,
        ge=SHORTEST_BREAK,
        le=LONGEST_BREAK,
        description="Its length, where it is not the kind's.",
        examples=["15m"],
    )

    @model_validator(mode="after")
    def _planned_or_floating(self) -> Self:
        if (self.at is None) == (self.between is None):
            what = "has both `at` and `between`" if self.at is not None else "has no time"
            raise refusal(what, "write when it begins, such as at: 11:30, or between: 11:00-13:30")
        return self
