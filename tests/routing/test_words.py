"""Names of every alphabet as words for the dialplan."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.routing.words import fit_word


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("holidays.holidays.Andre juledag", "holidays.holidays.Andre-juledag"),
        ("Første nyttårsdag", "Forste-nyttarsdag"),
        ("Boxing Day (observed)", "Boxing-Day-observed-"),
        ("Fête du Travail; Ascension", "Fete-du-Travail-Ascension"),
        ("春节", "u6625u8282"),
        ("office.seasons.summer", "office.seasons.summer"),
    ],
)
def test_a_name_becomes_a_word_that_people_still_know(name: str, word: str) -> None:
    assert fit_word(name) == word


@given(st.text())
def test_nothing_that_means_something_to_the_dialplan_is_left(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_.+-]*", fit_word(name))
