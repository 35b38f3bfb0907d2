"""The control number, by real telephones: closing, opening, clearing, recording, and who has no PIN."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hotline_ivr.routing.speech import date_of, time_of_day
from hotline_ivr.testing.audio import Audio, recognise
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import CLOSED, DESERTED, OPEN
from hotline_ivr.testing.stack import HotlineStack
from tests.acceptance.by_hand import decide
from tests.acceptance.control_calls import Dialogue, Prompts, control_node, new_pin, number_of, ring, trail
from tests.acceptance.operators import operator_of

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

WRONG = "907142"

MakeNode = Callable[[str], HotlineStack]


@pytest.fixture
def make_node(
    tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path, texts: Path, sounds: Path
) -> Iterator[MakeNode]:
    """Makes a running node whose control number speaks a language."""
    with ExitStack() as made:

        def make(language: str) -> HotlineStack:
            folder = tmp_path_factory.mktemp(language)
            node = control_node(folder, language, texts=texts, sounds=sounds, asterisk_root=asterisk_root)
            made.enter_context(node).start()
            return node

        yield make


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
    assert {entry["by"] for entry in changes} == {"kari"}
    (via,) = {entry["via"] for entry in changes}
    assert via.startswith("telephone ~"), "persons are named there by pseudonym"
    assert me[3:] not in json.dumps(trail(node))


async def records(node: HotlineStack, telephones: Telephones, prompt: Prompts, pin: str) -> None:
    number = await number_of(node, "en/incident")
    voice = prompt("en/news")
    talk = await ring(node, telephones, prompt, "+4790070011")
    await talk.answers("control-pin", f"{pin}#")
    await talk.answers("control-record", "5")
    await talk.answers("control-which-prompt", f"{number}#")
    await talk.answers("control-which-language", "2")
    await talk.is_told("control-after-the-tone")
    await talk.says(voice)
    await talk.hears("news")
    await talk.answers("control-keep", "1")
    await talk.hears("control-kept")
    await talk.call.hang_up()
    await decide(node, "surge", "other", "--message", "incident", "--for", "2h")
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
    assert me in (await asyncio.to_thread(node.hotline, "pin", "locked")).stdout
    assert (await asyncio.to_thread(node.hotline, "pin", "unlock", me)).returncode == 0
    let_in = await ring(node, telephones, prompt, me)
    await let_in.hears("control-pin")
    await let_in.call.hang_up()


async def listens(node: HotlineStack, telephones: Telephones, prompt: Prompts, pin: str) -> None:
    """A PIN that may only hear, from an operator's own phone by the short code."""
    phone = await operator_of(node, telephones, "anna")
    call = await phone.dial("*80")
    await call.wait_answered()
    talk = Dialogue(call, prompt, "en")
    await talk.answers("control-pin", f"{pin}#")
    await talk.answers("control-status", "1")
    await talk.answers("control-wrong-key", "4")
    await talk.hears("control-is-closed")
    await call.hang_up()


async def test_lines_are_closed_opened_and_recorded_by_telephone_and_no_pin_is_left_anywhere(
    make_node: MakeNode, telephones: Telephones, prompt: Prompts
) -> None:
    node = await asyncio.to_thread(make_node, "en")
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


async def test_in_norwegian_a_line_is_opened_until_its_calendar_changes_and_a_bad_recording_is_refused(
    make_node: MakeNode, telephones: Telephones, prompt: Prompts
) -> None:
    node = await asyncio.to_thread(make_node, "nb")
    pin, number = new_pin(node, "ola", "admin"), await number_of(node, "nb/incident")
    talk = await ring(node, telephones, prompt, "+4790070041", language="nb")
    await talk.answers("control-pin", f"{pin}#")
    await talk.answers("control-open", "2")
    await talk.answers("control-which-line", "2")
    await talk.answers("control-how-long", "1")
    # As `closed_now` has written its week.
    day = datetime.now(ZoneInfo("Europe/Oslo")) + timedelta(days=3)
    until = day.replace(hour=10, minute=0, second=0, microsecond=0)
    await talk.hears("control-is-open", "control-by-hand", "control-until")
    await talk.hears(*date_of("nb", until.date()), *time_of_day("nb", 10 * 60))
    (held,) = await asyncio.to_thread(overrides, node)
    assert (held["line"], held["kind"], held["by"]) == ("closed", "open", "ola")
    assert datetime.fromisoformat(held["until"]) == until
    await heard_by_caller(node, telephones, "+4790070042", CLOSED, prompt("en/greeting"))

    await talk.answers("control-record", "5")
    await talk.answers("control-which-prompt", f"{number}#")
    await talk.answers("control-which-language", "1")
    await talk.is_told("control-after-the-tone")
    await talk.says(None)
    await talk.answers("control-keep", "1")
    await talk.hears("control-refused", "control-silent")
    assert not list(Path(node.variables["HOTLINE_SOUNDS"]).rglob("incident.*"))
    # It is asked for again at once, and this time somebody speaks.
    await talk.is_told("control-after-the-tone")
    await talk.says(prompt("nb/news"))
    await talk.hears("news")
    await talk.answers("control-keep", "1")
    await talk.hears("control-kept")
    await talk.answers("control-end", "*")
    await talk.hears("control-goodbye")
    await talk.call.wait_ended(15)
    assert [file.name for file in Path(node.variables["HOTLINE_SOUNDS"]).rglob("incident.*")] == [
        "incident.wav"
    ]
    assert [entry["action"] for entry in trail(node)] == [
        "pin.set",
        "pin.right",
        "override.set",
        "prompt.record",
    ]
