"""How much of a month is still to come, by a line's open hours."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from hotline_ivr.routing.accounts import Accounts
from hotline_ivr.routing.growth import Growth
from hotline_ivr.routing.usage import RecordedCall
from tests.plans import a_plan
from tests.routing.contracts import NUMBER, a_contract

OSLO = ZoneInfo("Europe/Oslo")
# From a Saturday on; the month has 21 working days.
AUGUST, SEPTEMBER = datetime(2026, 8, 1, tzinfo=OSLO), datetime(2026, 9, 1, tzinfo=OSLO)


def office() -> Growth:
    return Growth(a_plan({"mon-fri": "08:00-16:00"}))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        # On the Monday at noon four of 168 hours are over, on Tuesday evening sixteen.
        (datetime(2026, 8, 3, 12, tzinfo=OSLO), Fraction(42)),
        (datetime(2026, 8, 4, 18, tzinfo=OSLO), Fraction(21, 2)),
        # After its last opening nothing comes any more.
        (datetime(2026, 8, 31, 17, tzinfo=OSLO), Fraction(1)),
        # On the first weekend it has not been open yet.
        (datetime(2026, 8, 2, 12, tzinfo=OSLO), None),
    ],
)
def test_a_month_grows_with_the_open_hours_of_its_working_days(
    now: datetime, expected: Fraction | None
) -> None:
    assert office().of("info", AUGUST, now, SEPTEMBER) == expected


def test_a_line_round_the_clock_grows_with_all_hours_and_one_that_is_gone_with_none() -> None:
    now = datetime(2026, 8, 8, 18, tzinfo=OSLO)
    assert Growth(a_plan()).of("info", AUGUST, now, SEPTEMBER) == Fraction(31 * 24, 7 * 24 + 18)
    assert Growth(a_plan()).of("gone", AUGUST, now, SEPTEMBER) is None


def test_a_hotline_of_office_hours_is_not_projected_as_if_it_were_open_at_the_weekend() -> None:
    """Ten minutes on the first Monday morning are 42 times that, and by the clock a dozen times."""
    contracts = {"a": a_contract(inbound={"per_minute": "1"})}
    plan = a_plan({"mon-fri": "08:00-16:00"}).model_copy(update={"contracts": contracts})
    accounts = Accounts(plan, 2026, 8)
    begin, end = datetime(2026, 8, 3, 9, tzinfo=UTC), datetime(2026, 8, 3, 9, 10, tzinfo=UTC)
    accounts.add(RecordedCall("m-1", "info", NUMBER, begin, begin, end))
    (found,) = accounts.statements(datetime(2026, 8, 3, 12, tzinfo=OSLO))
    assert (str(found.projected), found.projected_by) == ("420.00", "open-hours")
    (later,) = accounts.statements(SEPTEMBER)
    assert (later.projected, later.projected_by) == (None, None)
