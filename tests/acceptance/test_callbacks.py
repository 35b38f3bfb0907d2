"""People who were promised a call and get it, on a real Asterisk: once, whatever is killed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from hotline_ivr.testing.centre_desk import CentreDesk, Manners
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import closed_now, line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.callback_calls import A_TALK_S, calls_back
from tests.acceptance.operators import operator_of
from tests.acceptance.test_promises import DEADLINE_S, owed

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

DESK_PORT = free_port()
LATER = "+4722851401"
SPACING_S = 10
GLAD, MACHINE, RINGING, MISSED = (f"+479004100{place}" for place in range(1, 5))
MANNERS = {
    GLAD: Manners.PRESSES, MACHINE: Manners.TALKS, RINGING: Manners.RINGS, MISSED: Manners.PRESSES,
}  # fmt: skip


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    later = line("Line that calls back", LATER, hours=closed_now(datetime.now(UTC)))
    made = plan({"anna": None}, now=datetime.now(UTC), extra_lines={"later": later})
    made["lines"]["later"]["closed_to"] = {"callback": "main"}
    made["trunks"]["carrier"]["outbound"] = f"127.0.0.1:{DESK_PORT}"
    made["queues"]["main"]["callbacks"] = {
        "hours": "always",
        "attempts": "2",
        "spacing": f"{SPACING_S}s",
        "ring": "8s",
        "press_within": "2s",
        "press_tries": "1",
        "max_wait": "30s",
    }
    stack = make_stack(made)
    stack.start()
    return stack


async def ask_for_a_call(stack: HotlineStack, telephones: Telephones, number: str) -> None:
    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(LATER)
    await call.wait_ended(DEADLINE_S)


async def test_who_was_promised_a_call_presses_1_and_speaks_with_somebody(
    stack: HotlineStack, telephones: Telephones
) -> None:
    anna = await operator_of(stack, telephones, "anna")
    async with CentreDesk(DESK_PORT, MANNERS) as desk:
        await ask_for_a_call(stack, telephones, GLAD)
        ringing = await anna.wait_rung(DEADLINE_S)
        await ringing.answer()
        (call,) = desk.to(GLAD)
        assert call.caller == LATER, "the line's number is shown"
        assert GLAD in ringing.row.peer, "and the operator sees who it is"
        await asyncio.sleep(A_TALK_S)
        await ringing.hang_up()
        (kept,) = await owed(stack, GLAD, lambda found: bool(found) and found[0]["state"] != "open")
        (record,) = calls_back(stack, GLAD)
        assert (kept["state"], kept["closed_by"], kept["tries"]) == ("kept", record["id"], 0)
        assert (record["outcome"], record["operator"], record["line"]) == ("answered", "anna", "later")
        assert record["attempt"] == f"{kept['id']}-1"
        assert record["confirmation"] == "pressed"
    assert len(desk.to(GLAD)) == 1
    await anna.unregister()


async def test_a_machine_that_answers_reaches_nobody_and_the_person_is_rung_again_once(
    stack: HotlineStack, telephones: Telephones
) -> None:
    anna = await operator_of(stack, telephones, "anna")
    async with CentreDesk(DESK_PORT, MANNERS) as desk:
        await ask_for_a_call(stack, telephones, MACHINE)
        (entry,) = await owed(stack, MACHINE, lambda found: bool(found) and found[0]["tries"] == 2, 90)
        assert (entry["state"], entry["calls"]) == ("open", 1)
        first, second = desk.to(MACHINE)
        assert second.rung_at - first.rung_at > 10
        # Two attempts were allowed; a third would come after ten seconds and a look.
        await asyncio.sleep(14)
        assert len(desk.to(MACHINE)) == 2
    assert [each["outcome"] for each in calls_back(stack, MACHINE)] == ["not-reached", "not-reached"]
    with pytest.raises(TimeoutError):
        await anna.wait_rung(0.1)
    await anna.unregister()


async def test_a_kill_in_mid_attempt_rings_nobody_twice(stack: HotlineStack, telephones: Telephones) -> None:
    anna = await operator_of(stack, telephones, "anna")
    async with CentreDesk(DESK_PORT, MANNERS) as desk:
        await ask_for_a_call(stack, telephones, RINGING)
        async with asyncio.timeout(DEADLINE_S):
            while not desk.to(RINGING):
                await asyncio.sleep(0.02)
        stack.signal_service(signal.SIGKILL)
        stack.start_service()
        await asyncio.to_thread(stack.wait_ready)
        (entry,) = await owed(stack, RINGING, lambda found: bool(found) and found[0]["tries"] > 0)
        assert entry["tries"] == 1
        # Where the machine is busy the next attempt may have begun by now, at its own time and not before.
        first, *later = desk.to(RINGING)
        assert all(each.rung_at - first.rung_at >= SPACING_S for each in later)
        done = stack.hotline("promises", "drop", entry["id"])
        assert done.returncode == 0, done.stderr
    (record,) = (each for each in calls_back(stack, RINGING) if each["attempt"] == f"{entry['id']}-1")
    assert (record["outcome"], record["connected_at"]) == ("not-reached", None)
    await anna.unregister()


@contextmanager
def asleep(stack: HotlineStack) -> Iterator[None]:
    """Asterisk does nothing at all for so long."""
    pid = int((stack.settings.run_dir / "asterisk.pid").read_text(encoding="ascii"))
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_a_moment_that_asterisk_missed_is_no_try_and_the_person_is_rung_soon(
    stack: HotlineStack, telephones: Telephones
) -> None:
    anna = await operator_of(stack, telephones, "anna")
    events, outgoing = stack.settings.cel_file, stack.settings.asterisk_dir / "spool" / "outgoing"

    def ended() -> int:
        # Asterisk makes the file with the first event of the node.
        return events.read_text(encoding="utf-8").count("LINKEDID_END") if events.exists() else 0

    over = ended()
    async with CentreDesk(DESK_PORT, MANNERS) as desk:
        await ask_for_a_call(stack, telephones, MISSED)
        async with asyncio.timeout(DEADLINE_S):
            # So that the promise is in the record, and nobody is rung for it yet.
            while ended() == over:
                await asyncio.sleep(0.01)
        with asleep(stack):
            async with asyncio.timeout(DEADLINE_S):
                while not (files := list(outgoing.glob("*.call"))):
                    await asyncio.sleep(0.05)
            until = re.search(r"HOTLINE_UNTIL=(\d+)", files[0].read_text(encoding="utf-8"))
            assert until is not None
            await asyncio.sleep(int(until[1]) + 1 - time.time())
        ringing = await anna.wait_rung(60)
        await ringing.answer()
        await asyncio.sleep(A_TALK_S)
        await ringing.hang_up()
        (kept,) = await owed(stack, MISSED, lambda found: bool(found) and found[0]["state"] != "open")
        assert (kept["state"], kept["tries"]) == ("kept", 0)
        assert len(desk.to(MISSED)) == 1
    missed, made = calls_back(stack, MISSED)
    assert (missed["reasons"], missed["outcome"]) == ("callback:STALE", "not-reached")
    assert made["outcome"] == "answered"
    await anna.unregister()
