"""What the record costs: CPU per call from Asterisk's lines to rows, and the writer against bare SQL.

A recorded call (19 channel events, 3 queue events, answered) is replayed: so many calls a second begin, each
of their lines is appended to the files at its time, and the keeper catches up once for each quarter of a
second of that time, as it does in service. No time is waited away, so what is counted is work.

The second figure is the writer's rows a second divided by those of the driver's bare `executemany` with the
same statements, rows and transactions; both in turn, in one run.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import create_engine

from hotline_ivr.asterisk.spool_log import open_logs
from hotline_ivr.calls.record_keeper import RecordKeeper
from hotline_ivr.routing.ledger import Batch
from hotline_ivr.store.engine import open_store, sqlite_engine
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.writer import rows_of, write_batch

NODE = "main"
# Seconds of a call's life between two looks at the files, as in service.
POLL = 0.25
START = 1_795_451_000.0

# One answered call: seconds after arrival, kind, whose channel (c caller, o operator), extra.
BRIDGE = {"bridge_id": "14e91ef6-bcde-4ee2-a2c2-cfe380af0a1d", "bridge_technology": "simple_bridge"}
HUNG_UP = {"hangupcause": 16, "hangupsource": "PJSIP/trunk-carrier-00000000", "dialstatus": "ANSWER"}
CALL: tuple[tuple[float, str, str, object], ...] = (
    (0.000, "CHAN_START", "c", ""),
    (0.002, "HOTLINE", "c", {"extra": "arrived|demo|+4722851235|+4798765432|KzQ3OTg3NjU0MzI=|S8OlcmU="}),
    (0.006, "HOTLINE", "c", {"extra": "asked|3f9a2c71|open:hours"}),
    (0.007, "HOTLINE", "c", {"extra": "answer"}),
    (0.007, "ANSWER", "c", ""),
    (0.507, "HOTLINE", "c", {"extra": "play|nb/greeting|greeting"}),
    (2.857, "HOTLINE", "c", {"extra": "played|SUCCESS"}),
    (2.858, "HOTLINE", "c", {"extra": "wait|main|300"}),
    (2.859, "CHAN_START", "o", ""),
    (2.862, "ANSWER", "o", ""),
    (2.863, "BRIDGE_ENTER", "o", BRIDGE),
    (2.864, "BRIDGE_ENTER", "c", BRIDGE),
    (6.010, "BRIDGE_EXIT", "c", BRIDGE),
    (6.011, "BRIDGE_EXIT", "o", BRIDGE),
    (6.011, "HANGUP", "c", HUNG_UP),
    (6.011, "CHAN_END", "c", ""),
    (6.012, "HANGUP", "o", HUNG_UP),
    (6.012, "CHAN_END", "o", ""),
    (6.012, "LINKEDID_END", "o", ""),
)
QUEUE: tuple[tuple[float, str, str, str], ...] = (
    (2.858, "NONE", "ENTERQUEUE", "|+4798765432|1"),
    (2.863, "anna", "CONNECT", "0|main-1.1|0"),
    (6.011, "anna", "COMPLETECALLER", "0|3|1"),
)


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured."""

    calls: int
    events_a_call: int
    # CPU time of the process, milliseconds a call, reading to commit.
    cpu_ms_a_call: float
    # How many calls a second that would keep one core busy.
    calls_a_second: float
    # The writer's rows a second, and its ratio to the driver's bare executemany.
    rows_a_second: float
    ratio_to_bare_sql: float


def lines_of(calls: int, rate: float, start: float = START) -> list[tuple[float, str, bytes]]:
    """(moment, file, line) of so many calls, `rate` a second from `start` on, in order of time."""
    found: list[tuple[float, str, bytes]] = []
    for number in range(calls):
        arrival = start + number / rate
        found.extend((arrival + after, "cel", line) for after, line in _cel_lines(number, arrival))
        call = f"{NODE}-{int(arrival)}.{number * 2}"
        for after, member, kind, data in QUEUE:
            text = f"{int(arrival + after)}|{call}|main|{member}|{kind}|{data}\n"
            found.append((arrival + after, "queue_log", text.encode()))
    return sorted(found, key=lambda entry: entry[0])


def _cel_lines(number: int, arrival: float) -> Iterator[tuple[float, bytes]]:
    call = f"{NODE}-{int(arrival)}.{number * 2}"
    channels = {
        "c": (call, f"PJSIP/trunk-carrier-{number * 2:08x}"),
        "o": (f"{NODE}-{int(arrival)}.{number * 2 + 1}", f"PJSIP/anna.k3v9-{number * 2 + 1:08x}"),
    }
    for after, kind, whose, extra in CALL:
        channel, name = channels[whose]
        record = {
            "eventtype": kind,
            "eventenum": "USER_DEFINED" if kind == "HOTLINE" else kind,
            "eventtime": f"{arrival + after:.6f}",
            "uniqueid": channel,
            "linkedid": call,
            "channame": name,
            "eventextra": json.dumps(extra, separators=(",", ":")) if extra else "",
        }
        yield after, json.dumps(record, separators=(",", ":")).encode() + b"\n"


class Recording:
    """A ledger that also keeps the batches, to write them again."""

    def __init__(self, ledger: DatabaseLedger) -> None:
        self.state = ledger.state
        self.calls = ledger.calls
        self._commit = ledger.commit
        self.batches: list[Batch] = []

    async def commit(self, batch: Batch) -> None:
        self.batches.append(batch)
        await self._commit(batch)


async def ingest(folder: Path, calls: int, rate: float) -> tuple[float, list[Batch]]:
    """CPU seconds to make the record of so many calls, and what was written."""
    url = f"sqlite:///{folder / 'hotline.db'}"
    await upgrade(url)
    files = {"cel": folder / "hotline.json", "queue_log": folder / "queue_log"}
    store = open_store(url)
    ledger = Recording(DatabaseLedger(store, NODE))
    # Time is that of the calls: on a slow machine their rows are written no more often than on a fast one.
    at = 0
    logs = partial(open_logs, files["cel"], files["queue_log"])
    keeper = RecordKeeper(NODE, ledger, logs, steady_clock=lambda: at * POLL)
    slices: dict[int, dict[str, bytearray]] = {}
    for moment, name, line in lines_of(calls, rate):
        slices.setdefault(int((moment - START) / POLL), {}).setdefault(name, bytearray()).extend(line)
    used = 0.0
    for at in sorted(slices):
        for name, data in slices[at].items():
            with files[name].open("ab") as file:
                file.write(data)
        before = time.process_time()
        await keeper.catch_up()
        used += time.process_time() - before
    keeper.close()
    await store.close()
    return used, ledger.batches


def write_again(folder: Path, batches: list[Batch], *, bare: bool) -> float:
    """Seconds to write these batches into an empty database: by our writer, or by the driver alone."""
    path = folder / "again.db"
    asyncio.run(upgrade(f"sqlite:///{path}"))
    engine = sqlite_engine(create_engine(f"sqlite:///{path}").url, begin="BEGIN IMMEDIATE")
    dialect = engine.dialect
    prepared = [rows_of(dialect, batch) for batch in batches] if bare else []
    started = time.perf_counter()
    if bare:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        for statements in prepared:
            connection.execute("BEGIN IMMEDIATE")
            for statement, rows in statements:
                connection.executemany(statement, rows)
            connection.execute("COMMIT")
        connection.close()
    else:
        for batch in batches:
            with engine.begin() as connection_of_ours:
                write_batch(connection_of_ours, batch)
    seconds = time.perf_counter() - started
    engine.dispose()
    for file in folder.glob("again.db*"):
        file.unlink()
    return seconds


def measure(calls: int = 6_000, rate: float = 300.0, rounds: int = 3) -> Result:
    """Replay `calls` calls, `rate` a second of their own time."""
    with tempfile.TemporaryDirectory() as name:
        used, batches = asyncio.run(ingest(Path(name), calls, rate))
        ours, bare = [], []
        for _ in range(rounds):
            ours.append(write_again(Path(name), batches, bare=False))
            bare.append(write_again(Path(name), batches, bare=True))
        dialect = create_engine("sqlite://").dialect
        rows = sum(len(some) for batch in batches for _, some in rows_of(dialect, batch))
    return Result(
        calls=calls,
        events_a_call=len(CALL) + len(QUEUE),
        cpu_ms_a_call=used / calls * 1000,
        calls_a_second=calls / used,
        rows_a_second=rows / min(ours),
        ratio_to_bare_sql=min(bare) / min(ours),
    )


if __name__ == "__main__":
    print(json.dumps(asdict(measure()), indent=2))
