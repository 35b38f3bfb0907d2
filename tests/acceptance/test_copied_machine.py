"""A machine that was copied whole: two Asterisks and two services are one node of one database.

Who was promised a call is rung once, whichever of the two acts. Real calls on both.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from hotline_ivr.testing.centre_desk import CentreDesk, Manners
from hotline_ivr.testing.phone import Phone, Telephones
from hotline_ivr.testing.plans import closed_now, line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.callback_calls import A_TALK_S, calls_back
from tests.acceptance.test_promises import DEADLINE_S, owed
from tests.postgres import PostgresServer

pytestmark = [pytest.mark.acceptance, pytest.mark.postgres, pytest.mark.timeout(240)]

DESK_PORT = free_port()
LATER = "+4722851401"
GLAD, RINGING = "+4790041101", "+4790041102"
TAKEN_S = 90.0
"""For the second to find that the first stands still, on a machine that has much else to do."""


@pytest.fixture
def twins(make_stack: MakeStack, postgres: PostgresServer) -> tuple[HotlineStack, HotlineStack]:
    """The first runs, the second does not yet."""
    later = line("Line that calls back", LATER, hours=closed_now(datetime.now(UTC)))
    config = plan({"anna": None}, now=datetime.now(UTC), extra_lines={"later": later})
    config["lines"]["later"]["closed_to"] = {"callback": "main"}
    config["trunks"]["carrier"]["outbound"] = f"127.0.0.1:{DESK_PORT}"
    config["queues"]["main"]["callbacks"] = {
        "hours": "always",
        "attempts": "2",
        "spacing": "10s",
        "ring": "8s",
        "press_within": "2s",
        "press_tries": "1",
        "max_wait": "30s",
    }
    first, second = made = make_stack(config), make_stack(config)
    url = postgres.new_database()
    for stack in made:
        stack.variables["DATABASE_URL"] = url
    first.start()
    return first, second


async def at_work(stack: HotlineStack, telephones: Telephones) -> Phone:
    account, secret = stack.accounts()["anna"]
    return await telephones.operator(account, secret, "127.0.0.1", stack.settings.sip_port)


async def asks_for_a_call(stack: HotlineStack, telephones: Telephones, number: str) -> None:
    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(LATER)
    await call.wait_ended(DEADLINE_S)


async def takes_over(second: HotlineStack) -> None:
    """The second acts, because the first's service stands still."""
    second.start_service()
    second.start_part("asterisk")
    await asyncio.to_thread(second.wait_ready, TAKEN_S)
    await until(lambda: "this service is the one of its node" in second.log_of("serve").read_text("utf-8"))


async def goes_on_and_ends(first: HotlineStack) -> None:
    first.signal_service(signal.SIGCONT)
    assert await asyncio.to_thread(first.ended, "serve", TAKEN_S) != 0


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(TAKEN_S):
        while not condition():
            await asyncio.sleep(0.02)


async def test_who_was_promised_a_call_is_rung_once_by_whichever_acts(
    twins: tuple[HotlineStack, HotlineStack], telephones: Telephones
) -> None:
    first, second = twins
    async with CentreDesk(DESK_PORT, {GLAD: Manners.PRESSES}) as desk:
        # Nobody is there to speak with them, so nobody is rung yet.
        await asks_for_a_call(first, telephones, GLAD)
        await owed(first, GLAD, bool)
        first.signal_service(signal.SIGSTOP)
        await takes_over(second)
        anna = await at_work(second, telephones)
        ringing = await anna.wait_rung(DEADLINE_S)
        await ringing.answer()
        # The first finds somebody at work, a promise that was open when it looked last, and that it is late.
        at_the_first = await at_work(first, telephones)
        await goes_on_and_ends(first)
        await asyncio.sleep(A_TALK_S)
        await ringing.hang_up()
        (kept,) = await owed(second, GLAD, lambda found: bool(found) and found[0]["state"] != "open")
        assert (kept["state"], kept["tries"]) == ("kept", 0)
        with pytest.raises(TimeoutError):
            await at_the_first.wait_rung(0.1)
        assert len(desk.to(GLAD)) == 1
    (record,) = calls_back(second, GLAD)
    assert (record["outcome"], record["operator"], record["attempt"]) == (
        "answered",
        "anna",
        f"{kept['id']}-1",
    )


async def test_who_is_being_rung_by_one_is_not_rung_by_the_other_as_well(
    twins: tuple[HotlineStack, HotlineStack], telephones: Telephones
) -> None:
    first, second = twins
    await at_work(first, telephones)
    async with CentreDesk(DESK_PORT, {RINGING: Manners.RINGS}) as desk:
        await asks_for_a_call(first, telephones, RINGING)
        await until(lambda: desk.to(RINGING))
        first.signal_service(signal.SIGSTOP)
        await takes_over(second)
        await at_work(second, telephones)
        # How that ended stands on the first's disk only, so the second leaves it alone.
        (entry,) = await owed(second, RINGING, bool)
        assert (entry["state"], entry["tries"]) == ("open", 0)
        await goes_on_and_ends(first)
        assert len(desk.to(RINGING)) == 1
        # The mistake is over: the first reads how it ended, and the second try is made at its time.
        second.stop_service()
        first.start_service()
        await asyncio.to_thread(first.wait_ready)
        await owed(first, RINGING, lambda found: bool(found) and found[0]["tries"] == 2, TAKEN_S)
        one, other = desk.to(RINGING)
        assert other.rung_at - one.rung_at >= 10
    assert [each["outcome"] for each in calls_back(first, RINGING)] == ["not-reached", "not-reached"]
