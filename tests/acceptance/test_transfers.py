"""Callers who are handed on by the operator's telephone: at once, after asking, to a queue, and not outside.

By SIP REFER from a real telephone, through a real Asterisk. What the caller had all the while is looked at.
"""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_ivr.testing.audio import tone, tone_share
from hotline_ivr.testing.company import Had, company_of
from hotline_ivr.testing.phone import Phone, PhoneCall, Telephones
from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

OPERATORS = ("anna", "bjorn", "chandra")
CODE = "*81"
TO_BJORN, TO_OTHER = "21", "80"
OUTSIDE = "+4790000001"
TALK_S = 2.0
NEAR_MS = 400
"""A talk is told to so many milliseconds: what the test itself waits for is in it."""


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    config = plan(
        dict.fromkeys(OPERATORS),
        now=datetime.now(UTC),
        extra_queues={"main": ["anna"], "second": ["bjorn"], "other": ["chandra"]},
    )
    config["queues"]["main"] = {"operators": ["anna"], "wrap_up": "1s", "ring_time": "10s"}
    config["queues"]["other"]["extension"] = TO_OTHER
    config["operators"]["bjorn"]["extension"] = TO_BJORN
    config["floor"] = {"code": CODE, "language": "en"}
    # There is a way out, so that what is refused is not refused for want of one.
    config["trunks"]["carrier"]["outbound"] = "127.0.0.1:5999"
    made = make_stack(config)
    made.start()
    return made


class House:
    """The telephones of all operators, and a caller who talks with anna."""

    def __init__(self, stack: HotlineStack, telephones: Telephones) -> None:
        self.stack, self.telephones = stack, telephones
        self.phones: dict[str, Phone] = {}

    async def begin(self) -> House:
        for name in OPERATORS:
            account, secret = self.stack.accounts()[name]
            host, port = "127.0.0.1", self.stack.settings.sip_port
            self.phones[name] = await self.telephones.operator(account, secret, host, port)
        await self.until("anna", "ready")
        return self

    async def of(self, operator: str) -> dict[str, Any]:
        done = await asyncio.to_thread(self.stack.hotline, "operators", "--json")
        listed = json.loads(done.stdout)["operators"]
        found: dict[str, Any] = next(each for each in listed if each["id"] == operator)
        return found

    async def until(self, operator: str, standing: str) -> None:
        """Stands so, and would be rung where that is `ready`."""
        end = time.monotonic() + 15
        while (now := await self.of(operator))["standing"] != standing or (
            standing == "ready" and now["why_not_rung"]
        ):
            assert time.monotonic() < end, now
            await asyncio.sleep(0.1)

    async def talk(self, number: str) -> tuple[PhoneCall, PhoneCall]:
        """A caller who talks with anna, and anna's call."""
        phone = await self.telephones.caller(number, "127.0.0.1", self.stack.settings.sip_port)
        caller = await phone.dial(OPEN)
        await caller.wait_answered()
        annas = await self.phones["anna"].wait_rung(20)
        await annas.answer()
        await asyncio.sleep(TALK_S)
        return caller, annas

    async def story(self, number: str) -> tuple[Record, dict[str, float]]:
        """The one record of a caller, and how long each operator talked (ms)."""
        record = await self.stack.wait_call(number)
        done = await asyncio.to_thread(self.stack.hotline, "calls", "show", record["id"], "--json")
        legs = json.loads(done.stdout)["legs"]
        return record, {each["operator"]: each["talk_ms"] for each in legs if each["talk_ms"] is not None}


@pytest.fixture
async def house(stack: HotlineStack, telephones: Telephones) -> House:
    return await House(stack, telephones).begin()


async def hear_each_other(one: PhoneCall, other: PhoneCall) -> None:
    spoken = time.time()
    await asyncio.gather(one.say(tone(1000, 1.2)), other.say(tone(700, 1.2)))
    for call, frequency in ((one, 700), (other, 1000)):
        heard = await call.wait_heard(lambda heard: heard.seconds > 1.1, 5, "a tone", since=spoken)
        assert tone_share(heard.part(0.4, 0.9), frequency) > 0.9


def never_alone(house: House, caller: PhoneCall) -> str:
    had = company_of(caller, house.stack.settings.cel_file)
    assert not had.nothing(), had.in_words()
    assert had.had(Had.OPERATOR) > TALK_S, had.in_words()
    return had.in_words()


def near(told_ms: float, meant_s: float) -> bool:
    return abs(told_ms - meant_s * 1000) < NEAR_MS


async def test_a_caller_is_handed_to_a_colleague_at_once_and_both_talks_are_told(house: House) -> None:
    caller, annas = await house.talk("+4790070001")
    asked = time.time()
    transfer = asyncio.create_task(annas.transfer(TO_BJORN))
    bjorns = await house.phones["bjorn"].wait_rung(10)
    rung = time.time()
    await bjorns.answer(after_s=1.0)
    await transfer
    answered = time.time()
    await hear_each_other(caller, bjorns)
    await asyncio.sleep(1)
    await bjorns.hang_up()
    over = time.time()
    await caller.wait_ended(5)
    record, talked = await house.story("+4790070001")
    assert (record["outcome"], record["operator"], record["ended_by"]) == ("answered", "anna", "operator")
    assert record["discrepancy"] is None
    assert near(talked["anna"], TALK_S), talked
    assert near(talked["bjorn"], over - answered), (talked, over - answered)
    assert abs(record["talk_ms"] - sum(talked.values())) < NEAR_MS
    # Anna is alone after her call, and then free; it is not she who talks on.
    await house.until("anna", "ready")
    print(f"blind: colleague rung {rung - asked:.3f} s after the transfer; {never_alone(house, caller)}")  # noqa: T201


async def test_a_caller_is_handed_over_after_the_colleague_was_asked(house: House) -> None:
    caller, annas = await house.talk("+4790070101")
    await annas.native.hold()
    asked = await house.phones["anna"].dial(TO_BJORN)
    bjorns = await house.phones["bjorn"].wait_rung(10)
    await bjorns.answer(after_s=0.5)
    await asked.wait_answered()
    await hear_each_other(asked, bjorns)
    handed = time.time()
    await annas.transfer_to(asked)
    took = time.time() - handed
    await hear_each_other(caller, bjorns)
    await caller.hang_up()
    over = time.time()
    await bjorns.wait_ended(5)
    record, talked = await house.story("+4790070101")
    assert (record["outcome"], record["operator"], record["ended_by"]) == ("answered", "anna", "caller")
    assert record["discrepancy"] is None
    assert talked["anna"] > TALK_S * 1000
    assert near(talked["bjorn"], over - handed), (talked, over - handed)
    assert {each["caller"] for each in house.stack.calls()} >= {"+4790070101"}
    await house.until("anna", "ready")
    await house.until("bjorn", "ready")
    print(f"attended: done after {took:.3f} s; {never_alone(house, caller)}")  # noqa: T201


async def test_a_caller_is_handed_to_another_queue_and_waits_there_with_music(house: House) -> None:
    caller, annas = await house.talk("+4790070201")
    await annas.transfer(TO_OTHER)
    chandras = await house.phones["chandra"].wait_rung(10)
    await chandras.answer(after_s=1.5)
    await hear_each_other(caller, chandras)
    await caller.hang_up()
    await chandras.wait_ended(5)
    record, talked = await house.story("+4790070201")
    assert (record["outcome"], record["operator"], record["queue"]) == ("answered", "anna", "main")
    assert set(talked) == {"anna", "chandra"}
    never_alone(house, caller)


@pytest.mark.parametrize(
    ("to", "place"),
    [(OUTSIDE, 3), ("90000001", 4), (CODE, 5), (OPEN, 6), ("s", 7), ("external_replaces", 8)],
)
async def test_what_is_no_extension_of_ours_is_refused_and_the_caller_stays(
    house: House, to: str, place: int
) -> None:
    number = f"+47900703{place:02}"
    caller, annas = await house.talk(number)
    with pytest.raises(ConnectionError):
        await annas.transfer(to)
    await hear_each_other(caller, annas)
    await annas.hang_up()
    await caller.wait_ended(5)
    record, talked = await house.story(number)
    assert (record["outcome"], set(talked)) == ("answered", {"anna"})
    assert record["outside_number"] is None


@pytest.mark.parametrize("how", ["declines", "talks"])
async def test_a_colleague_who_does_not_take_the_caller_sends_nobody_into_the_void(
    house: House, how: str
) -> None:
    number = {"declines": "+4790070401", "talks": "+4790070402"}[how]
    own = None
    if how == "talks":
        # With the menu of his own phone.
        own = await house.phones["bjorn"].dial(CODE)
        await own.wait_answered()
    caller, annas = await house.talk(number)
    transfer = asyncio.create_task(annas.transfer(TO_BJORN))
    if how == "declines":
        bjorns = await house.phones["bjorn"].wait_rung(10)
        await bjorns.hang_up()
    await asyncio.gather(transfer, return_exceptions=True)
    again = await house.phones["anna"].wait_rung(20)
    await again.answer()
    await hear_each_other(caller, again)
    await again.hang_up()
    await caller.wait_ended(5)
    if own is not None:
        await own.hang_up()
    record, talked = await house.story(number)
    assert (record["outcome"], set(talked)) == ("answered", {"anna"})
    never_alone(house, caller)
