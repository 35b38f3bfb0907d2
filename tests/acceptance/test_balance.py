"""Calls of many kinds on a real Asterisk, the service killed among them: the balance is even or says why."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.routing.fold import fold
from hotline_ivr.testing.phone import PhoneCall, Telephones
from hotline_ivr.testing.plans import CLOSED, DESERTED, IMPATIENT, OPEN, line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from hotline_ivr.testing.stage_events import wait_event
from tests.acceptance.operators import operator_of
from tests.routing.call_tables import read_call

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

DEADLINE_S = 30
DESK = "+4722851205"
# Calls are judged five seconds later.
REFRESH_S = 1


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    # Nobody listens at cleo's fixed address: Asterisk takes her phone for reachable, and it never answers.
    made = make_stack(
        plan(
            {"anna": None, "bo": None, "cleo": f"sip:cleo@127.0.0.1:{free_port()}"},
            now=datetime.now(UTC),
            ring_time=60,
            extra_queues={"empty": ["bo"], "desk": ["anna"]},
            extra_lines={
                "desk": line("Desk", DESK, queue="desk"),
                "deserted": line("Deserted line", DESERTED, queue="empty"),
                "impatient": line("Line of short waits", IMPATIENT, max_wait=5),
            },
        )
    )
    made.variables["HOTLINE_RECORD_REFRESH"] = str(REFRESH_S)
    made.start()
    return made


def balance(stack: HotlineStack) -> dict[str, Any]:
    done = stack.hotline("balance", "--json")
    assert done.returncode in {0, 1}, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == int(not said["even"]), said
    return said


async def balanced(
    stack: HotlineStack, condition: Callable[[Mapping[str, Any]], bool], what: str
) -> dict[str, Any]:
    end = asyncio.get_running_loop().time() + DEADLINE_S
    while not condition(said := await asyncio.to_thread(balance, stack)):
        assert asyncio.get_running_loop().time() < end, f"waited for {what}: {said}"
        await asyncio.sleep(0.5)
    return said


def outcomes(said: Mapping[str, Any]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for each in said["lines"]:
        for outcome, count in each["outcomes"].items():
            counted[outcome] = counted.get(outcome, 0) + count
    return counted


class Day:
    """Callers of every kind."""

    def __init__(self, stack: HotlineStack, telephones: Telephones) -> None:
        self._stack, self._telephones, self._count = stack, telephones, 0
        self.calls = 0

    async def dial(self, called: str) -> tuple[str, PhoneCall]:
        self._count += 1
        number = f"+47900400{self._count:02}"
        caller = await self._telephones.caller(number, "127.0.0.1", self._stack.settings.sip_port)
        call = await caller.dial(called)
        await call.wait_answered(DEADLINE_S)
        self.calls += 1
        return number, call

    async def closed(self) -> None:
        _, call = await self.dial(CLOSED)
        await call.wait_ended(DEADLINE_S)

    async def nobody(self) -> None:
        _, call = await self.dial(DESERTED)
        await call.wait_ended(40)

    async def too_long(self) -> None:
        _, call = await self.dial(IMPATIENT)
        await call.wait_ended(40)

    async def gives_up(self, stage: str) -> None:
        number, call = await self.dial(OPEN)
        await wait_event(self._stack.settings.cel_file, number, stage, DEADLINE_S)
        await call.wait_heard(lambda heard: heard.seconds > 1, DEADLINE_S, "a second of it")
        await call.hang_up()

    async def answered(self) -> None:
        anna = await operator_of(self._stack, self._telephones, "anna")
        _, call = await self.dial(DESK)
        ringing = await anna.wait_rung(DEADLINE_S)
        await ringing.answer()
        await call.wait_heard(lambda heard: heard.seconds > 5, DEADLINE_S, "a conversation")
        await call.hang_up()
        await ringing.wait_ended(DEADLINE_S)
        await anna.unregister()


def remove_a_line(file: Path, call: str, word: str) -> None:
    """As a disk that lost a block would."""
    lines = file.read_bytes().splitlines(keepends=True)
    place = next(
        number for number, each in enumerate(lines) if call.encode() in each and word.encode() in each
    )
    del lines[place]
    file.write_bytes(b"".join(lines))


async def test_arrivals_are_the_sum_of_outcomes_after_a_kill_and_what_is_lost_is_named(
    stack: HotlineStack, telephones: Telephones
) -> None:
    day = Day(stack, telephones)
    await asyncio.gather(
        day.closed(), day.gives_up("play"), day.gives_up("wait"), day.nobody(), day.too_long()
    )
    await day.answered()
    stack.signal_service(signal.SIGKILL)
    # Nobody is there to write these down, and one more is under way when somebody is again.
    await asyncio.gather(day.closed(), day.gives_up("wait"), day.nobody())
    _, waiting = await day.dial(OPEN)
    stack.start_service()
    await asyncio.to_thread(stack.wait_ready)
    # What Asterisk wrote of counts as arrived, also while there is no row yet.
    await balanced(
        stack,
        lambda said: (said["arrivals"], said["under_way"]) == (day.calls, 1),
        "all calls, and one of them under way",
    )
    await waiting.hang_up()
    said = await balanced(stack, lambda said: said["even"] and said["under_way"] == 0, "the last call")
    print("balance:", outcomes(said), "of", said["arrivals"])  # noqa: T201
    assert sum(outcomes(said).values()) == said["arrivals"] == day.calls
    assert outcomes(said) == {
        "answered": 1, "abandoned": 4, "closed": 2, "no-operator": 2, "timed-out": 1
    }  # fmt: skip
    assert all(each["in_files"] == each["arrivals"] for each in said["lines"])
    await _losses_are_named(stack)


async def _losses_are_named(stack: HotlineStack) -> None:
    records = await asyncio.to_thread(stack.calls)
    deleted = next(each["id"] for each in records if each["outcome"] == "closed")
    torn = next(each["id"] for each in records if each["outcome"] == "answered")
    last = max(datetime.fromisoformat(each["last_event_at"]) for each in records)
    said = await balanced(
        stack, lambda said: datetime.fromisoformat(said["judged_until"]) > last, "all calls to be judged"
    )
    assert said["even"], said
    table = stack.folder / "table.txt"
    table.write_text((await asyncio.to_thread(stack.hotline, "calls", "show", torn, "--table")).stdout)
    real = read_call(table)
    record = fold(real.events, real.queue_events, node="main")
    assert (record and record.outcome) == "answered"
    stack.stop_service()
    stack.stop_part("asterisk")
    copies = [
        shutil.copy(file, stack.folder) for file in (stack.settings.cel_file, stack.settings.queue_log_file)
    ]
    with sqlite3.connect(stack.settings.state_dir / "hotline.db") as database:
        database.execute("DELETE FROM call WHERE id = ?", (deleted,))
    remove_a_line(stack.settings.cel_file, torn, "BRIDGE_ENTER")
    remove_a_line(stack.settings.queue_log_file, torn, "CONNECT")
    said = await asyncio.to_thread(balance, stack)
    print("named:", [(each["call"], each["reason"]) for each in said["shown"]])  # noqa: T201
    assert {(each["call"], each["reason"]) for each in said["shown"]} == {
        (deleted, "no-row"),
        (torn, "events"),
        (torn, "queue-lines"),
        (torn, "no-connect"),
    }
    made = await asyncio.to_thread(stack.hotline, "balance")
    assert made.returncode == 1
    assert f"{deleted}: no-row" in made.stdout
    # The row is made again of the events that are kept, and what Asterisk wrote is in the record already.
    again = await asyncio.to_thread(stack.hotline, "refold", "--json")
    assert json.loads(again.stdout)["made"] == 1, again
    assert {each["call"] for each in (await asyncio.to_thread(balance, stack))["shown"]} == {torn}
    taken = await asyncio.to_thread(stack.hotline, "ingest", "--json", *map(str, copies))
    assert json.loads(taken.stdout)["added"] == 0, taken
