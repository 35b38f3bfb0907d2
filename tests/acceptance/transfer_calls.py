"""Calls that operators hand on by their telephones: what tests of it share."""

from __future__ import annotations

import asyncio
import json
import time
from functools import partial
from typing import Any

import numpy as np

from hotline_ivr.testing.audio import Audio, tone, tone_share
from hotline_ivr.testing.company import Had, company_of
from hotline_ivr.testing.phone import Phone, PhoneCall, Telephones
from hotline_ivr.testing.plans import OPEN
from hotline_ivr.testing.stack import HotlineStack, Record
from tests.acceptance.operators import operator_of

OPERATORS = ("anna", "bjorn", "chandra")
TALK_S = 2.0
NEAR_MS = 400
"""A talk is told to so many milliseconds: what the test itself waits for is in it."""


class House:
    """The telephones of all operators, and a caller who talks with anna."""

    def __init__(self, stack: HotlineStack, telephones: Telephones) -> None:
        self.stack, self.telephones = stack, telephones
        self.phones: dict[str, Phone] = {}

    async def begin(self) -> House:
        for name in OPERATORS:
            self.phones[name] = await operator_of(self.stack, self.telephones, name)
        await self.until("anna", "ready")
        return self

    async def of(self, operator: str) -> dict[str, Any]:
        done = await asyncio.to_thread(self.stack.hotline, "operators", "--json")
        listed = json.loads(done.stdout)["operators"]
        found: dict[str, Any] = next(each for each in listed if each["id"] == operator)
        return found

    async def queue(self, name: str) -> dict[str, Any]:
        """The queue in the live picture."""
        done = await asyncio.to_thread(self.stack.hotline, "status", "--json")
        found: dict[str, Any] = next(each for each in json.loads(done.stdout)["queues"] if each["id"] == name)
        return found

    async def until(self, operator: str, standing: str) -> None:
        """Stands so, and would be rung where that is `ready`."""
        end = time.monotonic() + 15
        while (now := await self.of(operator))["standing"] != standing or (
            standing == "ready" and now["why_not_rung"]
        ):
            assert time.monotonic() < end, now
            await asyncio.sleep(0.1)

    async def until_nobody_waits(self, queue: str) -> None:
        """Nobody is left in the live picture of the queue."""
        end = time.monotonic() + 15
        while (now := await self.queue(queue))["waiting"]:
            assert time.monotonic() < end, now
            await asyncio.sleep(0.1)

    async def talk(self, number: str, to: str = OPEN) -> tuple[PhoneCall, PhoneCall]:
        """A caller who talks with anna, and anna's call."""
        phone = await self.telephones.caller(number, "127.0.0.1", self.stack.settings.sip_port)
        caller = await phone.dial(to)
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


async def ask(operator: Phone, held: PhoneCall, extension: str) -> PhoneCall:
    """The operator lets the caller wait and rings somebody, in a call of their own."""
    await held.native.hold()
    return await operator.dial(extension)


async def hear_each_other(one: PhoneCall, other: PhoneCall) -> None:
    """Each is heard by the other; music may go before, where they are only just connected."""
    spoken = time.time()
    await asyncio.gather(one.say(tone(1000, 1.5)), other.say(tone(700, 1.5)))
    for call, frequency in ((one, 700), (other, 1000)):
        await call.wait_heard(partial(holds_tone, hz=frequency), 5, f"a tone of {frequency} Hz", since=spoken)


def holds_tone(heard: Audio, hz: float) -> bool:
    """Whether nothing but this tone is heard for half a second of it."""
    starts = np.arange(0, heard.seconds - 0.5, 0.1)
    return any(tone_share(heard.part(start, start + 0.5), hz) > 0.9 for start in starts)


def never_alone(house: House, caller: PhoneCall) -> str:
    had = company_of(caller, house.stack.settings.cel_file)
    assert not had.nothing(), had.in_words()
    assert had.had(Had.OPERATOR) > TALK_S - NEAR_MS / 1000, had.in_words()
    return had.in_words()


def near(told_ms: float, meant_s: float) -> bool:
    return abs(told_ms - meant_s * 1000) < NEAR_MS
