"""Moments as people write them, on the wall clock of the line."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hotline_ivr.control.moments import moment_to_come
from hotline_ivr.errors import ArgumentError

OSLO = ZoneInfo("Europe/Oslo")
# Wednesday 14:30 in Oslo.
NOW = datetime(2026, 9, 30, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("16:00", "2026-09-30 16:00"),
        ("9:05", "2026-10-01 09:05"),  # past today, so tomorrow
        ("14:30", "2026-10-01 14:30"),  # this very minute is no moment to come
        ("24:00", "2026-10-01 00:00"),
        ("today 16:00", "2026-09-30 16:00"),
        ("tomorrow", "2026-10-01 00:00"),
        ("Tomorrow 08:00", "2026-10-01 08:00"),
        ("fri 12:00", "2026-10-02 12:00"),
        ("wed 15:00", "2026-09-30 15:00"),
        ("wed 08:00", "2026-10-07 08:00"),
        ("2026-12-24 14:00", "2026-12-24 14:00"),
        ("2026-12-24T14:00", "2026-12-24 14:00"),
        ("2026-12-24", "2026-12-24 00:00"),
        ("2026-12-31 24:00", "2027-01-01 00:00"),
    ],
)
def test_a_moment_is_read_on_the_lines_own_clock(written: str, means: str) -> None:
    found = moment_to_come(written, OSLO, NOW)
    assert found.tzinfo is UTC
    assert f"{found.astimezone(OSLO):%Y-%m-%d %H:%M}" == means


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "is no moment"),
        ("soon", "is no moment"),
        ("25:00", "is no moment"),
        ("24:30", "is no moment"),
        ("12:60", "is no moment"),
        ("2026-02-30 10:00", "no such day"),
        ("today 14:00", "is past; it is 2026-09-30 14:30 there"),
        ("2026-09-29", "is past"),
    ],
)
def test_what_is_no_moment_to_come_is_refused_in_words(written: str, why: str) -> None:
    with pytest.raises(ArgumentError, match=why):
        moment_to_come(written, OSLO, NOW)


def test_a_time_that_comes_twice_is_the_first_of_the_two() -> None:
    evening = datetime(2026, 10, 24, 18, tzinfo=UTC)
    assert moment_to_come("02:30", OSLO, evening) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_time_that_is_skipped_is_when_clocks_are_moved() -> None:
    evening = datetime(2026, 3, 28, 18, tzinfo=UTC)
    assert moment_to_come("02:30", OSLO, evening) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
