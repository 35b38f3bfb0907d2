"""Ten thousand calls of every kind on a real Asterisk: each in the record once, as the SIP side saw it.

HOTLINE_TEST_CALLS makes it another number of calls, and HOTLINE_TEST_SEED repeats a run.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from pathlib import Path

import pytest

from hotline_ivr.testing.ledger import EndedBy
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sipp import callers, operator_phones
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.accuracy import compare, read_calls, read_legs, talk_by_operator
from tests.acceptance.journeys import callers_at_random, configuration, turns_at_random

CALLS = int(os.environ.get("HOTLINE_TEST_CALLS", "10000"))
PER_SECOND = 30
AT_ONCE = 330
TALK_OFF_S = 0.05
"""So much may each talk be off, in an operator's sum."""

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180 + CALLS // 8)]

PHONES_PORT = free_port()


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    made = make_stack(configuration(PHONES_PORT))
    made.start()
    return made


async def test_ten_thousand_calls_of_every_kind_are_recorded_once_and_as_the_phones_saw_them(
    stack: HotlineStack, tmp_path: Path
) -> None:
    seed = int(os.environ.get("HOTLINE_TEST_SEED") or random.randrange(2**32))
    print(f"HOTLINE_TEST_SEED={seed}")  # noqa: T201 - shown when the test fails
    dice = random.Random(seed)
    wanted = callers_at_random(dice, CALLS)
    port = stack.settings.sip_port
    turns = turns_at_random(dice, 997, port)
    async with (
        operator_phones(tmp_path, turns, port=PHONES_PORT) as phones,
        callers(tmp_path, "127.0.0.1", port, wanted, per_second=PER_SECOND, at_once=AT_ONCE) as calling,
    ):
        rows = await calling.wait_ended(60 + CALLS / 10)
        talks = await phones.wait_for(lambda talks: all(talk.ended is not None for talk in talks), 20)
    assert all(row.answered is not None or row.ended_by is EndedBy.US for row in rows), "somebody was refused"
    assert len(rows) == CALLS
    database = stack.settings.state_dir / "hotline.db"
    async with asyncio.timeout(30):
        while len(records := await asyncio.to_thread(read_calls, database)) < CALLS:
            await asyncio.sleep(0.2)
    legs = read_legs(database)
    found = compare(rows, {caller.number: caller.called for caller in wanted}, talks, records, legs)
    outcomes = Counter(record.outcome for record in records)
    print(f"R14 {CALLS} calls, {len(legs)} rings: {dict(outcomes)}\n{found}")  # noqa: T201 - the figures
    assert not found.wrong, f"seed {seed}: {len(found.wrong)} differences\n" + "\n".join(found.wrong[:20])
    for name, (ours, theirs) in talk_by_operator(talks, legs).items():
        rung = sum(talk.number == name for talk in talks)
        assert abs(ours - theirs) < TALK_OFF_S * rung, f"{name} talked {theirs} s by the phone, {ours} by us"
    kinds = {
        "answered",
        "abandoned",
        "closed",
        "no-operator",
        "timed-out",
        "full",
        "informed",
        "voicemail",
        "over-limit",
    }
    balanced = await asyncio.to_thread(stack.hotline, "balance", deadline=120)
    assert balanced.returncode == 0, balanced.stdout + balanced.stderr
    assert kinds <= outcomes.keys(), f"{outcomes}: the test did not try what it says"
