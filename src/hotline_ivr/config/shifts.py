"""Shift plans: who works when, with which breaks, by week and with what changes on single days."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.breaks import Break
from hotline_ivr.config.dates import DateSpan, Days, FullDate, OneDate, Range
from hotline_ivr.config.hours import DAY_NAMES
from hotline_ivr.config.refusal import refusal
from hotline_ivr.config.shift_words import OneInterval, WorkOfDay, WorkWeek
from hotline_ivr.config.types import Identifier, YesNo

Why = Literal["sick", "holiday", "swapped", "extra", "training", "other"]
MOST_WEEKS = 26
"""Of a rotation: half a year."""


class Shift(Model):
    """A shift that many may work: from when to when, and its breaks."""

    hours: OneInterval = Field(
        description="From its start to its end; an end before the start is on the next day.",
        examples=["22:00-06:00"],
    )
    breaks: dict[Identifier, Break] = Field({}, description="Its breaks, by id.")


class ShiftPlan(Model):
    """The ordinary weeks of some operators, for ever or for a part of the year."""

    operators: tuple[Identifier, ...] = Field(
        min_length=1, description="Operators who work by this plan.", examples=["[anna, bjorn]"]
    )
    from_: OneDate | None = Field(
        None, alias="from", description="First day; left out, it has always held.", examples=["2026-08-17"]
    )
    until: OneDate | None = Field(
        None, description="Last day; before a yearly `from`, it is in the next year.", examples=["2026-12-18"]
    )
    week: WorkWeek | None = Field(
        None, description="The week, when all weeks are alike.", examples=["{mon-fri: early, sat: late}"]
    )
    weeks: tuple[WorkWeek, ...] = Field(
        (),
        max_length=MOST_WEEKS,
        description="Weeks that take turns, when they are not.",
        examples=["[{mon-fri: early}, {mon-fri: late}]"],
    )
    first_week: FullDate | None = Field(
        None,
        description="Monday of a week that goes by the first of `weeks`, in the past or to come.",
        examples=["2026-08-17"],
    )
    open_days_of: Identifier | None = Field(
        None,
        description="Id of a line: shifts of days on which it does not open at all are not worked.",
        examples=["admission"],
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.week is None) == (not self.weeks):
            what = "has both `week` and `weeks`" if self.weeks else "has no week"
            raise refusal(what, "write `week: {mon-fri: early}`, or `weeks` that take turns")
        if len(self.weeks) == 1:
            raise refusal("has one week that takes turns with none", "write it as `week`")
        if bool(self.weeks) != (self.first_week is not None):
            what = "does not say which week is the first" if self.weeks else "has one week for all"
            raise refusal(what, "write `weeks` with `first_week: 2026-08-17`, a Monday; or `week` alone")
        if self.first_week is not None and self.first_week.weekday():
            day = DAY_NAMES[self.first_week.weekday()]
            raise refusal(f"{self.first_week} is a {day}", "let `first_week` be a Monday")
        self._check_dates()
        return self

    def _check_dates(self) -> None:
        first, last = self.from_, self.until
        if first and last and first.yearly != last.yearly:
            raise refusal(
                "has one date with a year and one without", "write the year in `from` and `until`, or in none"
            )
        if (first and first.yearly and not last) or (last and last.yearly and not first):
            raise refusal("has one end in each year", "write `from` and `until`, or a year")
        if first and last and not first.yearly and last.first < first.first:
            raise refusal("ends before it begins", "let `until` be after `from`, or leave the years out")

    def run_at(self, day: date) -> Range | None:
        """First and last of the days around a day for which the plan holds; None when it does not."""
        if self.from_ and self.until:
            span = DateSpan(self.from_.first, self.until.last, "")
            return next(iter(span.ranges(day, day)), None)
        first = date(*self.from_.first) if self.from_ else date.min
        last = date(*self.until.last) if self.until else date.max
        return (first, last) if first <= day <= last else None

    def week_of(self, day: date) -> tuple[int, WorkWeek]:
        """The week by which a day goes, and its place among those that take turns."""
        if self.first_week is None:
            return 0, self.week or {}
        place = (day - self.first_week).days // 7 % len(self.weeks)
        return place, self.weeks[place]


class ShiftChange(Model):
    """Days on which some operators work otherwise than planned, or not at all."""

    operators: tuple[Identifier, ...] = Field(
        min_length=1, description="Operators whom it concerns.", examples=["[anna]"]
    )
    on: Days = Field(description="Days, as told under Days.", examples=["2026-12-21 to 2026-12-31"])
    shift: WorkOfDay = Field(
        (), description="What they work instead; left out, they are off.", examples=["late"]
    )
    besides: YesNo = Field(False, description="Whether they work it on top of what is planned.")
    why: Why = Field("other", description="The reason.", examples=["swapped"])

    @model_validator(mode="after")
    def _besides_something(self) -> Self:
        if self.besides and not self.shift:
            raise refusal("is off, besides", "write the `shift` that is worked on top of the planned ones")
        return self
