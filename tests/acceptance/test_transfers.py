"""Callers who are handed on by the operator's telephone: at once, after asking, to a queue, and outside.

By SIP REFER from a real telephone, through a real Asterisk. What the caller had all the while is looked at.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from hotline_ivr.testing.audio import Audio, is_silent, recognise, tone_share
from hotline_ivr.testing.centre_desk import CentreDesk, Manners
from hotline_ivr.testing.phone import PhoneCall, Telephones
from hotline_ivr.testing.plans import IMPATIENT, OPEN, line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.killed_service import dead
from tests.acceptance.transfer_calls import (
    NEAR_MS,
    OPERATORS,
    TALK_S,
    House,
    ask,
    hear_each_other,
    near,
    never_alone,
)

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

CODE = "*81"
TO_BJORN, TO_OTHER = "21", "80"
DESK_PORT = free_port()
OUTSIDE, ENGAGED = "+4790000001", "+4790000002"
MANNERS = {OUTSIDE: Manners.TALKS, ENGAGED: Manners.BUSY}
Prompts = Callable[[str], Audio]


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    config = plan(
        dict.fromkeys(OPERATORS),
        now=datetime.now(UTC),
        extra_queues={"main": ["anna"], "second": ["bjorn"], "other": ["chandra"]},
        extra_lines={"impatient": line("Impatient line", IMPATIENT, max_wait=8)},
    )
    config["queues"]["main"] = {"operators": ["anna"], "wrap_up": "1s", "ring_time": "10s"}
    config["queues"]["other"]["extension"] = TO_OTHER
    config["operators"]["bjorn"]["extension"] = TO_BJORN
    config["floor"] = {"code": CODE, "language": "en"}
    config["outside"] = {"allowed": ["+47 9000"], "transfers": True}
    config["trunks"]["carrier"]["outbound"] = f"127.0.0.1:{DESK_PORT}"
    made = make_stack(config)
    made.start()
    return made


@pytest.fixture
async def house(stack: HotlineStack, telephones: Telephones) -> House:
    return await House(stack, telephones).begin()


async def test_a_caller_is_handed_to_a_colleague_at_once_and_both_talks_are_told(house: House) -> None:
    caller, annas = await house.talk("+4790070001")
    asked = time.time()
    transfer = asyncio.create_task(annas.transfer(TO_BJORN))
    bjorns = await house.phones["bjorn"].wait_rung(20)
    rung = time.time()
    await bjorns.answer(after_s=1.0)
    await transfer
    answered = time.time()
    await hear_each_other(caller, bjorns)
    await asyncio.sleep(1)
    await bjorns.hang_up()
    over = time.time()
    await caller.wait_ended(5)
    record, talked = await house.story("+4790070001")
    assert (record["outcome"], record["operator"], record["ended_by"]) == ("answered", "anna", "operator")
    assert record["discrepancy"] is None
    assert near(talked["anna"], TALK_S), talked
    assert near(talked["bjorn"], over - answered), (talked, over - answered)
    assert abs(record["talk_ms"] - sum(talked.values())) < NEAR_MS
    # Anna is alone after her call, and then free; it is not she who talks on.
    await house.until("anna", "ready")
    print(f"blind: colleague rung {rung - asked:.3f} s after the transfer; {never_alone(house, caller)}")  # noqa: T201


async def test_a_caller_is_handed_over_after_the_colleague_was_asked(house: House) -> None:
    caller, annas = await house.talk("+4790070101")
    await annas.native.hold()
    asked = await house.phones["anna"].dial(TO_BJORN)
    bjorns = await house.phones["bjorn"].wait_rung(20)
    await bjorns.answer(after_s=0.5)
    await asked.wait_answered()
    await hear_each_other(asked, bjorns)
    handed = time.time()
    await annas.transfer_to(asked)
    took = time.time() - handed
    await hear_each_other(caller, bjorns)
    await caller.hang_up()
    over = time.time()
    await bjorns.wait_ended(5)
    record, talked = await house.story("+4790070101")
    assert (record["outcome"], record["operator"], record["ended_by"]) == ("answered", "anna", "caller")
    assert record["discrepancy"] is None
    assert talked["anna"] > TALK_S * 1000
    assert near(talked["bjorn"], over - handed), (talked, over - handed)
    assert {each["caller"] for each in house.stack.calls()} >= {"+4790070101"}
    await house.until("anna", "ready")
    await house.until("bjorn", "ready")
    print(f"attended: done after {took:.3f} s; {never_alone(house, caller)}")  # noqa: T201


async def test_a_caller_is_handed_to_another_queue_and_waits_there_with_music(house: House) -> None:
    caller, annas = await house.talk("+4790070201")
    await annas.transfer(TO_OTHER)
    chandras = await house.phones["chandra"].wait_rung(20)
    await chandras.answer(after_s=1.5)
    await hear_each_other(caller, chandras)
    await caller.hang_up()
    await chandras.wait_ended(5)
    record, talked = await house.story("+4790070201")
    assert (record["outcome"], record["operator"], record["queue"]) == ("answered", "anna", "main")
    assert set(talked) == {"anna", "chandra"}
    never_alone(house, caller)


REFUSED = (
    # Not listed, with a surcharge, abroad, too long to be a number, and what is no number.
    *("+4791000001", "91000001", "82012345", "0046812345678", "+4790000001234567", f"{OUTSIDE}*"),
    # Codes and lines of ours, and what Asterisk has names for.
    *(CODE, OPEN, "s", "external_replaces"),
)


async def test_what_is_neither_an_extension_of_ours_nor_allowed_is_refused_and_the_caller_stays(
    house: House,
) -> None:
    async with CentreDesk(DESK_PORT, MANNERS) as desk:
        caller, annas = await house.talk("+4790070301")
        for to in REFUSED:
            with pytest.raises(ConnectionError):
                await annas.transfer(to)
        await hear_each_other(caller, annas)
        await annas.hang_up()
        await caller.wait_ended(5)
        assert desk.calls == []
    record, talked = await house.story("+4790070301")
    assert (record["outcome"], set(talked)) == ("answered", {"anna"})
    assert record["outside_number"] is None


@pytest.mark.parametrize("how", ["declines", "talks"])
async def test_a_colleague_who_does_not_take_the_caller_sends_nobody_into_the_void(
    house: House, how: str
) -> None:
    number = {"declines": "+4790070401", "talks": "+4790070402"}[how]
    own = None
    if how == "talks":
        # With the menu of his own phone.
        own = await house.phones["bjorn"].dial(CODE)
        await own.wait_answered()
    caller, annas = await house.talk(number)
    transfer = asyncio.create_task(annas.transfer(TO_BJORN))
    if how == "declines":
        bjorns = await house.phones["bjorn"].wait_rung(20)
        await bjorns.hang_up()
    await asyncio.gather(transfer, return_exceptions=True)
    again = await house.phones["anna"].wait_rung(20)
    await again.answer()
    await hear_each_other(caller, again)
    await again.hang_up()
    await caller.wait_ended(5)
    if own is not None:
        await own.hang_up()
    record, talked = await house.story(number)
    assert (record["outcome"], set(talked)) == ("answered", {"anna"})
    never_alone(house, caller)


async def test_a_caller_is_handed_to_a_number_outside_that_is_allowed_and_the_record_has_it(
    house: House,
) -> None:
    async with CentreDesk(DESK_PORT, MANNERS) as desk:
        caller, annas = await house.talk("+4790070501")
        # As people dial it at home.
        await annas.transfer(OUTSIDE.removeprefix("+47"))
        there = await desk.answered(OUTSIDE, OPEN)
        since = time.time()
        heard = await caller.wait_heard(lambda heard: heard.seconds > 1.5, 5, "somebody", since=since)
        assert tone_share(heard.part(0.4, 0.9), 500) > 0.7
        desk.hang_up(there)
        over = time.time()
        await caller.wait_ended(5)
    record, talked = await house.story("+4790070501")
    assert (record["outcome"], record["operator"], set(talked)) == ("answered", "anna", {"anna", None})
    assert (record["outside_number"], record["discrepancy"]) == (OUTSIDE, None)
    assert near(record["outside_talk_ms"], over - there.answered_at), record
    assert near(record["talk_ms"], TALK_S), "the operator's part"
    never_alone(house, caller)


async def test_whom_nobody_outside_takes_comes_back_to_the_queue(house: House) -> None:
    async with CentreDesk(DESK_PORT, MANNERS) as desk:
        caller, annas = await house.talk("+4790070502")
        transfer = asyncio.create_task(annas.transfer(ENGAGED))
        again = await house.phones["anna"].wait_rung(20)
        await asyncio.gather(transfer, return_exceptions=True)
        assert len(desk.to(ENGAGED)) == 1
        # No telephone rings outside itself, whoever it talks with.
        own = await house.phones["bjorn"].dial(OUTSIDE)
        with pytest.raises(ConnectionError):
            await own.wait_answered()
        await again.answer()
        await hear_each_other(caller, again)
        await again.hang_up()
        await caller.wait_ended(5)
    record, talked = await house.story("+4790070502")
    assert (record["outcome"], set(talked), record["outside_talk_ms"]) == ("answered", {"anna"}, None)
    never_alone(house, caller)


async def test_a_caller_is_handed_over_to_whom_a_queue_gave_when_asked(house: House) -> None:
    caller, annas = await house.talk("+4790070601")
    asked = await ask(house.phones["anna"], annas, TO_OTHER)
    chandras = await house.phones["chandra"].wait_rung(20)
    await chandras.answer(after_s=0.5)
    await hear_each_other(asked, chandras)
    await annas.transfer_to(asked)
    # Asterisk links the two conversations, and is half a second about it.
    handed = time.time()
    await hear_each_other(caller, chandras)
    await chandras.hang_up()
    over = time.time()
    await caller.wait_ended(5)
    record, talked = await house.story("+4790070601")
    assert (record["outcome"], record["operator"], record["queue"]) == ("answered", "anna", "main")
    assert (record["ended_by"], record["discrepancy"]) == ("operator", None)
    assert near(talked["chandra"], over - handed), "without what the operators said to each other"
    assert abs(record["talk_ms"] - sum(talked.values())) < NEAR_MS
    assert [each["caller"] for each in house.stack.calls()].count("+4790070601") == 1
    await house.until("anna", "ready")
    await house.until("chandra", "ready")
    never_alone(house, caller)


async def test_a_caller_who_is_handed_over_while_the_queue_still_looks_for_somebody_waits_on(
    house: House,
) -> None:
    caller, annas = await house.talk("+4790070602")
    asked = await ask(house.phones["anna"], annas, TO_OTHER)
    await asked.wait_answered()
    chandras = await house.phones["chandra"].wait_rung(20)
    await annas.transfer_to(asked)
    since = time.time()
    await caller.wait_heard(
        lambda heard: heard.seconds > 0.8 and not is_silent(heard), 5, "music", since=since
    )
    await chandras.answer()
    answered = time.time()
    await hear_each_other(caller, chandras)
    await caller.hang_up()
    over = time.time()
    await chandras.wait_ended(5)
    record, talked = await house.story("+4790070602")
    assert (record["outcome"], record["operator"], record["ended_by"]) == ("answered", "anna", "caller")
    assert near(talked["chandra"], over - answered), talked
    assert record["discrepancy"] is None
    never_alone(house, caller)
    await house.until("chandra", "ready")
    # Asterisk tells of no caller who took over an operator's wait: the service asks again with its next ping.
    await house.until_nobody_waits("other")


@pytest.mark.parametrize("how", ["declines", "nobody-waits-for-it"])
async def test_an_operator_who_gives_up_asking_is_back_with_the_caller(house: House, how: str) -> None:
    number = {"declines": "+4790070701", "nobody-waits-for-it": "+4790070702"}[how]
    caller, annas = await house.talk(number)
    held = time.time()
    asked = await ask(house.phones["anna"], annas, TO_BJORN)
    bjorns = await house.phones["bjorn"].wait_rung(20)
    heard = await caller.wait_heard(lambda heard: heard.seconds > 1.5, 5, "music", since=held)
    assert not is_silent(heard.part(0.7, 1.5)), "music while the operator asks"
    await (bjorns if how == "declines" else asked).hang_up()
    with pytest.raises(ConnectionError):
        await asked.wait_answered()
    await annas.native.resume()
    await hear_each_other(caller, annas)
    await annas.hang_up()
    await caller.wait_ended(5)
    record, talked = await house.story(number)
    assert (record["outcome"], set(talked)) == ("answered", {"anna"})
    never_alone(house, caller)


@pytest.mark.parametrize("how", ["answers", "declines"])
async def test_a_caller_who_is_handed_over_while_a_colleague_still_rings_is_not_lost(
    house: House, how: str
) -> None:
    number = {"answers": "+4790070711", "declines": "+4790070712"}[how]
    caller, annas = await house.talk(number)
    asked = await ask(house.phones["anna"], annas, TO_BJORN)
    bjorns = await house.phones["bjorn"].wait_rung(20)
    await annas.transfer_unanswered(asked)
    if how == "answers":
        await bjorns.answer()
        last = bjorns
    else:
        await bjorns.hang_up()
        last = await house.phones["anna"].wait_rung(20)
        await last.answer()
    await hear_each_other(caller, last)
    await last.hang_up()
    await caller.wait_ended(5)
    record, talked = await house.story(number)
    assert (record["outcome"], record["caller"]) == ("answered", number)
    assert set(talked) == ({"anna", "bjorn"} if how == "answers" else {"anna"})
    never_alone(house, caller)


async def test_after_a_minute_nobody_waits_for_a_queue_that_was_asked_in_vain(
    house: House, prompt: Prompts
) -> None:
    """Who asked has the caller still; who was handed over to the waiting goes on waiting for real."""
    hands_over, asks = "+4790070721", "+4790070722"
    # Nobody takes up: chandra's telephone rings and rings.
    waiting, annas = await house.talk(hands_over, IMPATIENT)
    asked = await ask(house.phones["anna"], annas, TO_OTHER)
    await asked.wait_answered()
    await annas.transfer_to(asked)

    caller, annas = await house.talk(asks)
    begun = time.time()
    asked = await ask(house.phones["anna"], annas, TO_OTHER)
    await asked.wait_ended(90)
    assert asked.row.ended is not None
    assert asked.row.ended - begun > 58, "a minute"
    await annas.native.resume()
    await hear_each_other(caller, annas)
    await annas.hang_up()
    await caller.wait_ended(5)

    # What was left of the minute, and then the wait of a caller.
    await waiting.wait_ended(30)
    assert recognise(waiting.heard(), prompt("en/sorry")).recognised
    told = {number: await house.story(number) for number in (asks, hands_over)}
    assert {record["outcome"] for record, _ in told.values()} == {"answered"}
    assert [set(talked) for _, talked in told.values()] == [{"anna"}, {"anna"}]
    for each in (caller, waiting):
        never_alone(house, each)


async def test_without_the_service_callers_are_handed_on_all_the_same(house: House, prompt: Prompts) -> None:
    blind, asked_for, waits = "+4790070801", "+4790070802", "+4790070803"
    callers: list[PhoneCall] = []
    async with dead(house.stack):
        # To a colleague who declines: back to the queue.
        caller, annas = await house.talk(blind)
        transfer = asyncio.create_task(annas.transfer(TO_BJORN))
        await (await house.phones["bjorn"].wait_rung(20)).hang_up()
        again = await house.phones["anna"].wait_rung(20)
        await asyncio.gather(transfer, return_exceptions=True)
        await again.answer()
        await hear_each_other(caller, again)
        await again.hang_up()
        await caller.wait_ended(5)
        callers.append(caller)

        # After asking, to a queue.
        caller, annas = await house.talk(asked_for)
        asked = await ask(house.phones["anna"], annas, TO_OTHER)
        chandras = await house.phones["chandra"].wait_rung(20)
        await chandras.answer()
        await asked.wait_answered()
        await annas.transfer_to(asked)
        await hear_each_other(caller, chandras)
        await chandras.hang_up()
        await caller.wait_ended(5)
        callers.append(caller)

        # To a queue where nobody comes, until the longest wait is over.
        caller, annas = await house.talk(waits, IMPATIENT)
        await annas.transfer(TO_OTHER)
        await house.phones["chandra"].wait_rung(20)
        await caller.wait_ended(20)
        assert recognise(caller.heard(), prompt("en/sorry")).recognised
        callers.append(caller)
    told = {number: await house.story(number) for number in (blind, asked_for, waits)}
    assert {record["outcome"] for record, _ in told.values()} == {"answered"}
    assert {record["route"] for record, _ in told.values()} == {"fallback"}
    assert [set(talked) for _, talked in told.values()] == [{"anna"}, {"anna", "chandra"}, {"anna"}]
    for each in callers:
        never_alone(house, each)
    proof = await asyncio.to_thread(house.stack.hotline, "balance")
    assert proof.returncode == 0, proof.stdout
