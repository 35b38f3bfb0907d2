"""What one call costs, reckoned by hand: each row is meant to be checked with pencil and paper."""
# ruff: noqa: E501 - a table reads best with one row a line

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_ivr.routing.costs import CallCost, price_at, price_call
from tests.routing.contracts import a_contract

OSLO = ZoneInfo("Europe/Oslo")
# A Wednesday.
NOON = datetime(2026, 9, 30, 12, tzinfo=OSLO)
BANDS = {
    "day": {"hours": {"mon-fri": "08:00-17:00"}, "per_minute": "0.60"},
    "evening": {"hours": {"mon-fri": "17:00-22:00"}, "per_minute": "0.30"},
}


def cost(seconds: int, start: datetime = NOON, *, free: int = 0, **changes: Any) -> CallCost:
    contract = a_contract(**changes)
    assert contract.inbound is not None
    return price_call("c", contract, "inbound", contract.inbound, start=start, seconds=seconds, free=free)


@pytest.mark.parametrize(
    ("increments", "seconds", "billed", "amount"),
    [
        # 0.60 a minute is 0.01 a second.
        ("60/60", 1, 60, "0.60"), ("60/60", 60, 60, "0.60"), ("60/60", 61, 120, "1.20"), ("60/60", 125, 180, "1.80"),
        ("60/1", 1, 60, "0.60"), ("60/1", 60, 60, "0.60"), ("60/1", 61, 61, "0.61"), ("60/1", 125, 125, "1.25"),
        ("30/6", 1, 30, "0.30"), ("30/6", 30, 30, "0.30"), ("30/6", 31, 36, "0.36"), ("30/6", 36, 36, "0.36"), ("30/6", 37, 42, "0.42"),
        ("1/1", 1, 1, "0.01"), ("1/1", 59, 59, "0.59"), ("1/1", 125, 125, "1.25"),
        ("20/10", 15, 20, "0.20"), ("20/10", 21, 30, "0.30"),
    ],
)  # fmt: skip
def test_a_step_that_has_begun_is_billed(increments: str, seconds: int, billed: int, amount: str) -> None:
    found = cost(seconds, inbound={"per_minute": "0.60", "increments": increments})
    assert (found.billed, found.amount) == (billed, Decimal(amount))


@pytest.mark.parametrize(
    ("rate", "seconds", "formula"),
    [
        ({"per_minute": "0.39", "increments": "60/60", "setup_fee": "0.49"}, 90, "set-up 0.49 + 2 min x 0.39 = 1.27 NOK"),
        ({"per_minute": "0.39", "increments": "60/1"}, 95, "95 s x 0.39/min = 0.6175, rounded = 0.62 NOK"),
        ({"per_minute": "0.10"}, 1, "1 s x 0.10/min = 0.001667, rounded = 0.00 NOK"),
        ({"per_minute": "0.30", "minimum_charge": "0.50"}, 60, "1 min x 0.30 = 0.30, at least 0.50 = 0.50 NOK"),
        ({"per_minute": "0.30", "minimum_charge": "0.50"}, 120, "2 min x 0.30 = 0.60 NOK"),
        ({"per_minute": "0"}, 120, "2 min x 0 = 0.00 NOK"),
    ],
)  # fmt: skip
def test_the_formula_says_how_the_amount_came_about(rate: dict[str, str], seconds: int, formula: str) -> None:
    assert cost(seconds, inbound=rate).formula == formula


@pytest.mark.parametrize(
    ("mode", "digits", "amount"),
    [("half-up", 2, "0.13"), ("half-even", 2, "0.12"), ("up", 2, "0.13"), ("down", 2, "0.12"), ("half-up", 3, "0.125"), ("half-up", 0, "0")],
)  # fmt: skip
def test_the_rest_of_a_call_is_rounded_as_the_contract_says(mode: str, digits: int, amount: str) -> None:
    """25 seconds at 0.30 a minute are 0.125."""
    found = cost(25, inbound={"per_minute": "0.30"}, rounding={"mode": mode, "digits": str(digits)})
    assert found.amount == Decimal(amount)
    assert found.exact == Fraction(amount)


def test_where_the_month_is_rounded_a_call_keeps_its_exact_price() -> None:
    found = cost(1, inbound={"per_minute": "0.10"}, rounding={"per": "month"})
    assert found.exact == Fraction(1, 600)
    assert found.formula == "1 s x 0.10/min = 0.001667 NOK, rounded in the month's sum"


@pytest.mark.parametrize(
    ("rule", "start", "seconds", "amount", "formula"),
    [
        # 16:59:00 to 17:02:00: one minute of day, two of evening.
        ("start", "2026-09-30T16:59:00", 180, "1.80", "3 min x 0.60 (day) = 1.80 NOK"),
        ("split", "2026-09-30T16:59:00", 180, "1.20", "1 min x 0.60 (day) + 2 min x 0.30 (evening) = 1.20 NOK"),
        ("split", "2026-09-30T16:59:40", 60, "0.40", "20 s x 0.60/min (day) + 40 s x 0.30/min (evening) = 0.40 NOK"),
        # 21:59:30 to 22:00:30: evening, then no band.
        ("split", "2026-09-30T21:59:30", 60, "0.20", "30 s x 0.30/min (evening) + 30 s x 0.10/min = 0.20 NOK"),
        # Saturday has no band.
        ("start", "2026-10-03T12:00:00", 60, "0.10", "1 min x 0.10 = 0.10 NOK"),
        # Friday 21:59 to Saturday.
        ("start", "2026-10-02T21:59:59", 60, "0.30", "1 min x 0.30 (evening) = 0.30 NOK"),
    ],
)  # fmt: skip
def test_a_call_over_a_change_of_price(
    rule: str, start: str, seconds: int, amount: str, formula: str
) -> None:
    moment = datetime.fromisoformat(start).replace(tzinfo=OSLO)
    found = cost(seconds, moment, inbound={"per_minute": "0.10", "bands": BANDS}, hour_change=rule)
    assert (str(found.amount), found.formula) == (amount, formula)


NIGHT = {"night": {"hours": {"sun": "02:00-03:00"}, "per_minute": "0.60"}}


@pytest.mark.parametrize(
    ("start", "seconds", "amount"),
    [
        # 25 October 2026: clocks go back from 03:00 to 02:00 at 01:00 UTC, so 02:00-03:00 comes twice.
        ("2026-10-24T23:59:00", 60, "0.00"),
        ("2026-10-25T00:00:00", 7200, "72.00"),
        ("2026-10-25T00:59:00", 120, "1.20"),
        ("2026-10-24T23:30:00", 10800, "72.00"),
        ("2026-10-25T01:59:30", 60, "0.30"),
        # 28 March 2027: clocks go forward from 02:00 to 03:00 at 01:00 UTC, so 02:00-03:00 never comes.
        ("2027-03-28T00:00:00", 7200, "0.00"),
        ("2027-03-28T00:59:30", 60, "0.00"),
    ],
)
def test_on_nights_when_clocks_change_each_second_has_its_own_price(
    start: str, seconds: int, amount: str
) -> None:
    moment = datetime.fromisoformat(start).replace(tzinfo=UTC)
    found = cost(seconds, moment, inbound={"per_minute": "0", "bands": NIGHT}, hour_change="split")
    assert str(found.amount) == amount


@pytest.mark.parametrize(
    ("start", "amount"),
    [
        # The hour that comes twice has its price both times, and a call keeps that of its beginning: 01:59:59,
        # 02:00:00, 02:59:59; then 02:00:00 and 02:59:59 again, and 03:00:00.
        ("2026-10-24T23:59:59", "0.00"),
        ("2026-10-25T00:00:00", "1.20"),
        ("2026-10-25T00:59:59", "1.20"),
        ("2026-10-25T01:00:00", "1.20"),
        ("2026-10-25T01:59:59", "1.20"),
        ("2026-10-25T02:00:00", "0.00"),
        # 01:59:59, and the next second is 03:00:00.
        ("2027-03-28T00:59:59", "0.00"),
        ("2027-03-28T01:00:00", "0.00"),
    ],
)
def test_on_nights_when_clocks_change_a_call_may_keep_the_price_of_its_beginning(
    start: str, amount: str
) -> None:
    moment = datetime.fromisoformat(start).replace(tzinfo=UTC)
    found = cost(120, moment, inbound={"per_minute": "0", "bands": NIGHT}, hour_change="start")
    assert str(found.amount) == amount


def test_on_public_holidays_no_band_holds() -> None:
    """1 May 2026 is a Friday; in a contract without holidays it is a day like any other."""
    first_of_may = datetime(2026, 5, 1, 12, tzinfo=OSLO)
    rate = {"per_minute": "0.10", "bands": BANDS}
    assert cost(60, first_of_may, inbound=rate).amount == Decimal("0.60")
    assert cost(60, first_of_may, inbound=rate, holidays="NO").amount == Decimal("0.10")


@pytest.mark.parametrize(
    ("free", "seconds", "included", "amount", "formula"),
    [
        (300, 120, 120, "0.49", "set-up 0.49 + 2 min included = 0.49 NOK"),
        (60, 180, 60, "1.27", "set-up 0.49 + 1 min included + 2 min x 0.39 = 1.27 NOK"),
        (30, 60, 30, "0.69", "set-up 0.49 + 30 s included + 30 s x 0.39/min = 0.685, rounded = 0.69 NOK"),
        (0, 60, 0, "0.88", "set-up 0.49 + 1 min x 0.39 = 0.88 NOK"),
    ],
)
def test_included_minutes_cover_the_first_of_the_billed_seconds(
    free: int, seconds: int, included: int, amount: str, formula: str
) -> None:
    found = cost(seconds, free=free, inbound={"per_minute": "0.39", "setup_fee": "0.49"})
    assert (found.included, str(found.amount), found.formula) == (included, amount, formula)


def test_a_call_that_is_covered_whole_may_be_spared_its_set_up_fee_and_the_minimum() -> None:
    rate = {"per_minute": "0.39", "setup_fee": "0.49", "minimum_charge": "1.00"}
    found = cost(60, free=60, inbound=rate, included={"minutes": "1", "setup_fee": "yes"})
    assert found.formula == "1 min included = 0.00 NOK"
    assert cost(61, free=60, inbound=rate, included={"minutes": "1", "setup_fee": "yes"}).amount == 1


def test_a_premium_number_brings_a_share_of_what_callers_pay() -> None:
    found = cost(90, inbound={"per_minute": "0", "revenue_per_minute": "1.20", "increments": "60/60"})
    assert (found.amount, found.revenue) == (Decimal("0.00"), Fraction("2.40"))


def test_currencies_without_minor_units_have_whole_amounts() -> None:
    found = cost(90, inbound={"per_minute": "7"}, currency="ISK")
    assert found.formula == "90 s x 7/min = 10.50, rounded = 11 ISK"


def test_a_band_over_the_end_of_the_week_holds_on_monday_morning() -> None:
    contract = a_contract(
        inbound={"per_minute": "1", "bands": {"late": {"hours": {"sun": "22:00-02:00"}, "per_minute": "2"}}}
    )
    assert contract.inbound is not None
    for moment, band in (
        ("2026-10-04T23:00", "late"),
        ("2026-10-05T01:59", "late"),
        ("2026-10-05T02:00", ""),
    ):
        at = datetime.fromisoformat(moment).replace(tzinfo=OSLO)
        assert price_at(contract, contract.inbound, at)[0] == band


PRICES = st.decimals("0", "9", places=3).map(str)
RATES = st.fixed_dictionaries(
    {
        "per_minute": PRICES,
        "increments": st.sampled_from(["60/60", "60/1", "30/6", "1/1", "20/7"]),
        "setup_fee": PRICES,
        "minimum_charge": PRICES,
        "bands": st.sampled_from([{}, BANDS, NIGHT]),
    }
)
# Any moment about the night when clocks go back; and those near the hour of NIGHT on both nights, seconds
# since 1970, so that it is no rare one: 00:45 to 02:15 and 00:45 to 01:15 UTC.
BEGINNINGS = st.one_of(
    st.integers(1_792_713_600, 1_793_059_200),
    st.integers(1_792_889_100, 1_792_894_500),
    st.integers(1_806_194_700, 1_806_196_500),
)
ROUNDINGS = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["half-up", "half-even", "up", "down"]),
        "digits": st.sampled_from(["0", "1", "2", "3"]),
        "per": st.sampled_from(["call", "month"]),
    }
)


def test_the_beginnings_that_are_drawn_are_about_the_nights_when_clocks_change() -> None:
    for text, seconds in (
        ("2026-10-23T00:00", 1_792_713_600), ("2026-10-27T00:00", 1_793_059_200),
        ("2026-10-25T00:45", 1_792_889_100), ("2026-10-25T02:15", 1_792_894_500),
        ("2027-03-28T00:45", 1_806_194_700), ("2027-03-28T01:15", 1_806_196_500),
    ):  # fmt: skip
        assert datetime.fromisoformat(f"{text}+00:00").timestamp() == seconds


# The first of them loads what the rest finds loaded.
@settings(deadline=None)
@given(
    rate=RATES,
    rule=st.sampled_from(["start", "split"]),
    rounding=ROUNDINGS,
    spared=st.sampled_from(["yes", "no"]),
    begun=BEGINNINGS,
    seconds=st.integers(1, 1000),
    more=st.integers(0, 300),
    free=st.integers(0, 400),
)
def test_a_call_that_grows_longer_never_costs_less(
    rate: dict[str, Any],
    rule: str,
    rounding: dict[str, str],
    spared: str,
    begun: int,
    seconds: int,
    more: int,
    free: int,
) -> None:
    terms: dict[str, Any] = {
        "inbound": rate,
        "hour_change": rule,
        "rounding": rounding,
        "included": {"minutes": "7", "setup_fee": spared},
    }
    start = datetime.fromtimestamp(begun, UTC)
    shorter, longer = (cost(each, start, free=free, **terms) for each in (seconds, seconds + more))
    assert shorter.amount <= longer.amount
    assert shorter.exact <= longer.exact


# The first of them loads what the rest finds loaded.
@settings(deadline=None)
@given(rate=RATES, begun=BEGINNINGS, seconds=st.integers(1, 600), cut=st.integers(1, 599))
def test_by_the_second_the_parts_of_a_call_cost_what_the_whole_does(
    rate: dict[str, Any], begun: int, seconds: int, cut: int
) -> None:
    """Without steps, set-up and minimum, and rounded in the month's sum."""
    plain = {**rate, "increments": "1/1", "setup_fee": "0", "minimum_charge": "0"}
    terms: dict[str, Any] = {"inbound": plain, "hour_change": "split", "rounding": {"per": "month"}}
    cut = min(cut, seconds)
    parts = [(begun, cut)] + ([(begun + cut, seconds - cut)] if cut < seconds else [])
    whole = cost(seconds, datetime.fromtimestamp(begun, UTC), **terms).exact
    assert whole == sum(
        (cost(length, datetime.fromtimestamp(at, UTC), **terms).exact for at, length in parts), Fraction(0)
    )
