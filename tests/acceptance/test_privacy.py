"""A person who called in every way there is, erased while Asterisk goes on; and what retention takes away."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.launch.privacy.place import privacy_place
from hotline_ivr.launch.privacy.purging import purge
from hotline_ivr.testing.audio import Audio, tone
from hotline_ivr.testing.mailbox import Hook, HookReceiver
from hotline_ivr.testing.phone import PhoneCall, Telephones
from hotline_ivr.testing.plans import CLOSED, OPEN, line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.raw_sip import RawCall
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record
from tests.acceptance.operators import operator_of
from tests.acceptance.test_alerts import leave_message, until
from tests.acceptance.test_blocked import notices
from tests.acceptance.test_promises import DEADLINE_S, owed

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

MENU_LINE = "+4722851209"
PERSON, OTHER, LATER_ONE = "+4790055001", "+4790055002", "+4790055003"
NAME = "Kari Hansen-Holm"
TO_BJORN = "21"
SECRET = "a secret of this test"
HOOK_PORT, DEAD_PORT = free_port(), free_port()
# All kinds but the trail, which is looked at last, and whole calls with their logs.
KEEP = dict.fromkeys(
    ("numbers", "keys", "voicemail", "recordings", "entries", "webhooks", "promises", "history", "alerts"), 30
)
# Of each call what reports are made of.
PERSONAL = {"caller", "caller_name", "outside_number"}
Prompts = Callable[[str], Audio]


@pytest.fixture
def stack(make_stack: MakeStack, tmp_path: Path) -> HotlineStack:
    made = plan(
        {"anna": None, "bjorn": None},
        now=datetime.now(UTC),
        extra_queues={"second": ["bjorn"]},
        ring_time=120,
        extra_lines={"menu": line("Line with a menu", MENU_LINE) | {"menu": "main"}},
    )
    made["lines"]["closed"]["closed_to"] = {"voicemail": "box"}
    made["operators"]["bjorn"]["extension"] = TO_BJORN
    made["lines"]["open"]["recording"] = {"consent": "none", "after_transfer": "continue"}
    made["recordings"] = {"encrypt": "no"}
    made["privacy"] = {"keep": KEEP}
    made["voicemails"] = {"box": {"prompt": "after-the-tone", "max_length": "20s", "notify": ["webhook"]}}
    made["menus"] = {
        "main": {
            "prompt": "menu",
            "tries": "2",
            "timeout": "3s",
            "default": {"message": "closed"},
            "keys": {"9": {"callback": "main"}},
        }
    }
    secret = tmp_path / "hook"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    hook = {
        "secret": f"file:{secret}",
        "events": ["call-ended", "entry-saved", "person-erased"],
        "numbers": "yes",
    }
    made["webhooks"] = {
        name: {**hook, "url": f"http://127.0.0.1:{port}/hook"}
        for name, port in (("crm", HOOK_PORT), ("dead", DEAD_PORT))
    }
    made["alerts"] = {
        "webhooks": {"chat": {"url": f"http://127.0.0.1:{HOOK_PORT}/hook", "secret": f"file:{secret}"}},
        "to": [{"webhooks": ["chat"], "kinds": ["voicemail"]}],
    }
    stack = make_stack(made)
    stack.variables |= {"HOTLINE_RECORD_REFRESH": "1", "HOTLINE_LOG_LEVEL": "debug"}
    stack.start()
    return stack


@pytest.fixture
async def crm() -> AsyncIterator[HookReceiver]:
    """Takes what it is told; nobody takes what the other web hook is told."""
    async with HookReceiver(SECRET, port=HOOK_PORT) as made:
        yield made


def counted(records: list[Record]) -> list[Record]:
    return [{name: value for name, value in each.items() if name not in PERSONAL} for each in records]


def hotline(stack: HotlineStack, *arguments: str, code: int = 0) -> dict[str, Any]:
    done = stack.hotline(*arguments, "--json", deadline=90)
    assert done.returncode == code, done.stdout + done.stderr
    said: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith("{") else {"said": done.stderr}
    return said


async def speak(stack: HotlineStack, telephones: Telephones, number: str, *, handed_on: bool = False) -> None:
    """A conversation with anna, and with bjorn to whom she hands the caller on; both are recorded."""
    anna = await operator_of(stack, telephones, "anna")
    bjorn = await operator_of(stack, telephones, "bjorn") if handed_on else None
    call = await dial(stack, telephones, number, OPEN)
    talks = await anna.wait_rung(DEADLINE_S)
    await talks.answer()
    await asyncio.gather(call.say(tone(440, 1)), talks.say(tone(660, 1)))
    if bjorn is not None:
        transfer = asyncio.create_task(talks.transfer(TO_BJORN))
        talks = await bjorn.wait_rung(DEADLINE_S)
        await talks.answer()
        await transfer
        await asyncio.gather(call.say(tone(440, 1)), talks.say(tone(660, 1)))
    await call.hang_up()
    await talks.wait_ended(DEADLINE_S)
    for phone in (anna, bjorn):
        if phone is not None:
            await phone.unregister()


async def is_turned_away(stack: HotlineStack, number: str) -> None:
    """Blocked by hand, rings with a name, and is let in again."""
    before = notices(stack)
    made = await asyncio.to_thread(hotline, stack, "block", number, "--reason", f"rings from {number}")
    await told_of(stack, before + 1)
    sender = f'"{NAME}" <sip:{number}@127.0.0.1>'.encode()
    async with RawCall("127.0.0.1", stack.settings.sip_port, OPEN, sender) as call:
        if await call.wait_final(DEADLINE_S) == 200:
            await call.wait_ended(DEADLINE_S)
    await asyncio.to_thread(hotline, stack, "unblock", made["set"]["id"])
    await told_of(stack, before + 2)


async def told_of(stack: HotlineStack, count: int) -> None:
    """Until the service has taken notice of so many changes of who is blocked."""
    async with asyncio.timeout(DEADLINE_S):
        while notices(stack) < count:
            await asyncio.sleep(0.05)


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


def forms_of(number: str) -> list[bytes]:
    """In each way in which people and programs write it; the national digits are in most of them."""
    digits = number.removeprefix("+47")
    spaced = [
        f"{digits[:3]} {digits[3:5]} {digits[5:]}",
        " ".join(digits[at : at + 2] for at in (0, 2, 4, 6)),
    ]
    written = [number, f"0047{digits}", f"47{digits}", digits]
    coded = [base64.b64encode(each.encode()).rstrip(b"=") for each in written]
    wide = [each.encode(code) for each in (digits, *spaced) for code in ("utf-16-le", "utf-16-be")]
    named = [NAME.encode(), base64.b64encode(NAME.encode()).rstrip(b"=")] if number == PERSON else []
    return [digits.encode(), *(each.encode() for each in spaced), *coded, *wide, *named]


def where_it_stands(folder: Path, number: str) -> list[str]:
    """Our own search, byte by byte, over everything that the node has written, compressed logs too."""
    found = []
    for path in folder.rglob("*"):
        if not path.is_file() or path.is_symlink():
            continue
        content = path.read_bytes() + path.name.encode()
        if path.suffix == ".gz":
            content += gzip.decompress(path.read_bytes())
        found += [f"{path}: {form!r}" for form in forms_of(number) if form in content]
    return found


def keep_a_rotated_log(stack: HotlineStack) -> Path:
    """What logrotate leaves: a log of before, compressed."""
    cel = stack.settings.cel_file
    rotated = cel.with_name(f"{cel.name}-20260101.gz")
    rotated.write_bytes(gzip.compress(cel.read_bytes()))
    return rotated


async def finished(stack: HotlineStack, count: int) -> list[Record]:
    return await stack.wait_calls(
        lambda found: sum(each["finished"] for each in found) == count, DEADLINE_S, f"{count} calls"
    )


async def recorded(stack: HotlineStack, call: str, parts: int) -> None:
    """Until so many parts of a call are kept."""
    async with asyncio.timeout(DEADLINE_S):
        while len(list(stack.settings.recordings_dir.glob(f"{call}.*.wav"))) < parts:
            await asyncio.sleep(0.1)


def told(receiver: HookReceiver, event: str) -> list[Hook]:
    return [each for each in receiver.hooks if each.body.get("event") == event]


async def purged_later(stack: HotlineStack, record: Record) -> None:
    """The same node on a day on which all of it has been kept for long enough."""
    before = await even(stack)
    async with privacy_place(
        stack.settings, by="tester", now=datetime.now(UTC) + timedelta(days=31)
    ) as place:
        counts = {each.name: each.count for each in await purge(place)}
    assert (counts["recordings"], counts["entries"]) == (1, 1)
    assert where_it_stands(stack.folder, LATER_ONE) == []
    after = await finished(stack, 8)
    assert counted(after)[-1] == counted([record])[0]
    assert await even(stack) == before
    folded = hotline(stack, "refold")
    assert folded["changed"] == 0, folded["columns"]


async def test_a_person_is_erased_while_others_call_and_every_total_stays(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts, crm: HookReceiver, tmp_path: Path
) -> None:
    walk = await leave_message(stack, telephones, prompt, PERSON)
    message = await walk.record()
    assert message["outcome"] == "voicemail"
    sound = stack.settings.voicemail_dir / "box" / f"{message['id']}.wav"
    await is_promised_a_call(stack, telephones, PERSON)
    await owed(stack, PERSON, lambda found: len(found) == 1, 90)
    await is_promised_a_call(stack, telephones, OTHER)
    await is_turned_away(stack, PERSON)
    await speak(stack, telephones, PERSON, handed_on=True)
    records = await finished(stack, 5)
    assert sorted(each["outcome"] for each in records) == [
        *("answered", "blocked", "callback", "callback", "voicemail"),
    ]
    spoken = next(each["id"] for each in records if each["outcome"] == "answered")
    await recorded(stack, spoken, 2)
    await asyncio.to_thread(
        hotline, stack, "register", "add", "--call", spoken, "--question", "Ring 900 55 001 or 0047-90055001"
    )
    await asyncio.to_thread(
        hotline,
        stack,
        *("register", "add", "--way", "visit", "--line", "open", "--number", PERSON, "--question", "Who?"),
    )
    await until(lambda: told(crm, "call-ended") and told(crm, "entry-saved"), 30, "news")
    await until(lambda: [each for each in crm.hooks if each.body.get("kind") == "voicemail"], 30, "an alert")
    before = await even(stack)
    assert where_it_stands(stack.folder, PERSON), "or the search finds nothing ever"

    held = await asyncio.to_thread(hotline, stack, "privacy", "export", "900 55 001")
    assert (held["number"], len(held["call"]), len(held["entries"])) == (PERSON, 4, 2)
    assert {sound.name, f"{spoken}.1.wav", f"{spoken}.2.wav"} == set(held["recordings"])

    # In a call now, for anna's phone rings and nobody takes it up: refused, and nothing is touched.
    anna = await operator_of(stack, telephones, "anna")
    waits = await dial(stack, telephones, PERSON, OPEN)
    await stack.wait_calls(lambda found: len(found) == 6, DEADLINE_S, "the call in the record")
    refused = await asyncio.to_thread(stack.hotline, "privacy", "erase", PERSON, deadline=90)
    assert (refused.returncode, "in a call now" in refused.stderr) == (2, True), refused.stderr
    await waits.hang_up()
    records = await finished(stack, 6)
    before = await even(stack)
    folded = await asyncio.to_thread(hotline, stack, "refold")
    assert folded["changed"] == 0, folded["columns"]
    saved = await asyncio.to_thread(hotline, stack, "backup", str(tmp_path))

    # Asterisk writes on: somebody else hears the music while the person goes.
    other = await dial(stack, telephones, OTHER, OPEN)
    rotated = keep_a_rotated_log(stack)
    done = await asyncio.to_thread(hotline, stack, "privacy", "erase", "0047 900 55 001")
    assert (done["found"], done["calls"], done["entries"]) == ([], 5, 2)
    assert [each["path"] for each in done["backups"]] == [saved["path"]]
    await until(lambda: len(told(crm, "person-erased")) == 7, 30, "that copies have to go")
    for each in told(crm, "person-erased"):
        assert each.genuine
        assert "90055001" not in json.dumps(each.body)
    await other.hang_up()
    await anna.unregister()
    assert where_it_stands(stack.folder, PERSON) == []
    assert not sound.exists()
    assert list(stack.settings.recordings_dir.glob(f"{spoken}.*")) == []
    rotated.unlink()

    # The service reads on in the files that were changed behind it; a kill and a fold bring nothing back.
    stack.signal_service(signal.SIGKILL)
    stack.start_service()
    await asyncio.to_thread(stack.wait_ready)
    folded = await asyncio.to_thread(hotline, stack, "refold")
    assert folded["changed"] == 0, folded["columns"]
    after = await finished(stack, 7)
    assert counted(after)[:6] == counted(records)
    erased = [each["caller"] for each in after if each["caller"] != OTHER]
    assert len(erased) == 5
    assert len(set(erased)) == 1, "who called again is still known to be the same"
    assert erased[0].startswith("~")
    now = await even(stack)
    assert now["arrivals"] == before["arrivals"] + 1
    await speak(stack, telephones, LATER_ONE)
    last = (await finished(stack, 8))[-1]
    asked = ("--question", "Ring 90 05 50 03", "--number", LATER_ONE)
    await asyncio.to_thread(hotline, stack, "register", "add", "--call", last["id"], *asked)
    await recorded(stack, last["id"], 1)
    await purged_later(stack, last)
    trail = [json.loads(each) for each in stack.settings.audit_file.read_text().splitlines()]
    assert {"privacy.export", "privacy.erase", "numbers.read"} <= {each["action"] for each in trail}
    assert all("90055001" not in json.dumps(each) for each in trail)


async def test_a_backup_made_in_mid_call_is_read_on_from_after_the_restore(
    stack: HotlineStack, telephones: Telephones, tmp_path: Path
) -> None:
    call = await dial(stack, telephones, OTHER, CLOSED)
    made = await asyncio.to_thread(hotline, stack, "backup", str(tmp_path))
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
    done = await asyncio.to_thread(hotline, stack, "restore", made["path"])
    assert done["logs_stayed"]
    stack.start()
    again = await stack.wait_calls(
        lambda found: len(found) == len(records) and all(each["finished"] for each in found), 60, "all again"
    )
    assert again == records
    assert (await even(stack))["even"]
