"""Asterisk's logs are rotated, and nothing of them is lost to the record."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hotline_ivr.asterisk.spool_tail import Tail
from hotline_ivr.launch.rotating import RotatedLog, Rotation
from hotline_ivr.routing.cel import Source
from tests.launch.test_reloading import FakeControl

LIMIT = 100


class Ticking:
    """A clock that goes on by a microsecond a look."""

    def __init__(self) -> None:
        self._now = datetime(2026, 12, 31, 23, 59, 59, 999_998, tzinfo=UTC)

    def __call__(self) -> datetime:
        self._now += timedelta(microseconds=1)
        return self._now


def rotation(log: Path, control: FakeControl, *, keep: int = 3) -> Rotation:
    return Rotation([RotatedLog(log, keep)], control, limit=LIMIT, poll=0.01, now=Ticking())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_log_below_its_limit_is_left_alone(tmp_path: Path) -> None:
    control = FakeControl()
    (tmp_path / "queue_log").write_text("x" * (LIMIT - 1))
    await rotation(tmp_path / "queue_log", control).look()
    assert names(tmp_path) == ["queue_log"]
    assert control.commands == []


async def test_a_log_that_is_not_there_yet_is_no_fault(tmp_path: Path) -> None:
    control = FakeControl()
    await rotation(tmp_path / "queue_log", control).look()
    assert control.commands == []


async def test_a_full_log_is_renamed_and_asterisk_told(tmp_path: Path) -> None:
    control = FakeControl()
    (tmp_path / "queue_log").write_text("x" * LIMIT)
    await rotation(tmp_path / "queue_log", control).look()
    assert names(tmp_path) == ["queue_log.20261231T235959999999Z"]
    assert control.commands == ["logger reload"]


async def test_the_oldest_generations_go_and_strangers_files_stay(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    (tmp_path / "queue_log.1").write_text("logrotate's own")
    (tmp_path / "queue_log.20261231T235959999999Z.gz").write_text("somebody's archive")
    rotating = rotation(log, FakeControl(), keep=2)
    for _ in range(4):
        log.write_text("x" * LIMIT)
        await rotating.look()
    assert names(tmp_path) == [
        "queue_log.1",
        "queue_log.20261231T235959999999Z.gz",
        "queue_log.20270101T000000000001Z",
        "queue_log.20270101T000000000002Z",
    ]


async def test_an_asterisk_that_was_away_is_told_when_it_is_back(tmp_path: Path) -> None:
    control = FakeControl()
    control.up = False
    (tmp_path / "queue_log").write_text("x" * LIMIT)
    running = asyncio.create_task(rotation(tmp_path / "queue_log", control).run())
    while names(tmp_path) == ["queue_log"]:
        await asyncio.sleep(0)
    control.up = True
    async with asyncio.timeout(10):
        await control.told.wait()
    running.cancel()
    assert control.commands == ["logger reload"]


async def test_the_tail_reads_every_line_once_over_many_rotations(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    control = FakeControl()
    rotating = rotation(log, control, keep=50)
    read: list[bytes] = []
    with Tail(log, Source.QUEUE_LOG) as tail:
        for number in range(300):
            with log.open("a") as out:
                out.write(f"line {number}\n")
            if number % 7 == 0:
                await rotating.look()
            # Only now and then, so that several generations wait to be read.
            while number % 45 == 0 and (piece := tail.read()):
                read += piece.data.splitlines()
        while piece := tail.read():
            read += piece.data.splitlines()
    assert read == [f"line {number}".encode() for number in range(300)]
    assert len(control.commands) > 10


async def test_what_was_begun_long_ago_is_rotated_also_where_it_is_small(tmp_path: Path) -> None:
    """Else what a small hotline's logs say would lie for ever in the file that is written to."""
    said, told, fresh, dumb = (tmp_path / name for name in ("messages.log", "queue_log", "fresh", "dumb"))
    said.write_text("Asterisk starts\n[2026-12-20 12:00:00.000] NOTICE[1] x: y\n")
    told.write_text(f"{int(datetime(2026, 12, 20, tzinfo=UTC).timestamp())}|NONE|NONE|NONE|QUEUESTART|\n")
    fresh.write_text("[2026-12-30 12:00:00.000] NOTICE[1] x: y\n")
    dumb.write_text("x\n")
    control = FakeControl()
    logs = [RotatedLog(path, 3, days=7) for path in (said, told, fresh, dumb)]
    await Rotation(logs, control, limit=10_000, poll=0.01, now=Ticking()).look()
    assert [path.name for path in (said, told, fresh, dumb) if path.exists()] == ["fresh", "dumb"]
    assert control.commands == ["logger reload"]


async def test_a_log_that_is_held_open_is_copied_and_emptied(tmp_path: Path) -> None:
    """Asterisk's console: whoever started it has opened the file for it."""
    log, control = tmp_path / "console.log", FakeControl()
    with log.open("ab", buffering=0) as held:
        held.write(b"x" * LIMIT)
        await Rotation([RotatedLog(log, 3, emptied=True)], control, limit=LIMIT, now=Ticking()).look()
        held.write(b"goes on")
    assert log.read_text() == "goes on"
    (generation,) = [path for path in tmp_path.iterdir() if path != log]
    assert generation.read_bytes() == b"x" * LIMIT
    assert control.commands == []
