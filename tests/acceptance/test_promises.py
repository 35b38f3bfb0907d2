"""Callers who reach nobody, and ring again, on a real Asterisk: one entry a person, whatever is killed."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import DESERTED, OPEN, line, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record
from hotline_ivr.testing.stage_events import wait_event
from tests.acceptance.operators import operator_of

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

# Longer than anything here takes, on a busy machine.
DEADLINE_S = 30


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    made = make_stack(
        plan(
            {"anna": None, "bo": None},
            now=datetime.now(UTC),
            ring_time=60,
            extra_queues={"deserted": ["bo"]},
            extra_lines={"deserted": line("Deserted line", DESERTED, queue="deserted")},
        )
    )
    made.start()
    return made


def listed(stack: HotlineStack, number: str) -> list[Record]:
    done = stack.hotline("promises", "list", "--all", "--numbers", "--json")
    assert done.returncode == 0, done.stderr
    promises: list[Record] = json.loads(done.stdout)["promises"]
    return [each for each in promises if each["number"] == number]


async def owed(
    stack: HotlineStack,
    number: str,
    condition: Callable[[list[Record]], bool],
    deadline: float = DEADLINE_S,
) -> list[Record]:
    """The entries of a number, once `condition` holds for them."""
    async with asyncio.timeout(deadline):
        while not condition(found := await asyncio.to_thread(listed, stack, number)):
            await asyncio.sleep(0.2)
    return found


async def give_up(stack: HotlineStack, telephones: Telephones, number: str, waits_s: float) -> None:
    """Ring the open line, and hang up after so long a wait."""
    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(OPEN)
    await call.wait_answered()
    since = (await wait_event(stack.settings.cel_file, number, "wait", DEADLINE_S)).at
    await call.wait_heard(lambda heard: heard.seconds >= waits_s, DEADLINE_S, "some music", since=since)
    await call.hang_up()


async def test_who_gave_up_is_owed_a_call_until_somebody_has_spoken_with_them(
    stack: HotlineStack, telephones: Telephones
) -> None:
    number = "+4790030001"
    anna = await operator_of(stack, telephones, "anna")
    await give_up(stack, telephones, number, 6)
    await (await anna.wait_rung(DEADLINE_S)).wait_ended(DEADLINE_S)
    (entry,) = await owed(stack, number, lambda found: len(found) > 0)
    assert (entry["state"], entry["reasons"], entry["calls"]) == ("open", ["abandoned"], 1)
    assert (entry["line"], entry["queue"]) == ("open", "main")
    # The record is read on and folded again after a kill; nobody is owed two calls for that.
    stack.signal_service(signal.SIGKILL)
    stack.start_service()
    await asyncio.to_thread(stack.wait_ready)
    assert 'hotline_promises_open{line="open"} 1.0' in await metrics(stack, "hotline_promises_open{")
    assert [each["id"] for each in listed(stack, number)] == [entry["id"]]

    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    again = await caller.dial(OPEN)
    ringing = await anna.wait_rung(DEADLINE_S)
    await ringing.answer()
    await again.wait_heard(lambda heard: heard.seconds > 1, DEADLINE_S, "somebody")
    await again.hang_up()
    (kept,) = await owed(stack, number, lambda found: found[0]["state"] != "open")
    answered = next(
        each for each in stack.calls() if each["caller"] == number and each["outcome"] == "answered"
    )
    assert (kept["id"], kept["state"], kept["closed_by"]) == (entry["id"], "kept", answered["id"])
    assert kept["closed_at"] == answered["connected_at"].replace("+00:00", "Z")
    await anna.unregister()


async def test_who_gave_up_at_once_is_owed_nothing_and_who_was_turned_away_is(
    stack: HotlineStack, telephones: Telephones
) -> None:
    hasty, unlucky = "+4790030002", "+4790030003"
    anna = await operator_of(stack, telephones, "anna")
    await give_up(stack, telephones, hasty, 1)
    await anna.unregister()
    caller = await telephones.caller(unlucky, "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(DESERTED)
    await call.wait_ended(DEADLINE_S)
    (entry,) = await owed(stack, unlucky, lambda found: len(found) > 0)
    assert (entry["state"], entry["reasons"]) == ("open", ["no-operator"])
    assert listed(stack, hasty) == [], "both calls are in the record, and this one ended first"
    assert {each["caller"] for each in stack.calls() if each["finished"]} >= {hasty, unlucky}
    done = stack.hotline("promises", "done", entry["id"], "--note", "sent a letter", "--json")
    assert done.returncode == 0, done.stderr
    (closed,) = listed(stack, unlucky)
    assert (closed["state"], closed["note"]) == ("done", "sent a letter")
    trail = (stack.settings.audit_file).read_text(encoding="utf-8")
    assert "promise.done" in trail


async def metrics(stack: HotlineStack, word: str) -> str:
    """The page, once a line of it begins so."""
    async with asyncio.timeout(DEADLINE_S):
        while f"\n{word}" not in (text := (await asyncio.to_thread(stack.get, "/metrics"))[1]):
            await asyncio.sleep(0.2)
    return text
