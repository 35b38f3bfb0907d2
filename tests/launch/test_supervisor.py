"""Children are kept up, and stopped in order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from hotline_ivr.launch.supervisor import Child, Supervisor

TIMEOUT = 20

# Writes its name when it starts and when it is told to stop.
SCRIPT = """
import os, pathlib, signal, sys, time
name, log = sys.argv[1], pathlib.Path(sys.argv[2])
def note(word):
    with log.open("a") as file:
        file.write(f"{name} {word} {os.getpid()}\\n")
def stop(*_):
    note("stopped")
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if name == "deaf" else stop)
if name == "standby":
    note("stands-by")
    if not sys.stdin.readline():
        note("forgotten")
        sys.exit(0)
note("started")
time.sleep(600)
"""


def child(name: str, log: Path, stop_timeout: float = 10) -> Child:
    return Child(name, (sys.executable, "-c", SCRIPT, name, str(log)), stop_timeout)


def with_standby(log: Path) -> Child:
    other = (sys.executable, "-c", SCRIPT, "standby", str(log))
    return Child("service", (sys.executable, "-c", SCRIPT, "service", str(log)), 10, standby=other)


async def until(log: Path, text: str, count: int = 1) -> list[list[str]]:
    """The log's lines as words, once `text` stands in so many of them."""
    async with asyncio.timeout(TIMEOUT):
        while True:
            lines = log.read_text().splitlines() if log.exists() else []
            if sum(text in line for line in lines) >= count:
                return [line.split() for line in lines]
            await asyncio.sleep(0.02)


async def stop(running: asyncio.Task[None]) -> None:
    running.cancel()
    await asyncio.wait([running], timeout=TIMEOUT)
    assert running.done()


async def test_a_child_that_is_killed_is_started_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    running = asyncio.create_task(Supervisor([child("service", log)]).run())
    (_, _, pid), *_ = await until(log, "service started")
    os.kill(int(pid), signal.SIGKILL)
    lines = await until(log, "service started", count=2)
    assert lines[1][2] != pid
    await stop(running)


async def test_the_child_that_was_started_last_is_stopped_first(tmp_path: Path) -> None:
    log = tmp_path / "log"
    running = asyncio.create_task(Supervisor([child("asterisk", log), child("service", log)]).run())
    await until(log, "asterisk started")
    await until(log, "service started")
    await stop(running)
    words = [line.split()[:2] for line in log.read_text().splitlines() if "stopped" in line]
    assert words == [["service", "stopped"], ["asterisk", "stopped"]]


async def test_a_child_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    running = asyncio.create_task(Supervisor([child("deaf", log, stop_timeout=0.2)]).run())
    (_, _, pid), *_ = await until(log, "deaf started")
    await stop(running)
    assert not Path(f"/proc/{pid}").exists()


async def test_ctrl_c_in_the_terminal_does_not_reach_the_children(tmp_path: Path) -> None:
    log = tmp_path / "log"
    running = asyncio.create_task(Supervisor([child("service", log)]).run())
    (_, _, pid), *_ = await until(log, "service started")
    assert os.getpgid(int(pid)) != os.getpgid(0)
    await stop(running)


async def test_where_one_stands_by_it_takes_over_from_a_child_that_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    running = asyncio.create_task(Supervisor([with_standby(log)], standby_after=0.05).run())
    (_, _, pid), *_ = await until(log, "service started")
    await until(log, "standby stands-by")
    os.kill(int(pid), signal.SIGKILL)
    await until(log, "standby started")
    lines = await until(log, "standby stands-by", count=2)
    first = {word: pid for _, word, pid in reversed(lines) if word in {"stands-by", "started"}}
    assert [pid for _, word, pid in lines if word == "started"] == [lines[0][2], first["stands-by"]]
    assert sum(line[:2] == ["service", "started"] for line in lines) == 1
    await stop(running)
    lines = [line.split() for line in log.read_text().splitlines()]
    assert all(not Path(f"/proc/{pid}").exists() for _, _, pid in lines)
    assert sum(word == "stopped" for _, word, _ in lines) == 1, "who stood by had nothing to bring to an end"


async def test_a_stand_by_that_has_died_is_replaced_and_costs_no_restart(tmp_path: Path) -> None:
    log = tmp_path / "log"
    running = asyncio.create_task(Supervisor([with_standby(log)], standby_after=0.05).run())
    (_, _, first), *_ = await until(log, "service started")
    (_, _, other), *_ = [line for line in await until(log, "stands-by") if line[1] == "stands-by"]
    os.kill(int(other), signal.SIGKILL)
    await until(log, "stands-by", count=2)
    os.kill(int(first), signal.SIGKILL)
    await until(log, "standby started")
    await stop(running)


async def test_a_child_that_dies_before_anything_stands_by_is_started_as_ever(tmp_path: Path) -> None:
    log = tmp_path / "log"
    running = asyncio.create_task(Supervisor([with_standby(log)], standby_after=600).run())
    (_, _, pid), *_ = await until(log, "service started")
    os.kill(int(pid), signal.SIGKILL)
    await until(log, "service started", count=2)
    await stop(running)
    assert "stands-by" not in log.read_text()
