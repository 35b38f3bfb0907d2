"""Recording of conversations, by real calls: what is on tape, with whose consent, and what becomes of it."""

from __future__ import annotations

import asyncio
import json
import signal
import time
import wave
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.control.recording_seal import make_key
from hotline_ivr.testing.audio import Audio, recognise, tone, tone_share
from hotline_ivr.testing.centre_desk import CentreDesk, Manners
from hotline_ivr.testing.phone import Phone, PhoneCall, Telephones
from hotline_ivr.testing.plans import OPEN, closed_now, line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

Prompts = Callable[[str], Audio]
ASKED, TOLD, AWAY = "+4722851211", "+4722851212", "+4722851213"
OUTSIDE, DESK_PORT = "+4722850000", free_port()
CODE = "*7"
TO_BJORN = "21"
CALLERS_HZ, OPERATORS_HZ, HIDDEN_HZ = 1000.0, 700.0, 1400.0
HEARD, UNHEARD = 0.15, 0.02
"""Shares of a tone in a file that has it for a good part of its time, and in one that has none of it."""


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    private, public = make_key()
    other, _ = make_key()
    config = plan(
        {"anna": None, "bjorn": None},
        now=datetime.now(UTC),
        extra_queues={"second": ["bjorn"]},
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
    config["trunks"]["carrier"]["outbound"] = f"127.0.0.1:{DESK_PORT}"
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


@pytest.fixture
async def anna(stack: HotlineStack, telephones: Telephones) -> Phone:
    return await operator_of(stack, telephones, "anna")


async def operator_of(stack: HotlineStack, telephones: Telephones, name: str) -> Phone:
    account, secret = stack.accounts()[name]
    return await telephones.operator(account, secret, "127.0.0.1", stack.settings.sip_port)


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
    return sorted(each.name for each in stack.settings.plain_recordings_dir.iterdir())


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


async def test_off_by_default_makes_no_file(stack: HotlineStack, telephones: Telephones, anna: Phone) -> None:
    talk = await begin(stack, telephones, anna, "+4790080000", OPEN)
    await talk.tones()
    assert plain_files(stack) == []
    assert "No such module" not in await asyncio.to_thread(stack.console, "module reload features")
    record = await talk.over()
    assert (record["outcome"], record["consent"], record["recorded"]) == ("answered", None, None)
    assert sealed_files(stack, record["id"]) == []


async def test_our_own_account_may_pause_and_cannot_have_asterisk_run_a_command(stack: HotlineStack) -> None:
    """The manager interface has an action that records into any file, and runs what it is given."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.settings.ami_port)
    login = f"Action: Login\r\nUsername: hotline\r\nSecret: {stack.ami_secret()}\r\n\r\n"
    action = "Action: MixMonitor\r\nChannel: PJSIP/none-1\r\nFile: /tmp/x.wav\r\nCommand: true\r\n\r\n"
    writer.write((login + action + "Action: Logoff\r\n\r\n").encode())
    async with asyncio.timeout(10):
        said = (await reader.read(-1)).decode()
    writer.close()
    assert "Message: Authentication accepted" in said
    assert "Message: Permission denied" in said


async def test_who_agrees_is_recorded_and_the_operators_code_cuts_out_what_is_secret(
    stack: HotlineStack, telephones: Telephones, anna: Phone, prompt: Prompts
) -> None:
    talk = await begin(stack, telephones, anna, "+4790080001", ASKED, "1")
    await talk.tones(1.5)
    await talk.operator.send_keys(CODE)
    await talk.told("recording-paused")
    paused = prompt("en/recording-paused")
    await talk.operator.wait_heard(lambda told: recognise(told, paused).recognised, 10, "that it is paused")
    # What is said by now is not on any tape, and nothing tells of the keys.
    await talk.tones(1.2, callers=HIDDEN_HZ)
    assert not recognise(talk.caller.heard(), paused).recognised
    assert [name for name in plain_files(stack) if name.endswith(".raw")] == []
    # The pause ends by itself.
    await talk.told("recording-resumed")
    await talk.tones(1.5)
    record = await talk.over()
    assert (record["outcome"], record["consent"], record["recorded"]) == ("answered", "agreed", 2)
    rows = await listed(stack, record["id"], 2)
    assert all(row["encrypted"] for row in rows)
    assert plain_files(stack) == []
    for row in rows:
        operators, callers = await heard(stack, record["id"], row["part"])
        has_both(operators, callers)
        # Only the talk: neither what was played before, nor what is secret.
        assert tone_share(callers, HIDDEN_HZ) < UNHEARD
        for name in ("en/greeting", "en/recording-question"):
            for side in (operators, callers):
                assert not recognise(side, prompt(name)).recognised
        assert operators.seconds <= record["talk_ms"] / 1000 + 0.5
    print(f"parts of {[row['length_s'] for row in rows]} s of a talk of {record['talk_ms']} ms")  # noqa: T201
    sealed = sealed_files(stack, record["id"])
    assert [path.suffix for path in sealed] == [".age", ".age"]
    assert sealed[0].read_bytes().startswith(b"age-encryption.org/v1")
    wrong = await asyncio.to_thread(
        stack.hotline,
        *("recordings", "export", record["id"], "--out", str(stack.folder / "wrong.wav")),
        *("--key", str(stack.folder / "other")),
    )
    assert wrong.returncode == 1
    assert wrong.stderr == f"{record['id']}.1: this private key does not open it; another one does\n"
    assert not (stack.folder / "wrong.wav").exists()


@pytest.mark.parametrize(("key", "said"), [("2", "refused"), ("", "no-answer")])
async def test_who_does_not_agree_is_served_and_not_recorded(
    stack: HotlineStack, telephones: Telephones, anna: Phone, prompt: Prompts, key: str, said: str
) -> None:
    talk = await begin(stack, telephones, anna, f"+479008001{len(key)}", ASKED, key)
    await talk.tones()
    assert recognise(talk.caller.heard(), prompt("en/recording-off")).recognised
    assert plain_files(stack) == []
    record = await talk.over()
    assert (record["outcome"], record["consent"], record["recorded"]) == ("answered", said, None)


async def test_who_is_told_is_recorded_and_a_command_pauses_the_tape(
    stack: HotlineStack, telephones: Telephones, anna: Phone, prompt: Prompts
) -> None:
    talk = await begin(stack, telephones, anna, "+4790080003", TOLD)
    assert recognise(talk.caller.heard(), prompt("en/recording-announce")).recognised
    await talk.tones()
    call = json.loads(cel(stack, talk.number).splitlines()[0])["linkedid"]
    paused = await asyncio.to_thread(stack.hotline, "recordings", "pause", call)
    assert paused.returncode == 0, paused.stderr
    assert "paused until" in paused.stdout
    await talk.tones(callers=HIDDEN_HZ)
    resumed = await asyncio.to_thread(stack.hotline, "recordings", "resume", call)
    assert (resumed.returncode, resumed.stdout) == (0, f"{call}: on\n"), resumed.stderr
    await talk.tones()
    record = await talk.over()
    assert (record["consent"], record["recorded"]) == ("announced", 2)
    await listed(stack, call, 2)
    for part in (1, 2):
        operators, callers = await heard(stack, call, part)
        has_both(operators, callers)
        assert tone_share(callers, HIDDEN_HZ) < UNHEARD
    late = await asyncio.to_thread(stack.hotline, "recordings", "pause", call)
    assert (late.returncode, late.stderr) == (2, f"call {call} is not being recorded now.\n")
    trail = stack.settings.audit_file.read_text(encoding="utf-8")
    for action in ("recording.pause", "recording.resume", "recording.play"):
        assert action in trail


async def test_a_colleague_is_recorded_too_where_the_rule_says_so(
    stack: HotlineStack, telephones: Telephones, anna: Phone
) -> None:
    bjorn = await operator_of(stack, telephones, "bjorn")
    talk = await begin(stack, telephones, anna, "+4790080004", ASKED, "1")
    await talk.tones()
    transfer = asyncio.create_task(talk.operator.transfer(TO_BJORN))
    bjorns = await bjorn.wait_rung(10)
    await bjorns.answer()
    await transfer
    after = Talk(stack, talk.number, talk.caller, bjorns)
    await after.tones()
    record = await after.over()
    assert record["recorded"] == 2
    await listed(stack, record["id"], 2)
    for part in (1, 2):
        has_both(*await heard(stack, record["id"], part))


async def test_a_colleague_who_was_asked_first_is_recorded_from_when_the_caller_is_there(
    stack: HotlineStack, telephones: Telephones, anna: Phone
) -> None:
    bjorn = await operator_of(stack, telephones, "bjorn")
    talk = await begin(stack, telephones, anna, "+4790080007", ASKED, "1")
    await talk.tones(3)
    await talk.operator.native.hold()
    asks = await anna.dial(TO_BJORN)
    bjorns = await bjorn.wait_rung(10)
    await bjorns.answer()
    await asks.wait_answered()
    # Operators among themselves: the recording of the caller, who hears music, goes on without it.
    await asyncio.gather(asks.say(tone(HIDDEN_HZ, 1)), bjorns.say(tone(HIDDEN_HZ, 1)))
    await talk.operator.transfer_to(asks)
    after = Talk(stack, talk.number, talk.caller, bjorns)
    await after.told("recording|2")
    await after.tones()
    # The colleague's code works as the first operator's does.
    await bjorns.send_keys(CODE)
    await after.told("recording-paused|2")
    await after.tones(callers=HIDDEN_HZ)
    await bjorns.send_keys(CODE)
    await after.told("recording|3")
    await after.tones()
    record = await after.over()
    assert (record["outcome"], record["recorded"]) == ("answered", 3)
    await listed(stack, record["id"], 3)
    for part in (1, 2, 3):
        operators, callers = await heard(stack, record["id"], part)
        has_both(operators, callers)
        assert max(tone_share(each, HIDDEN_HZ) for each in (operators, callers)) < UNHEARD
    assert plain_files(stack) == []


async def test_a_call_at_a_centre_is_recorded_where_the_centre_says_so_and_the_caller_was_told(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts
) -> None:
    number = "+4790080008"
    async with CentreDesk(DESK_PORT, {OUTSIDE: Manners.PRESSES}) as desk:
        phone = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
        caller = await phone.dial(AWAY)
        there = await desk.answered(OUTSIDE, AWAY, 40)
        await wait_until(lambda: "recording|1" in cel(stack, number), 20, "the recording")
        assert recognise(caller.heard(), prompt("en/recording-announce")).recognised
        await caller.say(tone(CALLERS_HZ, 1.5))
        desk.hang_up(there)
        await caller.wait_ended(10)
    record = await stack.wait_call(number)
    assert (record["outcome"], record["consent"], record["recorded"]) == ("overflowed", "announced", 1)
    await listed(stack, record["id"], 1)
    _, callers = await heard(stack, record["id"], 1)
    assert tone_share(callers, CALLERS_HZ) > HEARD


async def test_a_service_that_is_killed_loses_and_doubles_nothing(
    stack: HotlineStack, telephones: Telephones, anna: Phone
) -> None:
    talk = await begin(stack, telephones, anna, "+4790080005", ASKED, "1")
    await talk.tones()
    stack.signal_service(signal.SIGKILL)
    await talk.tones()
    # Asterisk alone pauses and goes on as it is told.
    await talk.operator.send_keys(CODE)
    await talk.told("recording-paused")
    await talk.operator.hang_up()
    await talk.caller.wait_ended(5)
    # Who agrees while the disk is nearly full is not recorded, and talks all the same.
    (stack.settings.plain_recordings_dir / "full").touch()
    full = await begin(stack, telephones, anna, "+4790080006", ASKED, "1")
    await full.tones()
    assert "recording-full" in cel(stack, full.number)
    assert [name for name in plain_files(stack) if name.endswith(".raw")] == []
    await full.operator.hang_up()
    await full.caller.wait_ended(5)
    stack.start_service()
    await asyncio.to_thread(stack.wait_ready)
    record = await stack.wait_call(talk.number)
    assert (record["consent"], record["recorded"]) == ("agreed", 1)
    await listed(stack, record["id"], 1)
    has_both(*await heard(stack, record["id"], 1))
    record_of_full = await stack.wait_call(full.number)
    assert (record_of_full["consent"], record_of_full["recorded"]) == ("agreed", None)
    await wait_until(lambda: plain_files(stack) == [], 10, "an empty folder")
    checked = await asyncio.to_thread(stack.hotline, "recordings", "verify", "--thorough")
    assert checked.returncode == 0, checked.stdout
    deleted = await asyncio.to_thread(stack.hotline, "recordings", "delete", record["id"])
    assert (deleted.returncode, sealed_files(stack, record["id"])) == (0, [])
