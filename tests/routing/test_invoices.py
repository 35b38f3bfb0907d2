"""A carrier's list against ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hotline_ivr.config.invoice_columns import InvoiceColumns
from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.costs import price_call
from hotline_ivr.routing.invoices import Difference, InvoiceCheck, read_invoice
from hotline_ivr.routing.usage import Usage
from tests.routing.contracts import NUMBER, a_contract

OSLO = ZoneInfo("Europe/Oslo")
AT = datetime(2026, 9, 30, 12, tzinfo=OSLO)
COLUMNS = {"number": "B", "time": "T", "seconds": "S", "amount": "A"}


def check(*rows: str, heading: str = "T,B,S,A", **columns: Any) -> InvoiceCheck:
    described = InvoiceColumns.model_validate({**COLUMNS, **columns})
    return InvoiceCheck(read_invoice([heading, *rows], described, OSLO, "NO"), described.tolerance)


def match(found: InvoiceCheck, second: float, seconds: int, **contract: Any) -> list[Difference]:
    usage = Usage("m-1", "info", False, NUMBER, "", AT + timedelta(seconds=second), seconds)
    priced = a_contract(inbound={"per_minute": "0.60"}, **contract)
    assert priced.inbound is not None
    cost = price_call("c", priced, "inbound", priced.inbound, start=usage.start, seconds=seconds)
    return list(found.match(usage, cost))


def test_a_line_that_agrees_is_no_difference() -> None:
    found = check("2026-09-30 12:00:03,22851234,60,0.60")
    assert match(found, 0, 60) == []
    assert list(found.extra()) == []
    assert (found.lines, found.matched, found.billed, found.expected) == (
        1,
        1,
        Decimal("0.60"),
        Decimal("0.60"),
    )


@pytest.mark.parametrize(
    "number", ["+47 22 85 12 34", "4722851234", "004722851234", "22851234", "22 85 12 34"]
)
def test_a_number_is_known_however_the_carrier_writes_it(number: str) -> None:
    assert match(check(f"2026-09-30 12:00:00,{number},60,0.60"), 0, 60) == []


def test_another_amount_and_another_length_are_told_with_row_and_call() -> None:
    found = match(check("2026-09-30 12:00:00,22851234,120,1.20"), 0, 60)
    assert [(each.kind, each.row, each.call, each.ours, each.theirs) for each in found] == [
        ("amount", 2, "m-1", "0.60", "1.20"),
        ("seconds", 2, "m-1", "60 s", "120 s"),
    ]


def test_what_one_of_the_two_does_not_have_is_missing_or_extra() -> None:
    found = check("2026-09-30 12:00:06,22851234,60,0.60", "2026-09-30 12:00:00,22851235,60,0.60")
    assert [each.kind for each in match(found, 0, 60)] == ["missing"]
    assert [(each.kind, each.number, each.row) for each in found.extra()] == [
        ("extra", "+4722851235", 3),
        ("extra", NUMBER, 2),
    ]


def test_of_several_lines_the_nearest_is_taken_and_each_once() -> None:
    rows = ("2026-09-30 12:00:01,22851234,300,3.00", "2026-09-30 12:00:02,22851234,60,0.60")
    found = check(*rows)
    assert match(found, 0, 60) == []
    assert match(found, 0, 300) == []
    assert [each.kind for each in match(found, 0, 60)] == ["missing"]


def test_the_forms_of_another_carrier() -> None:
    found = check(
        "30.09.2026 10:00;4722851234;0:01:00;1.234,60",
        heading="T;B;S;A",
        delimiter="semicolon",
        decimal="comma",
        time_format="%d.%m.%Y %H:%M",
    )
    (line,) = found.extra()
    assert (line.at, line.theirs) == (datetime(2026, 9, 30, 8, tzinfo=UTC), "1234.60")


def test_fees_among_the_calls_are_passed_over() -> None:
    assert check("2026-09-30 12:00:00,,,199.00").lines == 0


def test_where_the_month_is_rounded_amounts_are_compared_as_the_carrier_shows_them() -> None:
    row = "2026-09-30 12:00:00,22851234,1,0.0100"
    assert match(check(row), 0, 1, rounding={"per": "month"}) == []
    assert [each.kind for each in match(check(row), 0, 2, rounding={"per": "month"})] == ["amount"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("30/9 12:00,22851234,60,0.60", "row 2 of the invoice: time data"),
        ("2026-09-30 12:00:00,22851234,a minute,0.60", "'a minute' is no duration"),
        ("2026-09-30 12:00:00,22851234,60,=1+1", "'=1+1' is no amount"),
        ("2026-09-30 12:00:00,22851234", "is no duration"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(row: str, why: str) -> None:
    with pytest.raises(ArgumentError, match="row 2 of the invoice") as refused:
        check(row)
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
