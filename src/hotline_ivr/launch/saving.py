"""Noticing that somebody has saved the configuration.

By looking, not by the kernel's notices: those do not come through network drives and some container mounts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from hotline_ivr.launch.plan_history import files_of

# Between looks (seconds). A look is one stat a file.
POLL = 1.0

_Look = tuple[tuple[str, int, int], ...]


async def saves(source: Path, *, poll: float = POLL) -> AsyncIterator[None]:
    """Yield after each change of the configuration's files, once nobody has written for one more look."""
    settled = before = await asyncio.to_thread(_look, source)
    while True:
        await asyncio.sleep(poll)
        now = await asyncio.to_thread(_look, source)
        if now == before and now != settled:
            settled = now
            yield
        before = now


def _look(source: Path) -> _Look:
    found = []
    for path in files_of(source):
        try:
            status = path.stat()
        except OSError:
            continue
        found.append((path.name, status.st_mtime_ns, status.st_size))
    return tuple(found)
