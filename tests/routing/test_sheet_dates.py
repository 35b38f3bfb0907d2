"""Dates and times as people write them into spreadsheets."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.routing.sheet_dates import Order, order_of, read_moment

OSLO = ZoneInfo("Europe/Oslo")


def shown(text: str, clock: str = "", order: Order | None = None) -> str:
    return read_moment(text, clock, OSLO, order).astimezone(OSLO).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "clock", "moment"),
    [
        ("2026-11-23", "", "2026-11-23 12:00:00"),
        ("2026-11-23T10:15", "", "2026-11-23 10:15:00"),
        ("2026-11-23 10:15:30", "", "2026-11-23 10:15:30"),
        ("2026-11-23T10:15:00Z", "", "2026-11-23 11:15:00"),
        ("2026-11-23T10:15:00+02:00", "", "2026-11-23 09:15:00"),
        ("2026-11-23 00:00:00", "", "2026-11-23 00:00:00"),
        ("2026/11/23", "", "2026-11-23 12:00:00"),
        ("23.11.2026", "", "2026-11-23 12:00:00"),
        ("23.11.26", "10.15", "2026-11-23 10:15:00"),
        ("3.1.2026 kl. 10:15", "", "2026-01-03 10:15:00"),
        ("man. 23.11.2026 kl 9", "", "2026-11-23 09:00:00"),
        ("Mandag 23. november 2026", "", "2026-11-23 12:00:00"),
        ("23. des. 2026", "kl. 14.30", "2026-12-23 14:30:00"),
        ("1. mai 2026", "", "2026-05-01 12:00:00"),
        ("23 Nov 2026", "3 pm", "2026-11-23 15:00:00"),
        ("23rd of November 2026", "", "2026-11-23 12:00:00"),
        ("Nov 23, 2026 10:15 AM", "", "2026-11-23 10:15:00"),
        ("Monday, November 23, 2026 12:05 a.m.", "", "2026-11-23 00:05:00"),
        ("23/11/2026", "", None),
        ("5/5/2026", "", "2026-05-05 12:00:00"),
    ],
)
def test_usual_forms_are_read_on_the_lines_clock(text: str, clock: str, moment: str | None) -> None:
    assert shown(text, clock, None if moment else "dmy") == (moment or "2026-11-23 12:00:00")


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["03/04/2026", "23/04/2026"], "dmy"),
        (["03/04/2026", "04/23/2026 10:00"], "mdy"),
        (["03/04/2026", "04/03/2026", "noe", ""], None),
        (["23/04/2026", "04/23/2026"], None),
    ],
)
def test_all_dates_together_tell_how_strokes_are_meant(texts: list[str], order: Order | None) -> None:
    assert order_of(texts) == order


def test_where_nothing_tells_somebody_has_to_say() -> None:
    with pytest.raises(ValueError, match="say --dates dmy or --dates mdy"):
        read_moment("03/04/2026", "", OSLO, None)
    assert shown("03/04/2026", "", "dmy") == "2026-04-03 12:00:00"
    assert shown("03/04/2026", "", "mdy") == "2026-03-04 12:00:00"


@pytest.mark.parametrize(
    ("text", "clock", "why"),
    [
        ("", "", "is no date"),
        ("i går", "", "is no date"),
        ("31.02.2026", "", "no day of the calendar"),
        ("2026-13-01", "", "no day of the calendar"),
        ("23.11.2026", "25:00", "no time of day"),
        ("23.11.2026", "13 pm", "no time of day"),
        ("23.11.2026", "etter lunsj", "no time of day"),
        ("29.03.2026", "02:30", "clocks were put forward over it"),
        ("2026-11-23T10:15:00+99:99", "", "offset"),
    ],
)
def test_what_is_no_moment_is_refused_with_a_remedy(text: str, clock: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_moment(text, clock, OSLO, None)


def test_a_time_that_comes_twice_is_the_first_one() -> None:
    assert read_moment("25.10.2026", "02:30", OSLO, None) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(st.text(max_size=60), st.text(max_size=20))
def test_no_text_is_any_other_error(text: str, clock: str) -> None:
    with suppress(ValueError):
        read_moment(text, clock, OSLO, None)
