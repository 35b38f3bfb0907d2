"""The days that an invoice bills."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.billing_period import Period, billed_period
from tests.routing.contracts import a_contract

OSLO = ZoneInfo("Europe/Oslo")


def at(*parts: int) -> datetime:
    year, month, day, hour, minute, second = (*parts, 0, 0, 0)[:6]
    return datetime(year, month, day, hour, minute, second, tzinfo=OSLO)


def period(begins: int, first: datetime, last: datetime) -> tuple[str, str]:
    found = billed_period(a_contract(), begins, (first.timestamp(), last.timestamp()), 5)
    return str(found.first), str(found.last)


@pytest.mark.parametrize(
    ("begins", "first", "last", "expected"),
    [
        (1, at(2026, 9, 3), at(2026, 9, 20), ("2026-09-01", "2026-09-30")),
        (1, at(2026, 9, 3), at(2026, 10, 1, 0, 1), ("2026-09-01", "2026-10-31")),
        # A line that the carrier's clock has carried over an edge makes no month of it.
        (1, at(2026, 8, 31, 23, 59, 57), at(2026, 10, 1, 0, 0, 3), ("2026-09-01", "2026-09-30")),
        (15, at(2026, 9, 15), at(2026, 10, 14, 23), ("2026-09-15", "2026-10-14")),
        (15, at(2026, 9, 14, 23), at(2026, 9, 15, 1), ("2026-08-15", "2026-10-14")),
        (28, at(2027, 1, 3), at(2027, 1, 3), ("2026-12-28", "2027-01-27")),
    ],
)  # fmt: skip
def test_it_is_the_whole_billing_months_of_the_lines(
    begins: int, first: datetime, last: datetime, expected: tuple[str, str]
) -> None:
    assert period(begins, first, last) == expected


def test_fees_are_due_for_whole_months_alone() -> None:
    assert Period(date(2026, 9, 15), date(2026, 11, 14)).months == [(2026, 9), (2026, 10)]
    assert Period(date(2026, 9, 15), date(2026, 10, 13)).months == []


def test_days_are_those_of_the_contract_also_where_clocks_change() -> None:
    start, end = Period(date(2026, 10, 25), date(2026, 10, 25)).bounds(a_contract())
    assert (start.isoformat(), (end - start).total_seconds()) == ("2026-10-24T22:00:00+00:00", 25 * 3600)


def test_more_than_two_years_are_a_date_that_is_wrong() -> None:
    with pytest.raises(ArgumentError, match="the calls go over 25 months"):
        Period(date(2026, 1, 1), date(2028, 1, 1))
