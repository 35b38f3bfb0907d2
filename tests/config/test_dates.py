"""Days as they are written, against every day of many years."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from dateutil.easter import easter as other_easter
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from hotline_ivr.config.dates import easter, parse_when


def test_easter_is_where_another_library_has_it() -> None:
    assert [easter(year) for year in range(1900, 2300)] == [other_easter(year) for year in range(1900, 2300)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-5-7", ["2026-05-07"]),
        ("12-30 to 01-02", ["2025-12-30 2026-01-02", "2026-12-30 2027-01-02"]),
        ("2026-12-30 .. 2027-01-02", ["2026-12-30 2027-01-02"]),
        ("Easter - 2", ["2026-04-03"]),
        ("easter+60", ["2026-06-04"]),
        ("Second  Monday of October", ["2026-10-12"]),
        ("last monday of may", ["2026-05-25"]),
        ("02-29", []),
    ],
)
def test_days_of_2026(text: str, found: list[str]) -> None:
    ranges = parse_when(text).ranges(date(2026, 1, 1), date(2026, 12, 31))
    assert [" ".join(dict.fromkeys((str(first), str(last)))) for first, last in ranges] == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("24-12", "did you mean 12-24?"),
        ("2026-02-29", "no such day"),
        ("2026-12-24 to 2026-12-01", "ends before it begins"),
        ("12-24 to 2026-12-26", "one date with a year"),
        ("frist monday of may", "did you mean 'first'?"),
        ("first mondag of may", "did you mean 'monday'?"),
        ("easter+900", "far from Easter"),
        ("1926-05-17", "not a year to come"),
        ("tomorrow", "is not a day"),
    ],
)
def test_what_is_not_a_day_is_refused(text: str, message: str) -> None:
    with pytest.raises(PydanticCustomError) as refused:
        parse_when(text)
    assert message in str(refused.value)


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{1,4}-[0-9]{1,2}(-[0-9]{1,2})?( to [0-9-]{5,10})?"))
def test_any_text_is_a_day_or_refused(text: str) -> None:
    with suppress(PydanticCustomError):
        assert parse_when(text).text
