"""No part of a recording is lost, left over, or kept too long, without being named; by real calls."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from hotline_ivr.testing.audio import tone_share
from hotline_ivr.testing.phone import Phone, Telephones
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

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

HOUR, DAY = 3600, 86_400
NOBODYS = "main-17.3"


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    return recording_node(make_stack, free_port())


def age(path: Path, seconds: int) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def call_of(talk: Talk) -> str:
    return str(json.loads(cel(talk.stack, talk.number).splitlines()[0])["linkedid"])


async def say(stack: HotlineStack, *words: str, code: int = 0) -> str:
    """What the command says of recordings."""
    done = await asyncio.to_thread(stack.hotline, "recordings", *words)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout


async def verified(stack: HotlineStack, *lines: str) -> None:
    """The check names just this, once the service has got so far."""
    wanted = sorted(lines) or ["every recording has its call, and every recorded call its recordings"]
    end = time.monotonic() + 20
    while True:
        done = await asyncio.to_thread(stack.hotline, "recordings", "verify", "--thorough")
        if sorted(done.stdout.splitlines()) == wanted:
            break
        assert time.monotonic() < end, (done.stdout, done.stderr)
    assert done.returncode == (1 if lines else 0)


async def deleted_in_mid_call(talk: Talk) -> tuple[str, Path, bytes]:
    """A talk whose recording is deleted twice; its call, and the first part that was deleted."""
    stack = talk.stack
    await talk.tones()
    call = call_of(talk)
    await say(stack, "pause", call)
    await listed(stack, call, 1)
    (first,) = sealed_files(stack, call)
    sealed = first.read_bytes()
    assert await say(stack, "delete", call) == f"{call}: 1 deleted\n"
    assert await say(stack, "resume", call) == f"{call}: on\n"
    await talk.tones(callers=HIDDEN_HZ)
    # The part that is being written goes too, and nothing follows it, whatever the operator presses.
    assert [each for each in plain_files(stack) if each.endswith((".raw", ".done"))] == [f"{call}.2.raw"]
    assert await say(stack, "delete", call) == f"{call}: 1 deleted\n"
    # The pause was stopped before, and now the part.
    await wait_until(
        lambda: cel(stack, talk.number).count("recording-stopped") == 2, 10, "the end of the tape"
    )
    await talk.operator.send_keys(CODE)
    await talk.tones(callers=HIDDEN_HZ)
    assert [each for each in plain_files(stack) if each.endswith((".raw", ".done"))] == []
    assert await say(stack, "resume", call) == f"{call}: on\n"
    await talk.tones()
    record = await talk.over()
    assert (record["outcome"], record["recorded"]) == ("answered", 3)
    (row,) = await listed(stack, call, 1)
    assert row["part"] == 3
    operators, callers = await heard(stack, call, 3)
    has_both(operators, callers)
    assert tone_share(callers, HIDDEN_HZ) < UNHEARD
    return call, first, sealed


async def two_parts_of_which_one_is_lost(talk: Talk) -> str:
    """The service is killed, and the second part goes with the memory in which it lay."""
    stack = talk.stack
    await talk.tones()
    call = call_of(talk)
    await say(stack, "pause", call)
    await say(stack, "resume", call)
    await talk.tones()
    await listed(stack, call, 1)
    stack.signal_service(signal.SIGKILL)
    await talk.operator.hang_up()
    await talk.caller.wait_ended(5)
    lost = stack.settings.plain_recordings_dir / f"{call}.2.done"
    await wait_until(lost.exists, 10, "the second part")
    lost.unlink()
    return call


async def recorded_three_months_ago(talk: Talk) -> str:
    stack = talk.stack
    await talk.tones()
    await talk.operator.hang_up()
    await talk.caller.wait_ended(5)
    call = call_of(talk)
    part = stack.settings.plain_recordings_dir / f"{call}.1.done"
    await wait_until(part.exists, 10, "the part")
    age(part, 91 * DAY)
    return call


def ended_an_hour_ago(stack: HotlineStack, call: str) -> None:
    with (
        closing(sqlite3.connect(stack.settings.state_dir / "hotline.db", timeout=10)) as connection,
        connection,
    ):
        connection.execute("UPDATE call SET ended_at = ended_at - ? WHERE id = ?", (HOUR * 1_000_000, call))


async def test_after_deleting_no_colleague_is_recorded_either(
    stack: HotlineStack, telephones: Telephones, anna: Phone
) -> None:
    bjorn = await operator_of(stack, telephones, "bjorn")
    talk = await begin(stack, telephones, anna, "+4790081000", ASKED, "1")
    await talk.tones()
    call = call_of(talk)
    assert await say(stack, "delete", call) == f"{call}: 1 deleted\n"
    await talk.told("recording-stopped")
    transfer = asyncio.create_task(talk.operator.transfer(TO_BJORN))
    bjorns = await bjorn.wait_rung(10)
    await bjorns.answer()
    await transfer
    after = Talk(stack, talk.number, talk.caller, bjorns)
    await wait_until(lambda: cel(stack, talk.number).count("recording-stopped") == 2, 10, "the rule")
    await after.tones()
    record = await after.over()
    assert (record["outcome"], record["recorded"]) == ("answered", 1)
    assert (await listed(stack, call, 0), sealed_files(stack, call)) == ([], [])
    story = await asyncio.to_thread(stack.hotline, "calls", "show", call)
    assert "not recorded any more: what there was has been deleted" in story.stdout


async def test_what_is_lost_or_left_over_is_named_and_what_is_too_old_goes(
    stack: HotlineStack, telephones: Telephones, anna: Phone
) -> None:
    again, deleted, sealed = await deleted_in_mid_call(
        await begin(stack, telephones, anna, "+4790081001", TOLD)
    )
    half = await two_parts_of_which_one_is_lost(await begin(stack, telephones, anna, "+4790081002", TOLD))
    old = await recorded_three_months_ago(await begin(stack, telephones, anna, "+4790081003", TOLD))
    stack.start_service()
    await asyncio.to_thread(stack.wait_ready)
    await stack.wait_call("+4790081002")
    await wait_until(lambda: f"{old}.1.done" not in plain_files(stack), 10, "the old part to be kept")
    ended_an_hour_ago(stack, half)
    orphan, foreign = (
        stack.settings.plain_recordings_dir / name for name in (f"{NOBODYS}.1.raw", "talk.copy.wav")
    )
    for path in (orphan, foreign):
        path.write_bytes(b"\1\2" * 32_000)
        age(path, HOUR // 2)
    deleted.write_bytes(sealed)
    await verified(
        stack,
        f"{half}.2: was recorded, and there is nothing of it",
        f"{NOBODYS}.1: is not encrypted yet; the log of the service says why",
        f"{again}.1: its file is there, and was deleted; the service removes it",
        "plain/talk.copy.wav: is no recording; what it is, and whether it may go, is yours to say",
    )
    # As the next night, with the first look after a start.
    age(orphan, 2 * HOUR)
    stack.stop_service()
    stack.start_service()
    await asyncio.to_thread(stack.wait_ready)
    await verified(
        stack,
        f"{half}.2: was recorded, and there is nothing of it",
        f"{NOBODYS}.1: file of which no call is known",
        "plain/talk.copy.wav: is no recording; what it is, and whether it may go, is yours to say",
    )
    assert (deleted.exists(), sealed_files(stack, old), orphan.exists()) == (False, [], False)
    rows = json.loads(await say(stack, "list", "--deleted", "--json"))["recordings"]
    removed = {(each["id"], each["part"]): each["deleted_by"] for each in rows if each["deleted_by"]}
    assert removed.pop((old, 1)) == "retention"
    assert {each for each in removed if each[0] == again} == {(again, 1), (again, 2)}
    (kept,) = [each for each in stack.calls() if each["id"] == old]
    assert (kept["outcome"], kept["recorded"]) == ("answered", 1)
    # What nobody can bring back is taken off the list by whoever may.
    assert await say(stack, "delete", half, "--part", "2") == f"{half}: 1 deleted\n"
    assert await say(stack, "delete", NOBODYS) == f"{NOBODYS}: 1 deleted\n"
    foreign.unlink()
    await verified(stack)
    assert [each["part"] for each in await listed(stack, half, 1)] == [1]
