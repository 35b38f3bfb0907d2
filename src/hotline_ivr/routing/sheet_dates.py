"""Dates and times as people write them into spreadsheets, in Norwegian, in English and as ISO 8601 has them.

`03/04/2026` is the third of April to one office and the fourth of March to another. Whoever reads a sheet
looks at all its dates first (`order_of`); where not one of them tells, somebody has to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

Order = Literal["dmy", "mdy"]

NO_TIME = time(12)
"""The time of what has only a date: noon, so that the day is the same wherever it is read."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januar january jan",
            "februar february feb",
            "mars march mar",
            "april apr",
            "mai may",
            "juni june jun",
            "juli july jul",
            "august aug",
            "september sept sep",
            "oktober october okt oct",
            "november nov",
            "desember december des dec",
        ),
        start=1,
    )
    for name in names.split()
}
_WEEKDAY = re.compile(
    r"^(?:man|tir|tirs|ons|tor|tors|fre|lør|søn|mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)[a-zæøå]*\.?,?\s+",
    re.IGNORECASE,
)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T\s]+(.*))?", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})\.?(?:\s+(.*))?", re.ASCII)
_DOTS = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})\.?,?(?:\s+(.*))?", re.ASCII)
_SLASHES = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2}),?(?:\s+(.*))?", re.ASCII)
_DAY_MONTH = re.compile(
    r"(\d{1,2})(?:\.|st|nd|rd|th)?\s*(?:of\s+)?([^\W\d_]+)\.?,?\s*(\d{4}|\d{2}),?(?:\s+(.*))?"
)
_MONTH_DAY = re.compile(r"([^\W\d_]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4}),?(?:\s+(.*))?")
_CLOCK = re.compile(
    r"(?:kl\.?|klokka|klokken|at)?\s*(\d{1,2})(?:[:.](\d{2}))?(?:[:.](\d{2})(?:[.,]\d+)?)?\s*(am|pm|a\.m\.|p\.m\.)?",
    re.IGNORECASE | re.ASCII,
)
_OFFSET = re.compile(r"(.*?)\s*(Z|[+-]\d{2}:?\d{2})", re.ASCII)


def order_of(texts: Iterable[str]) -> Order | None:
    """How the dates with strokes among these are meant: a 13th month tells. None where they do not say."""
    first, second = 0, 0
    for text in texts:
        if found := _SLASHES.fullmatch(_WEEKDAY.sub("", text.strip())):
            first, second = max(first, int(found[1])), max(second, int(found[3]))
    if first > 12 and second <= 12:
        return "dmy"
    if second > 12 and first <= 12:
        return "mdy"
    return None


def read_date(text: str, order: Order | None) -> tuple[date, str]:
    """The date at the beginning of a text, and what stands behind it. Raises ValueError, with a remedy."""
    plain = _WEEKDAY.sub("", " ".join(text.split()))
    if found := _ISO.fullmatch(plain) or _YEAR_FIRST.fullmatch(plain):
        return _day(found[1], found[2], found[3], text), found[4] or ""
    if found := _DOTS.fullmatch(plain):
        return _day(found[3], found[2], found[1], text), found[4] or ""
    if found := _SLASHES.fullmatch(plain):
        return _strokes(found, order, text), found[5] or ""
    if (found := _DAY_MONTH.fullmatch(plain)) and found[2].casefold() in _MONTHS:
        return _day(found[3], str(_MONTHS[found[2].casefold()]), found[1], text), found[4] or ""
    if (found := _MONTH_DAY.fullmatch(plain)) and found[1].casefold() in _MONTHS:
        return _day(found[3], str(_MONTHS[found[1].casefold()]), found[2], text), found[4] or ""
    raise ValueError(f"'{text[:40]}' is no date; write 2026-11-23, 23.11.2026 or 23 November 2026")


def read_clock(text: str) -> time | None:
    """`10:15`, `kl. 10.15`, `3 pm`; None where nothing stands. Raises ValueError, with a remedy."""
    plain = " ".join(text.split())
    if not plain:
        return None
    found = _CLOCK.fullmatch(plain)
    if found is None or (found[2] is None and found[4] is None and not plain.casefold().startswith("k")):
        raise ValueError(f"'{text[:40]}' is no time of day; write 10:15")
    hour, half = int(found[1]), (found[4] or "").casefold().replace(".", "")
    if half and not 1 <= hour <= 12:
        raise ValueError(f"'{text[:40]}' is no time of day; write 3 pm or 15:00")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        return time(hour, int(found[2] or 0), int(found[3] or 0))
    except ValueError:
        raise ValueError(f"'{text[:40]}' is no time of day; write 10:15") from None


def read_moment(text: str, clock: str, zone: ZoneInfo, order: Order | None) -> datetime:
    """When (UTC): a date, with its time behind it or in a text of its own, on the clocks of a zone.

    An offset that is written counts. A time that comes twice in a night is the first. Raises ValueError.
    """
    day, rest = read_date(text, order)
    offset = _OFFSET.fullmatch(rest)
    at = read_clock(offset[1] if offset else rest) or read_clock(clock) or NO_TIME
    if offset:
        written = "+00:00" if offset[2] == "Z" else offset[2]
        return datetime.fromisoformat(f"{day.isoformat()}T{at.isoformat()}{written}").astimezone(UTC)
    return on_the_wall(datetime.combine(day, at), zone)


def on_the_wall(naive: datetime, zone: ZoneInfo) -> datetime:
    """The moment (UTC) at which a zone's clocks show this. Raises ValueError for an hour that is skipped."""
    moment = naive.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != naive:
        shown = naive.isoformat(sep=" ", timespec="minutes")
        raise ValueError(f"there was no {shown} in {zone.key}: clocks were put forward over it")
    return moment


def _strokes(found: re.Match[str], order: Order | None, text: str) -> date:
    first, second, year = found[1], found[3], found[4]
    if order is None and first != second:
        raise ValueError(
            f"'{text[:40]}' may be the {int(first)}. or the {int(second)}. of a month:"
            " say --dates dmy or --dates mdy"
        )
    if order == "mdy":
        first, second = second, first
    return _day(year, second, first, text)


def _day(year: str, month: str, day: str, text: str) -> date:
    whole = int(year)
    if len(year) == 2:
        whole += 2000 if whole < 70 else 1900
    try:
        return date(whole, int(month), int(day))
    except ValueError:
        raise ValueError(f"'{text[:40]}' is no day of the calendar") from None
