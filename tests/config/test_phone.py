"""Telephone numbers as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.config.phone import is_assignable, is_country, to_e164


@pytest.mark.parametrize(
    ("written", "country", "e164"),
    [
        ("+47 22 85 12 34", None, "+4722851234"),
        ("+4722851234", "SE", "+4722851234"),
        ("22 85 12 34", "NO", "+4722851234"),
        ("22851234", "NO", "+4722851234"),
        ("0047 22 85 12 34", "NO", "+4722851234"),
        ("08-12 34 56 78", "SE", "+46812345678"),
        ("+46 (0)8 12 34 56 78", "NO", "+46812345678"),
        ("815 00 000", "NO", "+4781500000"),
        ("(212) 555-0123", "US", "+12125550123"),
    ],
)
def test_a_number_is_kept_in_e164(written: str, country: str | None, e164: str) -> None:
    assert to_e164(written, country) == e164


@pytest.mark.parametrize(
    ("written", "country", "said"),
    [
        ("22 85 12 34", None, "has no country code"),
        ("+47 22 85", "NO", "has too few digits"),
        ("+47 22 85 12 34 56 78 90", "NO", "has too many digits"),
        ("+999 22 85 12 34", "NO", "has a country code that does not exist"),
        ("1-800-FLOWERS", "US", "is not a telephone number"),
        ("tel:+4722851234", "NO", "is not a telephone number"),
        ("+47 22 85 12 34;ext=5", "NO", "is not a telephone number"),
        ("٢٢٨٥١٢٣٤", "NO", "is not a telephone number"),
        ("+", "NO", "is not a telephone number"),
        ("--", "NO", "is not a telephone number"),
        ("5" * 300, "NO", "is not a telephone number"),
    ],
)
def test_what_no_exchange_could_deliver_is_refused(written: str, country: str | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        to_e164(written, country)


@given(st.text(max_size=45))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        number = to_e164(text, "NO")
    except ValueError:
        return
    assert number[0] == "+"
    assert number[1:].isascii()
    assert number[1:].isdigit()
    assert to_e164(number, None) == number


def test_a_number_nobody_is_given_is_told_apart() -> None:
    assert is_assignable("+4722851234")
    assert not is_assignable("+4719999999")


def test_countries_are_known_by_their_capital_letters() -> None:
    assert is_country("NO")
    assert not is_country("no")
    assert not is_country("XX")
