"""Hostile text made harmless."""

from __future__ import annotations

import base64
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.routing.call_record import CallerKind
from hotline_ivr.routing.caller import MAX_NAME, MAX_NUMBER, clean_name, clean_number, clean_text


def encoded(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()


@given(st.text(max_size=400), st.integers(1, 200))
def test_what_is_left_of_any_text_can_be_shown_on_one_line(text: str, limit: int) -> None:
    cleaned = clean_text(text, limit)
    assert len(cleaned) <= limit
    assert not {unicodedata.category(character) for character in cleaned} & {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Zl",
        "Zp",
    }
    assert clean_text(cleaned, limit) == cleaned


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Kåre Å", "Kåre Å"),
        ("a\r\nAction: Originate\r\n", "a Action: Originate"),
        ("\x1b[2J\x1b]0;owned\x07", "[2J ]0;owned"),
        ("\u202egnirts desrever", "gnirts desrever"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("tag\U000e0041", "tag"),
        ("four bytes \U0001f600", "four bytes \U0001f600"),
        ("  much   space ", "much space"),
        ("line\u2028separator", "line separator"),
    ],
)
def test_names_are_cleaned(raw: str, shown: str) -> None:
    assert clean_name(encoded(raw)) == shown


def test_a_name_of_8_kib_is_cut_and_a_name_that_is_no_base64_is_left_out() -> None:
    assert clean_name(encoded("x" * 8_192)) == "x" * MAX_NAME
    assert clean_name(encoded("\u202e" * 8_192)) == ""
    assert clean_name("not base64!") == ""
    assert clean_name("=" * 100_000) == ""


def test_a_name_cut_in_the_middle_of_a_character_keeps_the_rest() -> None:
    assert clean_name(base64.b64encode("Kåre".encode()[:2]).decode()) == "K\ufffd"


@pytest.mark.parametrize(
    ("filtered", "raw", "expected"),
    [
        ("+4798765432", "+4798765432", ("+4798765432", CallerKind.OK)),
        ("", "", ("", CallerKind.WITHHELD)),
        ("", "Anonymous", ("", CallerKind.WITHHELD)),
        ("", "restricted ", ("", CallerKind.WITHHELD)),
        ("47", "4\r\n7", ("47", CallerKind.INVALID)),
        ("", "'; DROP TABLE", ("", CallerKind.INVALID)),
        ("1" * 200, "1" * 200, ("1" * MAX_NUMBER, CallerKind.INVALID)),
    ],
)
def test_a_number_is_taken_for_what_the_network_sent(
    filtered: str, raw: str, expected: tuple[str, CallerKind]
) -> None:
    assert clean_number(filtered, encoded(raw)) == expected


def test_a_number_whose_original_cannot_be_read_is_invalid() -> None:
    assert clean_number("47", "%%%") == ("47", CallerKind.INVALID)
