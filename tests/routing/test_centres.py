"""Who is rung at a centre, in which order, and at what hour."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_ivr.routing.centres import hand_over, way_out
from hotline_ivr.routing.steps import Confirm, HandOver
from hotline_ivr.routing.wall import zone_of
from tests.plans import OSLO, a_plan

MONDAY = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
NUMBERS = {"one": "+4722850001", "two": "+4722850002", "three": "+4722850003"}


def ring(call_id: str | None = "c1", at: datetime = MONDAY, **centre: Any) -> HandOver | None:
    targets = centre.pop("targets", {name: {"number": number} for name, number in NUMBERS.items()})
    sections = {
        "trunks": {
            "a": {"hosts": ["127.0.0.1"]},
            "b": {"hosts": ["127.0.0.2"], "outbound": "127.0.0.2:5060"},
            "c": {"hosts": ["127.0.0.3"], "outbound": "127.0.0.3:5060"},
        },
        "centres": {"night": {"name": "Night", "targets": targets, **centre}},
    }
    plan = a_plan(sections=sections)
    return hand_over(plan, "night", at=at, zone=zone_of(OSLO), call_id=call_id, line_number="+4722851234")


def rung(step: HandOver | None) -> list[str]:
    names = {number: name for name, number in NUMBERS.items()}
    return [] if step is None else [names[number] for number, _ in step.targets]


def test_targets_ring_in_the_order_in_which_they_are_listed_by_the_first_carrier_out() -> None:
    step = ring()
    assert rung(step) == ["one", "two", "three"]
    assert step is not None
    assert (step.trunk, step.host, step.shows) == ("b", "127.0.0.2:5060", "+4722851234")
    assert step.confirm == Confirm("nb", "press-one", 5, 2)


def test_a_centre_has_a_carrier_and_a_number_of_its_own_and_may_connect_at_once() -> None:
    step = ring(trunk="c", shows="+47 22 85 99 99", confirm="no")
    assert step is not None
    assert (step.trunk, step.shows, step.confirm) == ("c", "+4722859999", None)


def test_who_is_on_duty_is_told_by_day_and_by_hour() -> None:
    rota = [{"from": "2026-03-02", "until": "2026-03-03", "targets": ["three", "one"]}]
    assert rung(ring(rota=rota)) == ["three", "one"]
    assert rung(ring(rota=rota, at=datetime(2026, 3, 3, 23, 30, tzinfo=UTC))) == ["one", "two", "three"]
    targets: dict[str, Any] = {name: {"number": number} for name, number in NUMBERS.items()}
    targets["one"]["hours"] = {"mon-fri": "18:00-02:00"}
    assert rung(ring(targets=targets)) == ["two", "three"]
    assert rung(ring(targets=targets, at=datetime(2026, 3, 3, 0, 30, tzinfo=UTC))) == ["one", "two", "three"]


def test_nobody_is_rung_where_nobody_is_on_duty() -> None:
    targets = {"one": {"number": NUMBERS["one"], "hours": {"sun": "08:00-10:00"}}}
    assert ring(targets=targets) is None
    # Written down for later the hour is not known: somebody off duty is better than nobody.
    assert rung(ring(None, targets=targets)) == ["one"]


def test_weights_are_the_shares_in_which_targets_are_first() -> None:
    targets = {
        "one": {"number": NUMBERS["one"], "weight": 3},
        "two": {"number": NUMBERS["two"], "weight": 1},
    }
    first = Counter(rung(ring(f"call-{n}", targets=targets, order="weighted"))[0] for n in range(800))
    assert 540 < first["one"] < 660
    assert rung(ring(None, targets=targets, order="weighted")) == ["one", "two"]


@pytest.mark.parametrize(("order", "in_turn"), [("listed", False), ("round-robin", True)])
def test_only_a_round_robin_begins_with_another_each_time(order: str, *, in_turn: bool) -> None:
    step = ring(order=order)
    assert step is not None
    assert step.in_turn is in_turn


@pytest.mark.parametrize(
    ("allowed", "number", "goes"),
    [
        ([], "+4722850001", True),
        ([], "+4682912345", False),
        ([], "+4682012345", False),
        (["+47 22 85"], "+4722850001", True),
        (["+47 22 85"], "+4790000001", False),
        (["+46"], "+46812345678", True),
    ],
)
def test_only_what_is_allowed_has_a_way_out(allowed: list[str], number: str, *, goes: bool) -> None:
    sections = {
        "trunks": {"b": {"hosts": ["127.0.0.2"], "outbound": "127.0.0.2:5060"}},
        "outside": {"allowed": allowed},
    }
    assert (way_out(a_plan(sections=sections), number) is not None) is goes
