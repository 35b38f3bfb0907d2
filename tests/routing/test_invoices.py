"""A carrier's list against ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.config.invoice_columns import InvoiceColumns
from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing import matching
from hotline_ivr.routing.costs import price_call
from hotline_ivr.routing.invoice_check import Difference, InvoiceCheck
from hotline_ivr.routing.invoices import FeeRow, read_invoice
from hotline_ivr.routing.matching import Matching
from hotline_ivr.routing.usage import Usage
from tests.routing.contracts import NUMBER, a_contract

OSLO = ZoneInfo("Europe/Oslo")
AT = datetime(2026, 9, 30, 12, tzinfo=OSLO)
DAY = datetime(2026, 9, 30, tzinfo=OSLO)
COLUMNS = {"number": "B", "time": "T", "seconds": "S", "amount": "A"}


def check(*rows: str, heading: str = "T,B,S,A", **columns: Any) -> InvoiceCheck:
    described = InvoiceColumns.model_validate({**COLUMNS, **columns})
    return InvoiceCheck(read_invoice([heading, *rows], described, OSLO, "NO"), described.tolerance)


def match(found: InvoiceCheck, *calls: tuple[float, int], **contract: Any) -> list[Difference]:
    """What differs if we had calls that began so many seconds after noon and lasted so long."""
    written = {"inbound": {"per_minute": "0.60"}, **contract}
    priced = a_contract(**written)
    assert priced.inbound is not None
    for number, (second, seconds) in enumerate(calls, 1):
        start = AT + timedelta(seconds=second)
        usage = Usage(f"m-{number}", "info", False, NUMBER, "", start, seconds)
        cost = price_call("c", priced, "inbound", priced.inbound, start=start, seconds=seconds)
        found.add(usage, cost)
    return found.differences(DAY, DAY + timedelta(days=1))


def kinds(found: list[Difference]) -> list[str]:
    return [each.kind for each in found]


def row(second: float, seconds: int, amount: str = "0.60") -> str:
    return f"{AT + timedelta(seconds=second):%Y-%m-%d %H:%M:%S},22851234,{seconds},{amount}"


MINUTES = {"inbound": {"per_minute": "0.60", "increments": "60/60"}}


def test_a_line_that_agrees_is_no_difference() -> None:
    found = check(row(3, 60))
    assert match(found, (0, 60)) == []
    assert (found.lines, found.matched) == (1, 1)
    assert (found.billed, found.expected) == (Decimal("0.60"), Decimal("0.60"))


def test_two_equal_calls_within_the_tolerance_each_have_their_line() -> None:
    """The carrier's clock is three seconds behind: the second line is nearest to the first call."""
    assert match(check(row(-3, 60), row(1, 60)), (0, 60), (4, 60)) == []


def test_billed_lengths_of_a_busy_line_that_all_look_alike_are_no_difference() -> None:
    """Every length on the list is a minute, and so is every price: only the order tells calls apart."""
    rows = [row(second - 4, 60) for second in range(0, 40, 2)]
    calls = [(second, 11 + second) for second in range(0, 40, 2)]
    assert match(check(*rows), *calls, **MINUTES) == []


def test_calls_that_the_two_clocks_put_in_another_order_are_known_by_their_lengths() -> None:
    assert match(check(row(0, 300, "3.00"), row(4, 60)), (0, 60), (1, 300)) == []


def test_a_length_is_compared_with_the_billed_one_and_the_connected_one() -> None:
    assert match(check(row(0, 60), row(100, 31)), (0, 31), (100, 31), **MINUTES) == []
    assert kinds(match(check(row(0, 45)), (0, 31), **MINUTES)) == ["seconds"]


def test_the_call_that_the_carrier_has_left_out_is_named_and_no_other() -> None:
    rows = [row(second, 60) for second in (0, 8, 12)]
    found = match(check(*rows), (0, 60), (4, 60), (8, 60), (12, 60))
    assert [(each.kind, each.call) for each in found] == [("missing", "m-2")]


def test_where_all_agree_but_one_amount_that_one_is_named() -> None:
    rows = [row(0, 60), row(3, 60, "0.90"), row(6, 60)]
    found = match(check(*rows), (1, 60), (4, 60), (7, 60))
    assert [(each.kind, each.call, each.row) for each in found] == [("amount", "m-2", 3)]


@given(
    calls=st.lists(st.tuples(st.integers(0, 40), st.sampled_from([7, 31, 60, 61, 300])), max_size=14),
    data=st.data(),
    increments=st.sampled_from(["1/1", "60/60", "30/6"]),
)
def test_no_skew_within_the_tolerance_makes_a_false_difference(
    calls: list[tuple[int, int]], data: st.DataObject, increments: str
) -> None:
    """Every call is on the list, each by a clock of its own that is at most the tolerance off."""
    rate = {"per_minute": "0.60", "increments": increments}
    contract = a_contract(inbound=rate)
    assert contract.inbound is not None
    rows = []
    for second, seconds in calls:
        cost = price_call("c", contract, "inbound", contract.inbound, start=AT, seconds=seconds)
        skew = data.draw(st.integers(-5, 5))
        shown = data.draw(st.sampled_from([cost.seconds, cost.billed]))
        rows.append(row(second + skew, shown, f"{cost.amount:f}"))
    assert match(check(*data.draw(st.permutations(rows))), *calls, inbound=rate) == []


def test_a_list_that_agrees_in_nothing_is_looked_at_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call each second and a tolerance of an hour: a million pairs, of which some are looked at."""
    monkeypatch.setattr(matching, "MOST_LOOKS", 20_000)
    ours = [float(second) for second in range(1_000)]
    looks = 0

    def faults(_mine: int, _their: int) -> int:
        nonlocal looks
        looks += 1
        return 1

    optional = [False] * len(ours)
    found = Matching(ours, ours, 3600, faults=faults, ours_optional=optional, theirs_optional=optional)
    assert found.ours == list(range(1_000))
    # In order twice, among the nearest, and once to see what agrees.
    assert looks <= 20_000 + 1_000 + 2 * 1_000 * matching.MOST_NEAR


def test_at_the_edges_of_the_time_a_partner_beyond_them_is_no_difference() -> None:
    """A call two seconds before midnight that the carrier has after it, and the other way round."""
    midnight = 12 * 3600
    found = check(row(midnight + 1, 60), row(-midnight - 1, 60))
    assert match(found, (midnight - 2, 60), (-midnight + 1, 60)) == []
    assert match(check(row(midnight + 1, 60)), (-midnight - 1, 60)) == []


def test_what_lies_outside_of_the_time_is_counted_and_no_difference() -> None:
    found = check(row(0, 60), row(13 * 3600, 60))
    assert match(found, (0, 60), (-14 * 3600, 60)) == []
    assert (found.outside, found.billed) == (1, Decimal("0.60"))


def test_calls_to_an_ordinary_number_may_be_on_the_list_or_not() -> None:
    for rows in ((row(0, 60, "0.00"),), ()):
        found = check(*rows)
        usage = Usage("m-1", "info", False, NUMBER, "", AT, 60)
        free = a_contract(inbound={"per_minute": "0"})
        assert free.inbound is not None
        cost = price_call("c", free, "inbound", free.inbound, start=AT, seconds=60)
        found.add(usage, cost, free=True)
        assert found.differences(DAY, DAY + timedelta(days=1)) == []


@pytest.mark.parametrize(
    "number", ["+47 22 85 12 34", "4722851234", "004722851234", "22851234", "22 85 12 34"]
)
def test_a_number_is_known_however_the_carrier_writes_it(number: str) -> None:
    assert match(check(f"2026-09-30 12:00:00,{number},60,0.60"), (0, 60)) == []


def test_another_amount_and_another_length_are_told_with_row_and_call() -> None:
    found = match(check(row(0, 120, "1.20")), (0, 60))
    assert [(each.kind, each.row, each.call, each.ours, each.theirs) for each in found] == [
        ("amount", 2, "m-1", "0.60", "1.20"),
        ("seconds", 2, "m-1", "60 s", "120 s"),
    ]


def test_what_one_of_the_two_does_not_have_is_missing_or_extra() -> None:
    found = match(check(row(6, 60), "2026-09-30 12:00:00,22851235,60,0.60"), (0, 60))
    assert [(each.kind, each.number, each.row) for each in found] == [
        ("missing", NUMBER, None),
        ("extra", "+4722851235", 3),
        ("extra", NUMBER, 2),
    ]


def test_of_several_lines_each_is_taken_once() -> None:
    assert match(check(row(1, 300, "3.00"), row(2, 60)), (0, 60), (0, 300)) == []
    assert kinds(match(check(row(1, 60)), (0, 60), (0, 60))) == ["missing"]


def test_the_forms_of_another_carrier() -> None:
    found = check(
        "30.09.2026 10:00;4722851234;0:01:00;1.234,60",
        heading="T;B;S;A",
        delimiter="semicolon",
        decimal="comma",
        time_format="%d.%m.%Y %H:%M",
    )
    (line,) = match(found)
    assert (line.at, line.theirs) == (datetime(2026, 9, 30, 8, tzinfo=UTC), "1234.60")


def test_rows_without_a_number_are_fees_if_they_have_an_amount() -> None:
    found = check("2026-09-30 12:00:00,,,199.00", "Page 1 of 2,,,", ",,,1 page")
    assert (found.lines, found.fees) == (0, [FeeRow(Decimal("199.00"), 2)])


def test_where_the_month_is_rounded_amounts_are_compared_as_the_carrier_shows_them() -> None:
    written = row(0, 1, "0.0100")
    assert match(check(written), (0, 1), rounding={"per": "month"}) == []
    assert kinds(match(check(written), (0, 2), rounding={"per": "month"})) == ["amount"]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("30/9 12:00,22851234,60,0.60", "row 2 of the invoice: time data"),
        ("2026-09-30 12:00:00,22851234,a minute,0.60", "'a minute' is no duration"),
        ("2026-09-30 12:00:00,22851234,60,=1+1", "'=1+1' is no amount"),
        ("2026-09-30 12:00:00,22851234", "is no duration"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(written: str, why: str) -> None:
    with pytest.raises(ArgumentError, match="row 2 of the invoice") as refused:
        check(written)
    assert why in str(refused.value)


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ArgumentError, match="no column S; its columns are: T, B, A"):
        check(heading="T,B,A")


def test_a_hostile_heading_is_never_obeyed_by_a_terminal() -> None:
    with pytest.raises(ArgumentError) as refused:
        check(heading="\x1b[2J,B,T")
    assert "\x1b" not in str(refused.value)


def test_a_year_that_no_call_has_is_refused() -> None:
    with pytest.raises(ArgumentError, match="the year 1 is no year of a call"):
        check("0001-01-01 00:00:00,22851234,60,0.60")
