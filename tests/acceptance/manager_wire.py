"""A wire between a service and Asterisk's manager interface that writes down what the service asks for."""

from __future__ import annotations

import asyncio
import contextlib
import re
from types import TracebackType
from typing import Self

_PIECE = 64 * 1024
_ACTION = re.compile(rb"^action:[ \t]*([^\r\n]*)\r?$", re.IGNORECASE | re.MULTILINE)

LOOKS = frozenset(
    {
        "CoreShowChannels", "CoreStatus", "DeviceStateList", "Events", "Filter", "Getvar", "Login", "Logoff",
        "Ping", "PJSIPShowContacts", "PJSIPShowEndpoints", "QueueStatus", "Status",
    }
)  # fmt: skip
"""Actions that change nothing."""


class ManagerWire:
    """Listens on `host:port` and forwards to `to_host:port`. Use as an async context manager."""

    def __init__(self, host: str, port: int, to_host: str) -> None:
        self._address, self._target = (host, port), (to_host, port)
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self.connections = 0
        self.actions: list[str] = []
        """Every action that was sent, in order."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, *self._address)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.gather(*self._tasks)

    def deeds(self) -> list[str]:
        """Actions that change something."""
        return [action for action in self.actions if action not in LOOKS]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, far_writer}
        pumps = [
            asyncio.create_task(self._pump(reader, far_writer, noted=True)),
            asyncio.create_task(self._pump(far_reader, writer, noted=False)),
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

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, noted: bool) -> None:
        rest = b""
        with contextlib.suppress(OSError):
            while data := await reader.read(_PIECE):
                if noted:
                    whole, _, rest = (rest + data).rpartition(b"\n")
                    self.actions += [name.decode() for name in _ACTION.findall(whole + b"\n")]
                writer.write(data)
                await writer.drain()
