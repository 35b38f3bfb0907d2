"""Alarms and messages on a real Asterisk, told by real mail and a real web hook; callers are sent on."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.testing.audio import Audio, tone
from hotline_ivr.testing.mailbox import Hook, HookReceiver, Mail, Mailbox
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import CLOSED, OPEN, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.menu_walks import Prompts, Walk, is_spoken

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

SECRET = "a secret of this test"
MAIL_PORT, HOOK_PORT = free_port(), free_port()
AFTER_S, TROUBLE_AFTER_S = 3, 10


def configuration(secret: Path) -> dict[str, Any]:
    phone = f"sip:x@127.0.0.1:{free_port()}"
    made = plan({"anna": phone, "bjorn": phone}, now=datetime.now(UTC))
    made["lines"]["open"]["overflow"] = [{"name": "empty", "nobody": "yes", "to": {"message": "news"}}]
    made["lines"]["closed"]["closed_to"] = {"voicemail": "box"}
    made["voicemails"] = {
        "box": {
            "prompt": "after-the-tone",
            "max_length": "20s",
            "notify": ["mail"],
            "mail_to": ["desk@example.org"],
        }
    }
    made["duty"] = {"people": {"kari": {"name": "Kari Nord", "mail": "kari@example.org"}}, "weeks": ["kari"]}
    made["alerts"] = {
        "mail": {
            "host": "127.0.0.1",
            "port": str(MAIL_PORT),
            "security": "none",
            "sender": "hotline@example.org",
        },
        "webhooks": {"chat": {"url": f"http://127.0.0.1:{HOOK_PORT}/hook", "secret": f"file:{secret}"}},
        "to": [{"mail": ["duty"], "webhooks": ["chat"]}],
        "ghost_open_after": f"{AFTER_S}s",
        "trouble_after": f"{TROUBLE_AFTER_S}s",
    }
    return made


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack, tmp_path_factory: pytest.TempPathFactory) -> HotlineStack:
    secret = tmp_path_factory.mktemp("secrets") / "hook"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    made = make_stack(configuration(secret))
    made.start()
    return made


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with Mailbox(MAIL_PORT) as made:
        yield made


@pytest.fixture
async def receiver() -> AsyncIterator[HookReceiver]:
    async with HookReceiver(SECRET, port=HOOK_PORT) as made:
        yield made


async def until(condition: Callable[[], object], deadline: float, what: str) -> None:
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, f"waited {deadline} s for {what}"
        await asyncio.sleep(0.05)


def mails(mailbox: Mailbox, kind: str) -> list[Mail]:
    """Those of one kind: a machine that is slow enough may have other alarms too."""
    return [each for each in mailbox.mails if each.message["X-Hotline-Alert"].startswith(kind)]


def hooks(receiver: HookReceiver, kind: str) -> list[Hook]:
    return [each for each in receiver.hooks if each.body["kind"] == kind]


async def command(stack: HotlineStack, *arguments: str) -> str:
    done = await asyncio.to_thread(stack.hotline, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def nothing_wrong(stack: HotlineStack) -> None:
    """Nothing is wrong, and nobody is yet to be told of anything."""
    end = time.monotonic() + 30
    while True:
        listed = json.loads(await command(stack, "alerts", "list", "--json"))
        if not listed["alarms"] and not listed["queued"]:
            return
        assert time.monotonic() < end, listed


async def ring(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts, number: str, line: str = OPEN
) -> Walk:
    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(line)
    await call.wait_answered()
    return Walk(stack, call, number, prompt)


async def test_open_but_nobody_ready_is_told_and_callers_are_sent_on_until_somebody_is(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts, mailbox: Mailbox, receiver: HookReceiver
) -> None:
    await nothing_wrong(stack)
    # One who is left is enough.
    await command(stack, "operators", "pause", "bjorn")
    waiting = await ring(stack, telephones, prompt, "+4790077001")
    assert (await waiting.event("wait")).fields[1] == "main"
    await waiting.call.hang_up()
    assert mails(mailbox, "ghost") == []

    await command(stack, "operators", "sign-out", "anna")
    await until(lambda: mails(mailbox, "ghost") and hooks(receiver, "ghost-open"), 30, "the alarm")
    (mail,) = mails(mailbox, "ghost")
    assert mail.recipients == ("kari@example.org",)
    assert mail.message["Subject"] == "[Test University] Open, but nobody ready: main"
    assert "- anna (Anna): signed out" in mail.text
    assert "- bjorn (Bjorn): on a pause: break" in mail.text
    assert "On duty: Kari Nord, kari@example.org." in mail.text
    (hook,) = hooks(receiver, "ghost-open")
    assert hook.genuine
    assert (hook.body["kind"], hook.body["state"], hook.body["about"]) == ("ghost-open", "raised", "main")
    assert mail.message["X-Hotline-Alert"] == hook.id

    sent_on = await ring(stack, telephones, prompt, "+4790077002")
    await sent_on.is_told("en/greeting")
    await sent_on.is_told("en/news")
    record = await sent_on.record()
    assert (record["outcome"], record["reasons"].split()[-1]) == ("no-operator", "overflow:empty")

    # The alarm stands over a kill: nobody is told again, and its end is not forgotten.
    stack.signal_service(signal.SIGKILL)
    stack.start_service()
    await asyncio.to_thread(stack.wait_ready)
    await until(lambda: 'hotline_alarms{kind="ghost-open"} 1.0' in stack.get("/metrics")[1], 20, "the alarm")
    await command(stack, "operators", "ready", "bjorn")
    await until(
        lambda: len(mails(mailbox, "ghost")) > 1 and len(hooks(receiver, "ghost-open")) > 1,
        30,
        "the all-clear",
    )
    await nothing_wrong(stack)
    assert [each.body["state"] for each in hooks(receiver, "ghost-open")] == ["raised", "over"]
    assert [each.message["Subject"] for each in mails(mailbox, "ghost")[1:]] == [
        "[Test University] All clear: main"
    ]

    again = await ring(stack, telephones, prompt, "+4790077003")
    assert (await again.event("wait")).fields[1] == "main"
    assert (await again.record())["outcome"] == "abandoned"
    await command(stack, "operators", "sign-in", "anna")


async def test_a_lost_asterisk_is_told_when_the_receiver_is_back_in_its_order(
    stack: HotlineStack, receiver: HookReceiver
) -> None:
    """Nobody takes mail, and the web hook is out of order at first."""
    await nothing_wrong(stack)
    receiver.status = 503
    stack.stop_part("asterisk")
    await until(lambda: hooks(receiver, "asterisk"), 60, "the first try")
    assert hooks(receiver, "asterisk")[0].body["state"] == "raised"
    stack.start_part("asterisk")
    await asyncio.to_thread(stack.wait_ready)
    receiver.hooks.clear()
    receiver.status = 200
    await until(lambda: len(hooks(receiver, "asterisk")) == 2, 60, "the alarm and its end")
    assert all(each.genuine for each in receiver.hooks)
    assert [each.body["state"] for each in hooks(receiver, "asterisk")] == ["raised", "over"]
    listed = json.loads(await command(stack, "alerts", "list", "--json"))
    # Who gets mail is still to be told.
    assert {each["deliveries"][0]["channel"] for each in listed["queued"]} == {"mail"}
    async with Mailbox(MAIL_PORT) as mailbox:
        await until(lambda: len(mails(mailbox, "asterisk")) == 2, 60, "the mails")
        await nothing_wrong(stack)
        assert len(mails(mailbox, "asterisk")) == 2


async def leave_message(stack: HotlineStack, telephones: Telephones, prompt: Prompts, number: str) -> Walk:
    """A closed line takes a message: a tone of four seconds, then the caller hangs up."""
    walk = await ring(stack, telephones, prompt, number, CLOSED)
    await walk.is_told("en/closed")
    await walk.is_told("en/after-the-tone")
    await walk.event("record")
    await walk.call.say(tone(440, 4))
    await walk.call.hang_up()
    return walk


async def test_a_message_is_mailed_once_though_the_mail_server_was_down_and_the_service_was_killed(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts, tmp_path: Path
) -> None:
    await nothing_wrong(stack)
    walk = await leave_message(stack, telephones, prompt, "+4790077011")
    record = await walk.record()
    assert record["outcome"] == "voicemail"
    await until(lambda: deliveries(stack, record["id"], "tries", 1), 30, "a try in vain")
    stack.signal_service(signal.SIGKILL)
    # Nobody notices this one until the service is back.
    second = await leave_message(stack, telephones, prompt, "+4790077012")
    async with Mailbox(MAIL_PORT) as mailbox:
        stack.start_service()
        await asyncio.to_thread(stack.wait_ready)
        other = await second.record()
        await until(lambda: len(mails(mailbox, "voicemail")) == 2, 60, "the mails")
        await nothing_wrong(stack)
        stack.signal_service(signal.SIGKILL)
        stack.start_service()
        await asyncio.to_thread(stack.wait_ready)
        await nothing_wrong(stack)
        assert len(mails(mailbox, "voicemail")) == 2
    by_alert = {each.message["X-Hotline-Alert"]: each for each in mails(mailbox, "voicemail")}
    assert set(by_alert) == {f"voicemail-{record['id']}", f"voicemail-{other['id']}"}
    mail = by_alert[f"voicemail-{record['id']}"]
    assert mail.recipients == ("desk@example.org",)
    assert "Caller: +4790077011" in mail.text
    assert mail.recording is not None
    attached = tmp_path / "attached.wav"
    attached.write_bytes(mail.recording)
    assert is_spoken(attached)

    # The desk: listed, heard, done, and in the trail.
    listed = json.loads(await command(stack, "voicemail", "list", "--state", "new", "--numbers", "--json"))
    assert {each["caller"] for each in listed["messages"]} == {"+4790077011", "+4790077012"}
    played = tmp_path / "played.wav"
    await command(stack, "voicemail", "play", record["id"], "--out", str(played))
    assert played.read_bytes() == mail.recording
    assert Audio.from_wav(played).seconds == pytest.approx(
        next(each["length_s"] for each in listed["messages"] if each["id"] == record["id"]), abs=0.1
    )
    await command(stack, "voicemail", "done", record["id"])
    left = json.loads(await command(stack, "voicemail", "list", "--state", "new", "--json"))
    assert [each["id"] for each in left["messages"]] == [other["id"]]
    await command(stack, "voicemail", "check")
    trail = stack.settings.audit_file.read_text(encoding="utf-8")
    assert "voicemail.play" in trail
    assert "voicemail.done" in trail


def deliveries(stack: HotlineStack, call: str, name: str, least: int) -> bool:
    """Whether the alert of this call's message has come so far."""
    file = stack.settings.alerts_dir / "queue" / f"voicemail-{call}.json"
    if not file.exists():
        return False
    told = json.loads(file.read_text(encoding="utf-8"))["deliveries"]
    return bool(told) and all(each[name] >= least for each in told)
