"""Keeping child processes up, and taking them down in order.

Each child runs in a session of its own, so that Ctrl-C reaches only the supervisor, which then stops the
children one after the other: the service first, Asterisk last, since Asterisk holds the calls.

A child may have another beside it that stands by: the same program, loaded, which does nothing until it is
told on its standard input that it is its turn, and ends where that is closed. Loading takes most of a start.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger()

# A child that ran this long (seconds) was well; its next failure starts the back-off anew.
HEALTHY_AFTER = 30.0
# Back-off between restarts (seconds): at once, then doubling up to the last.
FIRST_DELAY, LAST_DELAY = 0.2, 10.0
# A child that runs for so long (seconds) gets one that stands by: its own start, and what it finds there to
# catch up with, are not to be slowed down. So does one whose stand-by has ended.
STANDBY_AFTER = 10.0
GO = b"go\n"


@dataclass(frozen=True, slots=True)
class Child:
    """A program to keep up. `stop_timeout` is in seconds, after which it is killed."""

    name: str
    command: Sequence[str]
    stop_timeout: float
    output: Path | None = None
    """File that takes the child's output; None leaves it on ours."""
    standby: Sequence[str] = ()
    """The program that stands by; empty for none."""


class Supervisor:
    """Starts the children in order, restarts what dies, stops in reverse order."""

    def __init__(self, children: Sequence[Child], *, standby_after: float = STANDBY_AFTER) -> None:
        self._children = children
        self._standby_after = standby_after
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._standing_by: dict[str, asyncio.subprocess.Process] = {}

    async def run(self) -> None:
        """Keep every child up until cancelled; then stop them, last started first."""
        tasks = [asyncio.create_task(self._keep_up(child), name=child.name) for child in self._children]
        try:
            await asyncio.gather(*tasks)
        finally:
            for child, task in reversed(list(zip(self._children, tasks, strict=True))):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
                await self._stop(child)

    async def _keep_up(self, child: Child) -> None:
        delay = FIRST_DELAY
        while True:
            started = time.monotonic()
            process = await self._run(child)
            code = await self._ended(child, process)
            lived = time.monotonic() - started
            delay = FIRST_DELAY if lived > HEALTHY_AFTER else delay
            log.error(
                "a process ended and is started again",
                process=child.name,
                ended=_how(code),
                lived_s=round(lived, 1),
                again_in_s=delay,
            )
            await asyncio.sleep(delay)
            delay = min(delay * 2, LAST_DELAY)

    async def _run(self, child: Child) -> asyncio.subprocess.Process:
        """The one that stands by, if it does, or another."""
        process = self._standing_by.pop(child.name, None)
        if process is not None and await _told_to_go(process):
            log.info("what stood by takes over", process=child.name, pid=process.pid)
        else:
            process = await _start(child, child.command, subprocess.DEVNULL)
        self._processes[child.name] = process
        log.info("process started", process=child.name, pid=process.pid)
        return process

    async def _ended(self, child: Child, process: asyncio.subprocess.Process) -> int:
        """Wait for its end, and see that another stands by meanwhile; its exit code."""
        beside = asyncio.create_task(self._keep_standby(child), name=f"{child.name} stands by")
        try:
            return await process.wait()
        finally:
            beside.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beside

    async def _keep_standby(self, child: Child) -> None:
        while child.standby:
            await asyncio.sleep(self._standby_after)
            try:
                other = await _start(child, child.standby, subprocess.PIPE)
            except OSError as error:
                log.warning("nothing stands by", process=child.name, reason=str(error))
                continue
            self._standing_by[child.name] = other
            log.info("process stands by", process=child.name, pid=other.pid)
            code = await other.wait()
            log.warning("what stood by has ended", process=child.name, ended=_how(code))

    async def _stop(self, child: Child) -> None:
        other = self._standing_by.pop(child.name, None)
        if other is not None:
            # It does nothing yet, and so has nothing to bring to an end.
            with contextlib.suppress(ProcessLookupError):
                other.kill()
            await other.wait()
        process = self._processes.get(child.name)
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(child.stop_timeout):
                await process.wait()
        except TimeoutError:
            log.warning("a process did not stop in time and is killed", process=child.name)
            process.kill()
            await process.wait()
        log.info("process stopped", process=child.name)


async def _start(child: Child, command: Sequence[str], stdin: int) -> asyncio.subprocess.Process:
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(child.output.open("ab")) if child.output else None
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
        )


async def _told_to_go(process: asyncio.subprocess.Process) -> bool:
    """Whether it was there to be told."""
    if process.returncode is not None or process.stdin is None:
        return False
    try:
        process.stdin.write(GO)
        await process.stdin.drain()
        process.stdin.close()
    except ConnectionError:
        return False
    return True


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
