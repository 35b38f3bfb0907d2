"""Waiting callers are offered to be rung back, on a real Asterisk; whatever they press, the place is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from hotline_ivr.testing.centre_desk import CentreDesk, Manners
from hotline_ivr.testing.phone import Phone, Telephones
from hotline_ivr.testing.plans import line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from hotline_ivr.testing.stage_events import stage_log
from tests.acceptance.callback_calls import (
    Caller,
    Prompts,
    agrees,
    at_work,
    calls_back,
    digits,
    offered,
    reached,
    talking,
    wait_kept,
)
from tests.acceptance.callers import dial, wait_queued
from tests.acceptance.killed_service import dead
from tests.acceptance.test_promises import DEADLINE_S, listed, owed

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

DESK_PORT = free_port()
ELSEWHERE = "+4790042099"
PLAIN = "+4722851402"
"""A line whose operators have no wrap-up."""


def numbered(test: int) -> tuple[str, str, str]:
    """Who talks, who is offered a call back, and who comes later."""
    first, offered, later = (f"+47900420{test}{place}" for place in range(3))
    return first, offered, later


MANNERS = {numbered(test)[1]: Manners.PRESSES for test in range(9)} | {ELSEWHERE: Manners.PRESSES}


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    made = plan(
        {"anna": None, "bjorn": None},
        now=datetime.now(UTC),
        extra_queues={"plain": ["bjorn"]},
        extra_lines={"plain": line("Line without wrap-up", PLAIN, queue="plain")},
    )
    made["lines"]["open"]["position"] = True
    made["trunks"]["carrier"]["outbound"] = f"127.0.0.1:{DESK_PORT}"
    # While she wraps up, whoever is next is rung.
    made["queues"]["main"]["wrap_up"] = "6s"
    for queue in made["queues"].values():
        queue["callbacks"] = {
            "offer": {"after": "5s", "key": "1", "tries": "2", "answer_within": "3s"},
            "spacing": "10s",
            "ring": "8s",
            "press_within": "2s",
            "max_wait": "30s",
        }
    stack = make_stack(made)
    stack.start()
    return stack


@pytest.fixture
async def anna(stack: HotlineStack, telephones: Telephones) -> AsyncIterator[Phone]:
    async with at_work(stack, telephones) as phone:
        yield phone


def heard_before_waiting(stack: HotlineStack, number: str) -> list[str]:
    """Prompts of the call from this number."""
    return [
        event.fields[1]
        for event in stage_log(stack.settings.cel_file).of(number)
        if event.fields[0] == "play"
    ]


async def test_who_presses_and_hangs_up_is_rung_in_turn_before_whoever_came_later(
    stack: HotlineStack, telephones: Telephones, anna: Phone, prompt: Prompts
) -> None:
    first, number, later = numbered(1)
    conversation = await talking(stack, telephones, anna, first)
    async with CentreDesk(DESK_PORT, MANNERS) as desk:
        caller = await offered(stack, telephones, prompt, number)
        await caller.presses("1")
        await caller.hears("callback-number", *digits(number), "callback-right")
        await caller.presses("1")
        await caller.hears("callback-agreed")
        await caller.call.wait_ended(DEADLINE_S)
        (entry,) = await owed(stack, number, bool)
        assert (entry["reasons"], entry["queue"], entry["calls"]) == (["callback"], "main", 1)
        await wait_kept(stack, 1)
        assert desk.calls == [], "nobody is free for them, and nobody will be soon"

        waiting = await dial(stack, telephones, later)
        await wait_queued(stack, 1)
        assert any("say-you-are-number+say-2+" in said for said in heard_before_waiting(stack, later))
        await conversation.hang_up()
        rung = await reached(anna, number)
        (called,) = desk.to(number)
        await rung.hang_up()
        await (await reached(anna, later)).hang_up()
        await waiting.wait_ended(DEADLINE_S)
        await owed(stack, number, lambda found: found[0]["state"] == "kept")
        assert len(desk.to(number)) == 1
    (record,) = calls_back(stack, number)
    assert (record["outcome"], record["operator"]) == ("answered", "anna")
    promised = next(each for each in stack.calls() if each["caller"] == number and each["kind"] == "caller")
    assert (promised["outcome"], promised["queue_status"]) == ("callback", "KEY")
    assert called.rung_at > 0


async def test_another_number_is_typed_and_one_that_may_not_be_rung_is_refused(
    stack: HotlineStack, telephones: Telephones, anna: Phone, prompt: Prompts
) -> None:
    first, number, _ = numbered(2)
    conversation = await talking(stack, telephones, anna, first)
    async with CentreDesk(DESK_PORT, MANNERS) as desk:
        caller = await offered(stack, telephones, prompt, number)
        await caller.presses("1")
        await caller.hears("callback-number", *digits(number))
        await caller.presses("2")
        await caller.hears("callback-enter")
        await caller.presses("82012345#")
        await caller.hears("callback-wrong-number", "callback-enter")
        await caller.presses(f"{ELSEWHERE.removeprefix('+47')}#")
        await caller.hears("callback-number", *digits(ELSEWHERE), "callback-right")
        await caller.presses("1")
        await caller.call.wait_ended(DEADLINE_S)
        await owed(stack, ELSEWHERE, bool)
        await wait_kept(stack, 1)
        await conversation.hang_up()
        rung = await reached(anna, ELSEWHERE)
        assert [call.number for call in desk.calls] == [ELSEWHERE]
        await rung.hang_up()
        (kept,) = await owed(stack, ELSEWHERE, lambda found: found[0]["state"] == "kept")
        assert kept["tries"] == 0


async def test_who_presses_nothing_or_thinks_better_of_it_keeps_waiting_at_the_same_place(
    stack: HotlineStack, telephones: Telephones, anna: Phone, prompt: Prompts
) -> None:
    first, number, later = numbered(3)
    conversation = await talking(stack, telephones, anna, first)
    early = Caller(await dial(stack, telephones, number), prompt)
    await wait_queued(stack, 1)
    # Before the offer the key does nothing.
    await early.presses("1")
    await early.hears("callback-offer")
    await dial(stack, telephones, later)
    await wait_queued(stack, 2)
    await early.presses("1")
    await early.hears("callback-number", *digits(number), "callback-right")
    await wait_queued(stack, 1)
    await early.presses("0")
    await early.hears("callback-wait-on")
    await wait_queued(stack, 2)
    await conversation.hang_up()
    await (await reached(anna, number)).hang_up()
    await (await reached(anna, later)).hang_up()
    assert listed(stack, number) == []
    assert (await stack.wait_call(number))["outcome"] == "answered"


async def test_silence_after_the_key_goes_back_into_the_queue(
    stack: HotlineStack, telephones: Telephones, anna: Phone, prompt: Prompts
) -> None:
    first, number, _ = numbered(4)
    conversation = await talking(stack, telephones, anna, first)
    caller = await offered(stack, telephones, prompt, number)
    await caller.presses("1")
    await caller.hears("callback-number", *digits(number), "callback-right")
    await caller.hears("callback-wait-on")
    await wait_queued(stack, 1)
    await conversation.hang_up()
    await (await reached(anna, number)).hang_up()


@pytest.mark.parametrize("agreed", [False, True], ids=["at-the-key", "at-the-number"])
async def test_without_the_service_the_key_throws_nobody_out(
    stack: HotlineStack, telephones: Telephones, anna: Phone, prompt: Prompts, *, agreed: bool
) -> None:
    first, number, later = numbered(5 + agreed)
    conversation = await talking(stack, telephones, anna, first)
    caller = await offered(stack, telephones, prompt, number)
    await dial(stack, telephones, later)
    await wait_queued(stack, 2)
    if agreed:
        await caller.presses("1")
        await caller.hears("callback-number", *digits(number), "callback-right")
    async with dead(stack):
        # Two is another number, which nobody can look into now.
        await caller.presses("2" if agreed else "1")
        await wait_queued(stack, 2)
        await conversation.hang_up()
        await (await reached(anna, number)).hang_up()
        await (await reached(anna, later)).hang_up()
    assert (await stack.wait_call(number))["outcome"] == "answered"


async def test_who_rings_again_counts_once_and_is_not_rung_after_they_were_answered(
    stack: HotlineStack, telephones: Telephones, anna: Phone, prompt: Prompts
) -> None:
    first, number, later = numbered(7)
    conversation = await talking(stack, telephones, anna, first)
    async with CentreDesk(DESK_PORT, MANNERS) as desk:
        caller = await offered(stack, telephones, prompt, number)
        await agrees(caller, number)
        await owed(stack, number, bool)
        await wait_kept(stack, 1)
        await dial(stack, telephones, number)
        await wait_queued(stack, 1)
        await wait_kept(stack, 0)
        await dial(stack, telephones, later)
        await wait_queued(stack, 2)
        assert any("say-you-are-number+say-2+" in said for said in heard_before_waiting(stack, later))
        await conversation.hang_up()
        await (await reached(anna, number)).hang_up()
        await (await reached(anna, later)).hang_up()
        await owed(stack, number, lambda found: found[0]["state"] == "kept")
        assert desk.calls == []


async def test_without_wrap_up_and_without_knowledge_a_kept_place_is_served_before_whoever_came_later(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts
) -> None:
    first, number, later = numbered(8)
    async with at_work(stack, telephones, "bjorn") as bjorn, CentreDesk(DESK_PORT, MANNERS) as desk:
        conversation = await talking(stack, telephones, bjorn, first, to=PLAIN, queue="plain")
        await agrees(await offered(stack, telephones, prompt, number, PLAIN), number)
        await wait_kept(stack, 1, "plain")
        assert desk.calls == [], "nobody came later: an operator is waited for"

        waiting = await dial(stack, telephones, later, PLAIN)
        await desk.answered(number, PLAIN, DEADLINE_S)
        # The person has pressed 1, and both wait.
        await wait_queued(stack, 2, "plain")
        await conversation.hang_up()
        await (await reached(bjorn, number)).hang_up()
        await (await reached(bjorn, later)).hang_up()
        await waiting.wait_ended(DEADLINE_S)
        assert len(desk.to(number)) == 1
    (record,) = calls_back(stack, number)
    assert (record["outcome"], record["operator"]) == ("answered", "bjorn")
