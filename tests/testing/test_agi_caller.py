"""AgiCaller against a server of a few lines: what a scripted caller does and sees."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from hotline_ivr.errors import AsteriskUnreachable, RemoteProtocolError
from hotline_ivr.testing.agi_caller import AgiCaller, environment, pieces, split_command, whole_ask

HOST = "127.0.0.1"
Server = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Server) -> AsyncIterator[int]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def sends(data: bytes) -> Server:
    """A server that reads the environment, sends this and reads one line."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\n\n")
        writer.write(data)
        if data:
            await reader.readline()

    return serve


def test_the_environment_is_in_asterisks_order_with_the_arguments_last() -> None:
    lines = environment(["arrived", ""], caller="+47").decode().split("\n")
    names = [line.partition(":")[0] for line in lines]
    assert names[:4] == ["agi_network", "agi_network_script", "agi_request", "agi_channel"]
    assert lines[-5:] == [
        "agi_threadid: 140245324957376",
        "agi_arg_1: arrived",
        "agi_arg_2: ",
        "",
        "",
    ]
    assert "agi_callerid: +47" in lines


def test_pieces_are_the_whole() -> None:
    assert list(pieces(b"abcdefg", 3)) == [b"abc", b"def", b"g"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ANSWER", ("ANSWER",)),
        ("SET VARIABLE A 1", ("SET", "VARIABLE", "A", "1")),
        ('SET  VARIABLE\tA "one two"', ("SET", "VARIABLE", "A", "one two")),
        ('SET VARIABLE A ""', ("SET", "VARIABLE", "A", "")),
        (r'SET VARIABLE A "a \"b\" \\ c"', ("SET", "VARIABLE", "A", r'a "b" \ c')),
        (r"SET VARIABLE A one\ two", ("SET", "VARIABLE", "A", "one two")),
        ("", ()),
    ],
)
def test_a_command_is_split_as_asterisk_splits_it(line: str, words: tuple[str, ...]) -> None:
    assert split_command(line) == words


async def test_a_whole_ask_returns_the_value_that_was_set() -> None:
    async with serving(sends(b'SET VARIABLE HOTLINE_ANSWER "1|end"\n')) as port:
        assert await whole_ask(HOST, port, "arrived") == "1|end"


async def test_a_server_that_closes_is_no_answer() -> None:
    async with serving(sends(b"")) as port:
        assert await whole_ask(HOST, port, "arrived") is None


@pytest.mark.parametrize("data", [b"ANSWER\n", b"SET VARIABLE A\n", b"SET VARIABLE A 1 2\n"])
async def test_another_command_than_set_variable_is_an_error(data: bytes) -> None:
    async with serving(sends(data)) as port:
        with pytest.raises(RemoteProtocolError, match="SET VARIABLE"):
            await whole_ask(HOST, port, "arrived")


async def test_a_command_without_an_end_is_an_error() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\n\n")
        writer.write(b"SET VARI")

    async with serving(half) as port, await AgiCaller.connect(HOST, port) as caller:
        with pytest.raises(RemoteProtocolError, match="without an end"):
            await caller.ask("arrived")


async def test_a_silent_server_is_an_error_after_the_callers_patience() -> None:
    over = asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await over.wait()

    async with serving(silent) as port:
        async with await AgiCaller.connect(HOST, port, patience=0.05) as caller:
            with pytest.raises(AsteriskUnreachable, match="silent"):
                await caller.command()
        over.set()


async def test_a_hangup_and_a_reply_arrive_as_asterisk_sends_them() -> None:
    got: asyncio.Queue[bytes] = asyncio.Queue()

    async def record(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await got.put(await reader.read())

    async with serving(record) as port:
        async with await AgiCaller.connect(HOST, port) as caller:
            await caller.hang_up()
            await caller.reply("511 Dead", size=1)
        assert await got.get() == b"HANGUP\n511 Dead\n"
