"""A recording by telephone that is no good, or not allowed: who made it hears why, and nothing is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from hotline_ivr.testing.audio import Audio, tone
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.stack import HotlineStack
from tests.acceptance.control_calls import Dialogue, Prompts, control_node, new_pin, number_of, ring, trail

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

LONGEST_S = 12
AT_ONCE = 6
"""Callers at the same time: each is listened to all the while, to press a key in time."""


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
        max_recording=f"{LONGEST_S}s",
    )
    with made:
        made.start()
        yield made


def louder(sound: Audio, factor: float) -> Audio:
    """As it comes out of a telephone: what is beyond full scale is cut off."""
    return Audio(np.clip(sound.samples * factor, -1, 1), sound.rate)


def twice(sound: Audio, times: int) -> Audio:
    return Audio(np.tile(sound.samples, times), sound.rate)


@dataclass(frozen=True)
class Take:
    """What somebody says after the tone, the key that ends it, and the refusal."""

    says: Callable[[Audio], Audio | None]
    end: str
    refusal: str
    kept_by_hand: bool = True
    """Whether it comes to the question that `1` answers."""


TAKES = {
    "nothing": Take(lambda _: None, "#", "control-too-short"),
    "nothing, and no key": Take(lambda _: None, "", "control-too-short"),
    "a click": Take(lambda _: tone(440, 0.1), "#", "control-too-short"),
    "from afar": Take(lambda voice: louder(voice, 0.04), "#", "control-too-quiet"),
    "shouted": Take(lambda voice: louder(voice, 40), "#", "control-clipped"),
    "without end": Take(lambda voice: twice(voice, 4), "", "control-too-long", kept_by_hand=False),
}


async def to_the_tone(talk: Dialogue, pin: str, number: str) -> None:
    await talk.answers("control-pin", f"{pin}#")
    await talk.answers("control-record", "5")
    await talk.answers("control-which-prompt", f"{number}#")
    await talk.answers("control-which-language", "2")
    await talk.hears("control-after-the-tone")


async def refused(talk: Dialogue, pin: str, number: str, take: Take, voice: Audio) -> None:
    await to_the_tone(talk, pin, number)
    await talk.says(take.says(voice), take.end)
    if take.kept_by_hand:
        await talk.answers("control-keep", "1")
    await talk.hears("control-refused", take.refusal)
    # It is asked for again at once.
    await talk.hears("control-after-the-tone")
    await talk.call.hang_up()


async def knows_no_number(talk: Dialogue, pin: str) -> None:
    await talk.answers("control-pin", f"{pin}#")
    await talk.answers("control-record", "5")
    await talk.answers("control-which-prompt", "99999#")
    await talk.answers("control-wrong-key", "0#")
    await talk.answers("control-wrong-key", "#")
    await talk.hears("control-goodbye")
    await talk.call.wait_ended(15)


async def may_not(talk: Dialogue, pin: str) -> None:
    await talk.answers("control-pin", f"{pin}#")
    await talk.answers("control-close", "5")
    await talk.hears("control-wrong-key")
    await talk.call.hang_up()


async def guesses(talk: Dialogue) -> None:
    await talk.answers("control-pin", "907142#")
    for _ in range(2):
        await talk.answers("control-wrong-pin", "907142#")
    await talk.hears("control-locked")
    await talk.call.wait_ended(15)


async def is_cut_off(talk: Dialogue, pin: str, number: str, voice: Audio) -> None:
    """The line breaks in the middle of the recording."""
    await to_the_tone(talk, pin, number)
    await talk.says(voice, "")
    await talk.call.hang_up()


async def may_no_longer(node: HotlineStack, talk: Dialogue, pin: str, number: str, voice: Audio) -> None:
    """Whose PIN is revoked while the recording is on the way."""
    await to_the_tone(talk, pin, number)
    await talk.says(voice)
    await asyncio.to_thread(node.hotline, "pin", "revoke", "eva")
    await talk.answers("control-keep", "1")
    await talk.hears("control-locked")
    await talk.call.wait_ended(15)


async def test_who_records_badly_or_may_not_hears_why_and_nothing_is_kept(
    node: HotlineStack, telephones: Telephones, prompt: Prompts
) -> None:
    pins = {
        person: await asyncio.to_thread(new_pin, node, person, role)
        for person, role in (("ola", "admin"), ("eva", "admin"), ("kari", "control"))
    }
    number, voice = await number_of(node, "en/incident"), prompt("en/news")
    played = node.settings.sounds_dir / "en" / "incident.wav"
    before = played.read_bytes()

    places = asyncio.Semaphore(AT_ONCE)

    async def tell(place: int, story: Callable[[Dialogue], Awaitable[None]]) -> None:
        async with places:
            talk = await ring(node, telephones, prompt, f"+47900710{place:02}")
            await story(talk)

    ola, eva, kari = pins.values()
    stories: dict[str, Callable[[Dialogue], Awaitable[None]]] = {
        name: partial(refused, pin=ola, number=number, take=take, voice=voice) for name, take in TAKES.items()
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

    assert not list(Path(node.variables["HOTLINE_SOUNDS"]).rglob("incident.*"))
    assert played.read_bytes() == before
    noted = [entry["action"] for entry in trail(node)]
    assert "prompt.record" not in noted
    assert noted.count("pin.wrong") == 3
