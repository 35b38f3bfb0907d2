"""What a minute costs, as an explanation says it."""
# ruff: noqa: E501 - a table reads best with one row a line

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hotline_ivr.routing.call_prices import minute_prices
from hotline_ivr.routing.explain import explain
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.steps import Call
from hotline_ivr.views.explanation import as_data
from tests.plans import a_plan

OSLO = ZoneInfo("Europe/Oslo")
NUMBER = "+4722851234"
NOON = datetime(2026, 9, 30, 12, tzinfo=OSLO)
NIGHT = datetime(2026, 9, 30, 23, tzinfo=OSLO)
DAY = {"day": {"hours": {"mon-fri": "08:00-17:00"}, "per_minute": "0.39"}}


def sections(**contract: Any) -> dict[str, Any]:
    written = {
        "carrier": "T",
        "currency": "NOK",
        "time_zone": "Europe/Oslo",
        "from": "2026-01-01",
        **contract,
    }
    trunks = {"carrier": {"hosts": ["127.0.0.1"], "outbound": "127.0.0.1:5070"}}
    return {
        "trunks": trunks,
        "contracts": {"telecom": {"numbers": [NUMBER], "trunks": ["carrier"], **written}},
    }


@pytest.mark.parametrize(
    ("at", "contract", "words"),
    [
        (NOON, {"inbound": {"per_minute": "0.19", "bands": DAY, "setup_fee": "0.49", "increments": "60/1"}},
         "a call to +4722851234: 0.39 NOK a minute, set-up 0.49, billed 60/1 (inbound, day, contract telecom)"),
        (NIGHT, {"inbound": {"per_minute": "0.19", "bands": DAY, "caller_per_minute": "0", "minimum_charge": "1"}},
         "a call to +4722851234: 0.19 NOK a minute, at least 1, billed 1/1 (inbound, contract telecom); free for the caller"),
        (NOON, {"inbound": {"per_minute": "0", "caller_per_minute": "9.90", "revenue_per_minute": "4"}},
         "a call to +4722851234: 0 NOK a minute, billed 1/1 (inbound, contract telecom); we are paid 4 a minute; the caller pays 9.90 NOK a minute"),
        (NOON, {}, "a call to +4722851234: contract telecom asks nothing for incoming calls"),
        (NOON, {"from": "2026-10-01"}, "a call to +4722851234: no contract for this number"),
        (NOON, {"offer": "yes"}, "a call to +4722851234: no contract for this number"),
    ],
)  # fmt: skip
def test_a_minute_is_told_by_the_contract_in_force(
    at: datetime, contract: dict[str, Any], words: str
) -> None:
    (found,) = minute_prices(a_plan(sections=sections(**contract)), NUMBER, [], at)
    assert found.words == words


@pytest.mark.parametrize(
    ("contract", "words"),
    [
        ({"outbound": {"all": {"per_minute": "0.25"}}}, "dialling +4722850000: 0.25 NOK a minute, billed 1/1 (all, contract telecom)"),
        ({"outbound": {"all": {"per_minute": "0.25", "prefixes": ["+46"]}}}, "dialling +4722850000: contract telecom has no price for this number"),
        ({"trunks": []}, "dialling +4722850000: no contract for trunk carrier"),
    ],
)  # fmt: skip
def test_who_is_connected_outside_has_the_price_of_that_leg_explained_too(
    contract: dict[str, Any], words: str
) -> None:
    """The line is closed at noon, and closed callers go to a call centre."""
    plan = a_plan(
        {"mon-fri": "08:00-10:00"}, closed_to={"transfer": "+4722850000"}, sections=sections(**contract)
    )
    call = Call("info", NUMBER, "", plan.version)
    found = explain(Rulebook(plan), call, NOON)
    assert [each.outgoing for each in found.prices] == [False, True]
    assert found.prices[1].words == words
    shown = as_data(found, OSLO)["costs"]
    assert [each["number"] for each in shown] == [NUMBER, "+4722850000"]
    assert shown[1]["per_minute"] == ("0.25" if "a minute" in words else None)
