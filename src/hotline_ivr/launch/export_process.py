"""Exports for the REST interface: each a process of its own, whose standard output is what the client gets.

It goes by the same environment as this process. It ends with the request: a client that has gone, or a
service that stops, leaves none behind.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence

import structlog

from hotline_ivr.errors import ArgumentError, ExportBroken, ExportBusy, StoreError

log = structlog.get_logger()

AT_ONCE = 2
"""Exports under way; callers come first, and the machine is small."""

PATIENCE = 5.0
"""Seconds in which one that is no longer wanted may end by itself; what it leaves then is cleared later."""

_PIECE = 1 << 16
_MOST_SAID = 2_000
_EXIT_USAGE = 2


class ExportProcesses:
    """Starts exports, so many at once."""

    def __init__(
        self,
        command: Sequence[str] = (sys.executable, "-m", "hotline_ivr"),
        *,
        at_once: int = AT_ONCE,
        patience: float = PATIENCE,
    ) -> None:
        self._command, self._free, self._patience = tuple(command), at_once, patience

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
            pieces = self._pieces(process, first)
            # Begun here: closed before that, it would leave the export running and its place taken.
            await anext(pieces)
        except BaseException:
            await self._end(process)
            raise
        return pieces

    async def _pieces(self, process: asyncio.subprocess.Process, first: bytes) -> AsyncGenerator[bytes, None]:
        try:
            yield b""
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
        if process is None or process.returncode is not None:
            return
        # Told to end, it takes away the file that it has begun, which has callers' numbers in it.
        process.terminate()
        try:
            async with asyncio.timeout(self._patience):
                await process.wait()
        except TimeoutError:
            log.warning("an export did not end when it was told to")
        finally:
            if process.returncode is None:
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
