"""Asterisk is killed, or told to restart, with callers in every stage of their calls.

Every call that was cut is closed in the record, operators are back as they stood, the next caller is served.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.launch.local_client import LocalClient
from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sipp import Caller, Turn, callers, operator_phones
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

PHONES_PORT = free_port()
OPERATORS = tuple(f"{name}{number}" for number in range(2) for name in ("anna", "bjorn", "cara", "dag"))
AT_SIZE = bool(os.environ.get("HOTLINE_TEST_AT_SIZE"))
"""Faults as large as docs/faults.md tells them, which takes minutes more."""
CALLS, PER_SECOND, RING_S = (500, 25, 60) if AT_SIZE else (26, 3, 15)
CLOSED_WITHIN_S = 60.0
STAGES = {"greeting", "queue", "ringing", "talk"}


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    contacts: dict[str, str | None] = {name: f"sip:{name}@127.0.0.1:{PHONES_PORT}" for name in OPERATORS}
    made = make_stack(plan(contacts, now=datetime.now(UTC), ring_time=RING_S))
    made.start_up()
    return made


def figure(text: str) -> None:
    """A line for docs/faults.md, shown with `-s` or when the test fails."""
    print(text)  # noqa: T201


async def standings(stack: HotlineStack) -> dict[str, tuple[str, str, str]]:
    """Standing, reason and beginning of every operator."""
    listed = (await asyncio.to_thread(LocalClient(stack.settings).get, "/operators"))["operators"]
    return {each["id"]: (each["standing"], each["reason"], each["since"]) for each in listed}


async def hotline(stack: HotlineStack, *arguments: str) -> Any:
    done = await asyncio.to_thread(stack.hotline, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def kill_nine(stack: HotlineStack) -> None:
    os.kill(int((stack.settings.run_dir / "asterisk.pid").read_text(encoding="ascii")), signal.SIGKILL)


def core_restart_now(stack: HotlineStack) -> None:
    stack.console("core restart now")


def boots(stack: HotlineStack) -> int:
    return stack.settings.queue_log_file.read_text(encoding="utf-8").count("|QUEUESTART|")


async def booted(stack: HotlineStack, count: int, deadline: float = 60) -> None:
    end = time.monotonic() + deadline
    while boots(stack) < count:
        assert time.monotonic() < end, "Asterisk has not come back"
        await asyncio.sleep(0.05)


def moment(text: str | None) -> float:
    assert text is not None
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize("fault", [kill_nine, core_restart_now])
async def test_every_call_that_asterisk_cut_is_closed_and_the_floor_is_back(
    stack: HotlineStack, tmp_path: Path, fault: Callable[[HotlineStack], None]
) -> None:
    seed = int(os.environ.get("HOTLINE_TEST_SEED") or random.randrange(2**32))
    figure(f"HOTLINE_TEST_SEED={seed}")
    dice = random.Random(seed)
    prefix = f"+47900{8 if fault is kill_nine else 9}"
    await hotline(stack, "operators", "pause", "dag1")
    await hotline(stack, "operators", "sign-out", "cara1")
    before = await standings(stack)
    wanted = [Caller(f"{prefix}0{index:03}", OPEN) for index in range(CALLS)]
    # Three talk, the other phones ring on until the cut.
    turns = [Turn(500, 60_000)] * 3 + [Turn((RING_S - 1) * 1000, 60_000)] * 40
    port = stack.settings.sip_port
    async with (
        operator_phones(tmp_path, turns, port=PHONES_PORT) as phones,
        callers(tmp_path, "127.0.0.1", port, wanted, per_second=PER_SECOND) as calling,
    ):
        # Some talk, some phones ring, and the last have only just begun.
        await calling.wait_for(lambda rows: len(rows) == CALLS, 40)
        await asyncio.sleep(dice.uniform(0.2, 1.0))
        count = boots(stack)
        cut_at = time.time()
        await asyncio.to_thread(fault, stack)
        await booted(stack, count + 1)
        talks = phones.rows()
    booted_at = time.time()
    await asyncio.to_thread(stack.wait_ready)
    ready = time.time() - cut_at

    def closed(records: list[Record]) -> bool:
        own = [record for record in records if record["caller"].startswith(prefix)]
        return len(own) == CALLS and all(record["finished"] for record in own)

    records = await stack.wait_calls(closed, CLOSED_WITHIN_S - (time.time() - cut_at), "all cut calls closed")
    took = time.time() - cut_at
    own = [record for record in records if record["caller"].startswith(prefix)]
    assert not [record for record in records if not record["finished"]]
    stages = Counter(record["stage"] for record in own)
    name = fault.__name__.replace("_", " ")
    figure(
        f"R6 {name}: {CALLS} calls cut ({dict(stages)}), Asterisk back after {booted_at - cut_at:.1f} s,"
        f" ready after {ready:.1f} s, 0 open records after {took:.1f} s"
    )
    assert stages.keys() >= STAGES, f"seed {seed}: {stages}: the test did not try what it says"
    taken_up = {talk.peer for talk in talks if talk.answered is not None and talk.answered < cut_at - 0.5}
    for record in own:
        assert moment(record["ended_at"]) <= booted_at, record
        assert "asterisk-restart" in record["reasons"], record
        assert record["ended_by"] == "system", record
        if record["caller"] in taken_up:
            assert (record["outcome"], record["stage"]) == ("answered", "talk"), record
        elif record["stage"] != "talk":
            assert record["outcome"] == "technical", record
    if fault is kill_nine:
        # Nothing is known of them but what Asterisk wrote before.
        assert all(moment(record["ended_at"]) <= cut_at + 0.5 for record in own)

    after = await standings(stack)
    assert after == before
    said, back = await stack.wait_console("queue show main", lambda text: "paused:break" in text, 10)
    assert "dag1 (" in said, said
    assert "cara1 (" not in said, said
    assert "No Callers" in said, said
    status = await asyncio.to_thread(LocalClient(stack.settings).get, "/operators")
    busy = [
        each["id"]
        for each in status["operators"]
        if each["why_not_rung"] and each["id"] not in {"dag1", "cara1"}
    ]
    assert not busy, f"still taken for busy by calls of the boot before: {busy}"
    stood = time.time() - cut_at - back
    figure(f"R6 {name}: operators stand as before, the paused one paused, {stood:.1f} s after")

    late = [Caller(f"{prefix}9{index:03}", OPEN, stay_ms=8_000) for index in range(4)]
    (tmp_path / "late").mkdir()
    async with (
        operator_phones(tmp_path / "late", [Turn(300, 1_000)], port=PHONES_PORT) as phones,
        callers(tmp_path / "late", "127.0.0.1", port, late, per_second=4) as calling,
    ):
        rows = await calling.wait_ended(40)
    assert all(row.answered is not None for row in rows)
    served = [await stack.wait_call(caller.number, 20) for caller in late]
    assert [record["outcome"] for record in served] == ["answered"] * len(late)
    assert not [record for record in served if "asterisk-restart" in record["reasons"]]
    await hotline(stack, "operators", "ready", "dag1")
    await hotline(stack, "operators", "sign-in", "cara1")
