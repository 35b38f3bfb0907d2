"""What stands in the service's place when it is broken: listeners on its port that fail in every way a
process can fail. The caller must not notice.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_LIMIT = 64 * 1024
_HEADERS_DEADLINE_S = 5.0
_FILLED_BY = 3


class BrokenService:
    """A server on the service's AGI port. Use as an async context manager."""

    def __init__(self, port: int, conversation: Conversation, host: str = "127.0.0.1") -> None:
        self._host = host
        self._port = port
        self._conversation = conversation
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.asked: list[bytes] = []
        """What each ask said of its call before we answered, as raw bytes."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, self._port, limit=_LIMIT)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._open:
                writer.transport.abort()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with contextlib.suppress(
            OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(_HEADERS_DEADLINE_S):
                self.asked.append(await reader.readuntil(b"\n\n"))
            await self._conversation(reader, writer)
        self._open.discard(writer)
        writer.close()


class FullBacklog:
    """Something holds the port and accepts nobody: requests to connect are dropped without a word.

    As behind a firewall that drops. Use as an async context manager.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._address = (host, port)
        self._sockets = ExitStack()

    async def __aenter__(self) -> Self:
        listener = self._sockets.enter_context(socket.create_server(self._address, backlog=0))
        # One connection waits to be accepted, and there is no room for a second (listen(2), Linux).
        for _ in range(_FILLED_BY):
            one = self._sockets.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sockets.close()


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Accepts, listens, and never says a word."""
    while await reader.read(_LIMIT):
        pass


async def dies_at_once(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Leaves after the question: the end of the stream looks to Asterisk like success."""


async def dies_in_mid_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends the first half of an answer, has it acknowledged, and is gone."""
    writer.write(b'SET VARIABLE HOTLINE_ANSWER "1|plan~0~half|answer"\n')
    await writer.drain()
    await reader.readline()


async def resets(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Breaks the connection off instead of closing it."""
    writer.transport.abort()


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Talks, but not this protocol: another program has the port."""
    strange = bytes(set(range(1, 256)) - set(b"\n"))
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" + strange + b"\n" * 3)
    writer.write(b'SET VARIABLE HOTLINE_ANSWER "2|nonsense~\xff|end"\n')
    await writer.drain()
    while await reader.read(_LIMIT):
        pass


async def half_a_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Stops in the middle of a line, and keeps the connection."""
    writer.write(b"SET VARIABLE HOTL")
    await writer.drain()
    while await reader.read(_LIMIT):
        pass
