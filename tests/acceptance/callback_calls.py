"""Calls in which waiting callers are offered to be rung back: what tests of it share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from hotline_ivr.testing.audio import Audio, recognise
from hotline_ivr.testing.phone import Phone, PhoneCall, Telephones
from hotline_ivr.testing.plans import OPEN
from hotline_ivr.testing.stack import HotlineStack, Record
from tests.acceptance.callers import dial
from tests.acceptance.control_calls import joined
from tests.acceptance.operators import operator_of
from tests.acceptance.test_promises import DEADLINE_S

A_TALK_S = 0.8
"""Long enough to be no phone that was dropped."""

Prompts = Callable[[str], Audio]


@asynccontextmanager
async def at_work(
    stack: HotlineStack, telephones: Telephones, operator: str = "anna"
) -> AsyncIterator[Phone]:
    """The operator's telephone, registered for so long."""
    phone = await operator_of(stack, telephones, operator)
    yield phone
    await phone.unregister()


async def talking(
    stack: HotlineStack,
    telephones: Telephones,
    operator: Phone,
    number: str,
    *,
    to: str = OPEN,
    queue: str = "main",
) -> PhoneCall:
    """The operator is in a conversation with this number; the operator's side of it."""
    await stack.wait_console("moh show classes", lambda said: f"{queue}.en.offer" in said, 60)
    await dial(stack, telephones, number, to)
    rung = await operator.wait_rung(DEADLINE_S)
    await rung.answer()
    await asyncio.sleep(A_TALK_S)
    return rung


class Caller:
    """One who waits, hears and presses; what was heard counts from the last key on."""

    def __init__(self, call: PhoneCall, prompt: Prompts) -> None:
        self.call, self._prompt, self._since = call, prompt, time.time()

    async def hears(self, *names: str) -> None:
        wanted = joined([self._prompt(f"en/{name}") for name in names])
        await self.call.wait_heard(
            lambda heard: recognise(heard, wanted).recognised, 40, "+".join(names), since=self._since
        )

    async def presses(self, keys: str) -> None:
        self._since = time.time()
        await self.call.send_keys(keys)


async def offered(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts, number: str, to: str = OPEN
) -> Caller:
    """Waits, and has heard the offer."""
    caller = Caller(await dial(stack, telephones, number, to), prompt)
    await caller.hears("callback-offer")
    return caller


def digits(number: str) -> tuple[str, ...]:
    return tuple(f"say-{digit}" for digit in number.removeprefix("+47"))


async def agrees(caller: Caller, number: str) -> None:
    """Takes the offer that was just heard, at this number, and hangs up."""
    await caller.presses("1")
    await caller.hears("callback-number", *digits(number), "callback-right")
    await caller.presses("1")
    await caller.call.wait_ended(DEADLINE_S)


async def wait_kept(stack: HotlineStack, count: int, queue: str = "main") -> None:
    """Until so many keep a place there without being there."""

    def there(told: str) -> bool:
        name = f'hotline_places_kept{{queue="{queue}"}}'
        return f"{name} {count}.0" in told if count else name not in told

    async with asyncio.timeout(DEADLINE_S):
        while not there((await asyncio.to_thread(stack.get, "/metrics"))[1]):
            await asyncio.sleep(0.1)


async def reached(operator: Phone, number: str) -> PhoneCall:
    """The operator is rung for this number, and takes the call."""
    rung = await operator.wait_rung(DEADLINE_S)
    assert number in rung.row.peer
    await rung.answer()
    await asyncio.sleep(A_TALK_S)
    return rung


def calls_back(stack: HotlineStack, number: str) -> list[Record]:
    return [each for each in stack.calls() if each["caller"] == number and each["kind"] == "callback"]
