"""Recording of conversations, by real calls: what is on tape, with whose consent, and what becomes of it."""

from __future__ import annotations

import asyncio
import json
import signal

import pytest

from hotline_ivr.testing.audio import recognise, tone_share
from hotline_ivr.testing.phone import Phone, Telephones
from hotline_ivr.testing.plans import OPEN
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.operators import operator_of
from tests.acceptance.recording_calls import (
    ASKED,
    CODE,
    HIDDEN_HZ,
    TO_BJORN,
    TOLD,
    UNHEARD,
    Prompts,
    Talk,
    begin,
    cel,
    has_both,
    heard,
    listed,
    plain_files,
    recording_node,
    sealed_files,
    wait_until,
)

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    return recording_node(make_stack, free_port())


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
