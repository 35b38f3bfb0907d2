"""A TCP wire between two programs that can be cut in every way a network can: a proxy with its own port."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Self

_PIECE = 64 * 1024
_CLOSED = (OSError, asyncio.IncompleteReadError)


class Wire(StrEnum):
    """What becomes of what is sent."""

    WHOLE = "whole"
    #: Both ends stay open, and nothing arrives any more; it is lost, not kept.
    DEAD = "dead"
    #: Nothing is taken from either end, so that what is sent fills their buffers; it arrives in the end.
    STALLED = "stalled"
    #: Nobody answers at this port: every connection is reset at once.
    REFUSED = "refused"


def _nobody_listens(_piece: bytes) -> None:
    pass


class CutWire:
    """Listens on `host:port` and forwards to `to_host:port`. Use as an async context manager."""

    def __init__(self, host: str, port: int, to_host: str) -> None:
        self._address, self._target = (host, port), (to_host, port)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._idle = asyncio.Condition()
        self._serving = 0
        self._wire = Wire.WHOLE
        self._whole = asyncio.Event()
        self._whole.set()
        self.connections: list[float] = []
        """Moments (of the event loop) at which somebody connected."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, *self._address)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            self.cut()
            async with self._idle:
                await self._idle.wait_for(lambda: self._serving == 0)
            await self._server.wait_closed()

    def be(self, wire: Wire) -> None:
        """From now on; what is connected stays so, except that a refused port resets it."""
        self._wire = wire
        if wire is Wire.STALLED:
            self._whole.clear()
        else:
            self._whole.set()
        if wire is Wire.REFUSED:
            self.cut()

    def cut(self) -> int:
        """Reset every connection at both ends; how many sockets that were."""
        cut = list(self._open)
        for writer in cut:
            writer.transport.abort()
        return len(cut)

    @property
    def connected(self) -> bool:
        return bool(self._open)

    def listener(self) -> Callable[[bytes], None]:
        """Is told, piece by piece, what one connection carries to the target; for wires that listen."""
        return _nobody_listens

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(asyncio.get_running_loop().time())
        self._serving += 1
        try:
            await self._forward(reader, writer)
        finally:
            async with self._idle:
                self._serving -= 1
                self._idle.notify_all()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._wire is Wire.REFUSED:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, far_writer}
        pumps = [
            asyncio.create_task(self._pump(reader, far_writer, self.listener())),
            asyncio.create_task(self._pump(far_reader, writer, _nobody_listens)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for each in (writer, far_writer):
                self._open.discard(each)
                each.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener: Callable[[bytes], None]
    ) -> None:
        with contextlib.suppress(*_CLOSED):
            while data := await reader.read(_PIECE):
                await self._whole.wait()
                if self._wire is Wire.DEAD:
                    continue
                listener(data)
                writer.write(data)
                await writer.drain()
