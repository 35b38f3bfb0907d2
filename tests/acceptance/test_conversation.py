"""An open line, from dialling to the last word: heard, queued, answered, spoken both ways, recorded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from hotline_ivr.testing.audio import Audio, level_dbfs, recognise, tone, tone_share
from hotline_ivr.testing.ledger import EndedBy, LedgerRow
from hotline_ivr.testing.phone import Phone, PhoneCall, Telephones
from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record
from tests.acceptance.callers import dial

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(90)]


@dataclass(frozen=True)
class Hearing:
    """What callers hear, to compare with."""

    prompt: Callable[[str], Audio]
    music: Audio


TOLERANCE_MS = 50
"""To which the record agrees with the SIP side's own log."""

TRIES = 3


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    made = make_stack(plan({"anna": None}, now=datetime.now(UTC)), shipped_prompts=True)
    made.start_up()
    return made


@pytest.fixture(scope="module")
def hearing(stack: HotlineStack) -> Hearing:
    def prompt(name: str) -> Audio:
        return Audio.from_wav(stack.settings.sounds_dir / f"{name}.wav")

    return Hearing(prompt, Audio.from_wav(next(stack.settings.music_dir.glob("*.wav"))))


def off_the_ledger(record: Record, caller: LedgerRow, operator: LedgerRow) -> dict[str, float]:
    """By how many milliseconds each time of the record differs from what was on the wire."""
    told = {"arrived_at": caller.started, "picked_up_at": caller.answered, "ringing_at": operator.started}
    told |= {"connected_at": operator.answered, "ended_at": caller.ended}
    return {name: round(milliseconds(record[name]) - (at or 0) * 1000, 1) for name, at in told.items()}


def milliseconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000


@pytest.mark.parametrize("who", ["caller", "operator"])
async def test_a_call_is_greeted_queued_answered_spoken_and_recorded(
    stack: HotlineStack, telephones: Telephones, anna: Phone, hearing: Hearing, who: str
) -> None:
    numbers = {"caller": "+479001000{}", "operator": "+479001001{}"}[who]
    # Phones, Asterisk and whatever else runs here share two processors: a moment's delay is not a wrong time.
    tries = []
    for number in (numbers.format(index) for index in range(TRIES)):
        tries.append(await conversation(stack, await dial(stack, telephones, number), anna, hearing, who))
        if max(abs(by) for by in tries[-1].values()) <= TOLERANCE_MS:
            return
    pytest.fail(f"milliseconds off the ledger: {tries}")


async def conversation(
    stack: HotlineStack, caller: PhoneCall, anna: Phone, hearing: Hearing, who: str
) -> dict[str, float]:
    """One call from the greeting to the record; by how much the record's times are off, in milliseconds."""
    prompt, music = hearing.prompt, hearing.music
    number = caller.row.number
    rung = await anna.wait_rung(25)

    greeting = recognise(caller.heard(), prompt("en/greeting"))
    assert greeting.recognised, greeting
    assert greeting.heard_s >= prompt("en/greeting").seconds - 1.0, greeting
    assert not recognise(caller.heard(), prompt("en/closed")).recognised
    assert number in rung.row.peer

    ringing = time.time()
    await rung.answer(after_s=1.5)
    waited = caller.heard(ringing)
    piece = waited.part(0.2, 1.3)
    assert level_dbfs(piece) > -40, "silence while waiting"
    # The music is the long one here: the piece of it that was heard is looked for in it.
    assert recognise(music, piece).recognised, recognise(music, piece)

    spoken = time.time()
    await asyncio.gather(caller.say(tone(1000, 1.2)), rung.say(tone(700, 1.2)))
    to_operator = await rung.wait_heard(lambda heard: heard.seconds > 1.1, 5, "a tone", since=spoken)
    to_caller = await caller.wait_heard(lambda heard: heard.seconds > 1.1, 5, "a tone", since=spoken)
    assert tone_share(to_operator.part(0.4, 0.9), 1000) > 0.9
    assert tone_share(to_caller.part(0.4, 0.9), 700) > 0.9

    first, second = (caller, rung) if who == "caller" else (rung, caller)
    await first.hang_up()
    await second.wait_ended(5)
    assert second.row.ended_by is EndedBy.THEM

    record = await stack.wait_call(number)
    assert record["outcome"] == "answered"
    assert record["ended_by"] == who
    assert record["operator"] == "anna"
    assert (record["line"], record["number"], record["node"]) == ("open", OPEN, "test")
    assert record["route"] == "service"
    return off_the_ledger(record, caller.row, rung.row)


async def test_the_second_start_is_ready_in_ten_seconds_and_remembers_the_calls(stack: HotlineStack) -> None:
    before = {record["id"]: record for record in stack.calls()}
    stack.stop()
    begun = time.monotonic()
    stack.start_up()
    assert time.monotonic() - begun < 10
    assert {record["id"]: record for record in stack.calls()} == before


async def test_a_number_that_is_not_ours_is_refused_and_reaches_nobody(
    stack: HotlineStack, telephones: Telephones
) -> None:
    caller = await telephones.caller("+4790010021", "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial("+4722851299")
    with pytest.raises(ConnectionError):
        await call.wait_answered(10)
    assert call.row.code == 404
