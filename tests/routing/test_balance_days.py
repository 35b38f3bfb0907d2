"""When a day's balance is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from hotline_ivr.routing.balance_days import MOST_DAYS, due_days

OSLO = ZoneInfo("Europe/Oslo")
AT = time(4, 30)
TODAY = date(2026, 11, 27)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def at(hour: int, minute: int = 0, day: date = TODAY) -> datetime:
    return datetime.combine(day, time(hour, minute), OSLO).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "last", "due"),
    [
        (at(4, 29), date(2026, 11, 25), []),
        (at(4, 30), date(2026, 11, 25), [date(2026, 11, 26)]),
        (at(23, 59), date(2026, 11, 26), []),
        (at(4, 29), date(2026, 11, 24), [date(2026, 11, 25)]),
        (at(12), date(2026, 11, 23), [date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26)]),
        (at(12), None, [date(2026, 11, 26)]),
        (at(3), None, [date(2026, 11, 25)]),
    ],
)
def test_a_day_is_due_on_the_next_one_at_the_hour(now: datetime, last: date | None, due: list[date]) -> None:
    assert due_days(now, AT, OSLO, last, LONG_AGO) == due


def test_after_a_long_outage_a_week_is_due() -> None:
    due = due_days(at(12), AT, OSLO, date(2026, 9, 1), LONG_AGO)
    assert (len(due), due[-1]) == (MOST_DAYS, date(2026, 11, 26))


def test_an_hour_that_the_clock_skips_comes_all_the_same() -> None:
    spring = date(2026, 3, 29)
    day_before = [date(2026, 3, 28)]
    assert due_days(at(3, 20, spring), time(2, 30), OSLO, date(2026, 3, 27), LONG_AGO) == []
    assert due_days(at(3, 30, spring), time(2, 30), OSLO, date(2026, 3, 27), LONG_AGO) == day_before


def test_no_day_is_due_before_the_first_call() -> None:
    assert due_days(at(12), AT, OSLO, None, None) == []
    assert due_days(at(12), AT, OSLO, None, at(1)) == []
    assert due_days(at(12), AT, OSLO, None, at(1) - timedelta(hours=2)) == [date(2026, 11, 26)]
    assert due_days(at(12), AT, OSLO, date(2026, 11, 20), at(1) - timedelta(hours=2)) == [date(2026, 11, 26)]
