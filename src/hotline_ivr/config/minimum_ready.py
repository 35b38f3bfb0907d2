"""How many operators a queue needs at least: a number, or numbers with the hours for which they hold.

minimum_ready: 2
minimum_ready:
  1: always
  3: {mon-fri: 10:00-14:00}        # where several hold, the largest number counts
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from hotline_ivr.config.described import Described
from hotline_ivr.config.hours import WeeklyHours
from hotline_ivr.config.refusal import quoted, refusal, text_of

MOST_READY = 1000
"""More operators than any hotline of this kind has."""


def _number(value: object) -> int:
    text = text_of(value, "a number of operators")
    if not (text.isascii() and text.isdecimal()) or not 0 <= int(text) <= MOST_READY:
        raise refusal(f"{quoted(text)} is not a number of operators", f"write 0 to {MOST_READY}")
    return int(text)


def _numbers(value: object) -> object:
    return value if isinstance(value, dict) else {_number(value): "always"}


class _OrNumber:
    """In the schema, one number may stand for all hours."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        hours = handler(schema)["additionalProperties"]
        numbers = {
            "type": "object",
            "patternProperties": {"^[0-9]{1,4}$": hours},
            "additionalProperties": False,
            "minProperties": 1,
        }
        return {"anyOf": [{"type": "integer", "minimum": 0, "maximum": MOST_READY}, numbers]}


MinimumReady = Annotated[
    dict[Annotated[int, BeforeValidator(_number)], WeeklyHours],
    BeforeValidator(_numbers),
    _OrNumber,
    Described("number of operators, or numbers with their hours", "2"),
]
