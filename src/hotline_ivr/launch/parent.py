"""A service ends with its supervisor, also where that was killed and could not say so."""

from __future__ import annotations

import asyncio
import os

import structlog

log = structlog.get_logger()

# How often (seconds) we look whether our supervisor is still there.
PARENT_POLL = 0.5


async def watch_parent(parent: int, stop: asyncio.Event) -> None:
    """Set `stop` when the process `parent` is gone: the next `up` is to find us gone too."""
    while os.getppid() == parent:
        await asyncio.sleep(PARENT_POLL)
    log.warning("the supervisor is gone")
    stop.set()
