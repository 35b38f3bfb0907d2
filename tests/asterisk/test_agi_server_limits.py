"""The FastAGI server at its limits: sockets, open files, start and stop."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
import sys

import pytest
from typing_extensions import override

from hotline_ivr.asterisk.agi_server import SPARE_DESCRIPTORS, AgiServer, SessionEnd
from hotline_ivr.testing.agi_caller import AgiCaller, whole_ask
from tests.asterisk.serving import HOST, echo, serving

IDLE_SOCKETS = 10_000
# A program of its own, since ten thousand sockets take as many file descriptors on either side.
HOLD_SOCKETS = """
import resource, socket, sys
port, count = int(sys.argv[1]), int(sys.argv[2])
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 100), hard))
held = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
print("held", flush=True)
sys.stdin.read(1)
for each in held:
    each.settimeout(10)
    assert each.recv(1) == b""
print("all closed", flush=True)
"""


async def test_beyond_the_limit_an_ask_is_refused_at_once_and_later_ones_are_answered() -> None:
    async with (
        serving(max_sessions=2) as (server, ends),
        await AgiCaller.connect(HOST, server.port) as first,
        await AgiCaller.connect(HOST, server.port) as second,
    ):
        await first.ask("arrived")
        await second.ask("arrived")
        assert await whole_ask(HOST, server.port, "arrived") is None
        assert await ends.until(1) == [SessionEnd.REFUSED]
        assert ends.seconds[0] < 0.4
        await first.reply()
        assert await first.is_closed_by_server()
        assert await whole_ask(HOST, server.port, "arrived") == "ask:arrived"


async def test_ten_thousand_idle_sockets_delay_no_call_and_are_dropped_at_the_deadline() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < IDLE_SOCKETS + SPARE_DESCRIPTORS:
        pytest.skip(f"this machine allows {hard} open files, fewer than {IDLE_SOCKETS} sockets need")
    loop = asyncio.get_running_loop()
    async with serving(header_timeout=4.0, max_sessions=IDLE_SOCKETS + 50) as (server, ends):
        holder = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            HOLD_SOCKETS,
            str(server.port),
            str(IDLE_SOCKETS),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert holder.stdin is not None
        assert holder.stdout is not None
        calls: list[float] = []
        held = asyncio.create_task(holder.stdout.readline())
        while len(ends.seen) - len(calls) < IDLE_SOCKETS:
            started = loop.time()
            assert await whole_ask(HOST, server.port, "arrived") == "ask:arrived"
            calls.append(loop.time() - started)
        assert await held == b"held\n"
        holder.stdin.write(b"x")
        assert await holder.stdout.readline() == b"all closed\n"
        assert await holder.wait() == 0
    assert server.counters.ends[SessionEnd.TIMED_OUT] == IDLE_SOCKETS
    assert server.counters.ends[SessionEnd.ANSWERED] == len(calls)
    # The target is 10 ms for a call in the middle of it; the margin is for a machine that does other things.
    # One that comes in the same instant as thousands waits its turn, within the caller's patience.
    calls.sort()
    assert calls[len(calls) // 2] < 0.05


async def test_stopping_lets_an_open_ask_finish_and_takes_no_new_one() -> None:
    async with serving() as (server, ends):
        port = server.port
        async with await AgiCaller.connect(HOST, port) as caller:
            await caller.ask("arrived")
            stopping = asyncio.create_task(server.stop(5))
            await asyncio.sleep(0)
            with pytest.raises(ConnectionRefusedError):
                await AgiCaller.connect(HOST, port)
            assert not stopping.done()
            await caller.reply()
            assert await caller.is_closed_by_server()
            await stopping
        assert ends.seen == [SessionEnd.ANSWERED]


async def test_stopping_closes_what_does_not_finish_within_the_drain_time() -> None:
    async with serving() as (server, ends):
        async with await AgiCaller.connect(HOST, server.port) as caller:
            await caller.ask("arrived")
            await server.stop(0.05)
            assert await caller.is_closed_by_server()
        assert ends.seen == [SessionEnd.STOPPED]


async def test_a_port_in_use_is_an_error_of_the_start() -> None:
    async with serving() as (server, _):
        with pytest.raises(OSError, match=r"[Aa]ddress already in use"):
            await AgiServer(echo).start(HOST, server.port)


async def test_too_few_open_files_lower_the_limit_of_sessions(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (SPARE_DESCRIPTORS + 1, SPARE_DESCRIPTORS + 1))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    async with (
        serving(max_sessions=1000) as (server, ends),
        await AgiCaller.connect(HOST, server.port) as caller,
    ):
        await caller.ask("arrived")
        assert await whole_ask(HOST, server.port) is None
        assert await ends.until(1) == [SessionEnd.REFUSED]
    assert any(record.__dict__.get("allowed") == 1 for record in caplog.records)


async def test_a_call_that_comes_while_no_socket_can_be_had_is_answered_when_one_can() -> None:
    refused = asyncio.Event()

    class Listening(logging.Handler):
        @override
        def emit(self, record: logging.LogRecord) -> None:
            if "no ask can be accepted" in record.getMessage():
                refused.set()

    log, handler = logging.getLogger("hotline_ivr.asterisk.agi_server"), Listening()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    log.addHandler(handler)
    async with serving() as (server, ends):
        with socket.socket() as sock:
            sock.setblocking(False)
            free = os.dup(sock.fileno())
            os.close(free)
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))
                await asyncio.get_running_loop().sock_connect(sock, (HOST, server.port))
                async with asyncio.timeout(5):
                    await refused.wait()
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, limits)
                log.removeHandler(handler)
            reader, writer = await asyncio.open_connection(sock=sock)
            async with AgiCaller(reader, writer, 5) as caller:
                assert await caller.ask("arrived") == ("SET", "VARIABLE", "HOTLINE_ANSWER", "ask:arrived")
                await caller.reply()
                assert await caller.is_closed_by_server()
        assert await ends.until(1) == [SessionEnd.ANSWERED]
