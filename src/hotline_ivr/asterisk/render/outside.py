"""Numbers outside to which operators may hand callers on, as extensions: whole ones, and patterns of digits.

A pattern is a beginning that the plan allows and a fixed number of digits, so nothing but a telephone number
fits it, and whoever asks for anything else is refused before the caller leaves the operator.
"""

from __future__ import annotations

from collections.abc import Iterator

import phonenumbers

from hotline_ivr.asterisk.render.sections import value
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.centres import way_out

SHORTEST, LONGEST = 8, 15
"""Digits of a number with its country code: shorter ones are rarely whole, longer ones are none (E.164)."""


def way_of_operators(plan: Plan) -> tuple[str, str] | None:
    """Carrier and host by which operators hand callers on to numbers outside; None where they may not."""
    if not plan.outside.transfers or not plan.outside.allowed:
        return None
    return way_out(plan, plan.outside.allowed[0])


def outside_extensions(plan: Plan) -> Iterator[str]:
    """Our own numbers lead back: a caller who was sent there would go in circles, by way of the carrier."""
    if way_of_operators(plan) is None:
        return
    country = plan.organisation.country
    own = [number for line in plan.lines.values() for number in line.numbers]
    for prefix in sorted(set(plan.outside.allowed) - set(own)):
        for written, taken, put in _forms(prefix, country):
            for digits in _missing(prefix):
                yield from _extension(f"{written}{'X' * digits}", taken, put, "outside")
    for number in sorted(number for number in own if number.startswith(plan.outside.allowed)):
        for written, taken, put in _forms(number, country):
            yield from _extension(written, taken, put, "back")


def _extension(dialled: str, taken: int, put: str, goes_on: str) -> Iterator[str]:
    pattern = f"_{dialled}" if dialled.endswith("X") else dialled
    yield f"exten => {value(pattern)},1,Set(HOTLINE_TO={put}${{EXTEN:{taken}}})"
    yield f" same => n,Goto(hotline-handed-on,{goes_on},1)"


def _missing(prefix: str) -> range | tuple[int, ...]:
    """How many digits may follow: none where it is a whole number."""
    digits = len(prefix) - 1
    if digits >= SHORTEST and phonenumbers.is_valid_number(phonenumbers.parse(prefix)):
        return (0,)
    return range(max(1, SHORTEST - digits), LONGEST - digits + 1)


def _forms(number: str, country: str | None) -> Iterator[tuple[str, int, str]]:
    """Ways of dialling it from the country: what is dialled, and how it becomes E.164 again.

    That is how many characters are taken off, and what is put before the rest.
    """
    yield number, 0, ""
    yield f"00{number[1:]}", 2, "+"
    code = f"+{phonenumbers.country_code_for_region(country or '')}"
    if number.startswith(code) and len(number) > len(code):
        # Such as the 0 of long distance; some countries have none.
        known = phonenumbers.PhoneMetadata.metadata_for_region(country or "")
        national = str(known.national_prefix or "") if known else ""
        yield f"{national}{number[len(code) :]}", len(national), code
