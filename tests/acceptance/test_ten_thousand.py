"""Ten thousand calls of every kind on a real Asterisk: each in the record once, as the SIP side saw it.

HOTLINE_TEST_CALLS makes it another number of calls, and HOTLINE_TEST_SEED repeats a run.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hotline_ivr.testing.asking_phones import AskingPhones, Asks
from hotline_ivr.testing.centre_desk import CentreDesk
from hotline_ivr.testing.ledger import EndedBy, LedgerRow
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sipp import SippRun, callers, operator_phones
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.accuracy import NEVER_S, compare, count_calls, read_calls, read_legs, talk_by_operator
from tests.acceptance.called_back import compare_callbacks, over
from tests.acceptance.journeys import (
    Ports,
    askers,
    asking_at_random,
    callers_at_random,
    configuration,
    long_turns_at_random,
    manners_at_random,
    turns_at_random,
)

CALLS = int(os.environ.get("HOTLINE_TEST_CALLS", "10000"))
PER_SECOND = 30
AT_ONCE = 330
TALK_OFF_S = 0.05
"""So much may each talk be off, in an operator's sum, and one of them by as much as any time may be."""

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180 + CALLS // 8)]
OUTCOMES = {
    "answered", "abandoned", "closed", "no-operator", "timed-out", "full", "informed", "voicemail",
    "over-limit", "callback", "not-reached",
}  # fmt: skip

PORTS = Ports(*(free_port() for _ in range(4)))


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    made = make_stack(configuration(PORTS))
    made.start()
    return made


async def test_ten_thousand_calls_of_every_kind_are_recorded_once_and_as_the_phones_saw_them(
    stack: HotlineStack, tmp_path: Path
) -> None:
    seed = int(os.environ.get("HOTLINE_TEST_SEED") or random.randrange(2**32))
    print(f"HOTLINE_TEST_SEED={seed}")  # noqa: T201 - shown when the test fails
    dice = random.Random(seed)
    wanted = callers_at_random(dice, CALLS)
    manners = manners_at_random(dice, wanted)
    port = stack.settings.sip_port
    turns, long_turns = turns_at_random(dice, 997, port), long_turns_at_random(dice, 499)
    who_asks = askers(stack.accounts())
    async with (
        operator_phones(tmp_path, turns, port=PORTS.phones) as phones,
        operator_phones(tmp_path, long_turns, port=PORTS.patient, name="patient") as patient,
        AskingPhones(PORTS.asking, port, who_asks, asking_at_random(dice, 499)) as asking,
        CentreDesk(PORTS.carrier, manners) as desk,
        callers(tmp_path, "127.0.0.1", port, wanted, per_second=PER_SECOND, at_once=AT_ONCE) as calling,
        memory_of(stack, calling) as memory,
    ):
        # The rule by which others are measured must not wait for a processor.
        first = [run.go_first() for run in (phones, patient, calling)]
        rows = await calling.wait_ended(60 + CALLS / 10)
        await recorded(stack, CALLS)
        talks = await phones.wait_for(ended, 20) + await patient.wait_for(ended, 20) + asking.rows()
        assert not asking.busy
    assert asking.wrong == []
    assert all(row.answered is not None or row.ended_by is EndedBy.US for row in rows), "somebody was refused"
    assert len(rows) == CALLS
    records, legs = read_calls(database(stack)), read_legs(database(stack))
    called = {caller.number: caller.called for caller in wanted}
    found = compare(rows, called, talks, records, legs)
    compare_callbacks(found, called, manners, desk.calls, talks, records, legs)
    outcomes = Counter(record.outcome for record in records)
    kinds = Counter(done for done in asking.done)
    print(  # noqa: T201 - the figures
        f"R14 {CALLS} calls, {len(desk.calls)} calls back, {len(legs)} rings, asked: {dict(kinds)}:"
        f" {dict(outcomes)}\n{found}\n  Asterisk's memory (MB) by calls: {memory}"
        f"\n  phones had the processor before others: {all(first)}"
    )
    assert not found.wrong, f"seed {seed}: {len(found.wrong)} differences\n" + "\n".join(found.wrong[:20])
    for name, (ours, theirs) in talk_by_operator(talks, legs, desk.calls).items():
        rung = sum(talk.number == name for talk in talks)
        assert abs(ours - theirs) < TALK_OFF_S * rung + NEVER_S, (
            f"{name} talked {theirs} s by the phone, {ours} by us"
        )
    balanced = await asyncio.to_thread(stack.hotline, "balance", deadline=120 + CALLS / 200)
    assert balanced.returncode == 0, balanced.stdout + balanced.stderr
    assert outcomes.keys() >= OUTCOMES, f"{outcomes}: the test did not try what it says"
    assert kinds.keys() == set(Asks), f"{kinds}: the test did not try what it says"
    # Last, because a machine that has more to do than it can is late, and all the rest must hold there too.
    assert not found.late, f"seed {seed}: {len(found.late)} times\n" + "\n".join(found.late[:20])


def database(stack: HotlineStack) -> Path:
    return stack.settings.state_dir / "hotline.db"


def ended(talks: list[LedgerRow]) -> bool:
    return all(talk.ended is not None for talk in talks)


async def recorded(stack: HotlineStack, count: int) -> None:
    """Wait until so many calls are in the record and everybody has been rung who was promised it.

    Never by all rows: a hundred thousand of them would hold up the desk, whose moments are the rule.
    """

    def complete() -> bool:
        there = database(stack)
        return count_calls(there) >= count and over(read_calls(there, called_back=True))

    async with asyncio.timeout(120):
        while not await asyncio.to_thread(complete):
            await asyncio.sleep(1)


@asynccontextmanager
async def memory_of(stack: HotlineStack, calling: SippRun) -> AsyncIterator[dict[int, int]]:
    """Asterisk's resident memory in MB, by how many calls had begun, in ten steps; filled meanwhile."""
    seen: dict[int, int] = {}
    pid = int((stack.settings.run_dir / "asterisk.pid").read_text(encoding="ascii"))

    def look() -> None:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        resident = int(re.findall(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)[0])
        begun = len(calling.rows())
        seen.setdefault(begun - begun % max(1, CALLS // 10), resident // 1024)

    async def watch() -> None:
        while True:
            await asyncio.to_thread(look)
            await asyncio.sleep(max(2.0, CALLS / 1000))

    watching = asyncio.create_task(watch(), name="memory")
    try:
        yield seen
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
