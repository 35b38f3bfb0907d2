"""Which numbers may be rung back at all: callers choose the number that they show, and may type any."""

from __future__ import annotations

import re

import phonenumbers

from hotline_ivr.config.callbacks import Callbacks
from hotline_ivr.config.models import Plan
from hotline_ivr.config.outside import is_allowed

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def may_ring(person: str, rules: Callbacks, plan: Plan) -> bool:
    """Whether this is a number that exists, is no number of our own, and may cost what it costs."""
    if not _E164.fullmatch(person) or any(person in line.numbers for line in plan.lines.values()):
        return False
    try:
        real = phonenumbers.is_valid_number(phonenumbers.parse(person))
    except phonenumbers.NumberParseException:
        return False
    return real and is_allowed(person, rules.allowed, plan.organisation.country)


def spoken_number(number: str, country: str | None) -> tuple[str, ...]:
    """A number (E.164) digit by digit, as it is dialled within the country."""
    parsed = phonenumbers.parse(number)
    own = parsed.country_code == phonenumbers.country_code_for_region(country or "")
    national = str(phonenumbers.national_significant_number(parsed))
    return tuple(f"say-{digit}" for digit in (national if own else f"00{number[1:]}"))
