"""The wire that the tests of the manager link cut."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from hotline_ivr.testing.cut_wire import CutWire, Wire
from hotline_ivr.testing.ports import free_port

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1000):
            writer.write(data)
    writer.close()


@contextlib.asynccontextmanager
async def wired() -> AsyncIterator[tuple[CutWire, int]]:
    port = free_port(socket.SOCK_STREAM)
    server = await asyncio.start_server(echo, "127.0.0.1", port)
    async with server:
        async with CutWire("127.0.0.2", port, "127.0.0.1") as wire:
            yield wire, port
        # What is served notices that its other end is gone.
        await asyncio.sleep(0.05)


async def said(ends: Ends, text: bytes, deadline: float = 5) -> bytes:
    ends[1].write(text)
    async with asyncio.timeout(deadline):
        return await ends[0].read(1000)


async def test_a_whole_wire_carries_both_ways_until_it_is_cut() -> None:
    async with wired() as (wire, port):
        ends = await asyncio.open_connection("127.0.0.2", port)
        assert await said(ends, b"hello") == b"hello"
        assert wire.cut() == 2
        with pytest.raises(ConnectionResetError):
            await said(ends, b"again")
        again = await asyncio.open_connection("127.0.0.2", port)
        assert await said(again, b"back") == b"back"
        assert len(wire.connections) == 2
        again[1].close()


async def test_on_a_dead_wire_both_ends_are_open_and_nothing_ever_arrives() -> None:
    async with wired() as (wire, port):
        ends = await asyncio.open_connection("127.0.0.2", port)
        wire.be(Wire.DEAD)
        with pytest.raises(TimeoutError):
            await said(ends, b"lost", 0.2)
        wire.be(Wire.WHOLE)
        assert await said(ends, b"found") == b"found"
        ends[1].close()


async def test_what_was_sent_into_a_stalled_wire_arrives_late() -> None:
    async with wired() as (wire, port):
        ends = await asyncio.open_connection("127.0.0.2", port)
        wire.be(Wire.STALLED)
        with pytest.raises(TimeoutError):
            await said(ends, b"late", 0.2)
        wire.be(Wire.WHOLE)
        assert await said(ends, b"") == b"late"
        ends[1].close()


async def test_a_refused_port_resets_who_is_there_and_who_comes() -> None:
    async with wired() as (wire, port):
        ends = await asyncio.open_connection("127.0.0.2", port)
        assert await said(ends, b"hello") == b"hello"
        wire.be(Wire.REFUSED)
        with pytest.raises(ConnectionResetError):
            await said(ends, b"again")
        later = await asyncio.open_connection("127.0.0.2", port)
        with contextlib.suppress(ConnectionResetError):
            assert await said(later, b"hello") == b""
        assert not wire.connected
        ends[1].close()
        later[1].close()
