"""Callers of a busy queue are told how long it will take, once that is known, and it comes true."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sipp import Caller, Turn, callers, operator_phones
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from hotline_ivr.testing.stage_events import stage_log

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

OPERATORS = ("anna", "bjorn", "chandra", "david")
PHONES_PORT = free_port()
FIRST, LATER, AT_ONCE = 24, 110, 40


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    contacts = {name: f"sip:{name}@127.0.0.1:{PHONES_PORT}" for name in OPERATORS}
    config = plan(contacts, now=datetime.now(UTC))
    config["lines"]["open"]["expected_wait"] = True
    made = make_stack(config)
    made.start()
    return made


def told(stack: HotlineStack, number: str) -> str:
    """What a caller was told of the wait; nothing where nothing was."""
    heard = (
        event.fields[1]
        for event in stage_log(stack.settings.cel_file).of(number)
        if event.fields[0] == "play"
    )
    return next((prompts for prompts in heard if "say-expected-wait" in prompts), "")


async def test_once_enough_has_been_seen_callers_are_told_what_to_expect_and_it_comes_true(
    stack: HotlineStack, tmp_path: Path
) -> None:
    first = [Caller(f"+479003301{place:02}", OPEN) for place in range(FIRST)]
    later = [Caller(f"+47900331{place:03}", OPEN) for place in range(LATER)]
    port = stack.settings.sip_port
    async with operator_phones(tmp_path, [Turn(ring_ms=200, talk_ms=900)], port=PHONES_PORT):
        async with callers(tmp_path / "first", "127.0.0.1", port, first) as calling:
            await calling.wait_ended(60)
        await stack.wait_calls(
            lambda records: sum(record["finished"] for record in records) >= FIRST, 20, "the first records"
        )
        async with callers(
            tmp_path / "later", "127.0.0.1", port, later, per_second=10, at_once=AT_ONCE
        ) as calling:
            await calling.wait_ended(150)
    records = await stack.wait_calls(
        lambda records: sum(record["finished"] for record in records) >= FIRST + LATER, 20, "all records"
    )
    waits = {record["caller"]: record["wait_ms"] / 1000 for record in records}
    assert not any(told(stack, caller.number) for caller in first), "nothing was known yet"
    informed = [caller.number for caller in later if told(stack, caller.number)]
    assert len(informed) >= LATER // 5, f"only {len(informed)} were told"
    # With conversations of a second nobody waits for a minute.
    assert {told(stack, number) for number in informed} == {
        "en/say-expected-wait+say-less-than+say-1+say-minute"
    }
    assert sum(waits[number] < 60 for number in informed) >= 0.8 * len(informed)
    assert all(record["outcome"] == "answered" for record in records)
