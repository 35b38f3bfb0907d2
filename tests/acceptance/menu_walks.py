"""What callers go through in menus, key by key, and what must then stand in the record."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from hotline_ivr.routing.speech import week_hours
from hotline_ivr.testing.audio import Audio, recognise, tone, tone_share
from hotline_ivr.testing.phone import PhoneCall
from hotline_ivr.testing.stack import HotlineStack, Record
from hotline_ivr.testing.stage_events import StageEvent, stage_log

Prompts = Callable[[str], Audio]


@dataclass
class Walk:
    """One caller on the way through the menus; hears everything that the dialplan says it plays."""

    stack: HotlineStack
    call: PhoneCall
    number: str
    prompt: Prompts
    seen: int = 0

    async def event(self, name: str, deadline: float = 40) -> StageEvent:
        """The next event of this name. Raises TimeoutError after `deadline` seconds."""
        end = time.monotonic() + deadline
        while True:
            own = stage_log(self.stack.settings.cel_file).of(self.number)
            for place, event in enumerate(own[self.seen :], self.seen):
                if event.fields[0] == name:
                    self.seen = place + 1
                    return event
            if time.monotonic() > end:
                raise TimeoutError(f"waited {deadline} s for `{name}`: {own}")
            await asyncio.sleep(0.05)

    async def hears(self, prompts: str) -> float:
        """The next prompts of a menu are these, and are recognised one after the other. When they began."""
        event = await self.event("menu")
        assert event.fields[2] == prompts
        language, _, names = prompts.partition("/")
        for name in names.split("+"):
            await self.recognises(f"{language}/{name}", event.at)
        return event.at

    async def is_told(self, prompt: str) -> None:
        """The next prompt outside menus is this one, and is recognised."""
        event = await self.event("play")
        assert event.fields[1] == prompt
        await self.recognises(prompt, event.at)

    async def recognises(self, name: str, since: float, *, to_the_end: bool = False) -> None:
        wanted = self.prompt(name)

        def there(heard: Audio) -> bool:
            match = recognise(heard, wanted)
            return match.recognised and (not to_the_end or match.heard_s > wanted.seconds - 0.4)

        await self.call.wait_heard(there, 30, name, since=since)

    async def presses(self, keys: str) -> None:
        await self.call.send_keys(keys)

    async def record(self) -> Record:
        """Keeping the record takes a service that lives."""
        await self.call.hang_up()
        return await self.stack.wait_call(self.number, 20)


def pressed(record: Record) -> list[str]:
    """The keys of a call without their times: ["main:1", "more:timeout"]."""
    return [word.split("@")[0] for word in record["keys"].split()]


Check = Callable[[Record], None]
Story = Callable[[Walk, str], Coroutine[Any, Any, Check]]
"""What a caller goes through, and what must then stand in the record."""

LATE, UNKNOWN = "4712", "4713"
"""Customers of whom the other program tells after the deadline, and none that it has an answer for."""


async def to_a_queue(walk: Walk, _way: str) -> Check:
    await walk.is_told("en/greeting")
    await walk.hears("en/menu")
    await walk.presses("1")
    assert (await walk.event("wait")).fields[1] == "sales"

    def check(record: Record) -> None:
        assert (record["outcome"], record["queue"]) == ("abandoned", "sales")
        assert pressed(record) == ["main:1"]
        # Barge-in: the key is pressed, and heard, while the choices are still being told.
        assert float(record["keys"].split("@")[1]) < walk.prompt("en/menu").seconds

    return check


async def in_and_back(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("2")
    # No barge-in: a key while the prompt is spoken is not heard, and one after it is.
    await walk.hears("en/more")
    await walk.presses("5")
    await walk.event("played")
    await walk.presses("1")
    await walk.hears("en/menu")

    def check(record: Record) -> None:
        assert (record["outcome"], record["stage"]) == ("abandoned", "menu")
        assert pressed(record) == ["main:2", "more:1", "main:hung-up"]

    return check


async def wrong_keys_and_repeat(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("#")
    await walk.hears("en/wrong-key+menu-short")
    await walk.presses("*")
    await walk.hears("en/menu")
    await walk.presses("0")
    assert (await walk.event("wait")).fields[1] == "main"

    def check(record: Record) -> None:
        assert pressed(record) == ["main:#", "main:*", "main:0"]

    return check


async def silence(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.hears("en/no-key+menu-short")
    await walk.hears("en/no-key+menu-short")
    await walk.is_told("en/closed")
    await walk.call.wait_ended(15)

    def check(record: Record) -> None:
        assert (record["outcome"], record["ended_by"]) == ("informed", "system")
        assert pressed(record) == ["main:timeout"] * 3
        told = [["menu"], ["no-key", "menu-short"], ["no-key", "menu-short"]]
        spoken = [sum(walk.prompt(f"en/{name}").seconds for name in names) for names in told]
        seconds = [float(word.split("@")[1]) for word in record["keys"].split()]
        # The time in a node is its prompts and the two seconds after them; a busy machine adds its own.
        for told_s, spoken_s in zip(seconds, spoken, strict=True):
            assert spoken_s + 1.9 < told_s < spoken_s + 12

    return check


async def another_language(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("4")
    await walk.hears("nb/menu")
    await walk.presses("3")
    await walk.is_told("nb/news")

    def check(record: Record) -> None:
        assert record["outcome"] == "informed"

    return check


async def a_place_in_another_language(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("2")
    await walk.hears("en/more")
    await walk.event("played")
    await walk.presses("2")
    await walk.is_told("nb/news")

    def check(record: Record) -> None:
        assert record["outcome"] == "informed"
        assert pressed(record) == ["main:2", "more:2"]

    return check


async def wrong_keys_to_the_end(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("#")
    await walk.hears("en/wrong-key+menu-short")
    await walk.presses("#")
    await walk.hears("en/wrong-key+menu-short")
    await walk.presses("#")
    await walk.is_told("en/closed")

    def check(record: Record) -> None:
        assert record["outcome"] == "informed"
        assert pressed(record) == ["main:#"] * 3

    return check


async def the_hours(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("5")
    week = [(date(2026, 3, 2 + day), ((0, 1440),)) for day in range(7)]
    parts = week_hours("en", week)
    event = await walk.event("menu")
    assert event.fields[2] == f"en/{'+'.join(parts)}+menu-short"
    for name in (max(parts, key=lambda part: walk.prompt(f"en/{part}").seconds), "menu-short"):
        await walk.recognises(f"en/{name}", event.at)

    def check(record: Record) -> None:
        assert pressed(record)[0] == "main:5"

    return check


async def right_digits(walk: Walk, way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("6")
    await walk.hears("en/customer")
    await walk.presses("4711#")
    if way == "service":
        await walk.is_told("en/news")
    else:
        # Nobody is there to ask the other program: the default.
        assert (await walk.event("wait")).fields[1] == "sales"

    def check(record: Record) -> None:
        assert pressed(record) == ["main:6", "customer:4-digits"]

    return check


async def wrong_digits(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("6")
    await walk.hears("en/customer")
    await walk.presses("12#")
    await walk.hears("en/wrong-number+customer")
    await walk.presses("123#")
    await walk.is_told("en/closed")

    def check(record: Record) -> None:
        assert pressed(record) == ["main:6", "customer:2-digits", "customer:3-digits"]

    return check


def asked_in_vain(digits: str) -> Story:
    """The other program is late, or knows nothing of these digits: the default."""

    async def story(walk: Walk, _way: str) -> Check:
        await walk.hears("en/menu")
        await walk.presses("6")
        await walk.hears("en/customer")
        await walk.presses(f"{digits}#")
        assert (await walk.event("wait")).fields[1] == "sales"

        def check(record: Record) -> None:
            assert (record["outcome"], record["queue"]) == ("abandoned", "sales")
            assert pressed(record) == ["main:6", "customer:4-digits"]

        return check

    story.__name__ = f"asked_in_vain_{digits}"
    return story


async def outside(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("7")
    assert (await walk.event("dialled", 20)).fields[1] == "ANSWER"

    def check(record: Record) -> None:
        assert record["outcome"] == "overflowed"

    return check


async def a_message(walk: Walk, _way: str) -> Check:
    file = await speak_after_the_tone(walk)
    await walk.presses("#")
    await walk.is_told("en/thanks")
    assert is_spoken(file)

    def check(record: Record) -> None:
        assert record["outcome"] == "voicemail"

    return check


async def hung_up_while_speaking(walk: Walk, _way: str) -> Check:
    file = await speak_after_the_tone(walk)
    await walk.call.hang_up()

    def check(record: Record) -> None:
        assert record["outcome"] == "voicemail"
        assert is_spoken(file)

    return check


def is_spoken(file: Path) -> bool:
    """Whether this is the tone that was said; lost packets shift its phase and cost it part of its share."""
    message = Audio.from_wav(file)
    return message.seconds > 1.5 and tone_share(message.part(0.3, 1.3), 440) > 0.3


async def speak_after_the_tone(walk: Walk) -> Path:
    await walk.hears("en/menu")
    await walk.presses("8")
    await walk.is_told("en/after-the-tone")
    file = walk.stack.settings.voicemail_dir / (await walk.event("record")).fields[2]
    await walk.call.say(tone(440, 4))
    return file


async def a_call_back(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("9")
    # Since when the caller has waited is told too; this one never joined a queue.
    assert (await walk.event("promise")).fields[1:] == ("main", walk.number, "")
    await walk.is_told("en/callback")

    def check(record: Record) -> None:
        assert record["outcome"] == "callback"

    return check


STORIES: list[Story] = [
    to_a_queue,
    in_and_back,
    wrong_keys_and_repeat,
    silence,
    another_language,
    a_place_in_another_language,
    wrong_keys_to_the_end,
    the_hours,
    right_digits,
    wrong_digits,
    asked_in_vain(LATE),
    asked_in_vain(UNKNOWN),
    outside,
    a_message,
    hung_up_while_speaking,
    a_call_back,
]
