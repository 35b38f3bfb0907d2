"""Callers over a limit of channels, with the service and without it, on a real Asterisk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_ivr.testing.audio import Audio, recognise
from hotline_ivr.testing.centre_desk import CentreDesk, Manners
from hotline_ivr.testing.phone import PhoneCall, Telephones
from hotline_ivr.testing.plans import line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from hotline_ivr.testing.stage_events import wait_event
from tests.acceptance.killed_service import Service, alive, dead

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

NARROW, REFUSING, EMERGENCY, BUSY, WIDE, OUTSIDE = (f"+47228514{place:02}" for place in range(1, 7))
DESK, DESK_PORT = "+4722850001", free_port()
TRUNK_CHANNELS, RESERVE = 6, 1


def configuration() -> dict[str, Any]:
    lines = {
        "narrow": line("One at a time", NARROW) | {"channels": "1"},
        "refusing": line("Three, the rest refused", REFUSING)
        | {"number_channels": {REFUSING: "3"}, "over_limit": {"refuse": "congestion"}},
        "emergency": line("Emergency", EMERGENCY) | {"channels": "1", "emergency": "yes"},
        "busy": line("Busy where nobody can hear", BUSY) | {"channels": "1"},
        "wide": line("Without a limit", WIDE),
        "outside": line("To a centre", OUTSIDE) | {"centre": "night", "route": "outside"},
    }
    made = plan({"anna": None}, now=datetime.now(UTC), extra_lines=lines)
    made["trunks"]["carrier"] |= {
        "channels": str(TRUNK_CHANNELS),
        "reserve": str(RESERVE),
        "outbound": f"127.0.0.1:{DESK_PORT}",
    }
    made["outside"] = {"allowed": [DESK]}
    made["centres"] = {"night": {"name": "Night", "confirm": "no", "targets": {"desk": {"number": DESK}}}}
    made["queues"]["main"]["join_when_empty"] = "yes"
    made["guard"] = {"most_messages": "1"}
    return made


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    made = make_stack(configuration())
    made.start()
    return made


@dataclass
class Callers:
    stack: HotlineStack
    telephones: Telephones

    async def rings(self, caller: str, called: str) -> PhoneCall:
        phone = await self.telephones.caller(caller, "127.0.0.1", self.stack.settings.sip_port)
        return await phone.dial(called)

    async def waits(self, caller: str, called: str) -> PhoneCall:
        """A call that has come to the queue and stays there."""
        call = await self.rings(caller, called)
        await call.wait_answered()
        await wait_event(self.stack.settings.cel_file, caller, "wait", 20)
        return call

    async def gone(self, *calls: PhoneCall) -> None:
        """Hang up, until Asterisk has no channel of anybody's."""
        await asyncio.gather(*(call.hang_up() for call in calls))
        await self.stack.wait_console(
            "core show channels count", lambda said: "0 active channels" in said, 10
        )

    async def is_refused(self, caller: str, called: str, code: int) -> None:
        call = await self.rings(caller, called)
        with pytest.raises(ConnectionError):
            await call.wait_answered()
        assert call.row.code == code

    async def outcome(self, caller: str) -> tuple[str, str]:
        record = await self.stack.wait_call(caller, 20)
        return record["outcome"], record["reasons"]


@pytest.fixture
def callers(stack: HotlineStack, telephones: Telephones) -> Callers:
    return Callers(stack, telephones)


@pytest.mark.parametrize("service", [alive, dead])
async def test_who_is_over_a_lines_limit_hears_so_and_who_comes_later_gets_in(
    callers: Callers, prompt: Callable[[str], Audio], service: Service
) -> None:
    numbers = [f"+479000{10 + place + (5 if service is dead else 0)}01" for place in range(3)]
    async with service(callers.stack):
        first = await callers.waits(numbers[0], NARROW)
        second = await callers.rings(numbers[1], NARROW)
        await second.wait_answered()
        await second.wait_ended(20)
        heard = recognise(second.heard(), prompt("en/all-busy"))
        assert heard.recognised
        assert heard.heard_s > prompt("en/all-busy").seconds - 1.0
        await callers.gone(first)
        third = await callers.waits(numbers[2], NARROW)
        await callers.gone(third)
    assert await callers.outcome(numbers[1]) == ("over-limit", "over:line:narrow:1")
    for number in (numbers[0], numbers[2]):
        assert (await callers.outcome(number))[0] == "abandoned"


async def test_of_callers_who_come_at_the_same_moment_as_many_get_in_as_there_is_room_for(
    callers: Callers,
) -> None:
    numbers = [f"+479000302{place}" for place in range(5)]
    calls = await asyncio.gather(*(callers.rings(number, REFUSING) for number in numbers))
    results = await asyncio.gather(*(call.wait_answered() for call in calls), return_exceptions=True)
    refused = [call for call, result in zip(calls, results, strict=True) if result is not None]
    assert [call.row.code for call in refused] == [503, 503]
    await callers.gone(*(call for call in calls if call not in refused))
    outcomes = [await callers.outcome(number) for number in numbers]
    assert outcomes.count(("over-limit", f"over:number:{REFUSING}:3")) == 2


async def test_a_carrier_keeps_its_reserve_for_the_emergency_line_whose_callers_pass_every_limit(
    callers: Callers,
) -> None:
    ordinary = [f"+479000400{place}" for place in range(TRUNK_CHANNELS - RESERVE)]
    calls = [await callers.waits(number, WIDE) for number in ordinary]
    late = await callers.rings("+4790004010", WIDE)
    await late.wait_answered()
    await late.wait_ended(20)
    # The line takes one call, the carrier six; this is the second one, and the seventh.
    urgent = [await callers.waits(f"+479000402{place}", EMERGENCY) for place in range(2)]
    await callers.gone(*calls, *urgent)
    assert await callers.outcome("+4790004010") == ("over-limit", "over:trunk:carrier:5")
    assert {(await callers.outcome(number))[0] for number in ordinary} == {"abandoned"}
    assert (await callers.outcome("+4790004021"))[0] == "abandoned"


async def test_what_is_passed_on_outside_takes_channels_of_the_carrier_too(callers: Callers) -> None:
    async with CentreDesk(DESK_PORT, {DESK: Manners.SILENT}) as desk:
        there = []
        for place in range(2):
            there.append(await callers.rings(f"+479000410{place}", OUTSIDE))
            async with asyncio.timeout(20):
                while len([call for call in desk.calls if call.answered]) <= place:
                    await asyncio.sleep(0.05)
        # Two calls came in and two went out: one more fills the five.
        there.append(await callers.waits("+4790004110", WIDE))
        late = await callers.rings("+4790004111", WIDE)
        await late.wait_answered()
        await callers.gone(late, *there)
    assert await callers.outcome("+4790004111") == ("over-limit", "over:trunk:carrier:5")
    assert (await callers.outcome("+4790004101"))[0] == "overflowed"


async def test_only_so_many_hear_the_message_at_once_and_the_others_are_busy(callers: Callers) -> None:
    first = await callers.waits("+4790005001", BUSY)
    told = await callers.rings("+4790005002", BUSY)
    await told.wait_answered()
    await callers.is_refused("+4790005003", BUSY, 486)
    await told.wait_ended(20)
    await callers.gone(first)
    assert (await callers.outcome("+4790005003"))[0] == "over-limit"


async def test_metrics_and_the_list_of_calls_tell_who_was_over_a_limit(callers: Callers) -> None:
    first = await callers.waits("+4790006001", NARROW)
    second = await callers.rings("+4790006002", NARROW)
    await second.wait_answered()
    await callers.gone(second, first)
    assert (await callers.outcome("+4790006002"))[0] == "over-limit"
    _, metrics = callers.stack.get("/metrics")
    assert 'hotline_calls_total{line="narrow",outcome="over-limit"}' in metrics
    listed = callers.stack.hotline("calls", "--outcome", "over-limit")
    assert "over-limit" in listed.stdout
    reported = callers.stack.hotline("costs", "channels", "--json")
    assert reported.returncode == 0, reported.stderr
    (narrow,) = (each for each in json.loads(reported.stdout)["channels"] if each["name"] == NARROW)
    assert narrow["met_limit"] >= 1
    assert narrow["arrivals"] > narrow["met_limit"]
