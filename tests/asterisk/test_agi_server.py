"""The FastAGI server on real loopback sockets: whatever one peer does, the next call is answered."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from typing_extensions import override

from hotline_ivr.asterisk.agi_protocol import AgiRequest
from hotline_ivr.asterisk.agi_server import SPARE_DESCRIPTORS, AgiServer, Handler, SessionEnd
from hotline_ivr.testing.agi_caller import AgiCaller, environment, whole_ask

HOST = "127.0.0.1"
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


async def test_an_ask_is_answered_by_one_variable() -> None:
    async with serving() as (server, ends):
        assert await whole_ask(HOST, server.port, "arrived", "exams") == "ask:arrived,exams"
        assert await ends.until(1) == [SessionEnd.ANSWERED]


@pytest.mark.parametrize("size", [1, 2, 7, None])
async def test_an_ask_is_answered_at_every_split(size: int | None) -> None:
    async with serving() as (server, ends):
        async with await AgiCaller.connect(HOST, server.port) as caller:
            command = await caller.ask("arrived", size=size)
            assert command == ("SET", "VARIABLE", "HOTLINE_ANSWER", "ask:arrived")
            await caller.reply(size=size)
            assert await caller.is_closed_by_server()
        assert await ends.until(1) == [SessionEnd.ANSWERED]


async def test_a_hangup_between_command_and_reply_does_not_lose_the_answer() -> None:
    async with serving() as (server, ends):
        async with await AgiCaller.connect(HOST, server.port) as caller:
            await caller.ask("arrived")
            await caller.hang_up()
            await caller.reply()
            assert await caller.is_closed_by_server()
        assert await ends.until(1) == [SessionEnd.ANSWERED]
        assert server.counters.hangups == 1


@pytest.mark.parametrize(
    "reply",
    [
        "511 Command Not Permitted on a dead channel or intercept routine",
        "510 Invalid or unknown command",
        "520-Invalid command syntax.  Proper usage follows:\nUsage: SET VARIABLE\n520 End of proper usage.",
        "200 result=-1",
    ],
)
async def test_a_command_that_asterisk_declines_ends_the_session(reply: str) -> None:
    async with serving() as (server, ends):
        async with await AgiCaller.connect(HOST, server.port) as caller:
            await caller.ask("arrived")
            await caller.reply(reply)
            assert await caller.is_closed_by_server()
        assert await ends.until(1) == [SessionEnd.DECLINED]


def nothing(request: AgiRequest) -> None:
    assert request.script == "ask"


def broken(request: AgiRequest) -> str:
    raise RuntimeError(f"a fault in the decision about {request.script}")


def unsendable(request: AgiRequest) -> str:
    return f"{request.script}\r\nHANGUP"


@pytest.mark.parametrize("handler", [nothing, broken, unsendable])
async def test_no_answer_is_a_close_and_one_line_in_the_log_with_the_calls_id(
    handler: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(handler) as (server, ends):
        with caplog.at_level(logging.WARNING):
            assert await whole_ask(HOST, server.port, "arrived") is None
        assert await ends.until(1) == [SessionEnd.FAILED]
    assert [record.__dict__.get("call") for record in caplog.records] == ["main-1753900000.7"]


async def test_a_handler_that_fails_once_answers_the_next_call() -> None:
    answers = iter([None, "1|end"])
    async with serving(lambda _: next(answers)) as (server, _):
        assert await whole_ask(HOST, server.port) is None
        assert await whole_ask(HOST, server.port) == "1|end"


async def test_an_observer_that_fails_costs_no_call() -> None:
    class Broken:
        def session_ended(self, end: SessionEnd, seconds: float) -> None:
            raise RuntimeError(f"{end} after {seconds}")

    server = AgiServer(echo, observer=Broken())
    await server.start(HOST, 0)
    assert await whole_ask(HOST, server.port, "a") == "ask:a"
    assert await whole_ask(HOST, server.port, "b") == "ask:b"
    await server.stop(1)
    assert server.counters.ends[SessionEnd.ANSWERED] == 2


# What a peer may do wrong. Each leaves the connection as it is, so that the next call has to be answered
# beside it, and says how the session ends.


async def closes_at_once(caller: AgiCaller) -> None:
    await caller.close()


async def closes_in_the_environment(caller: AgiCaller) -> None:
    await caller.send(environment(["arrived"])[:100])
    await caller.close()


async def closes_before_the_reply(caller: AgiCaller) -> None:
    await caller.ask("arrived")
    await caller.close()


async def never_sends_the_blank_line(caller: AgiCaller) -> None:
    await caller.send(environment(["arrived"])[:-1])


async def never_replies(caller: AgiCaller) -> None:
    await caller.ask("arrived")


async def sends_one_byte_and_waits(caller: AgiCaller) -> None:
    await caller.send(b"a")


async def speaks_http(caller: AgiCaller) -> None:
    await caller.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n\n\n")


async def sends_garbage_for_a_reply(caller: AgiCaller) -> None:
    await caller.ask("arrived")
    await caller.reply("\x00\xff garbage")


async def sends_a_megabyte_without_a_newline(caller: AgiCaller) -> None:
    await caller.send(b"x" * 1_000_000, size=65_536)


async def replies_without_an_end(caller: AgiCaller) -> None:
    await caller.ask("arrived")
    await caller.send(b"2" * 20_000)


FAULTS: list[tuple[Callable[[AgiCaller], Awaitable[None]], SessionEnd]] = [
    (closes_at_once, SessionEnd.LOST),
    (closes_in_the_environment, SessionEnd.LOST),
    (closes_before_the_reply, SessionEnd.LOST),
    (never_sends_the_blank_line, SessionEnd.TIMED_OUT),
    (never_replies, SessionEnd.TIMED_OUT),
    (sends_one_byte_and_waits, SessionEnd.TIMED_OUT),
    (speaks_http, SessionEnd.MALFORMED),
    (sends_garbage_for_a_reply, SessionEnd.MALFORMED),
    (sends_a_megabyte_without_a_newline, SessionEnd.MALFORMED),
    (replies_without_an_end, SessionEnd.MALFORMED),
]


@pytest.mark.parametrize(("fault", "end"), FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
async def test_a_peer_that_misbehaves_is_dropped_and_another_call_is_answered_meanwhile(
    fault: Callable[[AgiCaller], Awaitable[None]], end: SessionEnd
) -> None:
    async with (
        serving(header_timeout=0.4, session_timeout=0.4) as (server, ends),
        await AgiCaller.connect(HOST, server.port) as bad,
    ):
        await fault(bad)
        assert await whole_ask(HOST, server.port, "arrived") == "ask:arrived"
        assert sorted(await ends.until(2)) == sorted([end, SessionEnd.ANSWERED])


async def test_a_slow_loris_at_one_byte_a_time_is_dropped_at_the_header_deadline() -> None:
    async with serving(header_timeout=0.3) as (server, ends):
        async with await AgiCaller.connect(HOST, server.port) as bad:

            async def drip() -> None:
                # Never a blank line, never silent, never near the size limit.
                while not ends.seen:
                    await bad.send(b"a")
                    await asyncio.sleep(0.01)

            dripping = asyncio.create_task(drip())
            assert await ends.until(1) == [SessionEnd.TIMED_OUT]
            await dripping
        assert 0.3 <= ends.seconds[0] < 2
        assert await whole_ask(HOST, server.port, "arrived") == "ask:arrived"


async def test_a_flood_of_100_mib_without_a_newline_is_cut_at_its_first_64_kib() -> None:
    async with serving() as (server, ends), await AgiCaller.connect(HOST, server.port) as bad:
        flood = asyncio.create_task(bad.send(b"x" * 100 * 2**20, size=2**20))
        assert await whole_ask(HOST, server.port, "arrived") == "ask:arrived"
        assert sorted(await ends.until(2)) == [SessionEnd.ANSWERED, SessionEnd.MALFORMED]
        await flood
    assert max(ends.seconds) < 2


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


async def test_a_forged_environment_line_is_counted() -> None:
    async with serving() as (server, ends):
        async with await AgiCaller.connect(HOST, server.port) as caller:
            await caller.send(environment(["arrived"], caller="1\nforged"))
            assert await caller.command() == ("SET", "VARIABLE", "HOTLINE_ANSWER", "ask:arrived")
            await caller.reply()
        assert await ends.until(1) == [SessionEnd.ANSWERED]
        assert server.counters.odd_lines == 1
