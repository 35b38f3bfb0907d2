"""Breaks, wrap-up, phones that ring in vain, and who else pauses: on a real Asterisk, by the command line."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_ivr.testing.phone import Phone, Telephones
from hotline_ivr.testing.plans import plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.callers import dial

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

# Long against what a command takes on a machine that does other things too.
WRAP_UP_S = 20
UNANSWERED_PAUSE_S = 10
RING_S = 3


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    config = plan({"anna": None, "bjorn": None}, now=datetime.now(UTC), ring_time=RING_S)
    # In order of the list: anna is rung first whenever she can be.
    config["queues"]["main"] |= {"strategy": "linear", "wrap_up": f"{WRAP_UP_S}s"}
    config["floor"] = {
        "pause_reasons": {"break": {"name": "Break", "limit": "15m"}},
        "unanswered_pause": f"{UNANSWERED_PAUSE_S}s",
    }
    made = make_stack(config)
    made.start()
    return made


class Desk:
    """A supervisor at a terminal."""

    def __init__(self, stack: HotlineStack) -> None:
        self._stack = stack

    async def __call__(self, *arguments: str) -> Any:
        done = await asyncio.to_thread(self._stack.hotline, "operators", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    async def of(self, operator: str) -> dict[str, Any]:
        listed = (await self())["operators"]
        found: dict[str, Any] = next(each for each in listed if each["id"] == operator)
        return found

    async def until(
        self, operator: str, condition: Callable[[dict[str, Any]], bool], deadline: float
    ) -> dict[str, Any]:
        end = time.monotonic() + deadline
        while not condition(found := await self.of(operator)):
            assert time.monotonic() < end, found
        return found

    async def ledger(self, operator: str) -> list[str]:
        found = (await self("periods", "--operator", operator))["periods"]
        return [f"{each['standing']} {each['reason']}".strip() for each in found]


@pytest.fixture
def desk(stack: HotlineStack) -> Desk:
    return Desk(stack)


@pytest.fixture
async def phones(stack: HotlineStack, telephones: Telephones, desk: Desk) -> dict[str, Phone]:
    """Both registered, signed in and ready, whatever was before."""
    registered = {
        name: await telephones.operator(*account, "127.0.0.1", stack.settings.sip_port)
        for name, account in stack.accounts().items()
    }
    for name in registered:
        await desk("sign-in", name)
        await desk("ready", name)
        await desk.until(name, can_be_rung, 10)
    return registered


def stands(standing: str, reason: str = "") -> Callable[[dict[str, Any]], bool]:
    return lambda found: (found["standing"], found["reason"]) == (standing, reason)


def can_be_rung(found: dict[str, Any]) -> bool:
    return not found["why_not_rung"]


def codes(found: dict[str, Any]) -> list[str]:
    return [each["code"] for each in found["why_not_rung"]]


async def test_a_break_asked_for_in_a_call_waits_for_its_end_and_the_next_caller_goes_to_another(
    stack: HotlineStack, telephones: Telephones, phones: dict[str, Phone], desk: Desk
) -> None:
    first = await dial(stack, telephones, "+4790030001")
    anna = await phones["anna"].wait_rung(15)
    await anna.answer()
    asked = (await desk("pause", "anna", "--reason", "break"))["operator"]
    assert (asked["standing"], asked["asked"]) == ("ready", "break")
    second = await dial(stack, telephones, "+4790030002")
    bjorn = await phones["bjorn"].wait_rung(15)
    await bjorn.answer()
    assert first.row.ended is None, "her call has gone on"
    assert {"pause-asked", "in-call"} <= set(codes(await desk.of("anna")))
    await first.hang_up()
    await desk.until("anna", stands("wrap-up"), 3)
    await desk.until("anna", stands("paused", "break"), WRAP_UP_S + 3)
    assert (await desk.ledger("anna"))[-3:] == ["ready", "wrap-up", "paused break"]
    await second.hang_up()
    await desk.until("bjorn", can_be_rung, WRAP_UP_S + 5)

    await desk("ready", "anna")
    third = await dial(stack, telephones, "+4790030003")
    anna = await phones["anna"].wait_rung(15)
    await anna.answer()
    await third.hang_up()
    wrap_up = await desk.until("anna", stands("wrap-up"), 3)
    assert codes(wrap_up) == ["wrap-up"]


async def test_ready_ends_a_wrap_up_early_also_for_asterisk_itself(
    stack: HotlineStack, telephones: Telephones, phones: dict[str, Phone], desk: Desk
) -> None:
    # Alone, so that nobody else can take the call.
    await desk("sign-out", "bjorn")
    assert codes(await desk.of("bjorn")) == ["signed-out"]
    first = await dial(stack, telephones, "+4790030011")
    await (await phones["anna"].wait_rung(15)).answer()
    second = await dial(stack, telephones, "+4790030012")
    # Past the greeting: she waits in the queue, and nothing but the wrap-up can hold her up.
    await stack.wait_console("queue show main", lambda said: "1. PJSIP/" in said, 10)
    await first.hang_up()
    ended = time.monotonic()
    await desk.until("anna", stands("wrap-up"), 3)
    await desk("ready", "anna")
    rung = await phones["anna"].wait_rung(WRAP_UP_S + 5)
    early = time.monotonic()
    waited = early - ended
    # Held back, she is rung at the end of the wrap-up, or a second earlier: app_queue counts whole seconds.
    assert waited < WRAP_UP_S - 2, f"app_queue's own wrap-up has held her back: rung after {waited:.1f} s"
    await rung.answer()
    await second.hang_up()
    assert (await desk("sign-in", "bjorn"))["operator"]["standing"] == "ready"


async def test_a_phone_that_rings_in_vain_is_left_in_peace_and_comes_back_by_itself(
    stack: HotlineStack, telephones: Telephones, phones: dict[str, Phone], desk: Desk
) -> None:
    caller = await dial(stack, telephones, "+4790030021")
    await phones["anna"].wait_rung(15)
    # The caller is passed on, and does not come back to a phone that nobody takes up.
    await (await phones["bjorn"].wait_rung(RING_S + 6)).answer()
    left = await desk.of("anna")
    assert (left["standing"], left["reason"], left["returns"]) == ("paused", "no-answer", True)
    await desk.until("anna", stands("ready"), UNANSWERED_PAUSE_S + 3)
    await caller.hang_up()


@pytest.mark.usefixtures("phones")
async def test_a_break_outlives_the_service_and_asterisk_and_another_persons_pause_is_taken_over(
    stack: HotlineStack, desk: Desk
) -> None:
    before = (await desk("pause", "anna"))["operator"]
    await asyncio.to_thread(stack.signal_service, signal.SIGKILL)
    done = await asyncio.to_thread(stack.hotline, "status")
    assert done.returncode == 4
    assert "no service runs" in done.stderr
    stack.start_service()
    await asyncio.to_thread(stack.wait_ready)
    again = await desk.of("anna")
    assert (again["standing"], again["since"], again["by"]) == ("paused", before["since"], before["by"])

    interface = f"PJSIP/{stack.accounts()['bjorn'][0]}"
    stack.console(f"queue pause member {interface} queue main reason fire")
    taken = await desk.until("bjorn", stands("paused", "fire"), 5)
    assert taken["by"] == "asterisk"

    os.kill(stack.pid("asterisk"), signal.SIGTERM)
    await desk.until("anna", lambda found: "link-lost" in codes(found), 15)
    stack.start_part("asterisk")
    await asyncio.to_thread(stack.wait_ready)
    said, _ = await stack.wait_console("queue show main", lambda said: said.count("(paused:") == 2, 10)
    assert "paused:break" in said
    assert "paused:fire" in said
    assert (await desk.of("anna"))["since"] == before["since"]
    status = await asyncio.to_thread(stack.hotline, "status")
    assert status.returncode == 0, status.stderr
    assert "on a pause: fire" in status.stdout
