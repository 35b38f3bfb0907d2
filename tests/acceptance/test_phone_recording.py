"""Recording by telephone: whoever records badly, or may not, hears why, and callers hear the old one.

What is good takes its place from the next call on: a line's information, and an operator's own greeting.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from hotline_ivr.testing.audio import Audio, recognise, tone
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import DESERTED, OPEN
from hotline_ivr.testing.stack import HotlineStack
from tests.acceptance.by_hand import decide
from tests.acceptance.control_calls import (
    Dialogue,
    Prompts,
    control_node,
    is_whole,
    new_pin,
    number_of,
    ring,
    trail,
)
from tests.acceptance.operators import operator_of

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

LONGEST_S = 8
NOBODYS = "907142"
"""A PIN that nobody has."""

REASONS = ("silent", "too-short", "too-quiet", "clipped", "too-long")


@pytest.fixture(scope="module")
def node(
    tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path, texts: Path, sounds: Path
) -> Iterator[HotlineStack]:
    made = control_node(
        tmp_path_factory.mktemp("recordings"),
        "en",
        texts=texts,
        sounds=sounds,
        asterisk_root=asterisk_root,
        anna={"greeting": "greeting-anna", "language": "en"},
        max_recording=f"{LONGEST_S}s",
    )
    with made:
        made.start()
        yield made


def louder(sound: Audio, factor: float) -> Audio:
    """As it comes out of a telephone: what is beyond full scale is cut off."""
    return Audio(np.clip(sound.samples * factor, -1, 1), sound.rate)


def again(sound: Audio, times: int) -> Audio:
    return Audio(np.tile(sound.samples, times), sound.rate)


def click() -> Audio:
    """Shorter than a word. Asterisk takes off what is said right before the key, so that comes later."""
    return Audio(np.concatenate((tone(440, 0.15).samples, np.zeros(16_000))), 8_000)


@dataclass(frozen=True)
class Take:
    """What somebody says after the tone, the key that ends it, and the reason that is heard."""

    says: Callable[[Audio], Audio | None]
    end: str
    reason: str


TAKES = {
    "nothing": Take(lambda _: None, "#", "silent"),
    "nothing, and no key": Take(lambda _: None, "", "silent"),
    "a click": Take(lambda _: click(), "#", "too-short"),
    "from afar": Take(lambda voice: louder(voice, 0.04), "#", "too-quiet"),
    "shouted": Take(lambda voice: louder(voice, 4), "#", "clipped"),
    "without end": Take(lambda voice: again(voice, 3), "", "too-long"),
}


async def to_the_tone(talk: Dialogue, pin: str, number: str) -> None:
    await talk.answers("control-pin", f"{pin}#")
    await talk.answers("control-close", "5")
    await talk.answers("control-which-prompt", f"{number}#")
    await talk.answers("control-which-language", "2")
    await talk.is_told("control-after-the-tone")


async def is_refused(talk: Dialogue, prompt: Prompts, pin: str, number: str, take: Take) -> None:
    await to_the_tone(talk, pin, number)
    await talk.says(take.says(prompt("en/news")), take.end)
    if take.reason != "too-long":
        await talk.answers("control-keep", "1")
    await talk.is_told("control-refused")
    heard = await talk.is_told(f"control-{take.reason}")
    told = [each for each in REASONS if recognise(heard, prompt(f"en/control-{each}")).recognised]
    assert told == [take.reason]
    # It is asked for again at once.
    await talk.is_told("control-after-the-tone")
    await talk.call.hang_up()


async def knows_no_number(talk: Dialogue, pin: str) -> None:
    await talk.answers("control-pin", f"{pin}#")
    await talk.answers("control-close", "5")
    await talk.answers("control-which-prompt", "99999#")
    await talk.is_told("control-no-such-prompt")
    await talk.answers("control-which-prompt", "1*#")
    await talk.is_told("control-no-such-prompt")
    await talk.answers("control-which-prompt", "*#")
    await talk.answers("control-record", "*")
    await talk.hears("control-goodbye")
    await talk.call.wait_ended(15)


async def may_not(talk: Dialogue, pin: str) -> None:
    await talk.answers("control-pin", f"{pin}#")
    await talk.answers("control-close", "5")
    await talk.is_told("control-wrong-key")
    await talk.call.hang_up()


async def guesses(talk: Dialogue) -> None:
    await talk.answers("control-pin", f"{NOBODYS}#")
    for _ in range(2):
        await talk.is_told("control-wrong-pin")
        await talk.answers("control-pin", f"{NOBODYS}#")
    await talk.is_told("control-locked")
    await talk.call.wait_ended(15)


async def is_cut_off(talk: Dialogue, pin: str, number: str, voice: Audio) -> None:
    """The line breaks in the middle of the recording."""
    await to_the_tone(talk, pin, number)
    await talk.says(voice, "")
    await talk.call.hang_up()


async def may_no_longer(talk: Dialogue, node: HotlineStack, pin: str, number: str, voice: Audio) -> None:
    """Whose PIN is revoked while the recording is on the way."""
    await to_the_tone(talk, pin, number)
    await talk.says(voice)
    await asyncio.to_thread(node.hotline, "pin", "revoke", "eva")
    await talk.answers("control-keep", "1")
    await talk.is_told("control-locked")
    await talk.call.wait_ended(15)


async def records(talk: Dialogue, prompt: Prompts, pin: str, number: str, voice: str) -> None:
    """What is good: heard back, and kept. It is the voice of another prompt."""
    await to_the_tone(talk, pin, number)
    await talk.says(prompt(f"en/{voice}"))
    await talk.hears(voice)
    await talk.answers("control-keep", "1")
    await talk.is_told("control-kept")
    await talk.call.hang_up()


async def caller_hears(node: HotlineStack, telephones: Telephones, caller: str, wanted: Audio) -> None:
    phone = await telephones.caller(caller, "127.0.0.1", node.settings.sip_port)
    call = await phone.dial(DESERTED)
    await call.wait_answered()
    await call.wait_heard(lambda heard: recognise(heard, wanted).recognised, 20, "the information")
    await call.hang_up()


async def test_whoever_records_badly_or_may_not_hears_why_and_only_a_good_recording_takes_its_place(
    node: HotlineStack, telephones: Telephones, prompt: Prompts
) -> None:
    people = (("ola", "admin"), ("eva", "admin"), ("kari", "control"))
    ola, eva, kari = [await asyncio.to_thread(new_pin, node, *person) for person in people]
    since = len(trail(node))
    number, voice = await number_of(node, "en/incident"), prompt("en/news")
    played = node.settings.sounds_dir / "en"
    before = {file.name: file.read_bytes() for file in played.glob("incident.*")}
    assert before
    await decide(node, "surge", "other", "--message", "incident", "--for", "2h")

    async def tell(place: int, story: Callable[[Dialogue], Awaitable[None]]) -> None:
        await story(await ring(node, telephones, prompt, f"+47900710{place:02}"))

    stories: dict[str, Callable[[Dialogue], Awaitable[None]]] = {
        name: partial(is_refused, prompt=prompt, pin=ola, number=number, take=take)
        for name, take in TAKES.items()
    }
    stories |= {
        "a number of no prompt": partial(knows_no_number, pin=ola),
        "a PIN that may not record": partial(may_not, pin=kari),
        "wrong PINs": guesses,
        "cut off": partial(is_cut_off, pin=ola, number=number, voice=voice),
        "revoked meanwhile": partial(may_no_longer, node=node, pin=eva, number=number, voice=voice),
    }
    told = [tell(place, story) for place, story in enumerate(stories.values())]
    went = await asyncio.gather(*told, return_exceptions=True)
    failed = [f"{name}: {how!r}" for name, how in zip(stories, went, strict=True) if how is not None]
    assert not failed, "\n".join(failed)

    own = Path(node.variables["HOTLINE_SOUNDS"])
    assert not list(own.rglob("incident.*"))
    assert {file.name: file.read_bytes() for file in played.glob("incident.*")} == before
    noted = [entry["action"] for entry in trail(node)[since:]]
    assert "prompt.record" not in noted
    assert noted.count("pin.wrong") == 3
    await caller_hears(node, telephones, "+4790071050", prompt("en/incident"))

    # What was refused is deleted once nobody can be on the telephone with it any more.
    takes = list(node.settings.control_dir.iterdir())
    assert takes
    for take in takes:
        os.utime(take, (0, 0))
    await records(await ring(node, telephones, prompt, "+4790071051"), prompt, ola, number, "news")
    assert [file.name for file in own.rglob("incident.*")] == ["incident.wav"]
    assert list(node.settings.control_dir.iterdir()) == []
    await caller_hears(node, telephones, "+4790071052", voice)


async def test_an_operator_records_the_own_greeting_at_the_own_phone_and_both_sides_hear_it(
    node: HotlineStack, telephones: Telephones, prompt: Prompts
) -> None:
    phone = await operator_of(node, telephones, "anna")
    pin, number = new_pin(node, "anna", "admin"), await number_of(node, "en/greeting-anna")
    voice, machine = prompt("en/sorry"), prompt("en/greeting-anna")
    control = await phone.dial("*80")
    await control.wait_answered()
    await records(Dialogue(control, prompt, "en"), prompt, pin, number, "sorry")

    caller = await telephones.caller("+4790071061", "127.0.0.1", node.settings.sip_port)
    call = await caller.dial(OPEN)
    await call.wait_answered()
    rung = await phone.wait_rung(20)
    await rung.answer()
    answered = time.time()

    def whole(heard: Audio) -> bool:
        print(f"{heard.seconds:.1f} s: {recognise(heard, voice)}")  # noqa: T201  shown where this fails
        return is_whole(heard, voice)

    for side in (call, rung):
        heard = await side.wait_heard(whole, 15, "the greeting", since=answered)
        assert not recognise(heard, machine).recognised
    await rung.hang_up()
    await call.wait_ended(5)
    record = await node.wait_call("+4790071061")
    assert (record["outcome"], record["operator"]) == ("answered", "anna")
