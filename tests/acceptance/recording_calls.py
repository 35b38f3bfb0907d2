"""Calls that are recorded, and what is on their tapes: what tests of it share."""

from __future__ import annotations

import asyncio
import json
import time
import wave
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hotline_ivr.control.recording_seal import make_key
from hotline_ivr.testing.audio import Audio, tone, tone_share
from hotline_ivr.testing.phone import Phone, PhoneCall, Telephones
from hotline_ivr.testing.plans import closed_now, line, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record

Prompts = Callable[[str], Audio]
ASKED, TOLD, AWAY = "+4722851211", "+4722851212", "+4722851213"
OUTSIDE = "+4722850000"
CODE = "*7"
TO_BJORN = "21"
CALLERS_HZ, OPERATORS_HZ, HIDDEN_HZ = 1000.0, 700.0, 1400.0
HEARD, UNHEARD = 0.15, 0.02
"""Shares of a tone in a file that has it for a good part of its time, and in one that has none of it."""


def recording_node(make_stack: MakeStack, desk_port: int, **queues: Mapping[str, object]) -> HotlineStack:
    """A running node that records, and on which the test has the private key; `queues` are more of them."""
    private, public = make_key()
    other, _ = make_key()
    config = plan(
        {"anna": None, "bjorn": None},
        now=datetime.now(UTC),
        extra_queues={"second": ["bjorn"]} | {name: ["bjorn"] for name in queues},
        extra_lines={
            "asked": {**line("Asked", ASKED), "recording": {"consent": "key", "after_transfer": "continue"}},
            "told": {**line("Told", TOLD), "recording": {"consent": "announce"}},
            "away": {
                **line("Away", AWAY, hours=closed_now(datetime.now(UTC))),
                "recording": {"consent": "announce"},
                "closed_to": {"centre": "night"},
            },
        },
    )
    for name, entry in queues.items():
        config["queues"][name] |= entry
    config["trunks"]["carrier"]["outbound"] = f"127.0.0.1:{desk_port}"
    config["outside"] = {"allowed": [OUTSIDE]}
    targets = {"desk": {"number": OUTSIDE, "ring": "20s"}}
    config["centres"] = {"night": {"name": "Night", "language": "en", "targets": targets, "record": "yes"}}
    config["lines"]["asked"]["recording"]["answer_within"] = "2s"
    config["operators"]["anna"]["language"] = config["operators"]["bjorn"]["language"] = "en"
    config["operators"]["bjorn"]["extension"] = TO_BJORN
    config["recordings"] = {"public_keys": [public], "pause_code": CODE, "pause_limit": "5s"}
    made = make_stack(config)
    (made.folder / "key").write_text(f"# the key\n{private}\n", encoding="ascii")
    (made.folder / "other").write_text(f"{other}\n", encoding="ascii")
    made.start()
    return made


class Talk:
    """A caller and an operator who speak with one another, each with a tone of their own."""

    def __init__(self, stack: HotlineStack, number: str, caller: PhoneCall, operator: PhoneCall) -> None:
        self.stack, self.number, self.caller, self.operator = stack, number, caller, operator

    async def tones(self, seconds: float = 1.0, *, callers: float = CALLERS_HZ) -> None:
        await asyncio.gather(
            self.caller.say(tone(callers, seconds)), self.operator.say(tone(OPERATORS_HZ, seconds))
        )

    async def told(self, word: str) -> None:
        await wait_until(lambda: word in cel(self.stack, self.number), 10, word)

    async def over(self) -> Record:
        await self.operator.hang_up()
        await self.caller.wait_ended(5)
        return await self.stack.wait_call(self.number)


async def begin(
    stack: HotlineStack, telephones: Telephones, who: Phone, number: str, dialled: str, key: str = ""
) -> Talk:
    """A talk of a caller who presses `key` when asked, nothing where it is empty."""
    phone = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    caller = await phone.dial(dialled)
    await caller.wait_answered()
    if key:
        await wait_until(lambda: "consent-asked" in cel(stack, number), 20, "the question")
        await caller.send_keys(key)
    answered = await who.wait_rung(40)
    await answered.answer()
    return Talk(stack, number, caller, answered)


def cel(stack: HotlineStack, number: str) -> str:
    """What Asterisk wrote of the newest call of this caller."""
    lines = stack.settings.cel_file.read_text(encoding="utf-8").splitlines()
    calls = [json.loads(each)["linkedid"] for each in lines if f"|{number}|" in each]
    return "\n".join(each for each in lines if calls and calls[-1] in each)


async def wait_until(condition: Callable[[], object], deadline: float, what: str) -> None:
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, f"waited {deadline} s for {what}"
        await asyncio.sleep(0.05)


def plain_files(stack: HotlineStack) -> list[str]:
    """Without the numbers of parts, which stay until a minute after the call."""
    files = stack.settings.plain_recordings_dir.iterdir()
    return sorted(each.name for each in files if each.suffix != ".parts")


def sealed_files(stack: HotlineStack, call: str) -> list[Path]:
    return sorted(stack.settings.recordings_dir.glob(f"{call}.*"))


async def listed(stack: HotlineStack, call: str, parts: int) -> list[dict[str, Any]]:
    """The rows of a call, once there are so many."""
    end = time.monotonic() + 15
    while True:
        done = await asyncio.to_thread(stack.hotline, "recordings", "list", "--json")
        assert done.returncode == 0, done.stderr
        found = [each for each in json.loads(done.stdout)["recordings"] if each["id"] == call]
        if len(found) == parts:
            return sorted(found, key=lambda each: int(each["part"]))
        assert time.monotonic() < end, (found, plain_files(stack))
        await asyncio.sleep(0.1)


async def heard(stack: HotlineStack, call: str, part: int) -> tuple[Audio, Audio]:
    """The operator's and the caller's side of a part, decrypted by the command."""
    out = stack.folder / f"{call}.{part}.wav"
    done = await asyncio.to_thread(
        stack.hotline,
        *("recordings", "export", call, "--part", str(part), "--out", str(out)),
        *("--key", str(stack.folder / "key")),
    )
    assert done.returncode == 0, done.stderr
    with wave.open(str(out), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        pcm = file.readframes(file.getnframes())
    both = Audio.from_pcm(pcm, 16000).samples
    return Audio(both[0::2], 8000), Audio(both[1::2], 8000)


def has_both(operators: Audio, callers: Audio) -> None:
    shares = tone_share(operators, OPERATORS_HZ), tone_share(callers, CALLERS_HZ)
    assert min(shares) > HEARD, shares
    crossed = tone_share(operators, CALLERS_HZ), tone_share(callers, OPERATORS_HZ)
    assert max(crossed) < UNHEARD, crossed
