"""PostgreSQL is away for minutes under the calls of a busy line: memory is bounded, and all is read after it.

A real service and a real PostgreSQL; Asterisk's files are written here, as fast as a busy hotline fills them.
HOTLINE_TEST_OUTAGE_S makes the outage longer (seconds): docs/faults.md has the figures of 600.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest

from hotline_ivr.testing.plans import plan
from hotline_ivr.testing.stack import HotlineStack
from tests.calls.asterisk_files import AsteriskFiles, a_call, cel_line, queue_line
from tests.postgres import PostgresServer

OUTAGE_S = float(os.environ.get("HOTLINE_TEST_OUTAGE_S", "12"))
PER_SECOND = 25
"""Calls: 90,000 an hour."""
AT_ONCE_S = 0.2
MOST_GROWN_MIB = 100
"""5,000 calls in hand of 10 KiB, and pieces of the files on their way, however long the outage."""
_BEHIND = re.compile(r"hotline_record_behind_bytes\{[^}]*\} ([0-9.e+]+)")

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300 + 3 * OUTAGE_S)]


@pytest.fixture
def stack(tmp_path: Path, postgres: PostgresServer) -> Iterator[HotlineStack]:
    variables = {"DATABASE_URL": postgres.new_database(), "HOTLINE_NODE": "main"}
    with HotlineStack(
        tmp_path / "node", plan({"anna": None}, now=datetime.now(UTC)), variables=variables
    ) as made:
        made.start_service()
        made.wait_alive()
        yield made
    if not postgres.running:
        postgres.start()


class Line:
    """Writes calls of a recorded one, each with an id of its own."""

    def __init__(self, stack: HotlineStack) -> None:
        stack.settings.cel_file.parent.mkdir(parents=True, exist_ok=True)
        self._files = AsteriskFiles(stack.settings.cel_file.parent)
        self._files.queue_log = stack.settings.queue_log_file
        self.calls = 0

    def ring(self, count: int) -> None:
        calls = [a_call("second_operator_answers", self.calls + each) for each in range(count)]
        self._files.add(b"".join(cel_line(event) for call in calls for event in call.events))
        self._files.add_queue(b"".join(queue_line(event) for call in calls for event in call.queue_events))
        self.calls += count

    async def ring_for(self, seconds: float) -> None:
        begun, before = time.monotonic(), self.calls
        while (lasted := time.monotonic() - begun) < seconds:
            if missing := int(lasted * PER_SECOND) + 1 - (self.calls - before):
                await asyncio.to_thread(self.ring, missing)
            await asyncio.sleep(AT_ONCE_S)


def resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+([0-9]+) kB", status)
    assert found
    return int(found[1]) / 1024


async def behind(stack: HotlineStack) -> float:
    """Bytes of Asterisk's files that are not in the database."""
    text = (await asyncio.to_thread(stack.get, "/metrics"))[1]
    return sum(float(each) for each in _BEHIND.findall(text)) if text else float("inf")


async def most_resident(pid: int) -> float:
    """Until cancelled; the most it was."""
    most = 0.0
    try:
        while True:
            most = max(most, resident_mib(pid))
            await asyncio.sleep(0.5)
    except asyncio.CancelledError:
        return most


async def caught_up(stack: HotlineStack, deadline: float) -> None:
    async with asyncio.timeout(deadline):
        while await behind(stack) > 0:
            await asyncio.sleep(0.1)


async def test_memory_is_bounded_and_what_waited_is_read_ten_times_as_fast_as_it_came(
    stack: HotlineStack, postgres: PostgresServer
) -> None:
    line, pid = Line(stack), stack.pid("serve")
    await line.ring_for(5)
    await caught_up(stack, 60)
    usual = resident_mib(pid)
    await asyncio.to_thread(postgres.stop)
    watch = asyncio.create_task(most_resident(pid))
    before = line.calls
    await line.ring_for(OUTAGE_S)
    waited, size = line.calls - before, await behind(stack)
    assert size > 0
    await asyncio.to_thread(postgres.start)
    back = time.monotonic()
    # The service tries again at growing distance, half a minute at most.
    async with asyncio.timeout(60):
        while await behind(stack) >= size:
            await asyncio.sleep(0.05)
    begun = time.monotonic()
    await caught_up(stack, 120 + OUTAGE_S)
    drained = time.monotonic() - begun
    watch.cancel()
    most = await watch
    connection = await asyncpg.connect(stack.variables["DATABASE_URL"])
    rows, ids = await connection.fetchrow("SELECT count(*), count(DISTINCT id) FROM call WHERE finished")
    await connection.close()
    print(  # noqa: T201
        f"R7 PostgreSQL away for {OUTAGE_S:.0f} s at {PER_SECOND} calls/s: {waited} calls,"
        f" {size / 2**20:.1f} MiB waited; read on {begun - back:.1f} s after it was back, "
        f"drained in {drained:.1f} s"
        f" ({waited / max(drained, 0.1) / PER_SECOND:.0f} x arrival); memory {usual:.0f} MiB before,"
        f" {most:.0f} at most; {line.calls} calls, {rows} rows"
    )
    assert (rows, ids) == (line.calls, line.calls)
    assert most - usual < MOST_GROWN_MIB
