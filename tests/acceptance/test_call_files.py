"""Files by which Asterisk is to ring people, found at the wrong moment: each rings once or not at all."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import time
from datetime import UTC, datetime

import pytest

from hotline_ivr.asterisk.call_file import CallSpool, call_file
from hotline_ivr.routing.callbacks import Dialling
from hotline_ivr.testing.centre_desk import CentreDesk, DeskCall, Manners
from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

DESK_PORT = free_port()
DEADLINE_S = 30.0
# Far enough for an Asterisk that has to start first.
LONG_S = 120


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    stack = make_stack(plan({"anna": None}, now=datetime.now(UTC)))
    stack.start()
    return stack


def attempt(name: str, number: str) -> Dialling:
    return Dialling(
        id=name, promise_node="test", promise_id=name, number=1, person=number, rings=number, queue="main",
        line="open", line_number=OPEN, carrier="carrier", host=f"127.0.0.1:{DESK_PORT}", ring=20,
        language="en", prompt="callback-call", press_within=1, press_tries=1, longest=5, sorry="sorry",
        joined_at=datetime.now(UTC),
    )  # fmt: skip


def spool(stack: HotlineStack) -> CallSpool:
    return CallSpool(stack.settings.asterisk_dir / "spool")


def leave(stack: HotlineStack, call: Dialling, until: float) -> None:
    spool(stack).leave(call.id, call_file(call, int(until)))


async def rung(desk: CentreDesk, number: str) -> DeskCall:
    async with asyncio.timeout(DEADLINE_S):
        while not desk.to(number):
            await asyncio.sleep(0.02)
    return desk.to(number)[0]


def said_of(stack: HotlineStack, name: str) -> list[str]:
    """What the dialplan said of each call of an attempt when it was over, in order."""
    file = stack.settings.cel_file
    # The first event makes it.
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    events = [json.loads(line) for line in text.splitlines()]
    told = [(each["linkedid"], each["eventextra"]) for each in events if each["eventtype"] == "HOTLINE"]
    calls = [call for call, extra in told if f"callback|{name}|" in extra]
    over = [(call, extra) for call, extra in told if "callback-over|" in extra and call in calls]
    return [json.loads(extra)["extra"].partition("|")[2] for _, extra in over]


async def over(stack: HotlineStack, name: str, count: int = 1) -> list[str]:
    async with asyncio.timeout(DEADLINE_S):
        while len(found := said_of(stack, name)) < count:
            await asyncio.sleep(0.05)
    return found


def done(records: list[Record], name: str) -> list[str]:
    return [each["outcome"] for each in records if each["attempt"] == name and each["finished"]]


async def kept_by_asterisk(stack: HotlineStack, name: str) -> None:
    """Its database writes once a second; what is not written yet a kill takes away."""
    file = stack.settings.asterisk_dir / "lib" / "astdb.sqlite3"
    async with asyncio.timeout(DEADLINE_S):
        while True:
            with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as on:
                if on.execute("SELECT 1 FROM astdb WHERE key = ?", (f"/hotline-callback/{name}",)).fetchone():
                    return
            await asyncio.sleep(0.05)


def kill_asterisk(stack: HotlineStack) -> None:
    """Asterisk, and who would start it again at once."""
    os.kill(stack.pid("asterisk"), signal.SIGKILL)
    os.kill(int((stack.settings.run_dir / "asterisk.pid").read_text(encoding="ascii")), signal.SIGKILL)


async def test_a_file_whose_last_moment_is_past_rings_nobody(stack: HotlineStack) -> None:
    number = "+4790045001"
    async with CentreDesk(DESK_PORT, {number: Manners.TALKS}) as desk:
        leave(stack, attempt("stale", number), time.time() - 1)
        assert await over(stack, "stale") == ["STALE"]
        assert desk.calls == []
    await stack.wait_calls(
        lambda records: done(records, "stale") == ["not-reached"], 20, "it is in the record"
    )


async def test_a_file_that_comes_from_a_clock_that_was_set_back_rings_its_person_at_its_own_time(
    stack: HotlineStack,
) -> None:
    number, late = "+4790045002", "+4790045003"
    moment = int(time.time()) + 3
    drafts = stack.settings.asterisk_dir / "spool" / "drafts"
    async with CentreDesk(DESK_PORT, dict.fromkeys((number, late), Manners.REFUSES)) as desk:
        for name, rings, until in (("ahead", number, moment + 60), ("behind", late, moment - 2)):
            draft = drafts / f"{name}.call"
            draft.write_text(call_file(attempt(name, rings), until), encoding="utf-8")
            os.utime(draft, (moment, moment))
            draft.rename(drafts.parent / "outgoing" / draft.name)
        await rung(desk, number)
        assert time.time() >= moment
        assert await over(stack, "behind") == ["STALE"], "whose last moment is before it rings nobody"
        await over(stack, "ahead")
        assert [len(desk.to(each)) for each in (number, late)] == [1, 0]


async def test_after_a_kill_a_file_that_was_begun_is_not_dialled_again_and_one_that_waited_is_once(
    stack: HotlineStack,
) -> None:
    begun, waits, old = "+4790045004", "+4790045005", "+4790045006"
    folder = stack.settings.asterisk_dir / "spool"
    manners = {begun: Manners.RINGS, waits: Manners.REFUSES, old: Manners.TALKS}
    async with CentreDesk(DESK_PORT, manners) as desk:
        leave(stack, attempt("begun", begun), time.time() + LONG_S)
        await rung(desk, begun)
        await kept_by_asterisk(stack, "begun")
        kill_asterisk(stack)
        file = folder / "outgoing" / "begun.call"
        assert file.exists(), "it is archived when the person has been rung"
        # Asterisk set the file's time to that of a second try, minutes ahead (pbx_spool.c): let it have come.
        os.utime(file)
        leave(stack, attempt("waits", waits), time.time() + LONG_S)
        leave(stack, attempt("old", old), time.time() - 1)
        assert all(spool(stack).knows(name) for name in ("begun", "waits", "old"))
        stack.start_part("asterisk")
        await asyncio.to_thread(stack.wait_ready)
        assert await over(stack, "begun") == ["AGAIN"]
        assert await over(stack, "old") == ["STALE"]
        await over(stack, "waits")
        assert [len(desk.to(each)) for each in (begun, waits, old)] == [1, 1, 0]

    def both(records: list[Record]) -> bool:
        return done(records, "begun") == ["not-reached"] * 2 and done(records, "waits") == ["not-reached"]

    records = await stack.wait_calls(both, 30, "the calls of the files are in the record")
    cut = [each for each in records if each["attempt"] == "begun" and "asterisk-restart" in each["reasons"]]
    assert len(cut) == 1, "the call that Asterisk died in"
