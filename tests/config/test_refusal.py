"""How values are named in messages, and what was probably meant."""

from __future__ import annotations

import pytest

from hotline_ivr.config.refusal import choices, did_you_mean, kind_of, nearest, quoted


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("stategy", ["strategy", "operators"], "strategy"),
        ("Oslo", ["OSLO", "Bergen"], "OSLO"),
        ("xyzzy", ["strategy", "operators"], None),
        ("main", [], None),
        ("m" * 10_000, ["main"], None),
    ],
)
def test_a_near_word_is_found_and_a_far_one_is_not(word: str, known: list[str], meant: str | None) -> None:
    assert nearest(word, known) == meant
    assert did_you_mean(word, known) == (f"; did you mean '{meant}'?" if meant else "")


@pytest.mark.parametrize(
    ("value", "named"), [(None, "nothing"), ("", "nothing"), ({}, "a mapping"), ([], "a list"), ("x", "'x'")]
)
def test_a_value_is_named_in_an_admins_words(value: object, named: str) -> None:
    assert kind_of(value) == named


def test_a_long_value_is_cut_in_a_message() -> None:
    assert len(quoted("x" * 5000)) < 100


def test_choices_read_as_a_sentence() -> None:
    assert choices(["a"]) == "a"
    assert choices(["a", "b", "c"]) == "a, b or c"
