"""The operator's own greeting: heard by both sides at once, cutting neither, and never in the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from hotline_ivr.testing.audio import Audio, recognise, tone, tone_share
from hotline_ivr.testing.phone import Phone, Telephones
from hotline_ivr.testing.plans import plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.callers import dial

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

Prompts = Callable[[str], Audio]
TOLD = "en/for-open"


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    config = plan({"anna": None}, now=datetime.now(UTC))
    config["operators"]["anna"] |= {"greeting": "greeting-anna", "language": "en"}
    config["lines"]["open"]["operator_announcement"] = "for-open"
    made = make_stack(config)
    made.start()
    return made


async def test_both_hear_the_greeting_after_the_announcement_and_hear_each_other(
    stack: HotlineStack, telephones: Telephones, anna: Phone, prompt: Prompts
) -> None:
    greeting = prompt("en/greeting-anna")
    caller = await dial(stack, telephones, "+4790090001")
    annas = await anna.wait_rung(20)
    await annas.answer()
    answered = time.time()
    await annas.wait_heard(lambda heard: recognise(heard, prompt(TOLD)).recognised, 15, "the announcement")

    def whole(heard: Audio) -> bool:
        found = recognise(heard, greeting)
        return found.recognised and found.heard_s >= greeting.seconds - 0.5

    for side in (caller, annas):
        heard = await side.wait_heard(whole, 15, "the greeting", since=answered)
        print(f"the greeting: {recognise(heard, greeting)}")  # noqa: T201
    assert not recognise(caller.heard(answered), prompt(TOLD)).recognised
    spoken = time.time()
    await asyncio.gather(caller.say(tone(1000, 1.2)), annas.say(tone(700, 1.2)))
    for side, frequency in ((caller, 700), (annas, 1000)):
        said = await side.wait_heard(lambda heard: heard.seconds > 1.1, 5, "a tone", since=spoken)
        assert tone_share(said.part(0.4, 0.9), frequency) > 0.9
    await annas.hang_up()
    await caller.wait_ended(5)
    record = await stack.wait_call("+4790090001")
    assert (record["outcome"], record["operator"]) == ("answered", "anna")
    # The channels that spoke are no call.
    assert {each["caller"][:8] for each in stack.calls()} == {"+4790090"}
    assert "Local/" not in await asyncio.to_thread(stack.console, "core show channels")


async def test_the_caller_is_heard_while_the_greeting_is_spoken(
    stack: HotlineStack, telephones: Telephones, anna: Phone, prompt: Prompts
) -> None:
    caller = await dial(stack, telephones, "+4790090003")
    annas = await anna.wait_rung(20)
    await annas.answer()
    # The first second of the greeting.
    begun = prompt(TOLD).seconds + 1.0
    await annas.wait_heard(lambda heard: heard.seconds > begun, 15, "the announcement")
    spoken = time.time()
    await caller.say(tone(1000, 1.2))
    said = await annas.wait_heard(lambda heard: heard.seconds > 1.1, 5, "a tone", since=spoken)
    assert tone_share(said.part(0.4, 0.9), 1000) > 0.3
    greeting = prompt("en/greeting-anna")
    await caller.wait_heard(lambda heard: recognise(heard, greeting).recognised, 15, "the greeting")
    await caller.hang_up()
    await annas.wait_ended(5)


async def test_a_greeting_that_is_missing_delays_nobody_and_leaves_nothing_behind(
    stack: HotlineStack, telephones: Telephones, anna: Phone, prompt: Prompts
) -> None:
    folder, aside = stack.settings.sounds_dir / "en", stack.folder
    files = [file.name for file in folder.glob("greeting-anna.*")]
    assert files
    for name in files:
        (folder / name).rename(aside / name)
    caller = await dial(stack, telephones, "+4790090002")
    annas = await anna.wait_rung(20)
    await annas.answer()
    told = prompt(TOLD).seconds + 0.3
    await annas.wait_heard(lambda heard: heard.seconds > told, 15, "the announcement")
    spoken = time.time()
    await asyncio.gather(caller.say(tone(1000, 1.2)), annas.say(tone(700, 1.2)))
    said = await caller.wait_heard(lambda heard: heard.seconds > 1.1, 5, "a tone", since=spoken)
    assert tone_share(said.part(0.4, 0.9), 700) > 0.9
    await caller.hang_up()
    await annas.wait_ended(5)
    assert (await stack.wait_call("+4790090002"))["outcome"] == "answered"
    assert "Local/" not in await asyncio.to_thread(stack.console, "core show channels")
    for name in files:
        (aside / name).rename(folder / name)
