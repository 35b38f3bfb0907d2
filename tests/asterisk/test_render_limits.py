"""Limits as the dialplan and the carriers' endpoints are told them."""

from __future__ import annotations

from typing import Any

from hotline_ivr.asterisk.render.limits import limits_of
from tests.asterisk.test_render import part, rendered
from tests.plans import a_plan

NUMBER = "+4722851234"
TRUNK = {"trunks": {"carrier": {"hosts": ["127.0.0.1"], "channels": 30, "reserve": 2}}}


def limits(**line: Any) -> list[str]:
    return limits_of(a_plan(**line), "info", NUMBER)


def test_without_limits_nothing_is_said_and_nothing_is_counted() -> None:
    assert limits() == []
    assert "HOTLINE_TRUNK" not in rendered()["pjsip.conf"]


def test_a_number_tells_the_limits_of_its_line_and_its_own() -> None:
    told = limits(channels=20, number_channels={NUMBER: 5})
    assert told == [" same => n,Set(HOTLINE_LIMITS=20,5,0,nb/all-busy,17,20)"]
    assert told[0] in rendered(a_plan(channels=20, number_channels={NUMBER: 5}))["extensions.conf"]


def test_a_refusal_has_its_cause_and_no_message() -> None:
    assert limits(channels=20, over_limit={"refuse": "congestion"}) == [
        " same => n,Set(HOTLINE_LIMITS=20,0,0,,34,20)"
    ]


def test_what_a_line_says_goes_before_what_the_guard_says() -> None:
    guard = {"guard": {"over_limit": {"message": "later"}, "most_messages": 3}}
    assert "nb/later,17,3)" in limits(channels=1, sections=guard)[0]
    assert "nb/soon,17,3)" in limits(channels=1, sections=guard, over_limit={"message": "soon"})[0]


def test_priority_is_that_of_the_line_or_of_the_number() -> None:
    assert "=1,0,1," in limits(channels=1, emergency="yes")[0]
    assert "=1,0,1," in limits(channels=1, emergency_numbers=[NUMBER])[0]
    other = limits(channels=1, numbers=[NUMBER, "+4722851235"], emergency_numbers=["+4722851235"])
    assert "=1,0,0," in other[0]


def test_a_carrier_says_how_many_ordinary_calls_it_takes_and_every_line_asks() -> None:
    carrier = part(rendered(a_plan(sections=TRUNK))["pjsip.conf"], "trunk-carrier")
    assert "set_var=HOTLINE_TRUNK=carrier\nset_var=HOTLINE_TRUNK_MOST=28\n" in f"{carrier}\n"
    assert limits(sections=TRUNK) == [" same => n,Set(HOTLINE_LIMITS=0,0,0,nb/all-busy,17,20)"]


def test_the_operators_code_is_reached_from_own_phones_alone() -> None:
    plan = a_plan(sections={"floor": {"code": "*81", "language": "en"}})
    extensions = rendered(plan)["extensions.conf"]
    assert "exten => *81,1,Gosub(hotline-clean,s,1)" in part(extensions, "hotline-phones")
    assert "Set(HOTLINE_DESK=operator)" in part(extensions, "hotline-phones")
    assert "*81" not in part(extensions, "hotline-numbers")
