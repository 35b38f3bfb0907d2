"""Exports for the REST interface: each a process of its own, whose standard output is what the client gets.

It goes by the same environment as this process. It ends with the request: a client that has gone, or a
service that stops, leaves none behind.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence

from hotline_ivr.errors import ArgumentError, ExportBroken, ExportBusy, StoreError

AT_ONCE = 2
"""Exports under way; callers come first, and the machine is small."""

_PIECE = 1 << 16
_MOST_SAID = 2_000
_EXIT_USAGE = 2


class ExportProcesses:
    """Starts exports, so many at once."""

    def __init__(
        self, command: Sequence[str] = (sys.executable, "-m", "hotline_ivr"), *, at_once: int = AT_ONCE
    ) -> None:
        self._command, self._free = tuple(command), at_once

    async def start(self, arguments: Sequence[str]) -> AsyncGenerator[bytes, None]:
        """The bytes of an export, once it has some, or is whole.

        Raises ExportBusy, ArgumentError for what the command refuses, and StoreError for other failures. The
        generator must be closed; it raises ExportBroken if the export breaks off.
        """
        if self._free <= 0:
            raise ExportBusy("Other exports are under way: try again when they are done.")
        self._free -= 1
        process = None
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                "export",
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            first = await _piece(process)
            if not first:
                await _ended(process)
            return self._pieces(process, first)
        except BaseException:
            await self._end(process)
            raise

    async def _pieces(self, process: asyncio.subprocess.Process, first: bytes) -> AsyncGenerator[bytes, None]:
        try:
            piece = first
            while piece:
                yield piece
                piece = await _piece(process)
            try:
                await _ended(process)
            except (ArgumentError, StoreError) as error:
                raise ExportBroken(str(error)) from None
        finally:
            await self._end(process)

    async def _end(self, process: asyncio.subprocess.Process | None) -> None:
        self._free += 1
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()


async def _piece(process: asyncio.subprocess.Process) -> bytes:
    return await process.stdout.read(_PIECE) if process.stdout is not None else b""


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait for the end. Raises ArgumentError or StoreError with the command's last words if it went wrong."""
    said = (await process.stderr.read())[-_MOST_SAID:] if process.stderr is not None else b""
    code = await process.wait()
    if code == 0:
        return
    lines = said.decode(errors="replace").strip().splitlines() or ["it said nothing"]
    why = lines[-1][:300]
    raise ArgumentError(why) if code == _EXIT_USAGE else StoreError(f"the export ended with {code}: {why}")
