"""The control number, by real telephones: closing, opening, clearing, recording, and who has no PIN."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline_ivr.testing.audio import Audio, recognise
from hotline_ivr.testing.phone import PhoneCall, Telephones
from hotline_ivr.testing.plans import CLOSED, DESERTED, OPEN, line, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

CONTROL = "+4722851299"
WRONG = "907142"

Prompts = Callable[[str], Audio]


@pytest.fixture(scope="module")
def node(make_stack: MakeStack) -> HotlineStack:
    other = {"other": line("Other line", DESERTED)}
    config = plan({"anna": None}, now=datetime.now(UTC), extra_lines=other)
    lines = {"open": {"key": 1}, "closed": {"key": 2}}
    config["control"] = {"numbers": [CONTROL], "code": "*80", "language": "en", "lines": lines}
    made = make_stack(config)
    made.start()
    return made


class Dialogue:
    """One control call: keys are pressed as soon as the question before them is heard."""

    def __init__(self, call: PhoneCall, prompt: Prompts) -> None:
        self.call = call
        self._prompt = prompt
        self._since = time.time()

    async def hears(self, name: str) -> None:
        wanted = self._prompt(name if "/" in name else f"en/{name}")
        await self.call.wait_heard(
            lambda heard: recognise(heard, wanted).recognised, 20, name, since=self._since
        )

    async def answers(self, name: str, keys: str) -> None:
        await self.hears(name)
        self._since = time.time()
        await self.call.send_keys(keys)


async def ring(
    node: HotlineStack, telephones: Telephones, prompt: Prompts, caller: str, number: str = CONTROL
) -> Dialogue:
    phone = await telephones.caller(caller, "127.0.0.1", node.settings.sip_port)
    call = await phone.dial(number)
    await call.wait_answered()
    return Dialogue(call, prompt)


def new_pin(node: HotlineStack, person: str, role: str = "control") -> str:
    done = node.hotline("pin", "set", person, "--role", role)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


async def heard_by_caller(
    node: HotlineStack, telephones: Telephones, caller: str, number: str, wanted: Audio
) -> None:
    phone = await telephones.caller(caller, "127.0.0.1", node.settings.sip_port)
    call = await phone.dial(number)
    await call.wait_answered()
    await call.wait_heard(lambda heard: recognise(heard, wanted).recognised, 20, "what callers hear")
    await call.hang_up()


def overrides(node: HotlineStack) -> list[dict[str, str]]:
    return list(json.loads(node.hotline("overrides", "--json").stdout)["overrides"])


def trail(node: HotlineStack) -> list[dict[str, str]]:
    return [json.loads(each) for each in node.settings.audit_file.read_text("utf-8").splitlines()]


def holding(folder: Path, secret: str) -> list[Path]:
    """Every file of a folder in which a text stands."""
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


async def closes_opens_and_clears(
    node: HotlineStack, telephones: Telephones, prompt: Prompts, pin: str
) -> None:
    me = "+4790070001"
    talk = await ring(node, telephones, prompt, me)
    await talk.answers("control-pin", f"{pin}#")
    await talk.answers("control-close", "1")
    await talk.answers("control-which-line", "1")
    await talk.answers("control-how-long", "2")
    await talk.answers("control-hours", "2#")
    await talk.hears("control-is-closed")
    (held,) = [each for each in await asyncio.to_thread(overrides, node) if each["line"] == "open"]
    assert (held["line"], held["kind"], held["by"]) == ("open", "close", "kari")
    await heard_by_caller(node, telephones, "+4790070002", OPEN, prompt("en/closed"))

    await talk.answers("control-close", "2")
    await talk.answers("control-which-line", "2")
    await talk.answers("control-how-long", "3")
    await talk.hears("control-until-cleared")
    await heard_by_caller(node, telephones, "+4790070003", CLOSED, prompt("en/greeting"))

    await talk.answers("control-close", "3")
    await talk.answers("control-which-line", "1")
    await talk.hears("control-cleared")
    await heard_by_caller(node, telephones, "+4790070004", OPEN, prompt("en/greeting"))
    await talk.answers("control-end", "*")
    await talk.call.wait_ended(15)
    changes = [entry for entry in trail(node) if entry["action"].startswith("override.")]
    changes = [entry for entry in changes if entry["subject"] != "other"]
    assert [entry["action"] for entry in changes] == ["override.set", "override.set", "override.clear"]
    assert {(entry["by"], entry["via"]) for entry in changes} == {("kari", f"telephone {me}")}


async def records(node: HotlineStack, telephones: Telephones, prompt: Prompts, pin: str) -> None:
    manuscript = await asyncio.to_thread(node.hotline, "prompts", "script", "--format", "csv", "--all")
    row = next(each for each in manuscript.stdout.splitlines() if ",en/incident.wav," in each)
    number = row.split(",")[1]
    voice = prompt("en/news")
    talk = await ring(node, telephones, prompt, "+4790070011")
    await talk.answers("control-pin", f"{pin}#")
    await talk.answers("control-record", "5")
    await talk.answers("control-which-prompt", f"{number}#")
    await talk.answers("control-which-language", "2")
    await talk.hears("control-after-the-tone")
    # The tone is not waited for: what is said into it is the silence before the voice.
    await asyncio.sleep(1.5)
    await talk.call.say(voice)
    await talk.call.send_keys("#")
    await talk.hears("news")
    await talk.answers("control-keep", "1")
    await talk.hears("control-kept")
    await talk.call.hang_up()
    surge = ("surge", "other", "--message", "incident", "--for", "2h")
    assert (await asyncio.to_thread(node.hotline, *surge)).returncode == 0
    try:
        await heard_by_caller(node, telephones, "+4790070012", DESERTED, voice)
    finally:
        await asyncio.to_thread(node.hotline, "clear", "other")


async def guesses(node: HotlineStack, telephones: Telephones, prompt: Prompts) -> None:
    me = "+4790070021"
    talk = await ring(node, telephones, prompt, me)
    await talk.answers("control-pin", f"{WRONG}#")
    for _ in range(2):
        await talk.answers("control-wrong-pin", f"{WRONG}#")
    await talk.hears("control-locked")
    await talk.call.wait_ended(15)
    again = await ring(node, telephones, prompt, me)
    await again.hears("control-locked")
    await again.call.wait_ended(15)


async def listens(node: HotlineStack, telephones: Telephones, prompt: Prompts, pin: str) -> None:
    """A PIN that may only hear, from an operator's own phone by the short code."""
    account, secret = node.accounts()["anna"]
    phone = await telephones.operator(account, secret, "127.0.0.1", node.settings.sip_port)
    call = await phone.dial("*80")
    await call.wait_answered()
    talk = Dialogue(call, prompt)
    await talk.answers("control-pin", f"{pin}#")
    await talk.answers("control-status", "1")
    await talk.answers("control-wrong-key", "4")
    await talk.hears("control-is-closed")
    await call.hang_up()


async def test_lines_are_closed_opened_and_recorded_by_telephone_and_no_pin_is_left_anywhere(
    node: HotlineStack, telephones: Telephones, prompt: Prompts
) -> None:
    pins = [new_pin(node, "kari"), new_pin(node, "ola", "admin"), new_pin(node, "per", "read")]
    await asyncio.gather(
        closes_opens_and_clears(node, telephones, prompt, pins[0]),
        guesses(node, telephones, prompt),
        listens(node, telephones, prompt, pins[2]),
        records(node, telephones, prompt, pins[1]),
    )

    for secret in (*pins, WRONG):
        assert holding(node.folder, secret) == []
    assert [entry["action"] for entry in trail(node)].count("pin.wrong") == 3
    assert 'hotline_control_pins_total{result="wrong"} 3.0' in node.get("/metrics")[1]
    # Four callers' calls and no control call.
    records_of_callers = await node.wait_calls(lambda calls: len(calls) >= 4, 20)
    assert {record["caller"] for record in records_of_callers} <= {
        "+4790070002",
        "+4790070003",
        "+4790070004",
        "+4790070012",
    }

    node.signal_service(signal.SIGKILL)
    talk = await ring(node, telephones, prompt, "+4790070031")
    await talk.hears("technical")
    await talk.call.wait_ended(20)
    assert not recognise(talk.call.heard(), prompt("en/control-pin")).recognised
