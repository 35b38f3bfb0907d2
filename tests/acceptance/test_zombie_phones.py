"""Phones that are dead in every way a phone can be: the caller comes to the next operator, and hears music.

Each fault has a queue of its own, with the broken phone at its head. All callers are there at the same time.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_ivr.launch.local_client import LocalClient
from hotline_ivr.testing.centre_desk import CentreDesk, DeskCall, Manners
from hotline_ivr.testing.company import Had, company_of
from hotline_ivr.testing.phone import PhoneCall, Telephones
from hotline_ivr.testing.plans import line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.registration import register
from hotline_ivr.testing.stack import HotlineStack, MakeStack

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

PORT = free_port()
RING_S = 5
PAUSE_S = 31
PEACE_S = 30.0
"""For so long no caller is offered again to a phone that rang in vain."""
GONE_WITHIN_S = 15.0
"""A phone whose registration is over is known to be gone so soon; a busy machine included."""

FAULTS = {
    Manners.OFF: "no-answer",
    Manners.DIES: "no-answer",
    Manners.RINGS: "no-answer",
    Manners.BUSY: "do-not-disturb",
    Manners.UNAVAILABLE: "do-not-disturb",
    Manners.REFUSES: "do-not-disturb",
    Manners.DROPS: "dropped",
}
"""What the phone at the head of each queue does, and the reason that its operator is paused with."""
SLOW = frozenset({Manners.OFF, Manners.DIES, Manners.RINGS})
"""Faults that take the ring time to be seen."""

MANNERS = {
    **{f"{fault}-one": fault for fault in FAULTS},
    **{f"{fault}-two": Manners.TALKS for fault in FAULTS},
    "loop-one": Manners.RINGS,
    "loop-two": Manners.BUSY,
    "loop-last": Manners.TALKS,
    "gone-two": Manners.TALKS,
}
NUMBERS = {name: f"+47228514{place:02}" for place, name in enumerate([*FAULTS, "loop", "gone"])}


def configuration() -> dict[str, Any]:
    contacts: dict[str, str | None] = {name: f"sip:{name}@127.0.0.1:{PORT}" for name in MANNERS}
    queues = {str(fault): [f"{fault}-one", f"{fault}-two"] for fault in FAULTS}
    queues |= {"loop": ["loop-one", "loop-two", "loop-last"], "gone": ["gone-one", "gone-two"]}
    made = plan(
        {"spare": None, "gone-one": None, **contacts},
        now=datetime.now(UTC),
        ring_time=RING_S,
        extra_queues=queues,
        extra_lines={f"line-{name}": line("Line", NUMBERS[name], queue=name) for name in queues},
    )
    for queue in made["queues"].values():
        queue["strategy"] = "linear"
    made["floor"] = {"unanswered_pause": f"{PAUSE_S}s"}
    return made


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    made = make_stack(configuration())
    made.start()
    return made


def figure(text: str) -> None:
    """A line for docs/faults.md, shown with `-s` or when the test fails."""
    print(text)  # noqa: T201


@dataclass
class Floor:
    """The operators as people see them, looked at again and again beside what their phones do."""

    stack: HotlineStack
    desk: CentreDesk
    looks: int = 0
    free_in_a_call: list[str] = field(default_factory=list)
    answered_by: dict[str, str] = field(default_factory=dict)
    """Operators, by callers' numbers."""

    async def ask(self, method: str, path: str) -> dict[str, Any]:
        client = LocalClient(self.stack.settings)
        return await asyncio.to_thread(client.get if method == "GET" else client.post, path)

    async def of(self, operator: str) -> dict[str, Any]:
        listed = (await self.ask("GET", "/operators"))["operators"]
        found: dict[str, Any] = next(each for each in listed if each["id"] == operator)
        return found

    async def watch(self) -> None:
        """Nobody who talks is shown as free; half a second is left to the message of the phone."""
        while True:
            now = time.time()
            talking = {
                each.number for each in self.desk.calls if each.answered and each.answered_at < now - 0.5
            }
            listed = (await self.ask("GET", "/operators"))["operators"]
            talking -= {each.number for each in self.desk.calls if each.ended.is_set()}
            self.looks += 1
            self.free_in_a_call += [
                each["id"] for each in listed if each["id"] in talking and not each["why_not_rung"]
            ]
            await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def watched(stack: HotlineStack) -> AsyncIterator[Floor]:
    async with CentreDesk(PORT, MANNERS) as desk:
        floor = Floor(stack, desk)
        watching = asyncio.create_task(floor.watch())
        try:
            yield floor
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def rings(stack: HotlineStack, telephones: Telephones, name: str, caller: str) -> PhoneCall:
    phone = await telephones.caller(caller, "127.0.0.1", stack.settings.sip_port)
    call = await phone.dial(NUMBERS[name])
    await call.wait_answered()
    return call


async def taken(desk: CentreDesk, operator: str, count: int, deadline: float) -> DeskCall:
    """The operator's call of that number, once it is taken up."""
    end = time.monotonic() + deadline
    while True:
        calls = desk.to(operator)
        if len(calls) >= count and calls[count - 1].answered:
            return calls[count - 1]
        assert time.monotonic() < end, f"{operator} was not rung for caller {count}: {desk.calls}"
        await asyncio.sleep(0.02)


async def ended_well(floor: Floor, caller: PhoneCall, number: str, operator: str) -> tuple[float, str]:
    """Talked with somebody, and was never with nobody and nothing."""
    await caller.wait_ended(10)
    floor.answered_by[number] = operator
    had = company_of(caller, floor.stack.settings.cel_file)
    assert not had.nothing(), had.in_words()
    assert had.had(Had.OPERATOR) > 1, had.in_words()
    return had.longest_nothing, had.in_words()


async def recorded_right(floor: Floor) -> None:
    """Each call has one record, answered by whom it was; one look-up for all, as each is a program."""
    wanted = floor.answered_by
    records = await floor.stack.wait_calls(
        lambda found: {each["caller"] for each in found if each["finished"]} >= wanted.keys(), 30
    )
    told = sorted(
        (each["caller"], each["outcome"], each["operator"], each["discrepancy"]) for each in records
    )
    assert told == sorted((number, "answered", operator, None) for number, operator in wanted.items())


async def dead_phone(floor: Floor, telephones: Telephones, fault: Manners, reason: str) -> str:
    """One caller meets the dead phone, and the next one does not."""
    dead, good = f"{fault}-one", f"{fault}-two"
    number = f"+479007{list(FAULTS).index(fault):02}01"
    caller = await rings(floor.stack, telephones, fault, number)
    first = await taken(floor.desk, good, 1, 30)
    offered = floor.desk.to(dead)[0]
    took = first.rung_at - offered.rung_at
    assert took <= (RING_S + 1 if fault in SLOW else 1), (
        f"{fault}: the next operator was rung after {took:.2f} s"
    )
    end = time.monotonic() + 5
    while (shown := await floor.of(dead))["reason"] != reason:
        assert time.monotonic() < end, shown
    assert [each["code"] for each in shown["why_not_rung"]] == ["paused"], shown
    await asyncio.sleep(2.0)
    floor.desk.hang_up(first)
    silence, had = await ended_well(floor, caller, number, good)

    await asyncio.sleep(max(0.0, offered.rung_at + PEACE_S - 5 - time.time()))
    later = await rings(floor.stack, telephones, fault, number := number[:-1] + "2")
    second = await taken(floor.desk, good, 2, 30)
    await asyncio.sleep(2.0)
    floor.desk.hang_up(second)
    await ended_well(floor, later, number, good)
    again = [each for each in floor.desk.to(dead)[1:] if each.rung_at < offered.rung_at + PEACE_S]
    assert not again, f"{dead} was offered a caller again after {again[0].rung_at - offered.rung_at:.1f} s"
    return f"next operator rung after {took:.2f} s, paused: {reason}; longest silence {silence:.2f} s ({had})"


async def ring_no_answer_loop(floor: Floor, telephones: Telephones) -> str:
    """Nobody of the queue answers, in round after round; the caller waits on with music until one does."""
    await floor.ask("POST", "/operators/loop-last/sign-out")
    caller = await rings(floor.stack, telephones, "loop", "+4790079901")
    end = time.monotonic() + PAUSE_S + 30
    while len(floor.desk.to("loop-one")) < 2 or len(floor.desk.to("loop-two")) < 2:
        assert time.monotonic() < end, floor.desk.calls
        await asyncio.sleep(0.1)
    gaps = [
        later.rung_at - earlier.rung_at
        for name in ("loop-one", "loop-two")
        for earlier, later in zip(floor.desk.to(name), floor.desk.to(name)[1:], strict=False)
    ]
    assert min(gaps) >= PEACE_S, gaps
    await floor.ask("POST", "/operators/loop-last/sign-in")
    last = await taken(floor.desk, "loop-last", 1, 20)
    await asyncio.sleep(2.0)
    floor.desk.hang_up(last)
    silence, had = await ended_well(floor, caller, "+4790079901", "loop-last")
    told = f"same phone offered again after {min(gaps):.1f} s at the soonest"
    return f"{told}; longest silence {silence:.2f} s ({had})"


async def registration_runs_out(floor: Floor, telephones: Telephones) -> str:
    """A phone that was switched off and never said so is known to be gone when its registration is over."""
    account, secret = floor.stack.accounts()["gone-one"]
    contact = f"sip:gone-one@127.0.0.1:{PORT}"
    port = floor.stack.settings.sip_port
    await register(account, secret, "127.0.0.1", port, contact, expires=30)
    registered = time.monotonic()
    while (await floor.of("gone-one"))["why_not_rung"]:
        assert time.monotonic() < registered + 10
        await asyncio.sleep(0.1)
    while [each["code"] for each in (await floor.of("gone-one"))["why_not_rung"]] != ["unreachable"]:
        assert time.monotonic() < registered + 30 + GONE_WITHIN_S
        await asyncio.sleep(0.1)
    took = time.monotonic() - registered
    caller = await rings(floor.stack, telephones, "gone", "+4790079801")
    call = await taken(floor.desk, "gone-two", 1, 30)
    await asyncio.sleep(2.0)
    floor.desk.hang_up(call)
    silence, _ = await ended_well(floor, caller, "+4790079801", "gone-two")
    assert not floor.desk.to("gone-one")
    seen = f"seen {took - 30:.1f} s after a registration of 30 s was over"
    return f"{seen}, then not rung; longest silence {silence:.2f} s"


async def test_whoever_meets_a_dead_phone_comes_to_the_next_operator_and_is_never_in_silence(
    stack: HotlineStack, telephones: Telephones
) -> None:
    async with watched(stack) as floor:
        stories = {
            **{fault.value: dead_phone(floor, telephones, fault, reason) for fault, reason in FAULTS.items()},
            "ring-no-answer loop": ring_no_answer_loop(floor, telephones),
            "registration over": registration_runs_out(floor, telephones),
        }
        told = await asyncio.gather(*stories.values(), return_exceptions=True)
    for name, outcome in zip(stories, told, strict=True):
        figure(f"R12 {name}: {outcome!r}")
    figure(f"R12 operators shown free while in a call: {len(floor.free_in_a_call)} in {floor.looks} looks")
    failed = [
        f"{name}: {error!r}"
        for name, error in zip(stories, told, strict=True)
        if isinstance(error, BaseException)
    ]
    assert not failed, "\n".join(failed)
    await recorded_right(floor)
    assert not floor.free_in_a_call
