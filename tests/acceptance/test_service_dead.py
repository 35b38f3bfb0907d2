"""The service is dead in every way a process can be dead, and the caller does not notice."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline_ivr.launch.plans import plan_on_disk
from hotline_ivr.testing.audio import Audio, recognise
from hotline_ivr.testing.broken_service import (
    BrokenService,
    Conversation,
    FullBacklog,
    dies_at_once,
    dies_in_mid_answer,
    garbage,
    half_a_line,
    resets,
    silent,
)
from hotline_ivr.testing.phone import Phone, Telephones
from hotline_ivr.testing.plans import CLOSED, OPEN, plan
from hotline_ivr.testing.sipp import Caller, callers
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record
from hotline_ivr.testing.stage_events import StageEvent, stage_log, wait_event

AT_SIZE = bool(os.environ.get("HOTLINE_TEST_AT_SIZE"))
"""Faults as large as docs/faults.md tells them, which takes minutes more."""

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240 if AT_SIZE else 90)]

RIGHT_PLACE_S = 3.0
"""Within this time of the INVITE the caller is in the greeting or the closed message."""

STOPPED_CALLS, STOPPED_RATE = (1_200, 20) if AT_SIZE else (300, 15)
STAY_MS = 4_000

WAYS: dict[str, Conversation | None] = {
    "refused": None,
    "silent": silent,
    "dies-at-once": dies_at_once,
    "dies-in-mid-answer": dies_in_mid_answer,
    "resets": resets,
    "garbage": garbage,
    "dropped": None,
}


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    made = make_stack(plan({"anna": None}, now=datetime.now(UTC)))
    made.start()
    return made


@asynccontextmanager
async def broken(stack: HotlineStack, way: str) -> AsyncIterator[None]:
    """The service is killed, something else or nothing has its port, and afterwards it is back."""
    stack.signal_service(signal.SIGKILL)
    conversation = half_a_line if way == "half-a-line" else WAYS[way]
    fake: AbstractAsyncContextManager[object] = contextlib.nullcontext()
    if conversation is not None:
        fake = BrokenService(stack.settings.agi_port, conversation)
    elif way == "dropped":
        fake = FullBacklog(stack.settings.agi_port)
    try:
        async with fake:
            yield
    finally:
        stack.start_service()
        await asyncio.to_thread(stack.wait_ready)


def number_of(way: str, row: int) -> str:
    return f"+479004{row:02}{list(WAYS).index(way):02}"


@pytest.mark.parametrize("way", WAYS)
async def test_an_open_line_greets_queues_and_connects_without_the_service_and_the_record_is_whole(
    stack: HotlineStack, telephones: Telephones, anna: Phone, prompt: Callable[[str], Audio], way: str
) -> None:
    number = number_of(way, 1)
    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    async with broken(stack, way):
        call = await caller.dial(OPEN)
        playing = await wait_event(stack.settings.cel_file, number, "play", 10)
        assert playing.fields[1] == "en/greeting"
        took = playing.at - call.row.started
        print(f"R2-R4 {way}: in the greeting {took:.2f} s after the INVITE")  # noqa: T201
        assert took < RIGHT_PLACE_S
        rung = await anna.wait_rung(30)
        assert recognise(call.heard(), prompt("en/greeting")).recognised
        await rung.answer()
        await rung.wait_heard(lambda heard: heard.seconds > 0.5, 5, "the caller")
        await rung.hang_up()
        await call.wait_ended(5)

    record = await stack.wait_call(number)
    assert (record["outcome"], record["operator"]) == ("answered", "anna")
    assert (record["line"], record["number"], record["ended_by"]) == ("open", OPEN, "operator")
    assert record["route"] == "fallback"
    assert record["plan_version"] == plan_on_disk(stack.settings).version
    assert record["greeting_ended_at"] is not None
    assert record["talk_ms"] > 400


@pytest.mark.parametrize("way", WAYS)
async def test_a_closed_line_stays_closed_without_the_service_and_the_record_is_whole(
    stack: HotlineStack, telephones: Telephones, prompt: Callable[[str], Audio], way: str
) -> None:
    number = number_of(way, 2)
    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    async with broken(stack, way):
        call = await caller.dial(CLOSED)
        playing = await wait_event(stack.settings.cel_file, number, "play", 10)
        assert playing.fields[1] == "en/closed"
        assert playing.at - call.row.started < RIGHT_PLACE_S
        await call.wait_answered()
        await call.wait_ended(30)
        assert recognise(call.heard(), prompt("en/closed")).recognised

    record = await stack.wait_call(number)
    assert (record["outcome"], record["line"], record["ended_by"]) == ("closed", "closed", "system")
    assert record["route"] == "fallback"
    assert record["plan_version"] == plan_on_disk(stack.settings).version


@pytest.mark.xfail(
    strict=True,
    reason="Asterisk 22.10 waits for the rest of a FastAGI line in a loop that heeds neither"
    " TIMEOUT(absolute) nor a hang-up (res_agi.c, run_agi); our service writes a line at once or not at all",
)
async def test_half_a_line_from_whoever_has_the_port_is_left_in_time(
    stack: HotlineStack, telephones: Telephones
) -> None:
    number = "+4790040302"
    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    async with broken(stack, "half-a-line"):
        call = await caller.dial(OPEN)
        try:
            await wait_event(stack.settings.cel_file, number, "play", RIGHT_PLACE_S)
        finally:
            await call.hang_up()


async def test_a_stopped_service_that_still_holds_its_port_is_left_in_time(
    stack: HotlineStack, telephones: Telephones
) -> None:
    """The kernel accepts for a process that does not run: the connection stands and nobody speaks."""
    number = "+4790040301"
    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    stack.signal_service(signal.SIGSTOP)
    try:
        call = await caller.dial(OPEN)
        playing = await wait_event(stack.settings.cel_file, number, "play", 10)
        took = playing.at - call.row.started
        print(f"R3 stopped: in the greeting {took:.2f} s after the INVITE")  # noqa: T201
        assert took < RIGHT_PLACE_S
    finally:
        stack.signal_service(signal.SIGCONT)
    await call.hang_up()
    record = await stack.wait_call(number)
    assert (record["outcome"], record["stage"], record["route"]) == ("abandoned", "greeting", "fallback")


async def test_a_service_that_is_stopped_for_a_while_costs_nobody_more_than_three_seconds(
    stack: HotlineStack, tmp_path: Path
) -> None:
    """Each hung ask is left by itself; when the service goes on, nothing of them is stuck."""
    wanted = [Caller(f"+479004{index:04}", OPEN, STAY_MS) for index in range(1000, 1000 + STOPPED_CALLS)]
    stack.signal_service(signal.SIGSTOP)
    try:
        async with callers(
            tmp_path, "127.0.0.1", stack.settings.sip_port, wanted, per_second=STOPPED_RATE
        ) as calling:
            rows = await calling.wait_ended(120)
    finally:
        stack.signal_service(signal.SIGCONT)
    log = stage_log(stack.settings.cel_file)
    took = {row.number: first_heard(log.of(row.number)) - row.started for row in rows}
    slow = {number: seconds for number, seconds in took.items() if seconds >= RIGHT_PLACE_S}
    print(  # noqa: T201
        f"R3 stopped for {STOPPED_CALLS / STOPPED_RATE:.0f} s at {STOPPED_RATE} calls/s: in the greeting"
        f" after {max(took.values()):.2f} s at most, {len(slow)} later than {RIGHT_PLACE_S:g} s"
    )
    assert not slow, f"{slow}"
    await stack.wait_console("core show channels count", lambda said: "0 active calls" in said, 10)
    numbers = {row.number for row in rows}

    def recorded(records: list[Record]) -> bool:
        return numbers <= {record["caller"] for record in records if record["finished"]}

    records = await stack.wait_calls(recorded, 20, "all calls")
    own = [record for record in records if record["caller"] in numbers]
    assert len(own) == len(numbers), "a call stands twice"
    assert {record["route"] for record in own} == {"fallback"}
    # Who heard the greeting out learnt that no phone was there.
    assert {record["outcome"] for record in own} <= {"abandoned", "no-operator"}


def first_heard(events: Sequence[StageEvent]) -> float:
    """When a caller came to a prompt or into the queue, seconds since the epoch; infinity for never."""
    return next((event.at for event in events if event.fields[0] in {"play", "wait"}), math.inf)
