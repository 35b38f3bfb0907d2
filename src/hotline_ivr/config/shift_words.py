"""How shifts are written: a time of the clock, the hours of a shift, what is worked, a week of it.

    hours: 22:00-06:00            one interval, past midnight where it ends before it begins
    at: 02:30                     a time of the clock within the shift
    mon-fri: early                a shift by its id
    sat: late, 20:00-22:00        several, also by their hours alone
    sun: off                      nothing, as every day that is not named

Days and intervals are those of opening hours (hours.py): there is one way to write them.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, PlainValidator, WithJsonSchema

from hotline_ivr.config.described import Described
from hotline_ivr.config.hours import DAY, DAYS, Interval, clock, parse_days, parse_interval
from hotline_ivr.config.refusal import did_you_mean, quoted, refusal, text_of
from hotline_ivr.config.types import ID_PATTERN

OFF = "off"
"""What is written for a day without work."""

MOST_SHIFTS_A_DAY = 6
"""Of one operator; more is a slip of the pen."""

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_TIME = r"([01]?[0-9]|2[0-4]):[0-5][0-9]"
_INTERVAL = rf"{_TIME} ?[-\u2013] ?{_TIME}"
_ITEM = rf"({ID_PATTERN}|{_INTERVAL})"
_ONE_DAY = f"({'|'.join(DAYS)})"
_DAYS_SCHEMA = rf"^{_ONE_DAY}(-{_ONE_DAY})?(, *{_ONE_DAY}(-{_ONE_DAY})?)*$"

Item = str | Interval
"""A shift: the id of a template, or hours of their own."""

Work = tuple[Item, ...]
"""What an operator does on one day; nothing when off."""


def clock_time(value: object) -> int:
    """Read `11:30` as a minute of the day. Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = text_of(value, "a time of the clock such as 11:30")
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise refusal(f"{quoted(text)} is not a time of the clock", "write 11:30", at=text)
    return int(match[1]) * 60 + int(match[2])


def work(value: object) -> Work:
    """Read what is worked on a day: ids of shifts and intervals, or `off`. Raises ValueError."""
    if isinstance(value, tuple):
        return value
    if isinstance(value, list):
        items = list(value)
    else:
        items = list(text_of(value, "a shift, hours such as 08:00-16:00, or off").split(","))
    if items in ([OFF], ["closed"]):
        return ()
    if not items or len(items) > MOST_SHIFTS_A_DAY:
        raise refusal(f"names {len(items)} shifts for a day", f"write 1 to {MOST_SHIFTS_A_DAY}, or off")
    return tuple(_item(item) for item in items)


def _item(value: object) -> Item:
    if isinstance(value, Interval):
        return value
    text = text_of(value, "a shift, or hours such as 08:00-16:00")
    if text == OFF:
        raise refusal("is off beside other shifts", "write off alone, or leave it out", at=text)
    if re.match(r"\d", text):
        return parse_interval(text)
    if not re.fullmatch(ID_PATTERN, text, re.ASCII):
        hint = did_you_mean(text, (OFF,))
        raise refusal(
            f"{quoted(text)} is no shift{hint}", "write the id of a shift, hours such as 08:00-16:00, or off"
        )
    return text


def written(item: Item) -> str:
    """A shift as YAML would have it."""
    if isinstance(item, str):
        return item
    return f"{clock(item.start)}-{clock(item.end if item.end <= DAY else item.end - DAY)}"


def written_work(items: Work) -> str:
    """What is worked on a day as YAML would have it."""
    return ", ".join(map(written, items)) or OFF


def _days_key(value: object) -> str:
    text = text_of(value, "days such as mon-fri")
    parse_days(text)
    return text


def _hours(value: object) -> Interval:
    return value if isinstance(value, Interval) else parse_interval(value)


_WORK_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": rf"^{_ITEM}( *, *{_ITEM})*$"},
        {"type": "array", "items": {"type": "string", "pattern": f"^{_ITEM}$"}, "minItems": 1},
    ]
}

ClockTime = Annotated[
    int,
    PlainValidator(clock_time),
    PlainSerializer(clock),
    WithJsonSchema({"type": "string", "pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9]$"}),
    Described("time of the clock", "11:30"),
]
OneInterval = Annotated[
    Interval,
    PlainValidator(_hours),
    PlainSerializer(written),
    WithJsonSchema({"type": "string", "pattern": f"^{_INTERVAL}$"}),
    Described("one interval", "08:00-16:00"),
]
WorkOfDay = Annotated[
    Work,
    PlainValidator(work),
    PlainSerializer(written_work),
    WithJsonSchema(_WORK_SCHEMA),
    Described("shifts of a day, or off", "early"),
]
WorkWeek = Annotated[
    dict[Annotated[str, BeforeValidator(_days_key)], WorkOfDay],
    WithJsonSchema(
        {
            "type": "object",
            "patternProperties": {_DAYS_SCHEMA: _WORK_SCHEMA},
            "additionalProperties": False,
            "minProperties": 1,
        }
    ),
    Described("days with their shifts", "{mon-fri: early, sat: late}"),
]
