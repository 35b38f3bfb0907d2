"""Closed, opened and informed by hand: real callers hear it, with the service and without it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from hotline_ivr.testing.audio import Audio, recognise
from hotline_ivr.testing.phone import PhoneCall, Telephones
from hotline_ivr.testing.plans import CLOSED, OPEN, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from hotline_ivr.testing.stage_events import wait_event
from tests.acceptance.by_hand import decide

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

Prompts = Callable[[str], Audio]
WITH_AND_WITHOUT = pytest.mark.parametrize("service", ["alive", "dead"])


@pytest.fixture(scope="module")
def node(make_stack: MakeStack) -> HotlineStack:
    made = make_stack(plan({"anna": None}, now=datetime.now(UTC)))
    made.start()
    return made


@pytest.fixture
def stack(node: HotlineStack, service: str) -> Iterator[HotlineStack]:
    """The node, its service killed or not, and back to its calendars afterwards."""
    if service == "dead":
        node.signal_service(signal.SIGKILL)
    yield node
    node.hotline("clear", "--all", "--by", "kari")
    if service == "dead":
        node.start_service()
        node.wait_ready()


async def decided(stack: HotlineStack, service: str, *words: str) -> None:
    """Decided by somebody; a running service goes by it when this returns."""
    await decide(stack, *words, "--by", "kari", alive=service == "alive")


async def dial(stack: HotlineStack, telephones: Telephones, caller: str, number: str) -> PhoneCall:
    phone = await telephones.caller(caller, "127.0.0.1", stack.settings.sip_port)
    call = await phone.dial(number)
    await call.wait_answered()
    return call


@WITH_AND_WITHOUT
async def test_a_line_closed_by_hand_says_its_own_message_and_no_other(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts, service: str
) -> None:
    await decided(stack, service, "close", "open", "--until", "tomorrow 23:59", "--message", "news")
    caller = f"+4790060{len(service)}01"
    call = await dial(stack, telephones, caller, OPEN)
    await call.wait_ended(30)
    assert recognise(call.heard(), prompt("en/news")).recognised
    for other in ("greeting", "closed"):
        assert not recognise(call.heard(), prompt(f"en/{other}")).recognised

    if service == "alive":
        record = await stack.wait_call(caller)
        assert record["outcome"] == "closed"
        assert "closed:override:" in record["reasons"]


@WITH_AND_WITHOUT
async def test_a_closed_line_opened_by_hand_greets_and_queues_until_that_ends(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts, service: str
) -> None:
    await decided(stack, service, "open", "closed", "--until-next-change")
    caller = f"+4790060{len(service)}02"
    call = await dial(stack, telephones, caller, CLOSED)
    await wait_event(stack.settings.cel_file, caller, "played", 20)
    await call.hang_up()
    assert recognise(call.heard(), prompt("en/greeting")).recognised

    await decided(stack, service, "clear", "closed")
    again = await dial(stack, telephones, f"+4790060{len(service)}03", CLOSED)
    await again.wait_ended(30)
    assert recognise(again.heard(), prompt("en/closed")).recognised


@WITH_AND_WITHOUT
async def test_an_override_ends_by_itself(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts, service: str
) -> None:
    await decided(stack, service, "close", "open", "--for", "8s")
    call = await dial(stack, telephones, f"+4790060{len(service)}04", OPEN)
    await call.wait_ended(30)
    assert recognise(call.heard(), prompt("en/closed")).recognised

    # Its end is a moment of the clock, which no event tells.
    await asyncio.sleep(8.0)
    caller = f"+4790060{len(service)}05"
    later = await dial(stack, telephones, caller, OPEN)
    await wait_event(stack.settings.cel_file, caller, "played", 20)
    await later.hang_up()
    assert recognise(later.heard(), prompt("en/greeting")).recognised


@WITH_AND_WITHOUT
async def test_who_hangs_up_after_the_information_has_been_informed_and_is_not_lost(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts, service: str
) -> None:
    await decided(stack, service, "surge", "open", "--message", "incident", "--for", "2h")
    caller = f"+4790060{len(service)}06"
    call = await dial(stack, telephones, caller, OPEN)
    await wait_event(stack.settings.cel_file, caller, "played", 20)
    await call.hang_up()
    assert recognise(call.heard(), prompt("en/incident")).recognised

    # Others have to press a key to go on, and this one does.
    await decided(stack, service, "clear", "open")
    await decided(stack, service, "surge", "open", "--message", "incident", "--must-press", "--for", "2h")
    patient = f"+4790060{len(service)}07"
    other = await dial(stack, telephones, patient, OPEN)
    # The information is told to its end: a key is heard after it.
    await wait_event(stack.settings.cel_file, patient, "played", 20)
    assert recognise(other.heard(), prompt("en/incident")).recognised
    await other.send_keys("5")
    # Nobody is there to wait for, and the caller is told so.
    await wait_event(
        stack.settings.cel_file, patient, "mark", 30, more=lambda event: event.fields[1] == "no-operator"
    )
    await other.hang_up()
    assert recognise(other.heard(), prompt("en/greeting")).recognised

    if service == "alive":
        assert (await stack.wait_call(caller))["outcome"] == "informed"
        assert (await stack.wait_call(patient))["outcome"] == "no-operator"


async def test_who_was_informed_without_the_service_is_so_in_the_record(
    node: HotlineStack, telephones: Telephones
) -> None:
    caller = "+4790060108"
    node.signal_service(signal.SIGKILL)
    try:
        await decided(node, "dead", "surge", "open", "--message", "incident", "--for", "2h")
        call = await dial(node, telephones, caller, OPEN)
        await wait_event(node.settings.cel_file, caller, "played", 20)
        await call.hang_up()
        await decided(node, "dead", "clear", "--all")
    finally:
        node.start_service()
        await asyncio.to_thread(node.wait_ready)
    record = await node.wait_call(caller)
    assert (record["outcome"], record["route"]) == ("informed", "fallback")
