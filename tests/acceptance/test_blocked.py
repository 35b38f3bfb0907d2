"""Callers on the block list, with the service and without it, on a real Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_ivr.testing.audio import Audio, recognise
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import line, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.killed_service import Service, alive, dead
from tests.acceptance.test_limits import Callers

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

ORDINARY, EMERGENCY = "+4722851501", "+4722851502"
LISTED, ALLOWED, CALLS_OFTEN = "+4799999999", "+4782012345", "+4782012346"


def configuration() -> dict[str, Any]:
    lines = {
        "ordinary": line("Ordinary", ORDINARY),
        "emergency": line("Emergency", EMERGENCY) | {"emergency": "yes"},
    }
    made = plan({"anna": None}, now=datetime.now(UTC), extra_lines=lines)
    made["queues"]["main"]["join_when_empty"] = "yes"
    made["guard"] = {
        "allow": [{"numbers": [ALLOWED, CALLS_OFTEN]}],
        "block": [
            {"numbers": [LISTED], "message": "news"},
            {"prefixes": ["+47820"], "refuse": "busy"},
            {"withheld": "yes", "refuse": "unobtainable"},
        ],
        "flood": {"per_caller": {"calls": "3", "within": "1h"}},
    }
    return made


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    made = make_stack(configuration())
    made.start()
    return made


@pytest.fixture
def callers(stack: HotlineStack, telephones: Telephones) -> Callers:
    return Callers(stack, telephones)


@pytest.mark.parametrize("service", [alive, dead])
async def test_who_is_on_the_list_is_turned_away_and_who_is_not_gets_in(
    callers: Callers, prompt: Callable[[str], Audio], service: Service
) -> None:
    before = len(callers.stack.calls())
    async with service(callers.stack):
        # As carriers write it: bare, with + and 00.
        told = await callers.rings(LISTED if service is dead else "99999999", ORDINARY)
        await told.wait_answered()
        await told.wait_ended(20)
        assert recognise(told.heard(), prompt("en/news")).recognised
        await callers.is_refused("004782055555", ORDINARY, 486)
        await callers.is_refused("anonymous", ORDINARY, 404)
        passed = [
            await callers.waits(ALLOWED, ORDINARY),
            await callers.waits("+4799999998", ORDINARY),
            await callers.waits("+4782055556", EMERGENCY),
        ]
        await callers.gone(*passed)
    records = await callers.stack.wait_calls(
        lambda found: len(found) == before + 6 and all(each["finished"] for each in found), 20
    )
    outcomes = [(each["outcome"], each["reasons"].split()[-1]) for each in records[before:]]
    assert outcomes[:3] == [
        ("blocked", "blocked:guard.block.0"),
        ("blocked", "blocked:guard.block.1"),
        ("blocked", "blocked:guard.block.2"),
    ]
    assert [outcome for outcome, _ in outcomes[3:]] == ["abandoned"] * 3


async def test_who_is_blocked_by_hand_is_out_at_once_without_the_service_too_and_in_again_when_let_in(
    callers: Callers,
) -> None:
    stack, number = callers.stack, "+4790007001"
    assert stack.hotline("block", number, "--for", "1h", "--refuse", "congestion").returncode == 0
    async with dead(stack):
        await callers.is_refused(number, ORDINARY, 503)
        # Let in while nobody decides: the command itself rewrites the files.
        assert stack.hotline("unblock", number).returncode == 0
        again = await callers.rings(number, ORDINARY)
        await again.wait_answered()
        await callers.gone(again)
    before = notices(stack)
    assert stack.hotline("block", number, "--refuse", "congestion").returncode == 0
    async with asyncio.timeout(10):
        while notices(stack) == before:
            await asyncio.sleep(0.1)
    await callers.is_refused(number, ORDINARY, 503)
    assert stack.hotline("unblock", number).returncode == 0


async def test_who_calls_without_end_is_busy_but_neither_in_an_emergency_nor_from_the_allow_list(
    callers: Callers,
) -> None:
    number = "+4790008001"
    for _ in range(3):
        call = await callers.rings(number, ORDINARY)
        await call.wait_answered()
        await call.hang_up()
    await callers.is_refused(number, ORDINARY, 486)
    # However it is written; an emergency, another caller, and who is on the allow list.
    await callers.is_refused("004790008001", ORDINARY, 486)
    passed = [await callers.rings(number, EMERGENCY), await callers.rings("+4790008002", ORDINARY)]
    passed += [await callers.rings(CALLS_OFTEN, ORDINARY) for _ in range(4)]
    await asyncio.gather(*(call.wait_answered() for call in passed))
    await callers.gone(*passed)
    records = await callers.stack.wait_calls(
        lambda found: all(each["finished"] for each in found) and len(of(found, number)) == 5, 20
    )
    outcomes = [each["outcome"] for each in of(records, number)]
    assert outcomes == ["abandoned", "abandoned", "abandoned", "blocked", "abandoned"]
    assert of(records, number)[3]["reasons"] == "flood:caller"
    _, metrics = callers.stack.get("/metrics")
    assert 'hotline_flood_refusals_total{by="caller"} 2.0' in metrics
    assert "calls come too fast" in callers.stack.log_of("serve").read_text(encoding="utf-8")


def of(records: list[dict[str, Any]], caller: str) -> list[dict[str, Any]]:
    return [record for record in records if record["caller"] == caller]


def notices(stack: HotlineStack) -> int:
    """How often the service has told that what is blocked by hand has changed."""
    return stack.log_of("serve").read_text(encoding="utf-8").count("callers blocked by hand")
