"""Which days a nightly balance proof is due for. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MOST_DAYS = 7
"""After a long outage so many days are looked at; Asterisk's files hardly reach further back."""


def due_days(
    now: datetime, at: time, zone: ZoneInfo, last: date | None, first_call: datetime | None
) -> list[date]:
    """Days that are over and not looked at yet, oldest first.

    A day is due on the next one at `at` of the wall clock. `last` is the newest that was looked at; without
    one only yesterday is due, or the day before. So is no day before the first call of all (aware, or None).
    """
    if first_call is None:
        return []
    today = now.astimezone(zone).date()
    newest = today - timedelta(days=1 if passed(now, today, at, zone) else 2)
    begun = newest if last is None else max(last + timedelta(days=1), newest - timedelta(days=MOST_DAYS - 1))
    first = max(begun, first_call.astimezone(zone).date())
    return [first + timedelta(days=number) for number in range((newest - first).days + 1)]


def passed(now: datetime, day: date, at: time, zone: ZoneInfo) -> bool:
    """Whether it is `at` or later on that day of the wall clock; an hour that does not exist is one later."""
    return now >= datetime.combine(day, at, zone).astimezone(UTC)
