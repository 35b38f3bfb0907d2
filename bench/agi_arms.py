"""The servers that bench.agi_server compares, all on one event loop of one process.

Every arm reads an environment, sends one SET VARIABLE, reads its reply and closes. `ours` also parses the ask
and decides it by the sample plan, as the service does; the raw arms do none of that, so they are the floor.
Prints one line of JSON with the ports, serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import warnings
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from typing_extensions import override

from hotline_ivr.asterisk.agi_protocol import AgiRequest, encode_set_variable
from hotline_ivr.asterisk.agi_server import AgiServer
from hotline_ivr.asterisk.stretch import encode_answer, parse_ask
from hotline_ivr.calls.asks import Answered, Asks
from hotline_ivr.config.check import read_plan
from hotline_ivr.routing.rulebook import Rulebook

CONFIGURATION = Path(__file__).parent.parent / "config"
# What every raw arm answers: as long as an answer of ours.
ANSWER = encode_set_variable(
    "HOTLINE_ANSWER", "1|plan~0123456789ab~open:hours|answer|play~nb/greeting~greeting|end"
)


class RawProtocol(asyncio.Protocol):
    """The least that an asyncio.Protocol can do for one session."""

    def __init__(self) -> None:
        self._buffer = b""
        self._asked = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._asked:
            if b"\n\n" in self._buffer:
                self._asked, self._buffer = True, b""
                self._transport.write(ANSWER)
        elif self._buffer.endswith(b"\n"):
            self._transport.close()


class Echo(asyncio.Protocol):
    """Sends back what comes: a round trip through the same event loop, without a protocol."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


async def raw_streams(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The least that asyncio's streams can do for one session."""
    await reader.readuntil(b"\n\n")
    writer.write(ANSWER)
    await writer.drain()
    await reader.readline()
    writer.close()


def our_handler() -> Callable[[AgiRequest], str | Awaitable[str]]:
    """The service's handler, with the sample configuration."""
    asks = Asks(Rulebook(read_plan(CONFIGURATION)), lambda _: datetime.now(UTC))

    async def later(answered: Awaitable[Answered]) -> str:
        return encode_answer(*await answered)

    def answer(request: AgiRequest) -> str | Awaitable[str]:
        answered = asks.answer(*parse_ask(request.args))
        return encode_answer(*answered) if isinstance(answered, Answered) else later(answered)

    return answer


async def panoramisk() -> asyncio.Server:
    """panoramisk's FastAGI server with a route that does what the raw arms do."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from panoramisk.fast_agi import Application, Request  # noqa: PLC0415

        async def ask(request: Request) -> None:
            await request.send_command(ANSWER.decode().removesuffix("\n"))

        application = Application(loop=asyncio.get_running_loop())
        application.add_route("ask", ask)
    logging.getLogger("panoramisk").setLevel(logging.ERROR)
    return await asyncio.start_server(application.handler, "127.0.0.1", 0, backlog=1000)


async def serve() -> None:
    loop = asyncio.get_running_loop()
    ours = AgiServer(our_handler())
    await ours.start("127.0.0.1", 0)
    servers = {
        "streams": await asyncio.start_server(raw_streams, "127.0.0.1", 0, backlog=1000),
        "protocol": await loop.create_server(RawProtocol, "127.0.0.1", 0, backlog=1000),
        "panoramisk": await panoramisk(),
        "echo": await loop.create_server(Echo, "127.0.0.1", 0),
    }
    ports = {name: server.sockets[0].getsockname()[1] for name, server in servers.items()}
    print(json.dumps({"ours": ours.port, **ports}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    await ours.stop(1)


if __name__ == "__main__":
    asyncio.run(serve())
