"""Dates and hours in the languages of lines."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest

from hotline_ivr.config.types import LanguageCode
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.views.hours_words import WORDS, words_of
from hotline_ivr.views.week import line_hours
from tests.plans import a_plan


def test_every_language_of_lines_has_its_words() -> None:
    assert set(WORDS) == set(get_args(get_args(LanguageCode)[0]))
    for words in WORDS.values():
        assert (len(words.weekdays), len(words.short_weekdays)) == (7, 7)
        assert (len(words.months), len(words.short_months)) == (12, 12)


@pytest.mark.parametrize(
    ("language", "first", "last", "told"),
    [
        ("nb", date(2026, 11, 23), date(2026, 12, 6), "23. november – 6. desember 2026"),
        ("en", date(2026, 12, 28), date(2027, 1, 10), "28 December 2026 – 10 January 2027"),
        ("nb", date(2028, 2, 29), date(2028, 2, 29), "29. februar 2028"),
    ],
)
def test_a_period_is_told_as_the_language_writes_it(
    language: str, first: date, last: date, told: str
) -> None:
    assert words_of(language).period(first, last) == told


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        ("always", ("døgnåpent",)),
        ({"mon": "08:00-12:00, 13:00-24:00"}, ("08:00–12:00", "13:00–24:00")),
        ({"tue": "08:00-16:00"}, ("stengt",)),
    ],
)
def test_a_day_is_told_by_its_stretches_or_in_a_word(hours: object, told: tuple[str, ...]) -> None:
    (monday,) = line_hours(Rulebook(a_plan(hours)), "info", date(2026, 3, 23), 1).days
    assert words_of("nb").spans(monday) == told
