"""What is on tape of callers who were handed over after asking, and of those at a centre; by real calls."""

from __future__ import annotations

import asyncio
import json

import pytest

from hotline_ivr.testing.audio import recognise, tone, tone_share
from hotline_ivr.testing.centre_desk import CentreDesk, Manners
from hotline_ivr.testing.phone import Phone, PhoneCall, Telephones
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.operators import operator_of
from tests.acceptance.recording_calls import (
    ASKED,
    AWAY,
    CALLERS_HZ,
    CODE,
    HEARD,
    HIDDEN_HZ,
    OUTSIDE,
    TO_BJORN,
    UNHEARD,
    Prompts,
    Talk,
    begin,
    cel,
    has_both,
    heard,
    listed,
    plain_files,
    recording_node,
    wait_until,
)

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

DESK_PORT = free_port()
TO_THIRD, TO_DOCTORS = "83", "84"


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    return recording_node(
        make_stack,
        DESK_PORT,
        third={"extension": TO_THIRD, "recording": {"consent": "announce"}},
        doctors={"extension": TO_DOCTORS, "recording": {"record": "no"}},
    )


async def asks_and_hands_over(talk: Talk, asking: Phone, asked: Phone, extension: str) -> Talk:
    """The operator lets the caller wait, speaks with whoever is at the extension, and hands over."""
    await talk.operator.native.hold()
    asks = await asking.dial(extension)
    answered: PhoneCall = await asked.wait_rung(10)
    await answered.answer()
    await asks.wait_answered()
    # Operators among themselves: the recording of the caller, who hears music, goes on without it.
    await asyncio.gather(asks.say(tone(HIDDEN_HZ, 1)), answered.say(tone(HIDDEN_HZ, 1)))
    await talk.operator.transfer_to(asks)
    return Talk(talk.stack, talk.number, talk.caller, answered)


async def test_a_colleague_who_was_asked_first_is_recorded_from_when_the_caller_is_there(
    stack: HotlineStack, telephones: Telephones, anna: Phone
) -> None:
    bjorn = await operator_of(stack, telephones, "bjorn")
    talk = await begin(stack, telephones, anna, "+4790080007", ASKED, "1")
    await talk.tones(3)
    after = await asks_and_hands_over(talk, anna, bjorn, TO_BJORN)
    await after.told("recording|2")
    await after.tones()
    # The colleague's code works as the first operator's does.
    await after.operator.send_keys(CODE)
    await after.told("recording-paused|2")
    await after.tones(callers=HIDDEN_HZ)
    await after.operator.send_keys(CODE)
    await after.told("recording|3")
    await after.tones()
    record = await after.over()
    assert (record["outcome"], record["recorded"]) == ("answered", 3)
    await listed(stack, record["id"], 3)
    for part in (1, 2, 3):
        operators, callers = await heard(stack, record["id"], part)
        has_both(operators, callers)
        assert max(tone_share(each, HIDDEN_HZ) for each in (operators, callers)) < UNHEARD
    assert plain_files(stack) == []


async def test_whom_a_queue_gave_when_asked_is_recorded_by_that_queues_rule_and_the_callers_answer(
    stack: HotlineStack, telephones: Telephones, anna: Phone
) -> None:
    bjorn = await operator_of(stack, telephones, "bjorn")
    talk = await begin(stack, telephones, anna, "+4790080009", ASKED, "1")
    await talk.tones()
    after = await asks_and_hands_over(talk, anna, bjorn, TO_THIRD)
    await after.told("recording|2")
    await after.tones()
    record = await after.over()
    assert (record["outcome"], record["consent"], record["recorded"]) == ("answered", "agreed", 2)
    await listed(stack, record["id"], 2)
    for part in (1, 2):
        operators, callers = await heard(stack, record["id"], part)
        has_both(operators, callers)
        assert max(tone_share(each, HIDDEN_HZ) for each in (operators, callers)) < UNHEARD
    assert plain_files(stack) == []


async def test_whom_a_queue_gave_that_records_nobody_is_not_recorded(
    stack: HotlineStack, telephones: Telephones, anna: Phone
) -> None:
    bjorn = await operator_of(stack, telephones, "bjorn")
    talk = await begin(stack, telephones, anna, "+4790080010", ASKED, "1")
    await talk.tones()
    after = await asks_and_hands_over(talk, anna, bjorn, TO_DOCTORS)
    # Twice as long as a recording takes to begin where there is one.
    await after.tones(2.5, callers=HIDDEN_HZ)
    assert "recording|2" not in cel(stack, talk.number)
    record = await after.over()
    assert (record["outcome"], record["consent"], record["recorded"]) == ("answered", "agreed", 1)
    await listed(stack, record["id"], 1)
    operators, callers = await heard(stack, record["id"], 1)
    has_both(operators, callers)
    assert max(tone_share(each, HIDDEN_HZ) for each in (operators, callers)) < UNHEARD
    assert plain_files(stack) == []


async def test_a_call_at_a_centre_is_recorded_where_the_centre_says_so_and_the_caller_was_told(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts
) -> None:
    number = "+4790080008"
    async with CentreDesk(DESK_PORT, {OUTSIDE: Manners.PRESSES}) as desk:
        phone = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
        caller = await phone.dial(AWAY)
        there = await desk.answered(OUTSIDE, AWAY, 40)
        await wait_until(lambda: "recording|1" in cel(stack, number), 20, "the recording")
        assert recognise(caller.heard(), prompt("en/recording-announce")).recognised
        await caller.say(tone(CALLERS_HZ, 1.5))
        # What nobody may keep is said to a centre, too.
        call = json.loads(cel(stack, number).splitlines()[0])["linkedid"]
        paused = await asyncio.to_thread(stack.hotline, "recordings", "pause", call)
        assert paused.returncode == 0, paused.stderr
        await caller.say(tone(HIDDEN_HZ, 1.5))
        resumed = await asyncio.to_thread(stack.hotline, "recordings", "resume", call)
        assert (resumed.returncode, resumed.stdout) == (0, f"{call}: on\n"), resumed.stderr
        await caller.say(tone(CALLERS_HZ, 1.5))
        desk.hang_up(there)
        await caller.wait_ended(10)
    record = await stack.wait_call(number)
    assert (record["outcome"], record["consent"], record["recorded"]) == ("overflowed", "announced", 2)
    await listed(stack, record["id"], 2)
    for part in (1, 2):
        _, callers = await heard(stack, record["id"], part)
        assert tone_share(callers, CALLERS_HZ) > HEARD
        assert tone_share(callers, HIDDEN_HZ) < UNHEARD
