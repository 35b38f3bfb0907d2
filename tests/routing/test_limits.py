"""The limits that a call meets, in words."""

from __future__ import annotations

from hotline_ivr.routing.limits import limits_in_words
from tests.plans import a_plan

NUMBER = "+4722851234"


def test_without_limits_nothing_is_said() -> None:
    assert limits_in_words(a_plan(emergency="yes"), "info", NUMBER) == ()


def test_each_limit_is_told_and_who_passes_them() -> None:
    trunks = {"carrier": {"hosts": ["127.0.0.1"], "channels": 30, "reserve": 2}}
    plan = a_plan(channels=20, number_channels={NUMBER: 5}, sections={"trunks": trunks})
    told = (
        "line info takes 20 calls at once",
        f"number {NUMBER} takes 5 calls at once",
        "carrier carrier takes 30 calls at once, 2 of them kept for emergencies",
    )
    assert limits_in_words(plan, "info", NUMBER) == told
    urgent = a_plan(
        channels=20, number_channels={NUMBER: 5}, sections={"trunks": trunks}, emergency_numbers=[NUMBER]
    )
    assert limits_in_words(urgent, "info", NUMBER) == (
        *told,
        f"{NUMBER} is for emergencies: no limit turns its callers away",
    )
