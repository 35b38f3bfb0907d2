"""The machine's clock is set in the middle of real calls: they are as long as the telephones say.

Asterisk and the service run under libfaketime, whose time of day this test sets; the time since the machine's
start stays the true one, and the telephones go by the true clock.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline_ivr.testing.ledger import LedgerRow
from hotline_ivr.testing.phone import PhoneCall, Telephones
from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sipp import Turn, operator_phones
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

PHONES_PORT = free_port()
TALK_MS = 4_000
WRAP_UP_S = 4
OFF_S = 0.6
"""Asterisk and a telephone may be apart by as much on a busy machine."""


def libfaketime() -> Path:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    assert found, "libfaketime is not installed: apt-get install libfaketime (make setup-test does)"
    return found[0]


class SetClock:
    """The time of day of the processes that are started with `variables`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.by = timedelta()
        self.set(self.by)
        self.variables = {
            "LD_PRELOAD": str(libfaketime()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            "PYTHONPATH": os.pathsep.join([str(self._sleeping(folder)), *_inherited_path()]),
        }

    def _sleeping(self, folder: Path) -> Path:
        """libfaketime refuses a sleep until a moment, which is how Python sleeps."""
        made = folder / "python"
        made.mkdir()
        (made / "sitecustomize.py").write_text(
            "import select, time\ntime.sleep = lambda seconds: select.select([], [], [], seconds) and None\n",
            encoding="utf-8",
        )
        return made

    def set(self, by: timedelta) -> None:
        """From now on it is ahead of the true one by so much."""
        self.by = by
        written = self._file.with_suffix(".new")
        written.write_text(f"{by.total_seconds():+.0f}s\n", encoding="ascii")
        written.replace(self._file)


def _inherited_path() -> list[str]:
    return [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> SetClock:
    return SetClock(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack, clock: SetClock) -> HotlineStack:
    config = plan({"anna": f"sip:anna@127.0.0.1:{PHONES_PORT}"}, now=datetime.now(UTC))
    config["queues"]["main"]["wrap_up"] = f"{WRAP_UP_S}s"
    made = make_stack(config)
    made.variables.update(clock.variables)
    made.start()
    return made


async def talked(
    stack: HotlineStack, telephones: Telephones, folder: Path, number: str, clock: SetClock, by: timedelta
) -> tuple[Record, LedgerRow, LedgerRow]:
    """A conversation in whose middle the clock is set: its row, and what both telephones say."""
    folder.mkdir()
    async with operator_phones(folder, [Turn(200, TALK_MS)], port=PHONES_PORT) as phones:
        caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
        call = await caller.dial(OPEN)
        await phones.wait_for(talking, 30)
        await asyncio.sleep(1)
        clock.set(by)
        await call.wait_ended(30)
        (talk,) = await phones.wait_for(lambda rows: all(row.ended for row in rows), 20)
    return await stack.wait_call(number, 20), call.row, talk


def talking(rows: Sequence[LedgerRow]) -> bool:
    return any(row.answered is not None for row in rows)


def lengths(record: Record, call: LedgerRow, talk: LedgerRow) -> list[tuple[str, float, float]]:
    """Each length by the record, and by the telephones."""
    assert call.ended is not None
    assert talk.answered is not None
    assert talk.ended is not None
    return [
        ("total", record["total_ms"] / 1_000, call.ended - call.started),
        ("talk", record["talk_ms"] / 1_000, talk.ended - talk.answered),
    ]


@pytest.mark.may_hear_nothing("with whom a caller was is told by the clock that is set")
async def test_conversations_are_as_long_as_they_were_whenever_the_clock_is_set(
    stack: HotlineStack, telephones: Telephones, tmp_path: Path, clock: SetClock
) -> None:
    hour, first, before = timedelta(hours=1), clock.by, clock.by
    told = stack.log_of("serve").read_text(encoding="utf-8").count("the machine's clock was set by")
    puts = (hour, timedelta(), -3 * hour, timedelta(seconds=7), timedelta(seconds=7))
    for turn, by in enumerate(first + put for put in puts):
        number = f"+479000000{turn}0"
        record, call, talk = await talked(stack, telephones, tmp_path / str(turn), number, clock, by)
        for name, ours, theirs in lengths(record, call, talk):
            assert abs(ours - theirs) < OFF_S, (
                f"{name} after {by - before}: {ours} s, by the phone {theirs} s"
            )
        put = (by - before).total_seconds()
        marks = [each for each in record["reasons"].split() if each.startswith("clock-set")]
        assert marks == ([f"clock-set:{put:+.1f}s"] if put else [])
        assert (record["outcome"], record["discrepancy"]) == ("answered", None)
        before = by
    # Rows that are made anew are the same, and the balance holds.
    refolded = await asyncio.to_thread(stack.hotline, "refold", "--since", "2020-01-01")
    assert refolded.returncode == 0, refolded.stdout + refolded.stderr
    assert "0 rows changed" in refolded.stdout
    balanced = await asyncio.to_thread(stack.hotline, "balance", deadline=60)
    assert balanced.returncode == 0, balanced.stdout + balanced.stderr
    said = stack.log_of("serve").read_text(encoding="utf-8")
    assert said.count("the machine's clock was set by") == told + 4


async def wrap_ups(stack: HotlineStack, count: int) -> list[timedelta]:
    """How long the operator's last wrap-ups were, by the ledger, once so many more are over."""
    while True:
        done = await asyncio.to_thread(stack.hotline, "operators", "periods", "--operator", "anna", "--json")
        periods = [each for each in json.loads(done.stdout)["periods"] if each["standing"] == "wrap-up"]
        if len(periods) >= count and all(each["ended_at"] for each in periods):
            moments = [
                [datetime.fromisoformat(each[of]) for of in ("began_at", "ended_at")] for each in periods
            ]
            return [ended - began for began, ended in moments]
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("hours", [-1, 1])
async def test_an_operator_is_rung_again_after_the_wrap_up_whenever_the_clock_is_set(
    stack: HotlineStack, telephones: Telephones, tmp_path: Path, clock: SetClock, hours: int
) -> None:
    before = len(await wrap_ups(stack, 0))

    async def calls(number: int) -> PhoneCall:
        caller = await telephones.caller(f"+479000001{number:02}", "127.0.0.1", stack.settings.sip_port)
        return await caller.dial(OPEN)

    async with operator_phones(tmp_path, [Turn(200, 1_500)] * 3, port=PHONES_PORT) as phones:
        await (await calls(10 * hours + 20)).wait_ended(30)
        waits = await calls(10 * hours + 21)
        await asyncio.sleep(1)
        clock.set(clock.by + timedelta(hours=hours))
        await waits.wait_ended(30)
        lasted = await wrap_ups(stack, before + 2)
        # She is free, and Asterisk would take her for fresh from a call that ends in an hour.
        clock.set(clock.by - timedelta(hours=1))
        await asyncio.sleep(1)
        await (await calls(10 * hours + 22)).wait_ended(30)
        first, second, third = await phones.wait_for(lambda rows: all(row.ended for row in rows), 20)
    assert first.ended is not None
    assert WRAP_UP_S - 0.5 < second.started - first.ended < WRAP_UP_S + 3
    assert third.ended is not None
    assert set(lasted[-2:]) == {timedelta(seconds=WRAP_UP_S)}
