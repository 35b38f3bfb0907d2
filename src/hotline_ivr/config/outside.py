"""Which numbers outside may be dialled at all, so that neither a slip nor a thief costs money."""

from __future__ import annotations

import functools
import re
from typing import Annotated

import phonenumbers
from phonenumbers import PhoneNumberType
from pydantic import BeforeValidator, Field, WithJsonSchema

from hotline_ivr.config.base import Model
from hotline_ivr.config.described import Described
from hotline_ivr.config.refusal import quoted, refusal, text_of
from hotline_ivr.config.types import YesNo

_PREFIX = r"\+[1-9][0-9]{0,14}"

# A call to one of these pays whoever owns the number.
_DEAR = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST})


def read_prefix(value: object) -> str:
    text = re.sub(r"[ ().\-\u00a0\u2011]", "", text_of(value, "the beginning of telephone numbers"))
    if not re.fullmatch(_PREFIX, text, re.ASCII):
        raise refusal(
            f"{quoted(text)} is not the beginning of telephone numbers",
            "write it with + and country code, such as +47 22, or a whole number",
        )
    return text


Prefix = Annotated[
    str,
    BeforeValidator(read_prefix),
    WithJsonSchema({"type": "string", "pattern": r"^\+[1-9][0-9 ().\-\u00a0\u2011]{0,30}$"}),
    Described("beginning of telephone numbers", "+47 22"),
]


class Outside(Model):
    """What may be dialled outside. It bounds every `transfer`, every target of a centre, and operators."""

    allowed: tuple[Prefix, ...] = Field(
        (),
        description="Beginnings of the numbers that may be dialled; a whole number allows that one alone. "
        "Without it: numbers of the organisation's country, those with a surcharge excepted.",
        examples=["[+47 22 85 00 00, +47 9]"],
    )
    transfers: YesNo = Field(
        False,
        description="Whether operators may hand callers on, by their telephones, to the numbers that "
        "`allowed` lists. Each such call costs what a call there costs.",
    )


def whole_country(prefix: str, country: str | None) -> bool:
    """Whether every number of this country (two letters) begins so."""
    code = phonenumbers.country_code_for_region(country or "")
    return f"+{code}".startswith(prefix)


def any_whole_country(prefix: str) -> bool:
    """Whether every number of some country begins so, those with a surcharge too."""
    return any(f"+{code}".startswith(prefix) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


@functools.lru_cache(maxsize=1024)
def is_allowed(number: str, allowed: tuple[str, ...], country: str | None) -> bool:
    """Whether this E.164 number may be dialled; `country` (two letters) counts where nothing is listed."""
    if allowed:
        return any(number.startswith(prefix) for prefix in allowed)
    parsed = phonenumbers.parse(number)
    region = phonenumbers.country_code_for_region(country or "")
    return parsed.country_code == region and phonenumbers.number_type(parsed) not in _DEAR
