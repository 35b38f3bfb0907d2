"""The loops of a process: started in the order in which they are named, stopped in the reverse order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Loop:
    """One part that goes on until the process stops. `drain` is awaited before `run` is cancelled."""

    name: str
    run: Callable[[], Coroutine[Any, Any, None]]
    drain: Callable[[], Awaitable[None]] | None = None


@asynccontextmanager
async def running(loops: Sequence[Loop]) -> AsyncIterator[None]:
    """All of them run within the block; a loop may rely on those before it also while it drains.

    A loop that fails ends the block and all others at once: the ExceptionGroup is raised.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [(loop, group.create_task(loop.run(), name=loop.name)) for loop in loops]
        yield
        for loop, task in reversed(tasks):
            if loop.drain is not None:
                await loop.drain()
            task.cancel()
