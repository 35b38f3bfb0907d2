"""A moment as a person writes it: `16:00`, `tomorrow 08:00`, `sat 12:00`, `2026-12-24 14:00`.

It is on the wall clock of the line. A time that comes twice when clocks go back is the first of the two; one
that is skipped when they go forward is the moment at which clocks are moved.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hotline_ivr.config.hours import DAYS
from hotline_ivr.errors import ArgumentError

_TIME = r"(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)"
_WRITTEN = re.compile(
    rf"(?:(?P<date>\d{{4}}-\d\d-\d\d)|(?P<day>today|tomorrow|{'|'.join(DAYS)}))?(?:[ t]?{_TIME})?", re.ASCII
)
_REMEDY = "write 16:00, tomorrow 08:00, sat 12:00 or 2026-12-24 14:00"


def moment_to_come(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The moment (aware, UTC) after `now` that `text` means in `zone`.

    A time alone is the next time the clock shows it; a day alone is its midnight, where it begins. Raises
    ArgumentError if it cannot be read or is past.
    """
    found = _WRITTEN.fullmatch(text.strip().lower())
    if not found or not text.strip():
        raise ArgumentError(f"'{text[:60]}' is no moment: {_REMEDY}")
    local = now.astimezone(zone)
    clock, days_on = _clock(found["hour"], found["minute"], text)
    moments = [_instant(day + timedelta(days_on), clock, zone) for day in _days(found, local.date(), text)]
    to_come = [moment for moment in moments if moment > now]
    if not to_come:
        raise ArgumentError(f"'{text[:60]}' is past; it is {local:%Y-%m-%d %H:%M} there: {_REMEDY}")
    return to_come[0]


def _clock(hour: str | None, minute: str | None, text: str) -> tuple[time, int]:
    """The time of day, and how many days on; 24:00 is midnight of the next day."""
    hours, minutes = int(hour or 0), int(minute or 0)
    if hours == 24 and minutes:
        raise ArgumentError(f"'{text[:60]}' is no moment: {_REMEDY}")
    return time(hours % 24, minutes), hours // 24


def _days(found: re.Match[str], today: date, text: str) -> list[date]:
    """The days that may be meant, in order."""
    if written := found["date"]:
        try:
            return [date.fromisoformat(written)]
        except ValueError:
            raise ArgumentError(f"'{text[:60]}': there is no such day") from None
    match found["day"]:
        case None:
            return [today, today + timedelta(1)]
        case "today":
            return [today]
        case "tomorrow":
            return [today + timedelta(1)]
        case name:
            first = today + timedelta((DAYS.index(name) - today.weekday()) % 7)
            return [first, first + timedelta(7)]


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    local = datetime.combine(day, clock, tzinfo=zone)
    there = local.astimezone(UTC)
    if there.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return there
    # Skipped: the change happens between the two readings of such a time; the later offset gives it.
    before, after = local.replace(fold=0), local.replace(fold=1)
    low, high = sorted((before.astimezone(UTC), after.astimezone(UTC)))
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0) + timedelta(seconds=1 if high.microsecond else 0)
