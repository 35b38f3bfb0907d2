"""Whether the nightly purge is due. Pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hotline_ivr.routing.balance_days import passed


def purge_due(now: datetime, at: time, zone: ZoneInfo, last: date | None) -> bool:
    """Whether a night has come since `last`, the newest day that was purged.

    One purge takes all that is too old by then, so nights that were missed are made up by one.
    """
    today = now.astimezone(zone).date()
    newest = today if passed(now, today, at, zone) else today - timedelta(days=1)
    return last is None or last < newest
