"""A person who rang, spoke, left a message and was promised a call, erased while Asterisk goes on."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.testing.audio import Audio
from hotline_ivr.testing.phone import PhoneCall, Telephones
from hotline_ivr.testing.plans import CLOSED, OPEN, line, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record
from tests.acceptance.test_alerts import leave_message
from tests.acceptance.test_promises import DEADLINE_S, owed

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

MENU_LINE = "+4722851209"
PERSON, OTHER = "+4790055001", "+4790055002"
FORMS = (b"90055001", b"KzQ3OTAwNTUwMDE", b"900 55 001", b"90 05 50 01", b"OTAwNTUwMDE", b"NDc5MDA1NTAwMQ")
# Of each call what reports are made of.
PERSONAL = {"caller", "caller_name", "outside_number"}
Prompts = Callable[[str], Audio]


@pytest.fixture
def stack(make_stack: MakeStack) -> HotlineStack:
    made = plan(
        {"anna": None},
        now=datetime.now(UTC),
        ring_time=60,
        extra_lines={"menu": line("Line with a menu", MENU_LINE) | {"menu": "main"}},
    )
    made["lines"]["closed"]["closed_to"] = {"voicemail": "box"}
    made["voicemails"] = {"box": {"prompt": "after-the-tone", "max_length": "20s"}}
    made["menus"] = {
        "main": {
            "prompt": "menu",
            "tries": "2",
            "timeout": "3s",
            "default": {"message": "closed"},
            "keys": {"9": {"callback": "main"}},
        }
    }
    stack = make_stack(made)
    stack.variables["HOTLINE_RECORD_REFRESH"] = "1"
    stack.start()
    return stack


def counted(records: list[Record]) -> list[Record]:
    return [{name: value for name, value in each.items() if name not in PERSONAL} for each in records]


def hotline(stack: HotlineStack, *arguments: str, code: int = 0) -> dict[str, Any]:
    done = stack.hotline(*arguments, "--json", deadline=90)
    assert done.returncode == code, done.stdout + done.stderr
    said: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith("{") else {"said": done.stderr}
    return said


async def speak(stack: HotlineStack, telephones: Telephones, number: str) -> None:
    """A conversation with anna."""
    account, secret = stack.accounts()["anna"]
    anna = await telephones.operator(account, secret, "127.0.0.1", stack.settings.sip_port)
    call = await dial(stack, telephones, number, OPEN)
    ringing = await anna.wait_rung(DEADLINE_S)
    await ringing.answer()
    await call.wait_heard(lambda heard: heard.seconds > 1, DEADLINE_S, "somebody")
    await call.hang_up()
    await ringing.wait_ended(DEADLINE_S)
    await anna.unregister()


async def dial(stack: HotlineStack, telephones: Telephones, number: str, called: str) -> PhoneCall:
    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(called)
    await call.wait_answered(DEADLINE_S)
    return call


async def is_promised_a_call(stack: HotlineStack, telephones: Telephones, number: str) -> None:
    before = menus(stack)
    call = await dial(stack, telephones, number, MENU_LINE)
    async with asyncio.timeout(DEADLINE_S):
        while menus(stack) == before:
            await asyncio.sleep(0.05)
    await call.send_keys("9")
    await call.wait_ended(DEADLINE_S)


def menus(stack: HotlineStack) -> int:
    """How many have come to the menu: of a number's second call the log of stages tells nothing."""
    return stack.settings.cel_file.read_bytes().count(b"menu|main|")


def balance(stack: HotlineStack) -> Mapping[str, Any]:
    said = json.loads(stack.hotline("balance", "--json").stdout)
    return {"even": said["even"], "arrivals": said["arrivals"], "lines": said["lines"]}


async def even(stack: HotlineStack) -> Mapping[str, Any]:
    async with asyncio.timeout(DEADLINE_S):
        while not (said := await asyncio.to_thread(balance, stack))["even"]:
            await asyncio.sleep(0.5)
    return said


def where_it_stands(folder: Path) -> list[str]:
    """Our own search, byte by byte, over everything that the node has written."""
    return [
        f"{path}: {form!r}"
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
        for form in FORMS
        if form in path.read_bytes() or form in path.name.encode()
    ]


async def test_a_person_is_erased_while_others_call_and_every_total_stays(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts
) -> None:
    walk = await leave_message(stack, telephones, prompt, PERSON)
    message = await walk.record()
    assert message["outcome"] == "voicemail"
    sound = stack.settings.voicemail_dir / "box" / f"{message['id']}.wav"
    await is_promised_a_call(stack, telephones, PERSON)
    await owed(stack, PERSON, lambda found: len(found) == 1, 90)
    await is_promised_a_call(stack, telephones, OTHER)
    await speak(stack, telephones, PERSON)
    records = await stack.wait_calls(
        lambda found: sum(each["finished"] for each in found) == 4, DEADLINE_S, "four calls"
    )
    assert sorted(each["outcome"] for each in records) == ["answered", "callback", "callback", "voicemail"]
    before = await even(stack)
    assert where_it_stands(stack.folder), "or the search finds nothing ever"

    held = hotline(stack, "privacy", "export", "900 55 001")
    assert (held["number"], len(held["call"]), held["recordings"]) == (PERSON, 3, [sound.name])

    # In a call now: refused, and nothing is touched.
    waits = await dial(stack, telephones, PERSON, OPEN)
    await stack.wait_calls(lambda found: len(found) == 5, DEADLINE_S, "the call in the record")
    refused = await asyncio.to_thread(stack.hotline, "privacy", "erase", PERSON, deadline=90)
    assert (refused.returncode, "in a call now" in refused.stderr) == (2, True), refused.stderr
    await waits.hang_up()
    records = await stack.wait_calls(
        lambda found: sum(each["finished"] for each in found) == 5, DEADLINE_S, "five calls"
    )
    before = await even(stack)
    folded = hotline(stack, "refold")
    assert folded["changed"] == 0, folded["columns"]

    # Asterisk writes on: somebody else hears the music while the person goes.
    other = await dial(stack, telephones, OTHER, OPEN)
    done = await asyncio.to_thread(hotline, stack, "privacy", "erase", "0047 900 55 001")
    assert (done["found"], done["calls"]) == ([], 4)
    await other.hang_up()
    assert where_it_stands(stack.folder) == []
    assert not sound.exists()

    # The service reads on in the files that were changed behind it; a kill and a fold bring nothing back.
    stack.signal_service(signal.SIGKILL)
    stack.start_service()
    await asyncio.to_thread(stack.wait_ready)
    folded = hotline(stack, "refold")
    assert folded["changed"] == 0, folded["columns"]
    after = await stack.wait_calls(
        lambda found: sum(each["finished"] for each in found) == 6, DEADLINE_S, "six calls"
    )
    assert counted(after)[:5] == counted(records)
    erased = [each["caller"] for each in after if each["caller"] != OTHER]
    assert len(erased) == 4
    assert len(set(erased)) == 1, "who called again is still known to be the same"
    assert erased[0].startswith("~")
    now = await even(stack)
    assert now["arrivals"] == before["arrivals"] + 1
    await speak(stack, telephones, PERSON)
    await stack.wait_calls(lambda found: len(found) == 7, DEADLINE_S, "a new call of theirs")
    trail = [json.loads(each) for each in stack.settings.audit_file.read_text().splitlines()]
    assert {"privacy.export", "privacy.erase", "numbers.read"} <= {each["action"] for each in trail}
    assert all("90055001" not in json.dumps(each) for each in trail)


async def test_a_backup_made_in_mid_call_is_read_on_from_after_the_restore(
    stack: HotlineStack, telephones: Telephones, tmp_path: Path
) -> None:
    call = await dial(stack, telephones, OTHER, CLOSED)
    made = hotline(stack, "backup", str(tmp_path))
    await call.hang_up()
    await speak(stack, telephones, "+4790055009")
    records = await stack.wait_calls(
        lambda found: (
            all(each["finished"] for each in found) and any(each["caller"] == "+4790055009" for each in found)
        ),
        DEADLINE_S,
        "all calls over",
    )
    refused = stack.hotline("restore", made["path"])
    assert (refused.returncode, "already runs" in refused.stderr) == (1, True)
    stack.stop()
    (stack.settings.state_dir / "hotline.db").write_bytes(b"lost")
    done = hotline(stack, "restore", made["path"])
    assert done["logs_stayed"]
    stack.start()
    again = await stack.wait_calls(
        lambda found: len(found) == len(records) and all(each["finished"] for each in found), 60, "all again"
    )
    assert again == records
    assert (await even(stack))["even"]
