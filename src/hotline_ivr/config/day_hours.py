"""The hours of one day (`10:00-14:00, 16:00-18:00` or `closed`), and of a season's week."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator, GetJsonSchemaHandler, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import CoreSchema

from hotline_ivr.config.described import Described
from hotline_ivr.config.hours import (
    DAY,
    DAYS,
    Spans,
    WeeklyHours,
    parse_days,
    parse_interval,
    split_intervals,
    written_spans,
)
from hotline_ivr.config.refusal import quoted, refusal, text_of

_TIME = r"([01]?[0-9]|2[0-4]):[0-5][0-9]"
_INTERVAL = rf"{_TIME} ?[-\u2013] ?{_TIME}"
_LISTED: dict[str, Any] = {"type": "string", "pattern": rf"^{_INTERVAL}( *, *{_INTERVAL})*$"}
_ITEMS: dict[str, Any] = {"type": "array", "items": _LISTED, "minItems": 1}


def day_hours(value: object) -> Spans:
    """Read the intervals of one day, sorted; `closed` is none at all. Raises ValueError."""
    if isinstance(value, tuple):
        return value
    intervals = sorted((parse_interval(item) for item in split_intervals(value)), key=lambda each: each.start)
    for before, after in pairwise(intervals):
        if after.start < before.end:
            raise refusal(f"{after.text} overlaps {before.text}", "make them one interval", at=after.text)
    # Into its own morning: 08:00-09:00 and 22:00-08:30 both cover 08:15, but on different days.
    return tuple((each.start, each.end) for each in intervals)


def _some_hours(value: object) -> Spans:
    spans = day_hours(value)
    if not spans:
        raise refusal("has no hours", "write its hours, such as 10:00-14:00; the whole day is 00:00-24:00")
    return spans


def _season_hours(value: object) -> object:
    return WeeklyHours.never() if value == "closed" else value


def _week_day(value: object) -> int:
    if isinstance(value, int):
        return value
    text = text_of(value, "a day of the week")
    days = parse_days(text)
    if len(days) != 1:
        raise refusal(f"{quoted(text)} is more than one day", "write one, such as mon")
    return days[0]


def _shown(spans: Spans) -> str:
    return written_spans(spans) or "closed"


_SOME = WithJsonSchema({"anyOf": [_LISTED, _ITEMS]})
_ANY = WithJsonSchema({"anyOf": [{"const": "closed"}, _LISTED, _ITEMS]})

SomeHours = Annotated[
    Spans,
    PlainValidator(_some_hours),
    PlainSerializer(_shown),
    _SOME,
    Described("hours of a day", "10:00-14:00"),
]
DayHours = Annotated[
    Spans,
    PlainValidator(day_hours),
    PlainSerializer(_shown),
    _ANY,
    Described("hours of a day, or closed", "10:00-14:00"),
]


class _OrClosed:
    """In the schema, a season's week may also be the word `closed`."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [{"const": "closed"}, handler(schema)]}


SeasonHours = Annotated[
    WeeklyHours,
    BeforeValidator(_season_hours),
    _OrClosed,
    Described("hours, or closed", "{mon-fri: 10:00-14:00}"),
]
WeekDay = Annotated[
    int,
    PlainValidator(_week_day),
    PlainSerializer(lambda day: DAYS[day]),
    WithJsonSchema({"enum": list(DAYS)}),
    Described("day of the week", "mon"),
]
WHOLE_DAY: Spans = ((0, DAY),)
