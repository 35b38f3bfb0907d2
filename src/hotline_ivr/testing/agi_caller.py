"""AgiCaller: Asterisk's side of one FastAGI session, by a script.

It writes what res_agi.c writes (setup_env, run_agi) and reads commands as parse_args does, so a test can be
the dialplan: ask, answer the command, hang up, or misbehave byte by byte.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final, Self

from hotline_ivr.errors import AsteriskUnreachable, RemoteProtocolError

# Seconds that any single wait of a scripted caller may last.
PATIENCE_S: Final = 5.0


def environment(
    args: Sequence[str] = (),
    *,
    script: str = "ask",
    channel: str = "PJSIP/trunk-main-00000001",
    unique_id: str = "main-1753900000.7",
    caller: str = "+4791234567",
) -> bytes:
    """What Asterisk sends first, in its order; `caller` goes in raw, as it does there."""
    lines = [
        "agi_network: yes",
        f"agi_network_script: {script}",
        f"agi_request: agi://127.0.0.1:4573/{script}",
        f"agi_channel: {channel}",
        "agi_language: nb",
        "agi_type: PJSIP",
        f"agi_uniqueid: {unique_id}",
        "agi_version: 22.10.1",
        f"agi_callerid: {caller}",
        "agi_calleridname: unknown",
        "agi_callingpres: 0",
        "agi_callingani2: 0",
        "agi_callington: 0",
        "agi_callingtns: 0",
        "agi_dnid: +4721000000",
        "agi_rdnis: unknown",
        "agi_context: hotline-arrive",
        "agi_extension: +4721000000",
        "agi_priority: 7",
        "agi_enhanced: 0.0",
        "agi_accountcode: ",
        "agi_threadid: 140245324957376",
        *(f"agi_arg_{number}: {value}" for number, value in enumerate(args, 1)),
    ]
    return "".join(f"{line}\n" for line in lines).encode() + b"\n"


def pieces(data: bytes, size: int) -> Iterable[bytes]:
    """`data` in pieces of `size` bytes, as a network may deliver it."""
    return (data[at : at + size] for at in range(0, len(data), size))


def split_command(line: str) -> tuple[str, ...]:
    """The words of a command as parse_args (res_agi.c:4158) finds them: quotes group, a backslash escapes."""
    words: list[str] = []
    quoted = escaped = False
    between = True
    for char in line:
        if char == '"' and not escaped:
            quoted = not quoted
            if quoted and between:
                words.append("")
                between = False
        elif char in " \t" and not quoted and not escaped:
            between = True
        elif char == "\\" and not escaped:
            escaped = True
            continue
        else:
            if between:
                words.append("")
                between = False
            words[-1] += char
        escaped = False
    return tuple(words)


class AgiCaller:
    """One session. Every wait ends after `patience` seconds with AsteriskUnreachable."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: float) -> None:
        self._reader = reader
        self._writer = writer
        self._patience = patience

    @classmethod
    async def connect(cls, host: str, port: int, *, patience: float = PATIENCE_S) -> Self:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection(host, port)
        return cls(reader, writer, patience)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def send(self, data: bytes, *, size: int | None = None) -> None:
        """Send bytes, in pieces of `size` where given. A server that has closed is no error here."""
        try:
            for piece in pieces(data, size or max(1, len(data))):
                self._writer.write(piece)
                await self._writer.drain()
                # One turn of the loop, in which a server on the same loop reads this piece.
                await asyncio.sleep(0)
        except ConnectionError:
            return

    async def ask(self, *args: str, size: int | None = None) -> tuple[str, ...] | None:
        """Send a whole environment and return the words of the first command; None if there is none."""
        await self.send(environment(args), size=size)
        return await self.command()

    async def command(self) -> tuple[str, ...] | None:
        """The words of the next command; None when the server has closed.

        Raises RemoteProtocolError for a command without an end, and AsteriskUnreachable for silence.
        """
        line = await self._line()
        if line and not line.endswith(b"\n"):
            raise RemoteProtocolError(f"a command without an end: {line!r}")
        return split_command(line[:-1].decode()) if line else None

    async def reply(self, line: str = "200 result=1", *, size: int | None = None) -> None:
        await self.send(line.encode() + b"\n", size=size)

    async def hang_up(self) -> None:
        """The caller hangs up: Asterisk says so, and keeps the session until the server ends it."""
        await self.send(b"HANGUP\n")

    async def is_closed_by_server(self) -> bool:
        """Wait until the server closes; False if it sends something instead."""
        return not await self._line()

    async def close(self) -> None:
        """Close our end, whatever state it is in."""
        self._writer.close()
        try:
            async with asyncio.timeout(self._patience):
                await self._writer.wait_closed()
        except (ConnectionError, TimeoutError):
            return

    async def _line(self) -> bytes:
        try:
            async with asyncio.timeout(self._patience):
                return await self._reader.readline()
        except ConnectionError:
            return b""
        except TimeoutError:
            raise AsteriskUnreachable(f"the server was silent for {self._patience:g} s") from None


async def whole_ask(host: str, port: int, *args: str, patience: float = PATIENCE_S) -> str | None:
    """One ask from connect to close, as the dialplan makes it: the variable's value, or None."""
    async with await AgiCaller.connect(host, port, patience=patience) as caller:
        command = await caller.ask(*args)
        if command is None:
            return None
        if command[:2] != ("SET", "VARIABLE") or len(command) != 4:
            raise RemoteProtocolError(f"not a SET VARIABLE command: {command!r}")
        await caller.reply()
        await caller.is_closed_by_server()
        return command[3]
