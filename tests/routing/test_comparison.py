"""A month with an offer in the place of contracts that hold, reckoned by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.accounts import Accounts
from hotline_ivr.routing.comparison import Compared
from hotline_ivr.routing.usage import DialledLeg, RecordedCall
from tests.plans import a_plan
from tests.routing.contracts import NUMBER, a_contract

MINUTE = timedelta(minutes=1)
TENTH = datetime(2026, 9, 10, 12, tzinfo=UTC)
NOW = datetime(2026, 10, 5, tzinfo=UTC)


def call(start: datetime, minutes: int = 1, *, number: str = NUMBER, out: int = 0) -> RecordedCall:
    """A call to us, with `out` minutes by the trunk from its beginning on."""
    end = start + minutes * MINUTE
    legs = (DialledLeg("carrier", "+4790000000", start, start, start + out * MINUTE),) if out else ()
    return RecordedCall(f"m-{start:%d%H%M}", "info", number, start, start, end, legs)


def compared(
    contracts: dict[str, Any], *calls: RecordedCall, instead_of: tuple[str, ...] = (), offer: str = "offer"
) -> Compared:
    plan = a_plan().model_copy(update={"contracts": contracts})
    accounts = Accounts(plan, 2026, 9, compared=[offer], instead_of=instead_of)
    for each in calls:
        accounts.add(each)
    (found,) = accounts.compared(NOW)
    return found


def two_carriers(**offer: Any) -> dict[str, Any]:
    """A has the number, 100 a month and 1 a minute; B has the trunk, 400 a month and 2 a minute."""
    return {
        "a": a_contract(trunks=[], inbound={"per_minute": "1"}, fees={"monthly": "100"}),
        "b": a_contract(numbers=[], outbound={"all": {"per_minute": "2"}}, fees={"monthly": "400"}),
        "offer": an_offer(**offer),
    }


def an_offer(**changes: Any) -> Any:
    return a_contract(**{"offer": "yes", "numbers": [], "trunks": [], **changes})


def test_an_offer_for_one_of_two_contracts_is_set_against_that_one_and_the_other_stays() -> None:
    """A costs 100 + 10; the offer 80 + 5. B's 400 + 4 are the same before and after."""
    contracts = two_carriers(inbound={"per_minute": "0.50"}, fees={"monthly": "80"})
    found = compared(contracts, call(TENTH, 10, out=2), instead_of=("a",))
    assert (found.replaced, found.statement.total) == (Decimal("110.00"), Decimal("85.00"))
    assert (found.difference, found.stays) == (Decimal("-25.00"), ("b",))


def test_an_offer_that_has_no_price_for_some_calls_is_neither_less_nor_more() -> None:
    """An offer for calls to us alone, in the place of both: B's calls would come for nothing."""
    contracts = two_carriers(inbound={"per_minute": "0.50"}, fees={"monthly": "80"})
    found = compared(contracts, call(TENTH, 10, out=2))
    assert (found.instead_of, found.difference) == (("a", "b"), None)
    assert found.why == "1 connections have no price with offer"


def test_what_has_no_price_now_makes_an_offer_neither_less_nor_more() -> None:
    contracts = two_carriers(outbound={"all": {"per_minute": "1"}})
    contracts["b"] = a_contract(numbers=[], outbound={"home": {"per_minute": "2", "prefixes": ["+472"]}})
    found = compared(contracts, call(TENTH, 10, out=2), instead_of=("b",))
    assert (found.difference, found.why) == (None, "1 connections have no price with b")


def test_an_offer_with_a_number_of_ours_is_meant_for_the_contract_that_has_it() -> None:
    contracts = two_carriers(numbers=[NUMBER], inbound={"per_minute": "0.50"})
    assert compared(contracts, call(TENTH, 10, out=2)).instead_of == ("a",)


def test_connections_that_no_contract_has_are_in_neither_sum() -> None:
    contracts = two_carriers(inbound={"per_minute": "0.50"})
    found = compared(contracts, call(TENTH, 10), call(TENTH + 20 * MINUTE, 30, number="+4722000000"))
    assert (found.statement.calls, found.statement.total) == (1, Decimal("5.00"))


def test_an_ordinary_number_costs_nothing_a_call_and_is_not_without_a_price() -> None:
    contracts = {
        "a": a_contract(fees={"monthly": "100"}, included={"minutes": "5"}),
        "offer": an_offer(fees={"monthly": "90"}),
    }
    plan = a_plan().model_copy(update={"contracts": contracts})
    accounts = Accounts(plan, 2026, 9, compared=["offer"])
    accounts.add(call(TENTH, 10))
    (now,) = accounts.statements(NOW)
    (found,) = accounts.compared(NOW)
    assert (now.unpriced, now.total, now.included_used) == (0, Decimal("100.00"), 0)
    assert (found.statement.unpriced, found.difference) == (0, Decimal("-10.00"))


def test_an_offer_for_outgoing_calls_alone_does_not_make_a_toll_free_number_free_of_charge() -> None:
    contracts = two_carriers(outbound={"all": {"per_minute": "1"}})
    assert compared(contracts, call(TENTH, 10, out=2)).why == "1 connections have no price with offer"


def test_amounts_of_two_currencies_are_not_compared() -> None:
    contracts = two_carriers(currency="EUR", inbound={"per_minute": "0.50"})
    found = compared(contracts, call(TENTH, 10), instead_of=("a",))
    assert (found.difference, found.why) == (None, "NOK is not converted to EUR")


@pytest.mark.parametrize(
    ("channels", "paid", "fees", "warning"),
    [
        ("0", 4, "40.00", ""),
        ("2", 2, "20.00", "offer has too few channels: 2, and 4 were needed"),
        ("4", 4, "40.00", ""),
    ],
)
def test_an_offers_channels_are_paid_and_held_against_those_that_were_needed(
    channels: str, paid: int, fees: str, warning: str
) -> None:
    """Three calls of 15 minutes in one hour are 0.75 erlangs, of which 3 channels lose 3.3 %, 4 lose 0.6 %.

    An offer that names no channels has those of now.
    """
    contracts = {
        "a": a_contract(channels="4", inbound={"per_minute": "0"}),
        "offer": an_offer(channels=channels, inbound={"per_minute": "0"}, fees={"per_channel": "10.00"}),
    }
    calls = [call(TENTH + each * 15 * MINUTE, 15) for each in range(3)]
    found = compared(contracts, *calls)
    assert (found.channels, found.channels_needed) == (paid, 4)
    assert found.statement.total == Decimal(fees)
    assert found.warning.startswith(warning) if warning else not found.warning


def test_an_offer_without_channels_where_none_are_written_now_either_is_warned_of() -> None:
    contracts = two_carriers(inbound={"per_minute": "1"}, fees={"per_channel": "10.00"})
    found = compared(contracts, call(TENTH, 10), instead_of=("a",))
    assert found.warning.startswith(
        "offer names no channels: 3 were needed, and no fee for them is in its sum"
    )


def test_a_contract_that_holds_takes_over_the_calls_of_another_and_its_own_fees_once() -> None:
    contracts = two_carriers()
    contracts["a"] = a_contract(
        trunks=[],
        inbound={"per_minute": "1"},
        outbound={"all": {"per_minute": "3"}},
        fees={"monthly": "100"},
    )
    found = compared(contracts, call(TENTH, 10, out=2), instead_of=("b",), offer="a")
    # Now 110 and 404; with A for both 100 + 10 + 6.
    assert (found.replaced, found.statement.total) == (Decimal("514.00"), Decimal("116.00"))
    assert (found.difference, found.stays) == (Decimal("-398.00"), ())


def test_nothing_comes_in_the_place_of_a_contract_that_does_not_hold() -> None:
    contracts = two_carriers()
    contracts["b"] = a_contract(until="2026-08-31")
    with pytest.raises(ArgumentError, match="contract 'b' does not hold in 2026-09"):
        compared(contracts, instead_of=("b",))
