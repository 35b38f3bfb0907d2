"""Exports of a million calls, from both databases: time, and the most memory that the process ever had.

Each export is a process of its own, `hotline export`, as an office or the service starts it. That memory does
not grow with the rows is told by the same export of a hundredth of them.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from hotline_ivr.routing.call_record import (
    CallerKind,
    CallKind,
    CallRecord,
    EndedBy,
    LegRecord,
    LegResult,
    Route,
)
from hotline_ivr.routing.steps import Outcome, Stage
from hotline_ivr.store import tables
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.writer import call_row, leg_rows
from tests.exports.peak import Used, hotline_used
from tests.postgres import running_server

CALLS = 1_000_000
START_US = 1_735_689_600_000_000
"""2025-01-01 UTC: a call each half a minute is most of a year."""

_SECOND = 1_000_000
_BETWEEN = 30 * _SECOND
_FORMATS = ("csv", "parquet", "xlsx")
DATABASES = ("sqlite", "postgresql")

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """One export: seconds on the clock and of CPU, the most memory ever held (MiB), the file's size (MiB)."""

    database: str
    format: str
    rows: int
    seconds: float
    cpu_s: float
    peak_mib: float
    size_mib: float


def measure(
    say: Callable[..., object], calls: int = CALLS, databases: Sequence[str] = DATABASES
) -> list[Export]:
    """Fill these databases, and export from each."""
    found: list[Export] = []
    with tempfile.TemporaryDirectory(prefix="hotline-bench-export-") as name:
        folder = Path(name)
        if "sqlite" in databases:
            url = f"sqlite:///{folder / 'hotline.db'}"
            say(f"filling SQLite with {calls} calls")
            fill_sqlite(folder / "hotline.db", url, calls)
            found += _exports("SQLite", url, folder, calls, say)
        if "postgresql" in databases:
            with running_server() as server:
                url = server.new_database()
                say(f"filling PostgreSQL with {calls} calls")
                asyncio.run(fill_postgres(url, calls))
                found += _exports("PostgreSQL", url, folder, calls, say)
    return found


def table(found: list[Export]) -> list[str]:
    return [
        f"export {each.format:7} of {each.rows:9,} calls from {each.database:10}: {each.seconds:6.1f} s,"
        f" {each.cpu_s:6.1f} s of CPU"
        f" ({each.rows / each.seconds:7,.0f} rows/s), peak {each.peak_mib:5.0f} MiB,"
        f" file {each.size_mib:6.1f} MiB"
        for each in found
    ]


def _exports(
    database: str, url: str, folder: Path, calls: int, say: Callable[..., object]
) -> Iterator[Export]:
    for rows in (calls // 100, calls):
        for form in _FORMATS:
            until = (START_US + rows * _BETWEEN) // _SECOND
            target = folder / f"calls.{form}"
            seconds, used = _run(url, folder, ["--until", _moment(until), "-o", str(target)])
            size = target.stat().st_size / 2**20
            one = Export(database, form, rows, seconds, used.cpu_s, used.peak_mib, size)
            target.unlink()
            say(*table([one]))
            yield one


def _moment(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(seconds))


def _run(url: str, folder: Path, arguments: list[str]) -> tuple[float, Used]:
    environment = {
        "HOTLINE_DATABASE_URL": url,
        "HOTLINE_STATE": str(folder / "state"),
        "HOTLINE_CONFIG": str(Path(__file__).parents[1] / "config"),
    }
    begun = time.perf_counter()
    used = hotline_used(["export", "calls", *arguments], environment)
    return time.perf_counter() - begun, used


def fill_sqlite(path: Path, url: str, calls: int) -> None:
    asyncio.run(upgrade(url))
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN")
    for name, rows in _rows(calls):
        names = tables.metadata.tables[name].c.keys()
        # Migrations have added columns behind those that were there.
        shown, marks = ", ".join(f'"{each}"' for each in names), ",".join("?" * len(names))
        connection.executemany(f"INSERT INTO {name} ({shown}) VALUES ({marks})", rows)  # noqa: S608
    connection.execute("COMMIT")
    connection.close()


async def fill_postgres(url: str, calls: int) -> None:
    import asyncpg  # type: ignore[import-untyped]  # noqa: PLC0415  an extra

    await upgrade(url)
    database, host = url.partition("@/")[2].split("?host=")
    connection = await asyncpg.connect(host=host, user="postgres", database=database)
    try:
        for name, rows in _rows(calls):
            columns = tables.metadata.tables[name].c.keys()
            await connection.copy_records_to_table(name, records=rows, columns=columns)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


def _rows(calls: int) -> Iterator[tuple[str, list[Row]]]:
    """Table and rows, in pieces."""
    records = (_record(number) for number in range(calls))
    while some := list(islice(records, 10_000)):
        yield "call", [call_row(record) for record in some]
        yield "leg", [row for record in some for row in leg_rows(record)]


def _record(number: int) -> CallRecord:
    """An ordinary answered call, with what an ordinary row holds."""
    at = START_US + number * _BETWEEN
    ident = f"main-{at // _SECOND}.{number % 1_000}"
    ended = at + 200 * _SECOND
    leg = LegRecord(
        channel=f"{ident}1",
        channel_name=f"PJSIP/anna.k3v9-{number:08x}",
        operator="anna",
        device=None,
        started_at=at + 20 * _SECOND,
        answered_at=at + 24 * _SECOND,
        connected_at=at + 24 * _SECOND,
        ended_at=ended,
        cause=16,
        talk_ms=176_000,
        result=LegResult.ANSWERED,
    )
    return CallRecord(
        node="main",
        id=ident,
        line="admission",
        number="+4722851234",
        caller=f"+479{number % 10_000_000:07}",
        caller_name="Kari Nordmann",
        caller_kind=CallerKind.OK,
        arrived_at=at,
        picked_up_at=at + _SECOND,
        greeting_started_at=at + _SECOND,
        greeting_ended_at=at + 9 * _SECOND,
        queued_at=at + 9 * _SECOND,
        ringing_at=at + 20 * _SECOND,
        connected_at=at + 24 * _SECOND,
        ended_at=ended,
        last_event_at=ended,
        wait_ms=15_000,
        talk_ms=176_000,
        total_ms=200_000,
        queue="main",
        operator="anna",
        outcome=Outcome.ANSWERED,
        stage=Stage.TALK,
        ended_by=EndedBy.CALLER,
        end_cause=16,
        queue_status=None,
        route=Route.SERVICE,
        plan_version="0123456789ab",
        reasons="open:admission.hours",
        rings=1,
        unanswered_rings=0,
        discrepancy=None,
        finished=True,
        keys="main:2@3.4",
        centre=None,
        outside_number=None,
        outside_ring_ms=None,
        outside_talk_ms=None,
        confirmation=None,
        kind=CallKind.CALLER,
        attempt=None,
        fold_version=1,
        consent=None,
        recorded=None,
        legs=(leg,),
    )
