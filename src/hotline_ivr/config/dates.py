"""Days as an admin writes them: dates with or without a year, Easter, and the nth weekday of a month.

    2026-05-17          that day                     easter-1                    the day before Easter Sunday
    05-17               each year                    first monday of september   each year
    2026-12-24 to 2027-01-02                         last friday of every month  twelve times a year
    12-24 to 01-02      each year, over its end

Pure dates of the Gregorian calendar; which instants they are is for the line's time zone to say.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from hotline_ivr.config.described import Described
from hotline_ivr.config.hours import DAY_NAMES
from hotline_ivr.config.refusal import did_you_mean, quoted, refusal, text_of

FIRST_YEAR, LAST_YEAR = 2000, 2199
"""Years that may be written: outside of these a date is a slip of the pen."""

Range = tuple[date, date]
"""First and last day, both included."""

_NUMBERS = ("first", "second", "third", "fourth", "fifth", "last")
_MONTHS = tuple(name.lower() for name in calendar.month_name[1:])
_WEEKDAYS = tuple(name.lower() for name in DAY_NAMES)
_DATE = r"(?:(?P<y{0}>[0-9]{{4}})-)?(?P<m{0}>[0-9]{{1,2}})-(?P<d{0}>[0-9]{{1,2}})"
_SPAN = re.compile(_DATE.format(1) + r"(?: *(?:to|\.\.|\u2013) *" + _DATE.format(2) + ")?", re.ASCII)
_EASTER = re.compile(r"easter(?: ?([+-]) ?([0-9]{1,3}))?", re.ASCII)
_NTH = re.compile(r"([a-z]+) ([a-z]+) of (every month|[a-z]+)", re.ASCII)
_FURTHEST = 200
_REMEDY = (
    "write 2026-05-17, 05-17 for each year, 2026-12-24 to 2027-01-02, easter-1, or first monday of september"
)


@dataclass(frozen=True, slots=True)
class DateSpan:
    """One day or a run of days, both ends included; year 0 is each year."""

    first: tuple[int, int, int]
    last: tuple[int, int, int]
    text: str

    @property
    def yearly(self) -> bool:
        return not self.first[0]

    def ranges(self, start: date, end: date) -> Iterator[Range]:
        """The runs of days that touch start..end, whole, in order."""
        if not self.yearly:
            if self.last[0] < start.year or self.first[0] > end.year:
                return  # most of ten thousand closures, without making a date of each
            years: range | tuple[int] = (0,)
        else:
            years = range(start.year - 1, end.year + 1)
        for year in years:
            found = self._in_year(year)
            if found and found[0] <= end and found[1] >= start:
                yield found

    def _in_year(self, year: int) -> Range | None:
        over_the_end = self.yearly and self.last < self.first
        first = _day(self.first, year, forward=True)
        last = _day(self.last, year + over_the_end, forward=False)
        # 29 February alone is no day at all in most years.
        return (first, last) if first <= last else None


@dataclass(frozen=True, slots=True)
class EasterDay:
    """So many days after (or before) Easter Sunday of the Western churches."""

    offset: int
    text: str

    def ranges(self, start: date, end: date) -> Iterator[Range]:
        for year in range(start.year - 1, end.year + 2):
            day = easter(year) + timedelta(days=self.offset)
            if start <= day <= end:
                yield day, day


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """The nth weekday (Monday 0) of a month; number 0 is the last, month 0 is every month."""

    number: int
    weekday: int
    month: int
    text: str

    def ranges(self, start: date, end: date) -> Iterator[Range]:
        for year in range(start.year, end.year + 1):
            for month in (self.month,) if self.month else range(1, 13):
                day = self._in_month(year, month)
                if day and start <= day <= end:
                    yield day, day

    def _in_month(self, year: int, month: int) -> date | None:
        length = calendar.monthrange(year, month)[1]
        if not self.number:
            last = date(year, month, length)
            return last - timedelta(days=(last.weekday() - self.weekday) % 7)
        first = date(year, month, 1)
        day = 1 + (self.weekday - first.weekday()) % 7 + 7 * (self.number - 1)
        return date(year, month, day) if day <= length else None


When = DateSpan | EasterDay | NthWeekday


def easter(year: int) -> date:
    """Easter Sunday (the anonymous Gregorian computus, Nature 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


def parse_when(value: object) -> When:
    """Read one of the forms above. Raises ValueError."""
    text = text_of(value, "a day such as 2026-05-17")
    plain = " ".join(text.casefold().split())
    if match := _SPAN.fullmatch(plain):
        return _span(match, text)
    if match := _EASTER.fullmatch(plain):
        offset = int(match[2] or 0) * (-1 if match[1] == "-" else 1)
        if abs(offset) > _FURTHEST:
            raise refusal(f"{quoted(text)} is far from Easter", f"write at most {_FURTHEST}", at=text)
        return EasterDay(offset, plain)
    if match := _NTH.fullmatch(plain):
        return _nth(match, text)
    raise refusal(f"{quoted(text)} is not a day", _REMEDY, at=text)


def _span(match: re.Match[str], text: str) -> DateSpan:
    first = _written_date(match, 1, text)
    last = _written_date(match, 2, text) if match["m2"] else first
    if bool(first[0]) != bool(last[0]):
        raise refusal(
            f"{quoted(text)} has one date with a year and one without", "write the year in both, or in none"
        )
    if first[0] and last < first:
        raise refusal(f"{quoted(text)} ends before it begins", "write the earlier date first", at=text)
    return DateSpan(first, last, " to ".join(dict.fromkeys((_date_text(first), _date_text(last)))))


def _written_date(match: re.Match[str], which: int, text: str) -> tuple[int, int, int]:
    year, month, day = (int(match[f"{part}{which}"] or 0) for part in "ymd")
    if year and not FIRST_YEAR <= year <= LAST_YEAR:
        raise refusal(f"{year} is not a year to come", f"write {FIRST_YEAR} to {LAST_YEAR}", at=text)
    try:
        # 2000 was a leap year: 29 February exists, but not in every year.
        date(year or 2000, month, day)
    except ValueError:
        meant = "" if month <= 12 or year else f"; did you mean {day:02}-{month:02}?"
        raise refusal(
            f"there is no such day as {quoted(text)}{meant}",
            "write year-month-day, such as 2026-05-17",
            at=text,
        ) from None
    return year, month, day


def _nth(match: re.Match[str], text: str) -> NthWeekday:
    places = ((_NUMBERS, match[1]), (_WEEKDAYS, match[2]), ((*_MONTHS, "every month"), match[3]))
    found = []
    for known, word in places:
        if word not in known:
            raise refusal(f"{quoted(text)} is not a day{did_you_mean(word, known)}", _REMEDY, at=word)
        found.append(known.index(word))
    number, weekday, month = found
    return NthWeekday((number + 1) % 6, weekday, (month + 1) % 13, match[0])


def _date_text(written: tuple[int, int, int]) -> str:
    year, month, day = written
    return f"{year}-{month:02}-{day:02}" if year else f"{month:02}-{day:02}"


def _day(written: tuple[int, int, int], year: int, *, forward: bool) -> date:
    """A written date in a year; without a 29 February a run begins on 1 March or ends on the 28th."""
    month, day = written[1:]
    if (month, day) == (2, 29) and not calendar.isleap(written[0] or year):
        month, day = (3, 1) if forward else (2, 28)
    return date(written[0] or year, month, day)


def _whens(value: object) -> tuple[When, ...]:
    if isinstance(value, tuple) and all(isinstance(item, When) for item in value):
        return value
    if isinstance(value, (list, tuple)):
        items: list[object] = list(value)
    else:
        items = list(text_of(value, "a day such as 2026-05-17, or a list of them").split(","))
    if not items:
        raise refusal("names no day", _REMEDY)
    return tuple(parse_when(item) for item in items)


def _one_date(value: object) -> DateSpan:
    found = value if isinstance(value, DateSpan) else parse_when(value)
    if not isinstance(found, DateSpan) or found.first != found.last:
        raise refusal(f"{quoted(str(value))} is not a date", "write 2026-06-15, or 06-15 for each year")
    return found


def _full_date(value: object) -> date:
    if isinstance(value, date):
        return value
    found = _one_date(value)
    if found.yearly:
        raise refusal(f"{quoted(str(value))} has no year", "write it as 2027-03-01")
    return date(*found.first)


_ONE = r"([0-9]{4}-)?[0-9]{1,2}-[0-9]{1,2}"
_WHEN_SCHEMA: dict[str, Any] = {
    "type": "string",
    "pattern": rf"^({_ONE}( *(to|\.\.|\u2013) *{_ONE})?|[Ee]aster.*|[A-Za-z]+ [a-z]+ of [a-z ]+)(,.*)?$",
}

Days = Annotated[
    tuple[When, ...],
    PlainValidator(_whens),
    PlainSerializer(lambda whens: [when.text for when in whens]),
    WithJsonSchema({"anyOf": [_WHEN_SCHEMA, {"type": "array", "items": _WHEN_SCHEMA, "minItems": 1}]}),
    Described("days", "2026-05-17"),
]
OneDate = Annotated[
    DateSpan,
    PlainValidator(_one_date),
    PlainSerializer(lambda span: span.text),
    WithJsonSchema({"type": "string", "pattern": f"^{_ONE}$"}),
    Described("date, with or without year", "06-15"),
]
FullDate = Annotated[
    date,
    PlainValidator(_full_date),
    PlainSerializer(lambda day: day.isoformat()),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$"}),
    Described("date", "2027-03-01"),
]
