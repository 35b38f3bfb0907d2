"""A table locked for long, sessions cut for long, PostgreSQL stopped for long, while many callers come.

Nobody of them waits for the database: asks take as long as before, each caller is treated as the plan says,
and each is in the record once when the database is back.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest
from typing_extensions import override

from hotline_ivr.testing.ledger import LedgerRow
from hotline_ivr.testing.plans import CLOSED, OPEN, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sipp import Caller, SippRun, Turn, callers, operator_phones
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.journeys import expected_outcomes
from tests.acceptance.test_database_lost import database, figure
from tests.postgres import PostgresServer

__all__ = ["database"]

AT_SIZE = bool(os.environ.get("HOTLINE_TEST_AT_SIZE"))
"""Faults as large as docs/faults.md tells them, which takes minutes more."""
PER_SECOND = 20 if AT_SIZE else 5
LOCKED_S, CUT_S, AWAY_S = (30.0, 120.0, 150.0) if AT_SIZE else (5.0, 5.0, 8.0)
BETWEEN_S = 15.0 if AT_SIZE else 3.0
CALLS = int(PER_SECOND * (LOCKED_S + CUT_S + AWAY_S + 4 * BETWEEN_S))

pytestmark = [pytest.mark.acceptance, pytest.mark.postgres, pytest.mark.timeout(900 if AT_SIZE else 240)]

PHONES_PORT = free_port()
OPERATORS = tuple(f"op{number:02}" for number in range(30 if AT_SIZE else 8))
_BUCKET = re.compile(r'^hotline_ask_seconds_bucket\{le="([^"]+)"\} ([0-9.e+]+)$', re.MULTILINE)
_ENDS = re.compile(r'^hotline_asks_total\{end="([^"]+)"\} ([0-9.e+]+)$', re.MULTILINE)


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack, database: str) -> HotlineStack:
    contacts: dict[str, str | None] = {name: f"sip:{name}@127.0.0.1:{PHONES_PORT}" for name in OPERATORS}
    made = make_stack(plan(contacts, now=datetime.now(UTC), ring_time=3))
    made.variables["DATABASE_URL"] = database
    made.start()
    return made


class Asks:
    """The asks since a moment, as the service's metrics tell them."""

    def __init__(self, before: str, after: str) -> None:
        self.ends = _counts(_ENDS, after) - _counts(_ENDS, before)
        self._within = _counts(_BUCKET, after)
        self._within.subtract(_counts(_BUCKET, before))

    @property
    def count(self) -> int:
        return self._within["+Inf"]

    @override
    def __str__(self) -> str:
        shown = [f"{float(le) * 1000:g} ms {count / self.count:.2%}" for le, count in self._some()]
        return f"{self.count} asks, {dict(self.ends)}; within " + ", ".join(shown)

    def _some(self) -> Iterator[tuple[str, int]]:
        """Up to the first bound that holds all of them."""
        for le, count in self._within.items():
            if le != "+Inf":
                yield le, count
            if count == self.count:
                return


def _counts(pattern: re.Pattern[str], text: str) -> Counter[str]:
    return Counter({name: int(float(value)) for name, value in pattern.findall(text)})


@asynccontextmanager
async def phase(stack: HotlineStack, calling: SippRun, name: str) -> AsyncIterator[None]:
    """Tell how many came in it, and how long their asks took; each is answered."""
    before = (await asyncio.to_thread(stack.get, "/metrics"))[1]
    begun, rows = time.monotonic(), len(calling.rows())
    yield
    took = time.monotonic() - begun
    asks = Asks(before, (await asyncio.to_thread(stack.get, "/metrics"))[1])
    came = len(calling.rows()) - rows
    figure(f"R7 {name}: {took:.0f} s, {came} calls, {came / took:.1f} a second; {asks}")
    assert asks.count > 0
    assert set(asks.ends) == {"answered"}, f"{name}: {asks}"


async def lock(database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE call IN ACCESS EXCLUSIVE MODE")
            await asyncio.sleep(LOCKED_S)
    finally:
        await connection.close()


async def cut_sessions(database: str, dice: random.Random) -> int:
    connection = await asyncpg.connect(database)
    cut, end = 0, time.monotonic() + CUT_S
    try:
        while time.monotonic() < end:
            found = await connection.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            cut += len(found)
            await asyncio.sleep(dice.uniform(0.05, 0.6))
    finally:
        await connection.close()
    return cut


async def away(postgres: PostgresServer) -> None:
    await asyncio.to_thread(postgres.stop)
    await asyncio.sleep(AWAY_S)
    await asyncio.to_thread(postgres.start)


async def recorded(database: str, count: int) -> list[asyncpg.Record]:
    """Every row, once so many calls have ended."""
    connection = await asyncpg.connect(database)
    try:
        async with asyncio.timeout(180):
            while True:
                rows = await connection.fetch("SELECT caller, outcome, route, finished FROM call")
                if sum(row["finished"] for row in rows) >= count:
                    return list(rows)
                await asyncio.sleep(1)
    finally:
        await connection.close()


def differences(
    rows: list[LedgerRow], called: dict[str, str], talks: list[LedgerRow], records: list[asyncpg.Record]
) -> list[str]:
    """Callers who are in the record twice or not at all, or otherwise than the telephones saw."""
    times = Counter(record["caller"] for record in records)
    found = [f"{number} has {count} records" for number, count in times.items() if count != 1]
    outcomes = {record["caller"]: record["outcome"] for record in records}
    for row in rows:
        own = [talk for talk in talks if talk.peer == row.number]
        expected = expected_outcomes(row, called[row.number], own)
        if outcomes.get(row.number) not in expected:
            found.append(f"{row.number}: {outcomes.get(row.number)}, not {expected}: {row} {own}")
    return found


async def test_many_callers_notice_nothing_of_a_database_that_is_locked_cut_and_away_for_long(
    stack: HotlineStack, postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    seed = int(os.environ.get("HOTLINE_TEST_SEED") or random.randrange(2**32))
    figure(f"HOTLINE_TEST_SEED={seed}")
    dice = random.Random(seed)
    wanted = [
        Caller(f"+4790{index:06}", dice.choice((OPEN, OPEN, CLOSED)), dice.randrange(500, 9_000, 100))
        for index in range(CALLS)
    ]
    called = {caller.number: caller.called for caller in wanted}
    turns = [Turn(dice.randrange(100, 1000, 50), dice.randrange(500, 2000, 100)) for _ in range(97)]
    port = stack.settings.sip_port
    async with (
        operator_phones(tmp_path, turns, port=PHONES_PORT) as phones,
        callers(tmp_path, "127.0.0.1", port, wanted, per_second=PER_SECOND, at_once=300) as calling,
    ):
        calling.go_first()
        phones.go_first()
        async with phase(stack, calling, "before"):
            await asyncio.sleep(BETWEEN_S)
        async with phase(stack, calling, f"the table of calls locked for {LOCKED_S:g} s"):
            await lock(database)
        await asyncio.sleep(BETWEEN_S)
        async with phase(stack, calling, f"sessions cut for {CUT_S:g} s"):
            cut = await cut_sessions(database, dice)
        await asyncio.sleep(BETWEEN_S)
        async with phase(stack, calling, f"PostgreSQL away for {AWAY_S:g} s"):
            await away(postgres)
        back = time.monotonic()
        rows = await calling.wait_ended(120)
        await phones.wait_for(lambda talks: all(talk.ended is not None for talk in talks), 20)
        talks = phones.rows()
    records = await recorded(database, CALLS)
    found = differences(rows, called, talks, records)
    ways = Counter(record["route"] for record in records)
    figure(
        f"R7 {CALLS} calls, {len(talks)} rings, {cut} sessions cut: {len(found)} lost, doubled or wrong;"
        f" all in the record {time.monotonic() - back:.0f} s after it was back, with what came meanwhile;"
        f" routed by {dict(ways)}; {dict(Counter(record['outcome'] for record in records))}"
    )
    assert len(rows) == CALLS
    assert not found, "\n".join(found[:20])
    # Who hung up before anybody was asked went no way; nobody needed the fallback.
    assert set(ways) <= {"service", None}, ways
    balanced = await asyncio.to_thread(stack.hotline, "balance", deadline=120 + CALLS / 100)
    assert balanced.returncode == 0, balanced.stdout + balanced.stderr
