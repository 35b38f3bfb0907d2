"""Whose turn it is: head starts, and the longest wait across queues, with the service and without it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import pytest

from hotline_ivr.testing.phone import Phone, PhoneCall, Telephones
from hotline_ivr.testing.plans import OPEN, line, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from hotline_ivr.testing.stage_events import StageEvent, wait_event
from tests.acceptance.callers import dial, wait_queued
from tests.acceptance.killed_service import Service, alive, dead

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

SECOND, PREFERRED, MENU = "+4722851299", "+4722851298", "+4722851297"
DOCTOR = "+4790030099"


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    """Anna serves two queues."""
    config = plan(
        {"anna": None},
        now=datetime.now(UTC),
        extra_lines={
            "second": line("Second line", SECOND, queue="second"),
            "menu": {**line("Line with a menu", MENU), "menu": "main"},
        },
    )
    config["lines"]["open"]["numbers"] = [OPEN, PREFERRED]
    config["lines"]["open"]["number_priority"] = {PREFERRED: "3m"}
    config["menus"] = {
        "main": {"prompt": "menu", "keys": {"1": {"menu": "more", "priority": "5m"}}},
        "more": {"prompt": "more", "keys": {"1": {"queue": "main"}}},
    }
    config["known_callers"] = {"doctors": {"name": "Doctors", "numbers": [DOCTOR], "priority": "10m"}}
    config["queues"]["main"]["join_when_empty"] = True
    config["queues"]["second"] = dict(config["queues"]["main"])
    made = make_stack(config)
    made.start()
    return made


async def order_of_delivery(anna: Phone, talking: PhoneCall, count: int) -> list[str]:
    """Who is rung at anna, one after the other, from the end of this conversation on."""
    peers = []
    rung = talking
    for _ in range(count):
        await rung.hang_up()
        rung = await anna.wait_rung(15)
        peers.append(rung.row.peer)
        await rung.answer()
        await rung.wait_heard(lambda heard: heard.seconds > 0.1, 10, "the caller")
        # Long enough to be no phone that was dropped.
        await asyncio.sleep(0.6)
    await rung.hang_up()
    return peers


def is_menu(name: str, event: StageEvent) -> bool:
    return event.fields[1] == name


def in_order(peers: Sequence[str], numbers: Sequence[str]) -> bool:
    return len(peers) == len(numbers) and all(
        number in peer for number, peer in zip(numbers, peers, strict=True)
    )


@pytest.mark.parametrize("service", [alive, dead], ids=["service", "no-service"])
async def test_preferred_callers_are_served_in_the_order_of_their_head_starts(
    stack: HotlineStack, telephones: Telephones, anna: Phone, service: Service
) -> None:
    base = f"+47900301{int(service is dead)}"
    held, plain, preferred, pressed = (f"{base}{place}" for place in range(4))
    await dial(stack, telephones, held, OPEN)
    talking = await anna.wait_rung(25)
    await talking.answer()
    async with service(stack):
        await dial(stack, telephones, plain, OPEN)
        await wait_queued(stack, 1)
        await dial(stack, telephones, preferred, PREFERRED)
        await wait_queued(stack, 2)
        choosing = await dial(stack, telephones, pressed, MENU)
        for name in ("main", "more"):
            cel = stack.settings.cel_file
            await wait_event(cel, pressed, "menu", 20, more=partial(is_menu, name))
            await asyncio.sleep(0.3)  # what is pressed before the prompt begins is not heard
            await choosing.send_keys("1")
        await wait_queued(stack, 3)
        await dial(stack, telephones, DOCTOR, OPEN)
        await wait_queued(stack, 4)
        peers = await order_of_delivery(anna, talking, 4)
    assert in_order(peers, [DOCTOR, pressed, preferred, plain]), peers
    for number in (plain, preferred, pressed):
        assert (await stack.wait_call(number))["outcome"] == "answered"


@pytest.mark.parametrize("service", [alive, dead], ids=["service", "no-service"])
async def test_an_operator_of_two_queues_gets_whoever_came_first_in_either(
    stack: HotlineStack, telephones: Telephones, anna: Phone, service: Service
) -> None:
    """By chance six in a row would come in this order once in 32 times."""
    base = f"+47900302{int(service is dead)}"
    await dial(stack, telephones, f"{base}9", OPEN)
    talking = await anna.wait_rung(25)
    await talking.answer()
    numbers = [f"{base}{place}" for place in range(6)]
    async with service(stack):
        for place, number in enumerate(numbers):
            queue, called = (("second", SECOND), ("main", OPEN))[place % 2]
            await dial(stack, telephones, number, called)
            await wait_queued(stack, place // 2 + 1, queue)
            await asyncio.sleep(1.1)  # the queue counts in whole seconds
        peers = await order_of_delivery(anna, talking, len(numbers))
    assert in_order(peers, numbers), peers


async def test_a_preferred_caller_goes_before_the_other_queue_too(
    stack: HotlineStack, telephones: Telephones, anna: Phone
) -> None:
    await dial(stack, telephones, "+4790030390", OPEN)
    talking = await anna.wait_rung(25)
    await talking.answer()
    await dial(stack, telephones, "+4790030300", SECOND)
    await wait_queued(stack, 1, "second")
    await asyncio.sleep(1.1)
    await dial(stack, telephones, "+4790030301", PREFERRED)
    await wait_queued(stack, 1)
    peers = await order_of_delivery(anna, talking, 2)
    assert in_order(peers, ["+4790030301", "+4790030300"]), peers
