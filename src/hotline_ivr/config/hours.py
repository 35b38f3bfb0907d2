"""Weekly opening hours: from what an admin writes to minutes of the week.

    hours: always                         hours:
                                            mon-fri: 08:00-12:00, 12:30-16:00
                                            wed: 18:00-21:00
                                            fri-sat: [22:00-02:00]      # past midnight, into the next day
                                            sun: closed

Minutes are wall-clock minutes of the line's own time zone: Monday 00:00 is 0, Sunday 24:00 is 10080. Which
instants they are, also on the nights when clocks change, is for the calendar to say; no zone is known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    ValidationError,
)
from pydantic_core import CoreSchema, ErrorDetails, InitErrorDetails, core_schema

from hotline_ivr.config.refusal import did_you_mean, kind_of, quoted, refusal, text_of

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY = 24 * 60
WEEK = 7 * DAY

_NORWEGIAN = dict(zip(("man", "tir", "ons", "tor", "fre", "lør", "søn"), DAYS, strict=True))
_TIME = r"([01]?[0-9]|2[0-4]):([0-5][0-9])"
_INTERVAL = re.compile(rf"{_TIME} ?[-\u2013] ?{_TIME}", re.ASCII)
_ONE_DAY = f"({'|'.join(DAYS)})"
_DAYS_SCHEMA = rf"^{_ONE_DAY}(-{_ONE_DAY})?(, *{_ONE_DAY}(-{_ONE_DAY})?)*$"
_INTERVAL_SCHEMA = rf"{_TIME} ?[-\u2013] ?{_TIME}"


@dataclass(frozen=True, slots=True)
class Interval:
    """Minutes of a day, `start` in 0..1439; `end` is up to 24 hours later, so perhaps in the next day."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Opening:
    """One interval on one day, with the words it came from."""

    start: int
    end: int
    days: str
    text: str


def parse_interval(value: object) -> Interval:
    """Read `08:00-12:00`; an end at or before the start is on the next day. Raises ValueError."""
    text = text_of(value, "an interval such as 08:00-16:00")
    match = _INTERVAL.fullmatch(text)
    numbers = [int(part) for part in match.groups()] if match else []
    if not numbers or any(h == 24 and m for h, m in (numbers[:2], numbers[2:])):
        raise refusal(
            f"{quoted(text)} is not an interval",
            "write 08:00-16:00, with hours 00 to 24 and minutes 00 to 59",
            at=text,
        )
    start, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    if start == DAY:
        raise refusal(f"{quoted(text)} begins at 24:00", "write it on the next day, from 00:00", at=text)
    if start == end:
        raise refusal(f"{quoted(text)} has no length", "the whole day is 00:00-24:00", at=text)
    return Interval(start, end if end > start else end + DAY, text)


@lru_cache(maxsize=1024)
def parse_days(text: str) -> tuple[int, ...]:
    """Read `mon-fri`, `mon, wed` or `fri-mon` as day numbers (Monday 0) in this order. Raises ValueError."""
    found: list[int] = []
    for part in text.casefold().split(","):
        first, dash, last = (piece.strip() for piece in part.replace("\u2013", "-").partition("-"))
        start = _day(first, text)
        end = _day(last, text) if dash else start
        found += [(start + step) % 7 for step in range((end - start) % 7 + 1)]
    if len(set(found)) < len(found):
        twice = next(day for day in found if found.count(day) > 1)
        raise refusal(f"{quoted(text)} names {DAY_NAMES[twice]} twice", "name each day once")
    return tuple(found)


def _day(name: str, text: str) -> int:
    if name in DAYS:
        return DAYS.index(name)
    full = next((day for day in DAYS if name.startswith(day)), _NORWEGIAN.get(name[:3]))
    hint = f"; did you mean '{full}'?" if full else did_you_mean(name, DAYS)
    wrong = quoted(name) if name else f"an empty day in {quoted(text)}"
    raise refusal(
        f"{wrong} is not a day{hint}", "write mon, tue, wed, thu, fri, sat or sun; mon-fri; or mon, wed"
    )


def _days_key(value: object) -> str:
    text = text_of(value, "days such as mon-fri")
    parse_days(text)
    return text


def split_intervals(value: object) -> list[object]:
    """Split the text form into the items of the list form; `closed` is the empty list."""
    if isinstance(value, (list, tuple)):
        if not value:
            raise refusal("has no interval", "write 08:00-16:00, or closed")
        return list(value)
    text = text_of(value, "intervals such as 08:00-12:00, 12:30-16:00")
    return [] if text == "closed" else [part.strip() for part in text.split(",")]


_Days = Annotated[str, BeforeValidator(_days_key)]
_Intervals = Annotated[
    tuple[Annotated[Interval, PlainValidator(parse_interval)], ...], BeforeValidator(split_intervals)
]


Spans = tuple[tuple[int, int], ...]
"""(start, end) in minutes of a day, end excluded and up to 2880."""


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """When a line is open in an ordinary week, ready to be used.

    `spans` are (start, end) in minutes of the week, end excluded, sorted by start; 0 <= start < 10080 and
    start < end <= start + 10080. Only the last span may end after 10080: Sunday past midnight, into Monday
    (10080 + 120 is Monday 02:00). Spans neither overlap nor touch, also not around the end of the week. An
    `always` line, or one whose intervals fill the week, has always=True and the one span (0, 10080).

    `days` are the intervals of each day (Monday first) as they were written, in minutes of that day; an end
    beyond 1440 is in the next day. Holidays take away whole days, so it matters on which one a span begins.
    """

    always: bool
    spans: tuple[tuple[int, int], ...]
    days: tuple[Spans, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if not self.days:
            cut: list[list[tuple[int, int]]] = [[] for _ in DAYS]
            for day, start, end in self._by_day():
                cut[day].append((start, end))
            object.__setattr__(self, "days", tuple(tuple(sorted(spans)) for spans in cut))

    @classmethod
    def never(cls) -> WeeklyHours:
        """A week without hours: what a season may make of it."""
        return cls(always=False, spans=())

    @classmethod
    def all_week(cls) -> WeeklyHours:
        return cls(always=True, spans=((0, WEEK),))

    @classmethod
    def from_spans(cls, spans: list[tuple[int, int]], days: tuple[Spans, ...] = ()) -> WeeklyHours:
        """Merge spans that touch, also around the end of the week. They must not overlap."""
        merged: list[tuple[int, int]] = []
        for start, end in sorted(spans):
            if merged and merged[-1][1] == start:
                merged[-1] = (merged[-1][0], end)
            else:
                merged.append((start, end))
        if len(merged) > 1 and merged[-1][1] - WEEK == merged[0][0]:
            merged[-1] = (merged[-1][0], merged[0][1] + WEEK)
            del merged[0]
        if merged and merged[0][1] - merged[0][0] >= WEEK:
            return cls(always=True, spans=((0, WEEK),), days=days)
        return cls(always=False, spans=tuple(merged), days=days)

    def written(self) -> str | dict[str, str]:
        """Write the hours as YAML would have them, day by day; reading that gives an equal value."""
        if self.days == (((0, DAY),),) * 7:
            return "always"
        written = {day: written_spans(spans) for day, spans in zip(DAYS, self.days, strict=True) if spans}
        return written or "closed"

    def _by_day(self) -> Iterator[tuple[int, int, int]]:
        for span_start, span_end in self.spans:
            start = span_start
            while start < span_end:
                midnight = (start // DAY + 1) * DAY
                end = min(span_end, midnight)
                yield start // DAY % 7, start % DAY, end - midnight + DAY
                start = end

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(
            cls._validate,
            handler.generate_schema(dict[_Days, _Intervals]),
            serialization=core_schema.plain_serializer_function_ser_schema(cls.written),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        listed = rf"^(closed|{_INTERVAL_SCHEMA}( *, *{_INTERVAL_SCHEMA})*)$"
        items = {"type": "string", "pattern": f"^{_INTERVAL_SCHEMA}$"}
        intervals = {
            "anyOf": [{"type": "string", "pattern": listed}, {"type": "array", "items": items, "minItems": 1}]
        }
        week = {
            "type": "object",
            "patternProperties": {_DAYS_SCHEMA: intervals},
            "additionalProperties": False,
            "minProperties": 1,
        }
        return {"anyOf": [{"const": "always"}, week]}

    @classmethod
    def _validate(cls, value: object, handler: core_schema.ValidatorFunctionWrapHandler) -> WeeklyHours:
        if isinstance(value, WeeklyHours):
            return value
        if value == "always":
            return cls.all_week()
        if not isinstance(value, dict):
            raise refusal(
                f"expects `always` or days with their hours, not {kind_of(value)}",
                "write always, or on the lines below it, indented, such as mon-fri: 08:00-16:00",
            )
        mistakes: list[InitErrorDetails] = []
        try:
            week = handler(value)
        except ValidationError as error:
            mistakes = [_again(found) for found in error.errors(include_url=False)]
            week = _readable(value)
        openings = _openings(week)
        mistakes += _clashes(openings)
        if mistakes:
            raise ValidationError.from_exception_data("hours", mistakes)
        if not openings:
            raise refusal(
                "this line would never open", "give at least one day its hours, such as mon-fri: 08:00-16:00"
            )
        days = tuple(_joined(openings, day) for day in range(7))
        return cls.from_spans([(opening.start, opening.end) for opening in openings], days)


def _joined(openings: list[_Opening], day: int) -> Spans:
    """The intervals of a day; those that touch are one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(
        (o.start - day * DAY, o.end - day * DAY) for o in openings if o.start // DAY == day
    ):
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def _again(found: ErrorDetails) -> InitErrorDetails:
    """Raise once more what was refused inside, so that overlaps among the rest can be reported with it."""
    context = found["ctx"]
    error = refusal(context["message"], context["remedy"], at=context["at"])
    return InitErrorDetails(type=error, loc=found["loc"], input=found["input"])


def _readable(week: dict[object, object]) -> dict[str, tuple[Interval, ...]]:
    """Return the days and intervals that could be read, and leave out the rest."""
    readable: dict[str, tuple[Interval, ...]] = {}
    for days, written in week.items():
        with suppress(ValueError):
            items = split_intervals(written)
            readable[_days_key(days)] = tuple(_readable_intervals(items))
    return readable


def _readable_intervals(items: list[object]) -> Iterator[Interval]:
    for item in items:
        with suppress(ValueError):
            yield parse_interval(item)


def clock(minute: int) -> str:
    """Write a minute of the day, 24:00 included: 510 as `08:30`."""
    return f"{minute // 60:02}:{minute % 60:02}"


def written_spans(spans: Spans) -> str:
    """Write the intervals of one day as YAML would have them."""
    return ", ".join(f"{clock(start)}-{clock(end if end <= DAY else end - DAY)}" for start, end in spans)


def _openings(week: dict[str, tuple[Interval, ...]]) -> list[_Opening]:
    return [
        _Opening(day * DAY + interval.start, day * DAY + interval.end, days, interval.text)
        for days, intervals in week.items()
        for interval in intervals
        for day in parse_days(days)
    ]


def _clashes(openings: list[_Opening]) -> Iterator[InitErrorDetails]:
    """Find openings that overlap, each pair of written intervals once; the one written later is blamed."""
    order = {id(opening): place for place, opening in enumerate(openings)}
    timed = [(opening.start, opening.end, opening) for opening in openings]
    timed += [(o.start - WEEK, o.end - WEEK, o) for o in openings if o.end > WEEK]
    timed.sort(key=lambda item: item[:2])
    seen: set[tuple[str, str, str, str]] = set()
    widest: tuple[int, int, _Opening] | None = None
    for item in timed:
        if widest and item[0] < widest[1]:
            first, second = sorted((widest[2], item[2]), key=lambda opening: order[id(opening)])
            pair = (first.days, first.text, second.days, second.text)
            if pair not in seen:
                seen.add(pair)
                yield _clash(first, second, item[0] % WEEK)
        if widest is None or item[1] > widest[1]:
            widest = item


def _clash(first: _Opening, second: _Opening, minute: int) -> InitErrorDetails:
    when = f"{DAY_NAMES[minute // DAY]} {clock(minute % DAY)}"
    error = refusal(
        f"{second.days} {second.text} overlaps {first.days} {first.text} (from {when})",
        "make them one interval, or let one end before the other begins",
        at=second.text,
    )
    return InitErrorDetails(type=error, loc=(second.days,), input=second.text)
