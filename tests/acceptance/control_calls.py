"""Calls to the control number: what is asked, what is pressed, and what they leave behind."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from hotline_ivr.testing.audio import Audio, recognise
from hotline_ivr.testing.phone import PhoneCall, Telephones
from hotline_ivr.testing.plans import DESERTED, line, plan
from hotline_ivr.testing.stack import HotlineStack

CONTROL = "+4722851299"

Prompts = Callable[[str], Audio]


def control_node(
    folder: Path,
    language: str,
    *,
    texts: Path,
    sounds: Path,
    asterisk_root: Path,
    anna: Mapping[str, object] | None = None,
    **control: object,
) -> HotlineStack:
    """A node whose control number speaks a language; its prompts are its own to record.

    `anna` is what the YAML says more of its operator.
    """
    shutil.copytree(texts, folder / "texts")
    other = {"other": line("Other line", DESERTED)}
    config = plan({"anna": None}, now=datetime.now(UTC), extra_lines=other)
    config["operators"]["anna"] |= anna or {}
    lines = {"open": {"key": 1}, "closed": {"key": 2}}
    config["control"] = {"numbers": [CONTROL], "code": "*80", "language": language, "lines": lines, **control}
    return HotlineStack(
        folder / "node",
        config,
        sounds=sounds,
        asterisk_root=asterisk_root,
        variables={"HOTLINE_SOUNDS": str(folder / "texts")},
    )


class Dialogue:
    """One control call: keys are pressed as soon as the question before them is heard."""

    def __init__(self, call: PhoneCall, prompt: Prompts, language: str) -> None:
        self.call = call
        self._prompt = prompt
        self._language = language
        self._since = time.time()

    async def hears(self, *names: str) -> None:
        """What is said without a pause between."""
        wanted = joined([self._prompt(name if "/" in name else f"{self._language}/{name}") for name in names])
        await self.call.wait_heard(
            lambda heard: recognise(heard, wanted).recognised, 20, "+".join(names), since=self._since
        )

    async def is_told(self, name: str) -> Audio:
        """One prompt to its end; everything that was heard since the last key."""
        wanted = self._prompt(name if "/" in name else f"{self._language}/{name}")
        return await self.call.wait_heard(lambda heard: is_whole(heard, wanted), 20, name, since=self._since)

    async def answers(self, name: str, keys: str) -> None:
        await self.hears(name)
        self._since = time.time()
        await self.call.send_keys(keys)

    async def says(self, sound: Audio | None, end: str = "#") -> None:
        """Something, or nothing for a moment, after the tone; then `end` is pressed, if anything."""
        # The tone is not waited for: what is said into it is the silence before the voice.
        await asyncio.sleep(2.2)
        self._since = time.time()
        if sound is not None:
            await self.call.say(sound)
        if end:
            await self.call.send_keys(end)


def is_whole(heard: Audio, wanted: Audio) -> bool:
    """Whether a prompt was heard into its last second, in which a busy machine may lose a packet."""
    found = recognise(heard, wanted)
    return found.recognised and found.heard_s > min(wanted.seconds - 0.3, max(1.0, wanted.seconds - 1.3))


def joined(sounds: Sequence[Audio]) -> Audio:
    (rate,) = {sound.rate for sound in sounds}
    return Audio.from_pcm(b"".join(sound.pcm() for sound in sounds), rate)


async def ring(
    node: HotlineStack,
    telephones: Telephones,
    prompt: Prompts,
    caller: str,
    number: str = CONTROL,
    language: str = "en",
) -> Dialogue:
    phone = await telephones.caller(caller, "127.0.0.1", node.settings.sip_port)
    call = await phone.dial(number)
    await call.wait_answered()
    return Dialogue(call, prompt, language)


def new_pin(node: HotlineStack, person: str, role: str = "control") -> str:
    done = node.hotline("pin", "set", person, "--role", role)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def trail(node: HotlineStack) -> list[dict[str, str]]:
    return [json.loads(each) for each in node.settings.audit_file.read_text("utf-8").splitlines()]


async def number_of(node: HotlineStack, prompt: str) -> str:
    """A prompt's number in the manuscript."""
    manuscript = await asyncio.to_thread(node.hotline, "prompts", "script", "--format", "csv", "--all")
    row = next(each for each in manuscript.stdout.splitlines() if f",{prompt}.wav," in each)
    return row.split(",")[1]
