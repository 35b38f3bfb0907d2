"""The disk of the database, of the call events and of queue_log is full, one after the other, among calls.

Each is an ext4 of 64 MiB of its own (without loop devices a tmpfs) that a file of ballast fills. Calls go on,
somebody is told, and when there is room again everything that Asterisk could write is in the record; what it
could not is named.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hotline_ivr.testing.ledger import LedgerRow
from hotline_ivr.testing.mailbox import HookReceiver
from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sipp import Caller, Turn, callers, operator_phones
from hotline_ivr.testing.stack import HotlineStack
from tests.acceptance.compared import differences
from tests.acceptance.test_alerts import until
from tests.small_disk import SmallDisk, journalled_disk_at

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

PHONES_PORT = free_port()
HOOK_PORT = free_port()
SECRET = "a secret of this test"
OPERATORS = tuple(f"{name}{number}" for number in range(2) for name in ("anna", "bjorn", "cara", "dag"))
CALLS, PER_SECOND = 130, 2
FULL_S, BETWEEN_S = 8.0, 5.0
ALARM_WITHIN_S = 5.0


class Disks(NamedTuple):
    database: SmallDisk
    events: SmallDisk
    queue_log: SmallDisk


class Node(NamedTuple):
    stack: HotlineStack
    disks: Disks


class Sip(NamedTuple):
    """What the telephones saw."""

    callers: Sequence[LedgerRow]
    operators: Sequence[LedgerRow]


class Fault(NamedTuple):
    """A disk was full from then to then (seconds since 1970)."""

    began: float
    ended: float

    def touches(self, row: LedgerRow) -> bool:
        return row.started < self.ended + 1 and (row.ended or row.started) > self.began - 1


def figure(text: str) -> None:
    """A line for docs/faults.md, shown with `-s` or when the test fails."""
    print(text)  # noqa: T201


@pytest.fixture
def node(tmp_path: Path, asterisk_root: Path, texts: Path, sounds: Path) -> Iterator[Node]:
    secret = tmp_path / "hook"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    contacts: dict[str, str | None] = {name: f"sip:{name}@127.0.0.1:{PHONES_PORT}" for name in OPERATORS}
    config = plan(contacts, now=datetime.now(UTC))
    config["alerts"] = {
        "webhooks": {"ops": {"url": f"http://127.0.0.1:{HOOK_PORT}/hook", "secret": f"file:{secret}"}},
        "to": [{"webhooks": ["ops"]}],
    }
    folder = tmp_path / "node"
    log = folder / "state" / "asterisk" / "log"
    with ExitStack() as made:
        disks = Disks(
            made.enter_context(journalled_disk_at(folder / "database", tmp_path / "database.ext4")),
            queue_log=made.enter_context(journalled_disk_at(log, tmp_path / "queue-log.ext4")),
            events=made.enter_context(journalled_disk_at(log / "cel-custom", tmp_path / "events.ext4")),
        )
        # Alerts are to be told also where they cannot be kept.
        (folder / "database" / "alerts").mkdir()
        (folder / "state" / "alerts").symlink_to(folder / "database" / "alerts")
        variables = {
            "HOTLINE_SOUNDS": str(texts),
            "DATABASE_URL": f"sqlite:///{folder / 'database' / 'hotline.db'}",
            "HOTLINE_RECORD_REFRESH": "1",
        }
        stack = HotlineStack(folder, config, sounds=sounds, asterisk_root=asterisk_root, variables=variables)
        made.enter_context(stack)
        stack.start()
        yield Node(stack, disks)


def told(receiver: HookReceiver, state: str, about: str) -> bool:
    return any(
        (each.body["kind"], each.body["state"], each.body["about"]) == ("disk", state, about)
        for each in receiver.hooks
    )


async def full(node: Node, disk: SmallDisk, about: str, receiver: HookReceiver) -> Fault:
    """Fill a disk for a while; somebody is told of it, and of its end."""
    began = time.time()
    await asyncio.to_thread(disk.fill)
    await until(lambda: told(receiver, "raised", about), 30, f"the alarm of {about}")
    after = time.time() - began
    status, ready = await asyncio.to_thread(node.stack.get, "/readyz")
    metrics = (await asyncio.to_thread(node.stack.get, "/metrics"))[1]
    assert (status, json.loads(ready)["parts"]["disk"]["ok"]) == (503, False), ready
    place = about.replace("-", " ") if about == "call-events" else about
    assert re.search(rf'hotline_disk_full\{{place="{place}"\}} 1\.0', metrics)
    await asyncio.sleep(FULL_S)
    disk.empty()
    ended = time.time()
    await until(lambda: told(receiver, "over", about), 30, f"the all-clear of {about}")
    clear = time.time() - ended
    figure(f"R8 {about} full for {ended - began:.1f} s: told after {after:.1f} s, all clear {clear:.1f} s")
    assert after < ALARM_WITHIN_S
    await asyncio.sleep(BETWEEN_S)
    return Fault(began, ended)


def balance(stack: HotlineStack) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(stack.hotline("balance", "--json").stdout)
    return said


def judge(node: Node, sip: Sip, events: Fault, queue_log: Fault) -> None:
    """What was lost is the disk's of the call events alone, and named; everything else is right."""
    records, said = node.stack.calls(), balance(node.stack)
    found = differences(sip.callers, sip.operators, [each for each in records if each["caller"]])
    wrong = {re.split("[: ]", line)[0] for line in found}
    touched = {row.number for row in sip.callers if events.touches(row)}
    beside = {row.number for row in sip.callers if queue_log.touches(row)}
    known = {record["caller"]: record["id"] for record in records}
    named = {each["call"]: each["reason"] for each in said["shown"]}
    unknown = touched - known.keys()
    unnamed = {number for number in wrong & known.keys() if known[number] not in named}
    figure(
        f"R8 {len(sip.callers)} calls, {len(touched)} while the disk of the call events was full:"
        f" {len(unknown)} of them without their number, {len(wrong)} with another outcome than the telephones"
        f" saw; {said['lost_channels']} SIP channels lost by their numbers; {len(beside)} calls while that of"
        f" queue_log was full; named by the balance: {dict(Counter(named.values()))}"
    )
    with closing(sqlite3.connect(node.disks.database.folder / "hotline.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rejected = connection.execute("SELECT source, reason, count(*) FROM rejected_line GROUP BY 1, 2")
        figure(f"R8 half lines: {rejected.fetchall()}")
    assert wrong <= touched, wrong - touched
    assert not unnamed, unnamed
    # Whose end was lost is over all the same, by queue_log; who never was in a queue is named.
    still_open = [record["id"] for record in records if not record["finished"]]
    assert set(still_open) <= named.keys(), still_open
    # Each caller has a channel of its own: of it all is lost, or there is a row that lacks its beginning.
    nameless = [record["id"] for record in records if not record["caller"]]
    answered = {row.number for row in sip.callers if row.answered}
    assert said["lost_channels"] + len(nameless) >= len(unknown & answered), nameless
    assert said["lost_channels"] > 0
    assert not said["even"]


async def test_calls_go_on_and_what_was_lost_is_named(node: Node, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    figure(f"seed {seed}; disks: {', '.join(sorted({disk.kind for disk in node.disks}))}")
    dice = random.Random(seed)
    stays = [120_000 if dice.random() < 0.8 else dice.randrange(500, 9_000, 100) for _ in range(CALLS)]
    wanted = [Caller(f"+4790060{index:03}", OPEN, stay) for index, stay in enumerate(stays)]
    turns = [Turn(dice.randrange(200, 1000, 100), dice.randrange(1000, 3000, 500)) for _ in range(60)]
    port = node.stack.settings.sip_port
    async with (
        HookReceiver(SECRET, port=HOOK_PORT) as receiver,
        operator_phones(tmp_path, turns, port=PHONES_PORT) as phones,
        callers(tmp_path, "127.0.0.1", port, wanted, per_second=PER_SECOND, at_once=40) as calling,
    ):
        await calling.wait_for(lambda rows: len(rows) >= 8, 30)
        await full(node, node.disks.database, "database", receiver)
        events = await full(node, node.disks.events, "call-events", receiver)
        queue_log = await full(node, node.disks.queue_log, "queue_log", receiver)
        rows = await calling.wait_ended(150)
        await phones.wait_for(lambda talks: all(talk.ended is not None for talk in talks), 20)
        sip = Sip(rows, phones.rows())
    assert {row.code for row in sip.callers} <= {200, 487}, Counter(row.code for row in sip.callers)
    # What happened last is not judged before the row's refresh and five seconds more.
    last = max(row.ended or row.started for row in sip.callers)
    judged = "1970-01-01T00:00:00+00:00"
    while datetime.fromisoformat(judged).timestamp() < last + 1:
        await asyncio.sleep(1)
        judged = (await asyncio.to_thread(balance, node.stack))["judged_until"]
    judge(node, sip, events, queue_log)
