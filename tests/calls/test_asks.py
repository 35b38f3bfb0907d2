"""A call keeps the plan it began with."""

from __future__ import annotations

from datetime import UTC, datetime

from hotline_ivr.calls.asks import KEPT_PLANS, Asks
from hotline_ivr.routing.steps import Arrived, Call, LeftQueue, Play, QueueStatus, Stage, Wait
from tests.plans import a_plan

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def a_call(plan_version: str = "") -> Call:
    return Call("info", "+4722851234", "+4798765432", plan_version)


def test_a_new_call_goes_by_the_plan_in_use() -> None:
    asks = Asks(a_plan(version="old"), lambda: NOON)
    asks.use(a_plan(version="new", max_wait="60s"))
    decision, version = asks.answer(a_call(), Arrived())
    assert version == "new"
    assert Wait("main", 60) in decision.steps


def test_a_call_under_way_keeps_the_plan_it_began_with() -> None:
    asks = Asks(a_plan(version="old", sorry_message="closed"), lambda: NOON)
    asks.use(a_plan(version="new"))
    decision, version = asks.answer(a_call("old"), LeftQueue(QueueStatus.TIMEOUT))
    assert version == "old"
    assert Play("nb", "closed", Stage.MESSAGE) in decision.steps


def test_a_call_from_before_a_restart_goes_on_by_the_plan_in_use() -> None:
    asks = Asks(a_plan(version="now"), lambda: NOON)
    decision, version = asks.answer(a_call("gone"), LeftQueue(QueueStatus.TIMEOUT))
    assert version == "now"
    assert Play("nb", "sorry", Stage.MESSAGE) in decision.steps


def test_plans_are_not_kept_for_ever() -> None:
    asks = Asks(a_plan(version="first"), lambda: NOON)
    for number in range(KEPT_PLANS):
        asks.use(a_plan(version=f"v{number}"))
    assert asks.answer(a_call("first"), Arrived())[1] == f"v{KEPT_PLANS - 1}"
    assert asks.answer(a_call("v0"), Arrived())[1] == "v0"
