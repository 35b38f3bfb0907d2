"""PostgreSQL crashes, cuts every session, and holds a table locked, among calls on a real Asterisk.

Callers notice nothing, somebody is told, and the record is whole when the database is back.
"""

from __future__ import annotations

import asyncio
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest

from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sipp import Caller, Turn, callers, operator_phones
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.compared import differences
from tests.postgres import PostgresServer

pytestmark = [pytest.mark.acceptance, pytest.mark.postgres, pytest.mark.timeout(300)]

PHONES_PORT = free_port()
OPERATORS = tuple(f"{name}{number}" for number in range(2) for name in ("anna", "bjorn", "cara", "dag"))
CALLS, PER_SECOND = 140, 2
TROUBLE_AFTER_S = 5
SESSIONS_CUT = 20
LOCKED_S = 8.0
_ALARM = re.compile(r'hotline_alarms\{kind="record"\} 1\.0')


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> Iterator[str]:
    """One whose server runs again at the end, whatever was done to it."""
    url = postgres.new_database()
    yield url
    if not postgres.running:
        postgres.start()


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack, database: str) -> HotlineStack:
    contacts: dict[str, str | None] = {name: f"sip:{name}@127.0.0.1:{PHONES_PORT}" for name in OPERATORS}
    config = plan(contacts, now=datetime.now(UTC))
    made = make_stack({**config, "alerts": {"trouble_after": f"{TROUBLE_AFTER_S}s"}})
    made.variables["DATABASE_URL"] = database
    made.start()
    return made


def figure(text: str) -> None:
    """A line for docs/faults.md, shown with `-s` or when the test fails."""
    print(text)  # noqa: T201


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


async def alarmed(stack: HotlineStack, *, yes: bool, deadline: float) -> float:
    begun = time.monotonic()
    while bool(_ALARM.search((await asyncio.to_thread(stack.get, "/metrics"))[1])) is not yes:
        assert time.monotonic() - begun < deadline, f"waited {deadline} s for the alarm to be {yes}"
        await asyncio.sleep(0.05)
    return time.monotonic() - begun


async def crash(stack: HotlineStack, postgres: PostgresServer) -> tuple[float, float]:
    """The server is gone, and the service is killed and started while it is; from when to when it is dead."""
    await asyncio.to_thread(postgres.stop)
    told = await alarmed(stack, yes=True, deadline=30)
    killed = time.time()
    stack.signal_service(signal.SIGKILL)
    stack.start_service()
    await asyncio.to_thread(stack.wait_alive)
    alive = time.time()
    await asyncio.sleep(6)
    await asyncio.to_thread(postgres.start)
    over = await alarmed(stack, yes=False, deadline=40)
    figure(f"R7 PostgreSQL crashed: alarm after {told:.1f} s, all clear {over:.1f} s after it is back")
    return killed, alive


async def cut_sessions(connection: asyncpg.Connection, dice: random.Random) -> None:
    for _ in range(SESSIONS_CUT):
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await asyncio.sleep(dice.uniform(0.05, 0.6))


async def lock(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        await connection.execute("LOCK TABLE call IN ACCESS EXCLUSIVE MODE")
        await asyncio.sleep(LOCKED_S)


async def test_calls_go_on_without_the_database_and_the_record_is_whole_when_it_is_back(
    stack: HotlineStack, postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    seed = random.randrange(2**32)
    figure(f"seed {seed}")
    dice = random.Random(seed)
    stays = [120_000 if dice.random() < 0.8 else dice.randrange(500, 9_000, 100) for _ in range(CALLS)]
    wanted = [Caller(f"+4790060{index:03}", OPEN, stay) for index, stay in enumerate(stays)]
    turns = [Turn(dice.randrange(200, 1000, 100), dice.randrange(1000, 3000, 500)) for _ in range(60)]
    async with (
        operator_phones(tmp_path, turns, port=PHONES_PORT) as phones,
        callers(
            tmp_path, "127.0.0.1", stack.settings.sip_port, wanted, per_second=PER_SECOND, at_once=40
        ) as calling,
    ):
        await calling.wait_for(lambda rows: sum(row.ended is None for row in rows) >= 4, 30)
        killed, alive = await crash(stack, postgres)
        connection = await asyncpg.connect(database)
        try:
            await cut_sessions(connection, dice)
            await lock(connection)
        finally:
            await connection.close()
        up = sum(row.ended is None for row in calling.rows())
        rows = await calling.wait_ended(150)
        await phones.wait_for(lambda talks: all(talk.ended is not None for talk in talks), 20)
        talks = phones.rows()

    records = await stack.wait_calls(
        lambda records: sum(record["finished"] for record in records) >= CALLS, 20, "all calls"
    )
    found = differences(rows, talks, records)
    ways = Counter(record["route"] for record in records)
    figure(
        f"R7 {CALLS} calls, {up} up when the lock was let go: {len(found)} lost, doubled or wrong;"
        f" routed by {dict(ways)}"
    )
    assert not found, "\n".join(found[:20])
    assert up > 0, "the lock was let go after the last call"
    # Nobody but those who rang while the service itself was dead went another way.
    without = [moment(record["arrived_at"]) for record in records if record["route"] == "fallback"]
    assert all(killed - 1 < arrived < alive + 1 for arrived in without), (killed, alive, without)
