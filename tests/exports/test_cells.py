"""Text that a spreadsheet must not run, and moments on a wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.exports.cells import CUT, MOST_IN_A_CELL, WallClock, csv_text, fitting, plain_text
from hotline_ivr.store.columns import to_micros

OSLO = WallClock(ZoneInfo("Europe/Oslo"))
wall = datetime.fromisoformat


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+4722851234", "'+4722851234"),
        ("-5", "'-5"),
        ("@here", "'@here"),
        ("\tx", "'\tx"),
        ("\rx", "'\nx"),
        ("  =1", "'  =1"),
        ("\u202e=1", "'=1"),
        ("\uff1d1", "'\uff1d1"),
        ("'tis", "''tis"),
        ("a=b", "a=b"),
        ("", ""),
        ("Bjørn", "Bjørn"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\x00\x1b[2Jb", "a[2Jb"),
        ("a\ud800b", "ab"),
        ("\u200f\u05e9\u05dc", "\u200f\u05e9\u05dc"),
    ],
)
def test_what_a_spreadsheet_would_run_is_text(value: str, shown: str) -> None:
    assert csv_text(value) == shown


@given(st.text(alphabet=st.characters(codec=None)))
def test_taking_one_apostrophe_away_gives_the_text_again(value: str) -> None:
    shown = csv_text(value)
    assert shown.removeprefix("'") == plain_text(value)
    assert not shown.lstrip().startswith(("=", "+", "-", "@"))
    shown.encode()


@given(st.integers(0, 70_000), st.integers(0, 34_000), st.sampled_from(["", "é"]))
def test_a_cell_holds_what_fits_and_says_so(short: int, long: int, between: str) -> None:
    value = "a" * short + between + "𝄞" * long
    shown = fitting(value)
    assert len(shown.encode("utf-16-le")) // 2 <= MOST_IN_A_CELL
    assert shown == value or (shown.endswith(CUT) and value.startswith(shown.removesuffix(CUT)))


@given(
    st.datetimes(wall("1995-01-01"), wall("2060-01-01"), timezones=st.just(UTC)),
    st.sampled_from(["Europe/Oslo", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_a_wall_clock_says_what_the_time_zone_says(at: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    told = WallClock(zone).iso(to_micros(at))
    assert datetime.fromisoformat(told) == at.replace(microsecond=at.microsecond // 1000 * 1000)
    assert datetime.fromisoformat(told).utcoffset() == at.astimezone(zone).utcoffset()


def test_the_hour_that_comes_twice_is_told_apart_by_its_offset() -> None:
    first = to_micros(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    told = [OSLO.iso(first), OSLO.iso(first + 3_600_000_000)]
    assert told == ["2026-10-25T02:30:00.000+02:00", "2026-10-25T02:30:00.000+01:00"]
    assert OSLO.plain(first) == OSLO.plain(first + 3_600_000_000) == "2026-10-25 02:30:00"


def test_days_are_counted_as_spreadsheets_do() -> None:
    noon = to_micros(datetime(2026, 7, 1, 10, 0, tzinfo=UTC))
    expected = (wall("2026-07-01T12:00") - wall("1899-12-30")) / timedelta(days=1)
    assert OSLO.serial(noon) == expected
