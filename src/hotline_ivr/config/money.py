"""Amounts, percentages, billing steps and prefixes, as they stand in a carrier's contract.

An amount is a Decimal made of the very text that was written. No float is ever between: 0.1 has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, PlainValidator, WithJsonSchema
from typing_extensions import override

from hotline_ivr.config.described import Described
from hotline_ivr.config.refusal import quoted, refusal, text_of

_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,10})?", re.ASCII)
_STEPS = re.compile(r"([0-9]{1,4}) ?/ ?([0-9]{1,4})", re.ASCII)
_LONGEST_STEP = 3600
_PREFIX = r"\+[1-9][0-9]{0,14}"
_REMEDY = "write it with a point and without the currency, such as 0.39"


def decimals(amount: Decimal) -> int:
    """How many decimals were written; zeros at the end are none."""
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def plain(amount: Decimal) -> str:
    """The amount as people write it, never with an exponent."""
    return f"{amount:f}"


def _money(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    text = text_of(value, "an amount such as 0.39")
    if _AMOUNT.fullmatch(text):
        return Decimal(text)
    meant = text.replace(",", ".", 1)
    hint = f"; did you mean '{meant}'?" if _AMOUNT.fullmatch(meant) else ""
    raise refusal(f"{quoted(text)} is not an amount{hint}", _REMEDY)


def _percent(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    text = text_of(value, "a percentage such as 5").removesuffix("%").strip()
    if not _AMOUNT.fullmatch(text) or Decimal(text) > 100:
        raise refusal(f"{quoted(text)} is not a percentage", "write a number from 0 to 100, such as 7.5")
    return Decimal(text)


@dataclass(frozen=True, slots=True)
class Increments:
    """Seconds in which a call is billed: the first step, which every call pays whole, and those after it."""

    first: int
    following: int

    @override
    def __str__(self) -> str:
        return f"{self.first}/{self.following}"

    def billed(self, seconds: int) -> int:
        """Round up: a carrier bills a step that has begun. `seconds` is at least 1."""
        further = max(0, seconds - self.first)
        return self.first + -(-further // self.following) * self.following


def _increments(value: object) -> Increments:
    if isinstance(value, Increments):
        return value
    text = text_of(value, "billing steps such as 60/1")
    match = _STEPS.fullmatch(text)
    steps = [int(part) for part in match.groups()] if match else []
    if not steps or not all(1 <= step <= _LONGEST_STEP for step in steps):
        remedy = f"write the first step and those after it in seconds, 1 to {_LONGEST_STEP}: 60/60, 60/1, 1/1"
        raise refusal(f"{quoted(text)} are no billing steps", remedy)
    return Increments(*steps)


def _prefix(value: object) -> str:
    text = text_of(value, "a prefix such as +47").replace(" ", "")
    if not re.fullmatch(_PREFIX, text, re.ASCII):
        raise refusal(
            f"{quoted(text)} is not a prefix", "write + and the first digits of the numbers, such as +474"
        )
    return text


_AMOUNT_SCHEMA = WithJsonSchema(
    {
        "anyOf": [
            {"type": "string", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,10})?$"},
            # Editors and validators read a bare 0.39 as a number; here it arrives as text.
            {"type": "number", "minimum": 0},
        ]
    }
)

Money = Annotated[
    Decimal, PlainValidator(_money), PlainSerializer(plain), _AMOUNT_SCHEMA, Described("amount", "0.39")
]
Percent = Annotated[
    Decimal,
    PlainValidator(_percent),
    PlainSerializer(plain),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,10})? ?%?$"},
                {"type": "number", "minimum": 0, "maximum": 100},
            ]
        }
    ),
    Described("percentage", "5"),
]
BillingSteps = Annotated[
    Increments,
    PlainValidator(_increments),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,4} ?/ ?[0-9]{1,4}$"}),
    Described("billing steps", "60/1"),
]
Prefix = Annotated[
    str,
    BeforeValidator(_prefix),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\+[1-9][0-9 ]{0,20}$"},
                {"type": "integer", "minimum": 1},
            ]
        }
    ),
    Described("first digits of a number", "+474"),
]
