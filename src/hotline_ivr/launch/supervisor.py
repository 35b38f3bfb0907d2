"""Keeping child processes up, and taking them down in order.

Each child runs in a session of its own, so that Ctrl-C reaches only the supervisor, which then stops the
children one after the other: the service first, Asterisk last, since Asterisk holds the calls.
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


@dataclass(frozen=True, slots=True)
class Child:
    """A program to keep up. `stop_timeout` is in seconds, after which it is killed."""

    name: str
    command: Sequence[str]
    stop_timeout: float
    output: Path | None = None
    """File that takes the child's output; None leaves it on ours."""


class Supervisor:
    """Starts the children in order, restarts what dies, stops in reverse order."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = children
        self._processes: dict[str, asyncio.subprocess.Process] = {}

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
            process = await self._start(child)
            code = await process.wait()
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

    async def _start(self, child: Child) -> asyncio.subprocess.Process:
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(child.output.open("ab")) if child.output else None
            process = await asyncio.create_subprocess_exec(
                *child.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
            )
        self._processes[child.name] = process
        log.info("process started", process=child.name, pid=process.pid)
        return process

    async def _stop(self, child: Child) -> None:
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


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
