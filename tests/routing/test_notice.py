"""Terms and notice by hand: days that a reader can look up in a calendar."""
# ruff: noqa: E501 - a table reads best with one row a line

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from hotline_ivr.routing.notice import add_months, exit_cost, months_left, notice
from tests.routing.contracts import a_contract

YEAR = {"months": "12", "renews_months": "12", "notice_months": "3"}


@pytest.mark.parametrize(
    ("terms", "today", "words"),
    [
        (YEAR, "2026-05-01", "give notice by 2026-09-30 to end it on 2026-12-31"),
        (YEAR, "2026-09-30", "give notice by 2026-09-30 to end it on 2026-12-31"),
        (YEAR, "2026-10-01", "notice for 2026-12-31 was due by 2026-09-30; give it by 2027-09-30 to end it on 2027-12-31"),
        (YEAR, "2027-01-01", "give notice by 2027-09-30 to end it on 2027-12-31"),
        ({"months": "24", "notice_days": "30"}, "2026-05-01", "give notice by 2027-12-01 to end it on 2027-12-31"),
        ({"months": "12", "notice_months": "3"}, "2026-10-15", "the term ends on 2026-12-31, then it runs on without one; notice today ends it on 2027-01-15"),
        ({"notice_months": "1"}, "2026-01-31", "no term; notice today ends it on 2026-02-28"),
        ({}, "2026-05-01", "no term; notice today ends it on 2026-05-01"),
    ],
)  # fmt: skip
def test_how_a_contract_can_be_ended(terms: dict[str, str], today: str, words: str) -> None:
    assert notice(a_contract(terms=terms), date.fromisoformat(today)).words == words


def test_a_contract_with_a_last_day_needs_no_notice() -> None:
    contract = a_contract(terms=YEAR, until="2026-12-31")
    assert notice(contract, date(2026, 5, 1)).words == "ends on 2026-12-31; no notice is needed"
    assert notice(contract, date(2027, 5, 1)).words == "ended on 2026-12-31; no notice is needed"


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [("2026-01-31", 1, "2026-02-28"), ("2028-01-31", 1, "2028-02-29"), ("2026-12-15", 1, "2027-01-15"), ("2026-03-31", -1, "2026-02-28"), ("2026-01-01", -3, "2025-10-01")],
)  # fmt: skip
def test_months_are_those_of_the_calendar(day: str, months: int, expected: str) -> None:
    assert add_months(date.fromisoformat(day), months) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("day", "end", "months"),
    [("2026-06-30", "2026-12-31", 6), ("2026-06-29", "2026-12-31", 7), ("2026-12-31", "2026-12-31", 0), ("2026-12-30", "2026-12-31", 1)],
)  # fmt: skip
def test_a_month_that_has_begun_counts_whole(day: str, end: str, months: int) -> None:
    assert months_left(date.fromisoformat(day), date.fromisoformat(end)) == months


def exit_of(day: str, **changes: Any) -> tuple[str, str]:
    fee = {"fixed": "500", "percent": "50"}
    contract = a_contract(
        fees={"monthly": "100", "per_channel": "10"}, channels=5, terms={**YEAR, "exit_fee": fee, **changes}
    )
    found = exit_cost(contract, date.fromisoformat(day))
    return str(found.amount), found.formula


def test_leaving_early_costs_by_the_formula_of_the_contract() -> None:
    amount, formula = exit_of("2026-09-30")
    assert (amount, formula) == (
        "725.00",
        "500 + 50 % x 150 x 3 months left until 2026-12-31 = 725.00 NOK",
    )
    assert exit_of("2026-12-31")[0] == "0"
    assert Decimal(exit_of("2026-12-30")[0]) == Decimal("575.00")
