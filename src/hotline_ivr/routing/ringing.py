"""Which numbers may be rung back at all: callers choose the number that they show, and may type any."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

from hotline_ivr.config.callbacks import Callbacks
from hotline_ivr.config.models import Plan
from hotline_ivr.config.outside import is_allowed

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def may_ring(person: str, rules: Callbacks, plan: Plan) -> bool:
    """Whether this is a number that exists, is no number of our own, and may cost what it costs."""
    if not _E164.fullmatch(person) or any(person in line.numbers for line in plan.lines.values()):
        return False
    return _may_be_dialled(person, rules.allowed, plan.organisation.country)


@lru_cache(10_000)
def _may_be_dialled(number: str, allowed: tuple[str, ...], country: str | None) -> bool:
    """Asked every few seconds of everybody who waits to be rung, and a tenth of a millisecond's work."""
    try:
        exists = phonenumbers.is_valid_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
    return exists and is_allowed(number, allowed, country)


def spoken_number(number: str, country: str | None) -> tuple[str, ...]:
    """A number (E.164) digit by digit, as it is dialled within the country."""
    parsed = phonenumbers.parse(number)
    own = parsed.country_code == phonenumbers.country_code_for_region(country or "")
    national = str(phonenumbers.national_significant_number(parsed))
    return tuple(f"say-{digit}" for digit in (national if own else f"00{number[1:]}"))
