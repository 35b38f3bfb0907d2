"""Operators are rung by skill, the less skilled for who has waited: with the service and without it."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime

import pytest

from hotline_ivr.testing.phone import Phone, Telephones
from hotline_ivr.testing.plans import OPEN, line, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.callers import dial, wait_queued
from tests.acceptance.killed_service import Service, alive, dead
from tests.acceptance.operators import operator_of

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

PREFERRED, OTHER = "+4722851298", "+4722851297"
RELAX_S = 8
A_TALK_S = 0.8
"""Long enough to be no phone that was dropped."""
SKILLS = {"anna": {"english": 1}, "bo": {"english": 2}}


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    """Anna is the better one in main; bo serves `other` besides."""
    config = plan(
        dict.fromkeys(SKILLS),
        now=datetime.now(UTC),
        extra_lines={"other": line("Other line", OTHER, queue="other")},
    )
    for name, skills in SKILLS.items():
        config["operators"][name]["skills"] = skills
    config["queues"]["other"] = {**config["queues"]["main"], "operators": ["bo"], "join_when_empty": True}
    main = config["queues"]["main"]
    del main["operators"]
    main.update(needs=["english"], relax={"2": f"{RELAX_S}s"}, join_when_empty=True)
    config["lines"]["open"]["numbers"] = [OPEN, PREFERRED]
    config["lines"]["open"]["number_priority"] = {PREFERRED: "1m"}
    made = make_stack(config)
    made.start()
    return made


async def operator(stack: HotlineStack, telephones: Telephones, name: str) -> Phone:
    phone = await operator_of(stack, telephones, name)
    await stack.wait_console("queue show main", lambda said: is_free(said, name), 20)
    return phone


def plain(said: str) -> str:
    """The console's answer without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", said)


def is_free(said: str, name: str) -> bool:
    return re.search(rf"^ +{name} .*\(Not in use\)", plain(said), re.MULTILINE) is not None


async def gone(stack: HotlineStack, *phones: Phone) -> None:
    for phone in phones:
        await phone.unregister()
    await stack.wait_console(
        "queue show main", lambda said: plain(said).count("(Unavailable)") == len(SKILLS), 30
    )


async def test_the_better_one_is_rung_first_whoever_has_rested_longer(
    stack: HotlineStack, telephones: Telephones
) -> None:
    anna, bo = [await operator(stack, telephones, name) for name in SKILLS]
    for place in range(3):
        await dial(stack, telephones, f"+479003100{place}", OPEN)
        rung = await anna.wait_rung(15)
        await rung.answer()
        await asyncio.sleep(A_TALK_S)
        await rung.hang_up()
    await gone(stack, anna, bo)


@pytest.mark.parametrize("service", [alive, dead], ids=["service", "no-service"])
async def test_the_less_skilled_one_is_rung_for_who_has_waited_and_serves_others_meanwhile(
    stack: HotlineStack, telephones: Telephones, service: Service
) -> None:
    bo = await operator(stack, telephones, "bo")
    base = f"+47900311{int(service is dead)}"
    async with service(stack):
        await dial(stack, telephones, f"{base}0", OPEN)
        await wait_queued(stack, 1)
        joined = time.monotonic()
        await dial(stack, telephones, f"{base}1", OTHER)
        rung = await bo.wait_rung(RELAX_S)
        assert f"{base}1" in rung.row.peer, "kept idle for a caller who does not admit him yet"
        await rung.answer()
        await asyncio.sleep(A_TALK_S)
        await rung.hang_up()
        rung = await bo.wait_rung(RELAX_S + 15)
        assert f"{base}0" in rung.row.peer
        # A second for the queue's whole seconds.
        assert time.monotonic() - joined >= RELAX_S - 2, "too early"
        await rung.answer()
        await asyncio.sleep(A_TALK_S)
        await rung.hang_up()
    assert (await stack.wait_call(f"{base}0"))["operator"] == "bo"
    await gone(stack, bo)


async def test_a_head_start_counts_as_waiting_also_for_who_is_admitted(
    stack: HotlineStack, telephones: Telephones
) -> None:
    bo = await operator(stack, telephones, "bo")
    before = time.monotonic()
    await dial(stack, telephones, "+4790031200", OPEN)
    await wait_queued(stack, 1)
    await dial(stack, telephones, "+4790031201", PREFERRED)
    rung = await bo.wait_rung(RELAX_S + 15)
    assert "+4790031201" in rung.row.peer
    await rung.answer()
    await asyncio.sleep(A_TALK_S)
    await rung.hang_up()
    rung = await bo.wait_rung(RELAX_S + 15)
    assert "+4790031200" in rung.row.peer
    assert time.monotonic() - before >= RELAX_S - 2
    await rung.answer()
    await asyncio.sleep(A_TALK_S)
    await rung.hang_up()
    await gone(stack, bo)
