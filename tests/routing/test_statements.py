"""A month under a contract, line by line, reckoned by hand."""
# ruff: noqa: E501 - a table reads best with one row a line

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_ivr.routing.statements import MonthOfCalls
from hotline_ivr.routing.usage import Usage
from tests.routing.contracts import NUMBER, a_contract

OSLO = ZoneInfo("Europe/Oslo")
FIRST = datetime(2026, 9, 1, tzinfo=OSLO)


def usage(seconds: int, day: int = 1, *, number: str = NUMBER, trunk: str = "", line: str = "info") -> Usage:
    start = datetime(2026, 9, day, 12, tzinfo=OSLO)
    return Usage(f"main-{day}", line, bool(trunk), number, trunk, start, seconds)


def month(*calls: Usage, **changes: Any) -> MonthOfCalls:
    made = MonthOfCalls("c", a_contract(**changes), 2026, 9)
    for call in calls:
        made.add(call)
    return made


def lines(made: MonthOfCalls) -> list[tuple[str, str]]:
    return [(line.text, str(line.amount)) for line in made.statement().lines]


MINUTE = {"per_minute": "1.00", "increments": "60/60"}


def test_fees_come_first_and_calls_by_class() -> None:
    made = month(
        usage(60),
        usage(61, 2),
        usage(60, 3, number="+4790000000", trunk="carrier"),
        inbound=MINUTE,
        outbound={"mobile": {"per_minute": "0.50", "prefixes": ["+479"]}},
        fees={"monthly": "100", "per_number": "49.00", "per_channel": "5"},
        channels=4,
    )
    assert lines(made) == [
        ("monthly fee", "100"),
        ("1 numbers x 49.00", "49.00"),
        ("4 channels x 5", "20"),
        ("inbound: 2 calls, 3 min billed", "3.00"),
        ("mobile: 1 calls, 1 min billed", "0.50"),
    ]
    assert made.statement().total == Decimal("172.50")


def test_included_minutes_are_used_by_the_first_calls_of_the_month() -> None:
    made = MonthOfCalls("c", a_contract(inbound=MINUTE, included={"minutes": "3"}), 2026, 9)
    costs = [made.add(usage(120, day)) for day in (1, 2, 3)]
    assert [(each.included, str(each.amount)) for each in costs if each] == [
        (120, "0.00"),
        (60, "1.00"),
        (0, "2.00"),
    ]
    assert lines(made) == [("inbound: 3 calls, 6 min billed, 3 of them included", "3.00")]
    assert made.statement().included_used == 180


def test_calls_that_may_not_use_the_included_minutes_leave_them_alone() -> None:
    made = month(
        usage(60, number="+4790000000", trunk="carrier"),
        usage(60, 2),
        inbound=MINUTE,
        outbound={"rest": {"per_minute": "1"}},
        included={"minutes": "1"},
    )
    assert [amount for _, amount in lines(made)] == ["1.00", "0.00"]


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("all", [("10 % of 110.00 for a term of 24 months", "-11.00"), ("3 % of 110.00 for calls of 10.00 or more", "-3.30")]),
        ("calls", [("10 % of 10.00 for a term of 24 months", "-1.00"), ("3 % of 10.00 for calls of 10.00 or more", "-0.30")]),
        ("fees", [("10 % of 100.00 for a term of 24 months", "-10.00"), ("3 % of 100.00 for calls of 10.00 or more", "-3.00")]),
    ],
)  # fmt: skip
def test_the_highest_discounts_that_are_reached_add_up(on: str, expected: list[tuple[str, str]]) -> None:
    made = month(
        usage(600),
        inbound=MINUTE,
        fees={"monthly": "100.00"},
        terms={"months": "24"},
        discounts={
            "on": on,
            "term": [{"months": "12", "percent": "5"}, {"months": "24", "percent": "10"}, {"months": "36", "percent": "15"}],
            "volume": [{"spend": "10.00", "percent": "3"}, {"spend": "10.01", "percent": "5"}],
        },
    )  # fmt: skip
    assert lines(made)[2:] == expected


def test_discounts_of_more_than_all_take_all_and_no_more() -> None:
    """70 % of 110.00, and of the 50 % for volume the 30 that are left: a month never pays us."""
    made = month(
        usage(600),
        inbound=MINUTE,
        fees={"monthly": "100.00"},
        terms={"months": "24"},
        discounts={
            "term": [{"months": "24", "percent": "70"}],
            "volume": [{"spend": "10.00", "percent": "50"}],
        },
    )
    assert [amount for _, amount in lines(made)[2:]] == ["-77.00", "-33.00"]
    assert made.statement().total == 0


def test_what_lacks_of_the_minimum_is_added_after_the_discounts() -> None:
    made = month(
        usage(600),
        inbound=MINUTE,
        minimum_spend="50.00",
        terms={"months": "12"},
        discounts={"term": [{"months": "12", "percent": "10"}]},
    )
    assert lines(made)[-1] == ("up to the minimum of 50.00", "41.00")
    assert made.statement().total == 50


def test_a_month_before_the_contract_has_neither_fees_nor_a_minimum() -> None:
    made = month(fees={"monthly": "100"}, minimum_spend="500", **{"from": "2026-10-01"})
    assert made.statement().total == 0
    last_day = month(fees={"monthly": "100"}, **{"from": "2026-09-30"})
    assert last_day.statement().total == 100


def test_a_share_of_what_callers_paid_is_a_credit() -> None:
    made = month(usage(600), inbound={"per_minute": "0", "revenue_per_minute": "1.20"})
    assert lines(made)[-1] == ("share of what callers paid", "-12.00")


def test_a_call_without_a_price_is_counted_and_never_a_silence() -> None:
    made = month(usage(60, number="+8812345678", trunk="carrier"), outbound={"no": {"per_minute": "1", "prefixes": ["+47"]}})  # fmt: skip
    assert made.statement().unpriced == 1


def test_exact_sums_are_rounded_once_where_the_month_is_rounded() -> None:
    """Six calls of one second at 0.10: each is nothing when rounded by itself."""
    calls = [usage(1, day) for day in range(1, 7)]
    by_call = month(*calls, inbound={"per_minute": "0.10"})
    by_month = month(*calls, inbound={"per_minute": "0.10"}, rounding={"per": "month"})
    assert (by_call.statement().total, by_month.statement().total) == (Decimal("0.00"), Decimal("0.01"))


def test_a_month_of_several_classes_is_rounded_once_too() -> None:
    """A third of a cent by each of three classes: a cent in all, and the lines still add up to the total."""
    calls = [
        usage(20, day, number=number, trunk="carrier")
        for day, number in enumerate(("+471", "+472", "+473"), 1)
    ]
    made = month(
        *calls,
        outbound={f"c{digit}": {"per_minute": "0.01", "prefixes": [f"+47{digit}"]} for digit in (1, 2, 3)},
        rounding={"per": "month"},
    )
    assert [amount for _, amount in lines(made)] == ["0.00", "0.00", "0.00", "0.01"]
    assert made.statement().total == Decimal("0.01")


def test_half_a_month_is_projected_to_its_double_and_fees_stay() -> None:
    made = month(usage(600), inbound=MINUTE, fees={"monthly": "100"})
    found = made.statement(FIRST + timedelta(days=15))
    assert (found.total, found.projected) == (Decimal("110.00"), Decimal("120.00"))
    assert made.statement(FIRST + timedelta(days=40)).projected is None


class Hours:
    """A line that has a quarter of its open hours behind it."""

    def of(self, line: str, start: datetime, now: datetime, end: datetime) -> Fraction | None:
        assert start < now < end
        return Fraction(4) if line == "info" else None


def test_calls_of_a_line_grow_with_its_open_hours_and_those_of_others_with_all_hours() -> None:
    """Ten minutes each by the middle of the month: forty by a line's open hours, twenty by the clock."""
    middle = FIRST + timedelta(days=15)
    open_hours = month(usage(600), inbound=MINUTE).statement(middle, Hours())
    both = month(usage(600), usage(600, line="gone"), inbound=MINUTE).statement(middle, Hours())
    clock = month(usage(600, line="gone"), inbound=MINUTE).statement(middle, Hours())
    assert (open_hours.projected, open_hours.projected_by) == (Decimal("40.00"), "open-hours")
    assert (both.projected, both.projected_by) == (Decimal("60.00"), "both")
    assert (clock.projected, clock.projected_by) == (Decimal("20.00"), "hours")


def test_a_projection_knows_that_included_minutes_end() -> None:
    """Ten minutes in half a month, fifteen included: five of twenty will be paid."""
    made = month(usage(600), inbound=MINUTE, included={"minutes": "15"})
    assert made.statement(FIRST + timedelta(days=15)).projected == Decimal("5.00")


def test_months_begin_on_the_contracts_clock() -> None:
    made = month()
    assert made.covers(datetime(2026, 8, 31, 22, tzinfo=UTC))
    assert not made.covers(datetime(2026, 8, 31, 21, 59, 59, tzinfo=UTC))
    assert not made.covers(datetime(2026, 9, 30, 22, tzinfo=UTC))


# The first of them loads what the rest finds loaded.
@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4000), st.sampled_from(["info", "demo"])), max_size=40))
def test_the_lines_are_the_total_and_the_lines_of_the_house_are_the_calls(
    calls: list[tuple[int, str]],
) -> None:
    made = month(
        *(usage(seconds, line=line) for seconds, line in calls),
        inbound={"per_minute": "0.37", "increments": "30/6", "setup_fee": "0.49"},
        included={"minutes": "100"},
        fees={"monthly": "99.00"},
        minimum_spend="150.00",
    )
    found = made.statement()
    assert found.total == sum(line.amount for line in found.lines)
    of_calls = sum(line.amount for line in found.lines if line.kind == "calls")
    assert of_calls == sum(amount for _, _, amount in found.by_line)
    assert found.total >= 150
