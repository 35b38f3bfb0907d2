"""The FastAGI server on real loopback sockets: whatever one peer does, the next call is answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from hotline_ivr.asterisk.agi_protocol import AgiRequest
from hotline_ivr.asterisk.agi_server import AgiServer, Handler, SessionEnd
from hotline_ivr.testing.agi_caller import AgiCaller, environment, whole_ask
from tests.asterisk.serving import HOST, echo, serving


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
    # It is the length that ends it, and not the time that a busy machine takes for it.
    patient = serving(header_timeout=60, session_timeout=60)
    async with patient as (server, ends), await AgiCaller.connect(HOST, server.port) as bad:
        flood = asyncio.create_task(bad.send(b"x" * 100 * 2**20, size=2**20))
        assert await whole_ask(HOST, server.port, "arrived") == "ask:arrived"
        assert sorted(await ends.until(2)) == [SessionEnd.ANSWERED, SessionEnd.MALFORMED]
        await flood


async def test_a_forged_environment_line_is_counted() -> None:
    async with serving() as (server, ends):
        async with await AgiCaller.connect(HOST, server.port) as caller:
            await caller.send(environment(["arrived"], caller="1\nforged"))
            assert await caller.command() == ("SET", "VARIABLE", "HOTLINE_ANSWER", "ask:arrived")
            await caller.reply()
        assert await ends.until(1) == [SessionEnd.ANSWERED]
        assert server.counters.odd_lines == 1
