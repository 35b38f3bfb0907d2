"""A FastAGI server under test, and how its sessions ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hotline_ivr.asterisk.agi_protocol import AgiRequest
from hotline_ivr.asterisk.agi_server import AgiServer, Handler, SessionEnd

HOST = "127.0.0.1"


def echo(request: AgiRequest) -> str:
    return f"{request.script}:{','.join(request.args)}"


class Ends:
    """Collects how sessions ended; `until` waits for a number of them."""

    def __init__(self) -> None:
        self.seen: list[SessionEnd] = []
        self.seconds: list[float] = []
        self._news = asyncio.Event()

    def session_ended(self, end: SessionEnd, seconds: float) -> None:
        self.seen.append(end)
        self.seconds.append(seconds)
        self._news.set()

    async def until(self, count: int) -> list[SessionEnd]:
        async with asyncio.timeout(10):
            while len(self.seen) < count:
                self._news.clear()
                await self._news.wait()
        return self.seen


@asynccontextmanager
async def serving(
    handler: Handler = echo,
    *,
    header_timeout: float = 5.0,
    session_timeout: float = 5.0,
    max_sessions: int = 100,
) -> AsyncIterator[tuple[AgiServer, Ends]]:
    ends = Ends()
    server = AgiServer(
        handler,
        header_timeout=header_timeout,
        session_timeout=session_timeout,
        max_sessions=max_sessions,
        observer=ends,
    )
    await server.start(HOST, 0)
    try:
        yield server, ends
    finally:
        await server.stop(0)
    counters = server.counters
    assert counters.open == 0
    assert counters.sessions == sum(counters.ends.values()) == len(ends.seen)
