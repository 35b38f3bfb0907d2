"""Lives of a program that kills itself, each in a process of its own, forked from one that is loaded."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event

# What is forked from is one for all tests of a worker, and loads only what is named before it starts. Whoever
# came second would load everything anew in each of some thirty lives: minutes on a busy machine.
LOADED = ["tests.calls.keeper_process", "tests.calls.sender_process", "tests.launch.ingest_process"]
LONGEST_S = 60.0


def die_at(moment: int) -> None:
    """Let the `moment`-th thing that this process asks of a database be its last, as by `kill -9`."""
    left = moment

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("begin", "before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(Engine, name, count)


def live(program: Callable[..., None], *arguments: Any) -> int:
    """One life; its exit code. Raises TimeoutError if it does not come to an end, and ends it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    process = context.Process(target=program, args=arguments)
    process.start()
    process.join(LONGEST_S)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise TimeoutError(f"{program.__name__}{arguments} has not ended within {LONGEST_S:g} s")
    return process.exitcode
