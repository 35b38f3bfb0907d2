"""Telephone numbers: written as people write them, kept in E.164 (`+4722851234`)."""

from __future__ import annotations

import re
from typing import Annotated, Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult
from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema

from hotline_ivr.config.described import Described
from hotline_ivr.config.refusal import quoted, refusal, text_of

_WRITTEN = re.compile(r"\+?[0-9 ().\-/\u00a0\u2011]{2,40}")
_REMEDY = "write it with + and country code, such as +47 22 85 12 34"
_IMPOSSIBLE: Final = {
    ValidationResult.TOO_SHORT: "has too few digits",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "lacks its area code",
    ValidationResult.TOO_LONG: "has too many digits",
    ValidationResult.INVALID_LENGTH: "has a number of digits that does not occur",
    ValidationResult.INVALID_COUNTRY_CODE: "has a country code that does not exist",
}


def to_e164(text: str, country: str | None) -> str:
    """Return the number in E.164; without + it is read as a number of `country` (two letters).

    Raises ValueError (a refusal with a remedy) for anything that no exchange could deliver.
    """
    if not _WRITTEN.fullmatch(text):
        raise refusal(f"{quoted(text)} is not a telephone number", _REMEDY)
    if country is None and not text.startswith("+"):
        raise refusal(f"{quoted(text)} has no country code", _REMEDY)
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException as error:
        wrong_code = error.error_type == NumberParseException.INVALID_COUNTRY_CODE
        why = (
            _IMPOSSIBLE[ValidationResult.INVALID_COUNTRY_CODE] if wrong_code else "is not a telephone number"
        )
        raise refusal(f"{quoted(text)} {why}", _REMEDY) from None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason in _IMPOSSIBLE:
        raise refusal(f"{quoted(text)} {_IMPOSSIBLE[reason]}", _REMEDY)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def is_assignable(e164: str) -> bool:
    """Say whether the country's numbering plan has such a number (a possible one may not exist)."""
    return phonenumbers.is_valid_number(phonenumbers.parse(e164, None))


def is_country(code: str) -> bool:
    return code in phonenumbers.SUPPORTED_REGIONS


def _number(value: object, info: ValidationInfo) -> str:
    """Validate one number; the organisation's country comes in the validation context."""
    context = info.context if isinstance(info.context, dict) else {}
    return to_e164(text_of(value, "a telephone number"), context.get("country"))


def _country(value: object) -> str:
    text = text_of(value, "a two-letter country code")
    if is_country(text):
        return text
    # Two letters are too few for likeness to mean anything; only the capitals may be wrong.
    meant = text.upper() if is_country(text.upper()) else None
    hint = f"; did you mean '{meant}'?" if meant else ""
    raise refusal(
        f"{quoted(text)} is not a country code{hint}", "write two capital letters, such as NO, SE or DE"
    )


PhoneNumber = Annotated[
    str,
    BeforeValidator(_number),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\+?[0-9 ().\-/\u00a0\u2011]{2,40}$"},
                # Editors and validators read a bare +4722851234 as a whole number.
                {"type": "integer", "minimum": 1},
            ]
        }
    ),
    Described("telephone number", "+47 22 85 12 34"),
]

Country = Annotated[
    str,
    BeforeValidator(_country),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"}),
    Described("two-letter country code", "NO"),
]
