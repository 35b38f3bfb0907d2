"""Stretches of a test without the service, and the same with it to compare."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from hotline_ivr.testing.stack import HotlineStack

Service = Callable[[HotlineStack], AbstractAsyncContextManager[None]]
"""One of these, for tests that are run with the service and without it."""


@asynccontextmanager
async def dead(stack: HotlineStack) -> AsyncIterator[None]:
    """The service is killed, and back at the end."""
    stack.signal_service(signal.SIGKILL)
    try:
        yield
    finally:
        stack.start_service()
        await asyncio.to_thread(stack.wait_ready)


@asynccontextmanager
async def alive(_stack: HotlineStack) -> AsyncIterator[None]:
    """Nothing befalls it."""
    yield
