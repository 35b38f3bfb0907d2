"""Calls back with an operator rung first, on a real Asterisk: the place waits in the queue by itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from hotline_ivr.testing.audio import recognise
from hotline_ivr.testing.centre_desk import CentreDesk, Manners
from hotline_ivr.testing.phone import Phone, PhoneCall, Telephones
from hotline_ivr.testing.plans import closed_now, line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.callback_calls import (
    A_TALK_S,
    Prompts,
    agrees,
    at_work,
    calls_back,
    digits,
    offered,
    reached,
    talking,
)
from tests.acceptance.callers import dial, wait_queued
from tests.acceptance.control_calls import joined
from tests.acceptance.test_callbacks import LATER, ask_for_a_call
from tests.acceptance.test_promises import DEADLINE_S, owed

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

DESK_PORT = free_port()
THERE = {"caller": "+4790043000", "operator": "+4790043001"}
AWAY, AGAIN = "+4790043002", "+4790043003"
MANNERS = {AWAY: Manners.RINGS} | dict.fromkeys(THERE.values(), Manners.TALKS)


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    later = line("Line that calls back", LATER, hours=closed_now(datetime.now(UTC)))
    made = plan({"anna": None}, now=datetime.now(UTC), extra_lines={"later": later})
    made["lines"]["later"]["closed_to"] = {"callback": "main"}
    made["trunks"]["carrier"]["outbound"] = f"127.0.0.1:{DESK_PORT}"
    made["queues"]["main"]["callbacks"] = {
        "first": "operator",
        "offer": {"after": "5s", "answer_within": "3s"},
        "hours": "always",
        "spacing": "1h",
        "ring": "6s",
    }
    stack = make_stack(made)
    stack.start()
    return stack


@pytest.fixture
async def anna(stack: HotlineStack, telephones: Telephones) -> AsyncIterator[Phone]:
    async with at_work(stack, telephones) as phone:
        yield phone


async def hears(call: PhoneCall, prompt: Prompts, *names: str) -> None:
    wanted = joined([prompt(f"nb/{name}") for name in names])
    await call.wait_heard(lambda heard: recognise(heard, wanted).recognised, DEADLINE_S, "+".join(names))


async def agreed(stack: HotlineStack, telephones: Telephones, prompt: Prompts, number: str) -> None:
    """This caller has taken the offer, and their place stands in the queue."""
    await agrees(await offered(stack, telephones, prompt, number), number)
    await wait_places(stack, 1)


async def wait_places(stack: HotlineStack, count: int) -> None:
    def there(said: str) -> bool:
        return len(re.findall(r"^ +\d+\. Local/", said, re.MULTILINE)) == count

    await stack.wait_console("queue show main", there, DEADLINE_S)


@pytest.mark.parametrize("by", ["caller", "operator"])
async def test_the_operator_is_told_who_it_is_and_hears_the_person_pick_up(
    stack: HotlineStack, telephones: Telephones, anna: Phone, prompt: Prompts, by: str
) -> None:
    number = THERE[by]
    async with CentreDesk(DESK_PORT, MANNERS) as desk:
        await ask_for_a_call(stack, telephones, number)
        ringing = await anna.wait_rung(DEADLINE_S)
        assert number in ringing.row.peer
        assert desk.calls == [], "nobody is rung before an operator is there"
        await ringing.answer()
        await hears(ringing, prompt, "callback-operator", *digits(number))
        call = await desk.answered(number, LATER)
        await asyncio.sleep(2)
        if by == "caller":
            desk.hang_up(call)
        else:
            await ringing.hang_up()
        await ringing.wait_ended(DEADLINE_S)
        (kept,) = await owed(stack, number, lambda found: bool(found) and found[0]["state"] != "open")
    (record,) = calls_back(stack, number)
    assert (kept["state"], kept["closed_by"], kept["tries"]) == ("kept", record["id"], 0)
    assert (record["outcome"], record["operator"], record["line"]) == ("answered", "anna", "later")
    assert (record["ended_by"], record["discrepancy"]) == (by, None)
    assert 1_500 < record["talk_ms"] < 3_500, "the conversation, and not what the operator waited for it"
    assert len(desk.to(number)) == 1


async def test_who_is_not_there_costs_the_operator_a_moment_and_the_attempt(
    stack: HotlineStack, telephones: Telephones, anna: Phone, prompt: Prompts
) -> None:
    conversation = await talking(stack, telephones, anna, "+4790043010")
    async with CentreDesk(DESK_PORT, MANNERS) as desk:
        await agreed(stack, telephones, prompt, AWAY)
        waiting = await dial(stack, telephones, "+4790043011")
        await wait_queued(stack, 1)
        await conversation.hang_up()
        ringing = await anna.wait_rung(DEADLINE_S)
        assert AWAY in ringing.row.peer, "the place is before whoever came later"
        await ringing.answer()
        await hears(ringing, prompt, "callback-operator", *digits(AWAY))
        await hears(ringing, prompt, "callback-nobody")
        await ringing.wait_ended(DEADLINE_S)
        await (await reached(anna, "+4790043011")).hang_up()
        await waiting.wait_ended(DEADLINE_S)
        (entry,) = await owed(stack, AWAY, lambda found: bool(found) and found[0]["tries"] == 1)
        assert entry["state"] == "open"
        assert len(desk.to(AWAY)) == 1
    (record,) = calls_back(stack, AWAY)
    assert (record["outcome"], record["connected_at"], record["talk_ms"]) == ("not-reached", None, None)
    assert record["discrepancy"] is None


async def test_the_place_of_who_rings_again_is_taken_out_of_the_queue(
    stack: HotlineStack, telephones: Telephones, anna: Phone, prompt: Prompts
) -> None:
    conversation = await talking(stack, telephones, anna, "+4790043020")
    async with CentreDesk(DESK_PORT, MANNERS) as desk:
        await agreed(stack, telephones, prompt, AGAIN)
        await dial(stack, telephones, AGAIN)
        await wait_queued(stack, 1)
        await wait_places(stack, 0)
        await conversation.hang_up()
        ringing = await reached(anna, AGAIN)
        await asyncio.sleep(A_TALK_S)
        await ringing.hang_up()
        await owed(stack, AGAIN, lambda found: found[0]["state"] == "kept")
        assert desk.calls == []
