"""Calendars: when a line is open, by week, season, date and holiday."""

from __future__ import annotations

from pydantic import Field

from hotline_ivr.config.base import Model
from hotline_ivr.config.types import WeeklyHours


class Calendar(Model):
    """Opening hours that several lines may share."""

    hours: WeeklyHours = Field(
        description="`always`, or days with their hours, as told under Hours.",
        examples=["{mon-fri: 08:00-16:00}"],
    )
