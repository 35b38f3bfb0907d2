"""Whether the nightly purge is due. Pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hotline_ivr.routing.balance_days import passed


def purge_due(now: datetime, at: time, zone: ZoneInfo, last: date | None) -> bool:
    """Whether a night has come since `last`, the newest day that was purged.

    One purge takes all that is too old by then, so nights that were missed are made up by one.
    """
    return last is None or last < purge_night(now, at, zone)


def purge_night(now: datetime, at: time, zone: ZoneInfo) -> date:
    """The newest day whose hour of purging has come."""
    today = now.astimezone(zone).date()
    return today if passed(now, today, at, zone) else today - timedelta(days=1)
