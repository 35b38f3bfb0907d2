"""Each way of being broken is broken in that way, seen from the other end of the connection."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hotline_ivr.testing.broken_service import (
    BrokenService,
    Conversation,
    FullBacklog,
    dies_at_once,
    dies_in_mid_answer,
    garbage,
    half_a_line,
    resets,
    silent,
)
from hotline_ivr.testing.ports import free_port

QUESTION = b"agi_network: yes\nagi_request: agi://127.0.0.1/ask\n\n"


@asynccontextmanager
async def asking(
    conversation: Conversation,
) -> AsyncIterator[tuple[BrokenService, asyncio.StreamReader, asyncio.StreamWriter]]:
    port = free_port(socket.SOCK_STREAM)
    async with BrokenService(port, conversation) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(QUESTION)
        yield service, reader, writer
        writer.close()


@pytest.mark.parametrize("conversation", [dies_at_once, resets])
async def test_it_leaves_without_an_answer(conversation: Conversation) -> None:
    async with asking(conversation) as (service, reader, _):
        try:
            assert await asyncio.wait_for(reader.read(), 5) == b""
        except ConnectionResetError:
            assert conversation is resets
        assert service.asked == [QUESTION]


async def test_it_is_silent_until_we_leave() -> None:
    async with asking(silent) as (_, reader, _writer):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)


async def test_it_dies_after_half_an_answer_that_was_acknowledged() -> None:
    async with asking(dies_in_mid_answer) as (_, reader, writer):
        command = await asyncio.wait_for(reader.readline(), 5)
        assert command.startswith(b"SET VARIABLE HOTLINE_ANSWER")
        assert b"|end" not in command
        writer.write(b"200 result=1\n")
        assert await asyncio.wait_for(reader.read(), 5) == b""


async def test_it_says_half_a_line_and_stays() -> None:
    async with asking(half_a_line) as (_, reader, _writer):
        assert await asyncio.wait_for(reader.readexactly(17), 5) == b"SET VARIABLE HOTL"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)


async def test_it_talks_another_protocol() -> None:
    async with asking(garbage) as (_, reader, _writer):
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 400")


async def test_a_full_backlog_lets_nobody_connect() -> None:
    port = free_port(socket.SOCK_STREAM)
    async with FullBacklog(port):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await asyncio.open_connection("127.0.0.1", port)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
