"""Durable writing: our writer against COPY alone on PostgreSQL, and from hang-up until a call is kept.

The first: the batches that a replay of 300 calls a second makes are written into an empty PostgreSQL, by our
writer, which takes positions of the logs and calls under way along and heeds keys that are there already, and
by the driver's COPY into the same tables and nothing else, a transaction for each batch. Both in turn, in one
run.

The second: a process of its own writes Asterisk's logs line by line at their times, 200 calls a second; the
keeper of the record follows them as in service. Taken is the time from the moment that Asterisk's line gives
for the hang-up to the moment in which the commit of the call's end has returned. CPU is that of the keeper's
process alone, while calls end and, before the first, while nothing is written.
"""

from __future__ import annotations

import asyncio
import gc
import math
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from typing_extensions import override

from bench.record import NODE, ingest
from bench.spool_feed import FILES
from hotline_ivr.asterisk.spool_log import open_logs
from hotline_ivr.calls.record_keeper import NobodyObserves, RecordKeeper
from hotline_ivr.calls.record_pace import Pace
from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.ledger import Batch
from hotline_ivr.store import tables
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.writer import named_rows, write_batch
from tests.postgres import PostgresServer, running_server

RATE = 200.0
SECONDS = 20
IDLE_SECONDS = 10
PACES = {
    "as in service": Pace(),
    "each 250 ms": Pace(shortest_poll=0.25),
    "each 20 ms": Pace(poll=0.02),
}
"""When the files are looked at: as soon as a call has ended, or by the clock alone."""
_TARGET_MS = 50.0


@dataclass(frozen=True, slots=True)
class Copied:
    """Rows a second into PostgreSQL, by our writer and by COPY alone; the best of the rounds."""

    rows: int
    rows_a_second: float
    ratio_to_copy: float


@dataclass(frozen=True, slots=True)
class Delay:
    """From hang-up to commit (milliseconds), and what the keeper's process needed for it."""

    database: str
    pace: str
    calls: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    cpu_ms_a_call: float
    idle_cpu_ms_a_second: float


@dataclass(frozen=True, slots=True)
class Durable:
    """What was measured."""

    copied: Copied
    delays: tuple[Delay, ...]


def measure(say: Callable[..., object], calls: int = 6_000, rounds: int = 4) -> Durable:
    """Both, on databases of its own."""
    with running_server() as server:
        copied = _against_copy(server, calls, rounds)
        delays = []
        for about, pace in PACES.items():
            for name in ("SQLite", "PostgreSQL"):
                with tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder:
                    url = server.new_database()
                    if name == "SQLite":
                        url = f"sqlite:///{Path(folder) / 'hotline.db'}"
                    delays.append(asyncio.run(_delay(name, url, Path(folder), about, pace)))
                say(_told(delays[-1]))
    return Durable(copied, tuple(delays))


def table(found: Durable) -> list[str]:
    copied = found.copied
    return [
        (
            f"durable: PostgreSQL, writer / COPY alone: {copied.ratio_to_copy:.2f} (target >= 0.75),"
            f" {copied.rows_a_second:,.0f} rows/s"
        ),
        *map(_told, found.delays),
    ]


def _told(delay: Delay) -> str:
    return (
        f"hang-up to commit, {delay.database:10}, {delay.pace:13}:"
        f" p50 {delay.p50_ms:5.0f}, p99 {delay.p99_ms:5.0f}, worst {delay.worst_ms:5.0f} ms"
        f" (target p99 <= {_TARGET_MS:.0f} ms at {RATE:.0f} calls/s),"
        f" {delay.cpu_ms_a_call:.2f} CPU-ms a call, idle {delay.idle_cpu_ms_a_second:.1f} a second,"
        f" {delay.calls:,} calls"
    )


def _against_copy(server: PostgresServer, calls: int, rounds: int) -> Copied:
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder:
        _, batches = asyncio.run(ingest(Path(folder), calls, 300.0))
    ours: list[float] = []
    bare: list[float] = []
    for number in range(rounds):
        # A B B A: what comes second finds a machine that is a little warmer.
        for arm in (_ours, _copy)[:: 1 if number % 2 == 0 else -1]:
            url = server.new_database()
            asyncio.run(upgrade(url))
            (ours if arm is _ours else bare).append(asyncio.run(arm(url, batches)))
    rows = sum(len(some) for batch in batches for _, some in named_rows(batch))
    return Copied(rows, rows / min(ours), min(bare) / min(ours))


async def _ours(url: str, batches: Sequence[Batch]) -> float:
    store = open_store(url)
    # The connection is there in service, too.
    await store.read(lambda connection: connection.exec_driver_sql("SELECT 1"))
    begun = time.perf_counter()
    for batch in batches:
        await store.write(lambda connection, batch=batch: write_batch(connection, batch))  # type: ignore[misc]
    seconds = time.perf_counter() - begun
    await store.close()
    return seconds


async def _copy(url: str, batches: Sequence[Batch]) -> float:
    import asyncpg  # type: ignore[import-untyped]  # noqa: PLC0415  an extra

    connection: Any = await asyncpg.connect(url)
    prepared = [
        [
            (name, tables.metadata.tables[name].c.keys(), rows)
            for name, rows in named_rows(batch)
            if name in tables.metadata.tables
        ]
        for batch in batches
    ]
    begun = time.perf_counter()
    for pieces in prepared:
        async with connection.transaction():
            for name, columns, rows in pieces:
                await connection.copy_records_to_table(name, columns=columns, records=rows)
    seconds = time.perf_counter() - begun
    await connection.close()
    return seconds


class _Ends(NobodyObserves):
    """How long after each hang-up its commit returned, and when all are there."""

    def __init__(self, calls: int) -> None:
        self.delays: list[float] = []
        self.complete = asyncio.Event()
        self._calls = calls

    @override
    def ended(self, record: CallRecord) -> None:
        if record.ended_at is None:
            raise AssertionError("a call that ended without an end")
        self.delays.append(time.time() - record.ended_at / 1_000_000)
        if len(self.delays) == self._calls:
            self.complete.set()


async def _delay(name: str, url: str, folder: Path, about: str, pace: Pace) -> Delay:
    await upgrade(url)
    calls = int(RATE * SECONDS)
    for file in FILES.values():
        (folder / file).touch()
    store, ends = open_store(url), _Ends(calls)
    keeper = RecordKeeper(
        NODE,
        DatabaseLedger(store, NODE),
        partial(open_logs, folder / FILES["cel"], folder / FILES["queue_log"]),
        pace=pace,
        observer=ends,
    )
    # As `hotline serve` does when all is loaded: else what stays for ever is gone through again and again.
    gc.collect()
    gc.freeze()
    keeping = asyncio.create_task(keeper.run())
    await asyncio.sleep(1.0)
    idle = _cpu()
    await asyncio.sleep(IDLE_SECONDS)
    idle = (_cpu() - idle) / IDLE_SECONDS
    start = time.time() + 2.0
    feed = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.spool_feed", str(folder), str(calls), str(RATE), str(start)
    )
    await asyncio.sleep(start - time.time())
    used = _cpu()
    await asyncio.wait_for(ends.complete.wait(), SECONDS + 60)
    used = _cpu() - used
    await keeper.stop()
    await keeping
    await feed.wait()
    await store.close()
    ordered = sorted(1000 * each for each in ends.delays)
    return Delay(
        database=name,
        pace=about,
        calls=calls,
        p50_ms=round(ordered[len(ordered) // 2], 1),
        p99_ms=round(ordered[math.ceil(len(ordered) * 0.99) - 1], 1),
        worst_ms=round(ordered[-1], 1),
        cpu_ms_a_call=round(1000 * used / calls, 3),
        idle_cpu_ms_a_second=round(1000 * idle, 2),
    )


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
