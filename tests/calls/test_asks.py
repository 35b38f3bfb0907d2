"""A call keeps the plan it began with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime

import pytest

from hotline_ivr.calls.asks import KEPT_PLANS, Answered, Asks
from hotline_ivr.routing.overrides import Override, OverrideKind
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.steps import (
    Arrived,
    Call,
    Collected,
    LeftQueue,
    LookUp,
    Mark,
    Outcome,
    Play,
    QueueStatus,
    Stage,
    State,
    Wait,
)
from tests.plans import a_plan

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def a_call(plan_version: str = "", *path: str) -> Call:
    return Call("info", "+4722851234", "+4798765432", plan_version, state=State(path=path))


def at_once(answered: Answered | Awaitable[Answered]) -> Answered:
    assert isinstance(answered, Answered)
    return answered


def test_a_new_call_goes_by_the_plan_in_use() -> None:
    asks = Asks(Rulebook(a_plan(version="old")), lambda _: NOON)
    asks.use(Rulebook(a_plan(version="new", max_wait="60s")))
    decision, version = at_once(asks.answer(a_call(), Arrived()))
    assert version == "new"
    assert Wait("main", 60) in decision.steps


def test_a_call_under_way_keeps_the_plan_it_began_with() -> None:
    asks = Asks(Rulebook(a_plan(version="old", sorry_message="closed")), lambda _: NOON)
    asks.use(Rulebook(a_plan(version="new")))
    decision, version = at_once(asks.answer(a_call("old"), LeftQueue(QueueStatus.TIMEOUT)))
    assert version == "old"
    assert Play("nb", "closed", Stage.MESSAGE) in decision.steps


def test_a_call_from_before_a_restart_goes_on_by_the_plan_in_use() -> None:
    asks = Asks(Rulebook(a_plan(version="now")), lambda _: NOON)
    decision, version = at_once(asks.answer(a_call("gone"), LeftQueue(QueueStatus.TIMEOUT)))
    assert version == "now"
    assert Play("nb", "sorry", Stage.MESSAGE) in decision.steps


def test_plans_are_not_kept_for_ever() -> None:
    asks = Asks(Rulebook(a_plan(version="first")), lambda _: NOON)
    for number in range(KEPT_PLANS):
        asks.use(Rulebook(a_plan(version=f"v{number}")))
    assert at_once(asks.answer(a_call("first"), Arrived())).plan_version == f"v{KEPT_PLANS - 1}"
    assert at_once(asks.answer(a_call("v0"), Arrived())).plan_version == "v0"


# Another program is asked about digits.

LOOKUP = {
    "collects": {
        "customer": {
            "prompt": "customer",
            "default": {"queue": "main"},
            "lookup": {"url": "http://127.0.0.1:9/x", "answers": {"blocked": {"message": "closed"}}},
        }
    }
}


class Crm:
    """Another program, asked about digits."""

    def __init__(self, answer: str | Exception | None, delay: float = 0) -> None:
        self.answer = answer
        self.delay = delay
        self.asked: list[str] = []

    async def ask(self, call: Call, question: LookUp) -> str | None:
        self.asked.append(f"{call.line} {question.collect} {question.digits}")
        await asyncio.sleep(self.delay)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def looked_up(crm: Crm, *, at_once: int = 1) -> Answered:
    asks = Asks(Rulebook(a_plan(sections=LOOKUP)), lambda _: NOON, crm, lookups_at_once=at_once)
    later = asks.answer(a_call("", "_customer"), Collected("4711"))
    assert not isinstance(later, Answered)
    return await later


async def test_the_answer_of_another_program_decides() -> None:
    crm = Crm("blocked")
    answered = await looked_up(crm)
    assert answered.decision.steps[0] == Mark(Outcome.INFORMED)
    assert crm.asked == ["info customer 4711"]


@pytest.mark.parametrize(
    "crm", [Crm(None), Crm("silver"), Crm(OSError("refused")), Crm(ValueError("no JSON")), Crm("x", delay=30)]
)
async def test_no_answer_a_wrong_one_or_a_late_one_costs_the_caller_nothing(crm: Crm) -> None:
    began = asyncio.get_running_loop().time()
    answered = await looked_up(crm)
    assert answered.decision.steps == (Wait("main", 300),)
    assert asyncio.get_running_loop().time() - began < 2


async def test_more_look_ups_than_the_bound_are_left_out() -> None:
    crm = Crm("blocked")
    answered = await looked_up(crm, at_once=0)
    assert answered.decision.steps == (Wait("main", 300),)
    assert crm.asked == []


async def test_a_look_up_gives_its_place_back() -> None:
    asks = Asks(Rulebook(a_plan(sections=LOOKUP)), lambda _: NOON, Crm(OSError("refused")), lookups_at_once=1)
    for _ in range(3):
        later = asks.answer(a_call("", "_customer"), Collected("4711"))
        assert not isinstance(later, Answered)
        await later
    asks._lookups = Crm("blocked")
    later = asks.answer(a_call("", "_customer"), Collected("4711"))
    assert not isinstance(later, Answered)
    assert (await later).decision.steps[0] == Mark(Outcome.INFORMED)


def test_overrides_outlive_a_new_plan() -> None:
    asks = Asks(Rulebook(a_plan(version="old")), lambda _: NOON)
    override = Override("o1", "info", OverrideKind.CLOSE, NOON, None, "anna")
    asks.override([override])
    asks.use(Rulebook(a_plan(version="new")))
    assert asks.book.overrides == (override,)
