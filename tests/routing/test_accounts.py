"""The calls of a month, each under its contract."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.accounts import Accounts, months_between, months_of, span_of
from hotline_ivr.routing.statements import Statement
from hotline_ivr.routing.usage import RecordedCall
from tests.plans import a_plan
from tests.routing.contracts import NUMBER, a_contract

MINUTE = timedelta(minutes=1)
# Midnight in Oslo.
OCTOBER = datetime(2026, 9, 30, 22, tzinfo=UTC)


def plan(**changes: object) -> Plan:
    """A carrier until the end of September, its successor after it, and an offer."""
    contracts = {
        "old": a_contract(until="2026-09-30", inbound={"per_minute": "1"}, fees={"monthly": "10"}),
        "new": a_contract(**{"from": "2026-10-01", "inbound": {"per_minute": "2"}}),
        "offer": a_contract(offer="yes", numbers=[], inbound={"per_minute": "3"}, fees={"per_number": "5"}),
    }
    return a_plan().model_copy(update={"contracts": contracts, **changes})


def call(start: datetime, minutes: int = 1, number: str = NUMBER) -> RecordedCall:
    return RecordedCall(f"m-{start:%H%M}", "info", number, start, start, start + minutes * MINUTE)


def priced(accounts: Accounts, calls: list[RecordedCall]) -> list[tuple[str | None, str]]:
    found = (each for call in calls for each in accounts.add(call))
    return [(each.contract, str(each.cost.amount)) for each in found if each.cost]


def totals(statements: Iterable[Statement]) -> list[tuple[str, str]]:
    return [(each.contract, str(each.total)) for each in statements]


def test_a_call_goes_by_the_contract_and_the_month_in_which_it_begins() -> None:
    september, october = Accounts(plan(), 2026, 9), Accounts(plan(), 2026, 10)
    calls = [call(OCTOBER - MINUTE, 10), call(OCTOBER, 1)]
    assert priced(september, calls) == [("old", "10.00")]
    assert priced(october, calls) == [("new", "2.00")]
    assert totals(september.statements(OCTOBER)) == [("old", "20.00")]
    assert totals(october.statements(OCTOBER)) == [("new", "2.00")]


def test_another_contract_has_as_many_numbers_as_are_paid_for_now() -> None:
    accounts = Accounts(plan(), 2026, 9, compared=["offer", "new"])
    accounts.add(call(OCTOBER - MINUTE, 10))
    # 30 for the minutes and 5 for the number; the successor as if it held already.
    compared = [each.statement for each in accounts.compared(OCTOBER)]
    assert totals(compared) == [("offer", "35.00"), ("new", "20.00")]


def test_what_has_no_contract_and_what_is_not_over_is_counted() -> None:
    accounts = Accounts(plan(), 2026, 9)
    accounts.add(call(OCTOBER - MINUTE, number="+4722000000"))
    accounts.add(RecordedCall("m-1", "info", NUMBER, OCTOBER, OCTOBER, None))
    assert (dict(accounts.without_contract), accounts.under_way) == ({"+4722000000": 1}, 1)


def test_the_months_of_a_call_and_of_an_invoice_are_those_of_the_contracts_clock() -> None:
    assert months_of(plan(), call(OCTOBER - MINUTE, 10)) == [(2026, 9)]
    assert months_of(plan(), call(OCTOBER)) == [(2026, 10)]
    between = months_between(a_contract(), OCTOBER - MINUTE, OCTOBER + 93 * 24 * 60 * MINUTE)
    assert between == [(2026, 9), (2026, 10), (2026, 11), (2026, 12), (2027, 1)]


def test_a_month_is_looked_at_from_the_day_before_it() -> None:
    start, end = span_of(plan(), 2026, 10)
    assert (start, end) == (OCTOBER - timedelta(days=1), datetime(2026, 10, 31, 23, tzinfo=UTC))
