"""Calendars: when a line is open, by week, season, date and holiday."""

from __future__ import annotations

from pydantic import Field

from hotline_ivr.config.base import Model
from hotline_ivr.config.ical import IcalFile
from hotline_ivr.config.openings import Closure, Opening
from hotline_ivr.config.public_holidays import PublicHolidays
from hotline_ivr.config.seasons import Season
from hotline_ivr.config.special_days import SpecialDay
from hotline_ivr.config.types import Identifier, WeeklyHours


class Calendar(Model):
    """Opening hours that several lines may share. Everything that is left out may come from `extends`."""

    extends: tuple[Identifier, ...] = Field(
        (),
        description="Calendars whose rules hold here too; own rules go before them, the first named follows.",
        examples=["[national]"],
    )
    hours: WeeklyHours | None = Field(
        None,
        description="The ordinary week: `always`, or days with their hours, as told under Hours.",
        examples=["{mon-fri: 08:00-16:00}"],
    )
    seasons: dict[Identifier, Season] = Field(
        {}, description="Parts of the year with a week of their own, by id."
    )
    holidays: PublicHolidays | None = Field(None, description="Public holidays.", examples=["{country: NO}"])
    special_days: dict[Identifier, SpecialDay] = Field(
        {}, description="Days with other hours, or none, by id."
    )
    closures: dict[Identifier, Closure] = Field({}, description="When it is closed besides, by id.")
    openings: dict[Identifier, Opening] = Field({}, description="When it is open besides, by id.")
    ical: tuple[IcalFile, ...] = Field(
        (), description="Files of a calendar program.", examples=["[{file: holidays.ics}]"]
    )
