"""The duty rota: who is to be asked when something is wrong, week by week, with changes of single days."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.dates import Days, FullDate
from hotline_ivr.config.hours import DAY_NAMES
from hotline_ivr.config.mailing import MailAddress
from hotline_ivr.config.refusal import refusal
from hotline_ivr.config.shift_words import ClockTime
from hotline_ivr.config.types import Identifier, Name, PhoneNumber


class DutyPerson(Model):
    """Somebody who can be on duty."""

    name: Name = Field(description="Name shown to people.", examples=["Kari Nord"])
    mail: MailAddress = Field(description="Where alerts go.", examples=["kari@example.org"])
    number: PhoneNumber | None = Field(
        None, description="Telephone, told in alerts to the others.", examples=["+47 90 00 00 01"]
    )


class DutyDays(Model):
    """Days on which another is on duty than the week says."""

    on: Days = Field(description="Days, as told under Days.", examples=["2026-12-21 to 2026-12-27"])
    who: Identifier = Field(description="Who is on duty.", examples=["kari"])


class DutyRota(Model):
    """Who is on duty when."""

    people: dict[Identifier, DutyPerson] = Field(min_length=1, description="Who can be on duty, by id.")
    weeks: tuple[Identifier, ...] = Field(
        (),
        max_length=104,
        description="Who has the week; they take turns in this order.",
        examples=["[kari, ola]"],
    )
    first_week: FullDate | None = Field(
        None, description="A Monday on which the first of `weeks` begins.", examples=["2026-08-17"]
    )
    days: tuple[DutyDays, ...] = Field(
        (), max_length=1000, description="Days on which it is another; of two that hold, the later written."
    )
    handover: ClockTime | None = Field(
        None,
        description="When duty passes on: a day of duty is from this time to the same time of the next day. "
        "Without it at midnight.",
        examples=["08:00"],
    )

    @model_validator(mode="after")
    def _weeks_begin(self) -> Self:
        if not self.weeks and not self.days:
            raise refusal("never has anybody on duty", "write `weeks: [kari, ola]`, or `days`")
        if len(self.weeks) > 1 and self.first_week is None:
            raise refusal("does not say which week is the first", "write `first_week: 2026-08-17`, a Monday")
        if self.first_week is not None and self.first_week.weekday():
            day = DAY_NAMES[self.first_week.weekday()]
            raise refusal(f"{self.first_week} is a {day}", "let `first_week` be a Monday")
        return self
