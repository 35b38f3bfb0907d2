"""FakeAsterisk itself, spoken to with bare bytes: a fake that lies makes tests that lie."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hotline_ivr.testing.fake_asterisk import FakeAsterisk, listing, message, refuse, succeed

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(asterisk: FakeAsterisk) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", asterisk.port)
    assert await reader.readline() == b"Asterisk Call Manager/11.0.0\r\n"
    try:
        yield reader, writer
    finally:
        writer.close()


async def asked(streams: Streams, *headers: tuple[str, str]) -> dict[str, str]:
    """One action and the next message, as a dict."""
    reader, writer = streams
    writer.write(message(headers))
    return await told(reader)


async def told(reader: asyncio.StreamReader) -> dict[str, str]:
    async with asyncio.timeout(5):
        block = (await reader.readuntil(b"\r\n\r\n")).decode()
    return dict(line.split(": ", 1) for line in block.split("\r\n") if line)


def login(*proof: tuple[str, str], username: str = "hotline") -> list[tuple[str, str]]:
    return [("Action", "Login"), ("ActionID", "2"), ("Username", username), *proof]


async def test_a_login_by_plain_secret_and_by_challenge_is_accepted() -> None:
    async with FakeAsterisk(secret="s") as asterisk, connected(asterisk) as streams:
        assert (await asked(streams, *login(("Secret", "s"))))["Response"] == "Success"
        challenge = (await asked(streams, ("Action", "Challenge"), ("AuthType", "MD5")))["Challenge"]
        key = hashlib.md5((challenge + "s").encode(), usedforsecurity=False).hexdigest()
        assert (await asked(streams, *login(("AuthType", "MD5"), ("Key", key))))["Response"] == "Success"


async def test_a_wrong_secret_another_user_and_a_closed_account_are_refused() -> None:
    async with FakeAsterisk(secret="s") as asterisk, connected(asterisk) as streams:
        refusal = {"Response": "Error", "ActionID": "2", "Message": "Authentication failed"}
        assert await asked(streams, *login(("Secret", "t"))) == refusal
        assert await asked(streams, *login(("Key", "0" * 32))) == refusal
        assert await asked(streams, *login(("Secret", "s"), username="other")) == refusal
        asterisk.refuses_logins = True
        assert await asked(streams, *login(("Secret", "s"))) == refusal


async def test_actions_are_answered_by_the_script_with_their_id_and_kept() -> None:
    async with FakeAsterisk() as asterisk, connected(asterisk) as streams:
        asterisk.answers["QueueAdd"] = succeed("Added")
        asterisk.answers["QueuePause"] = refuse("Interface not found")
        add = ("Action", "QueueAdd"), ("ActionID", "7"), ("Queue", "help")
        assert await asked(streams, *add) == {"Response": "Success", "ActionID": "7", "Message": "Added"}
        assert (await asked(streams, ("Action", "QueuePause")))["Message"] == "Interface not found"
        assert (await asked(streams, ("Action", "Reload")))["Message"] == "Invalid/unknown command"
        assert (await asked(streams, ("Action", "Ping")))["Ping"] == "Pong"
        assert [action["Action"] for action in asterisk.actions] == [
            "QueueAdd",
            "QueuePause",
            "Reload",
            "Ping",
        ]
        assert await asterisk.received("QueueAdd") == [dict(add)]
        assert asterisk.wire.startswith(message(add))


async def test_a_list_has_a_start_its_items_and_an_end_that_counts_them() -> None:
    async with FakeAsterisk() as asterisk, connected(asterisk) as streams:
        asterisk.answers["QueueStatus"] = listing([[("Event", "QueueMember")]], name="QueueStatusComplete")
        start = await asked(streams, ("Action", "QueueStatus"), ("ActionID", "9"))
        item, end = await told(streams[0]), await told(streams[0])
        assert start["EventList"] == "start"
        assert item == {"Event": "QueueMember", "ActionID": "9"}
        assert (end["Event"], end["EventList"], end["ListItems"]) == ("QueueStatusComplete", "Complete", "1")


async def test_an_event_and_raw_bytes_reach_every_connection() -> None:
    async with FakeAsterisk() as asterisk, connected(asterisk) as one, connected(asterisk) as two:
        asterisk.send_event("QueueCallerJoin", ("Queue", "help"))
        await asterisk.send_split(b"Event: X\r\n\r\n", 1)
        for reader, _ in (one, two):
            joined = {"Event": "QueueCallerJoin", "Privilege": "agent,all", "Queue": "help"}
            assert await told(reader) == joined
            assert await told(reader) == {"Event": "X"}


async def test_a_cut_is_seen_and_the_port_takes_new_connections() -> None:
    async with FakeAsterisk() as asterisk:
        async with connected(asterisk) as (reader, _):
            asterisk.cut()
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await told(reader)
        async with connected(asterisk):
            await asterisk.connected(2)


async def test_a_silent_asterisk_reads_and_says_nothing() -> None:
    async with FakeAsterisk() as asterisk, connected(asterisk) as streams:
        asterisk.silent = True
        streams[1].write(message([("Action", "Ping"), ("ActionID", "1")]))
        await asterisk.received("Ping")
        asterisk.silent = False
        assert (await asked(streams, ("Action", "Ping"), ("ActionID", "2")))["ActionID"] == "2"


async def test_a_frozen_asterisk_does_not_even_read_and_a_thawed_one_does() -> None:
    async with FakeAsterisk() as asterisk, connected(asterisk) as streams:
        assert (await asked(streams, ("Action", "Ping")))["Ping"] == "Pong"
        asterisk.freeze()
        # One read was under way already; the second action is not read.
        for action_id in ("1", "2"):
            streams[1].write(message([("Action", "Ping"), ("ActionID", action_id)]))
        await asterisk.received("Ping", 2)
        assert len(asterisk.actions) == 2
        asterisk.thaw()
        assert (await told(streams[0]))["ActionID"] == "2"


async def test_it_listens_on_the_same_port_when_it_comes_back() -> None:
    asterisk = FakeAsterisk()
    async with asterisk:
        port = asterisk.port
    async with asterisk, connected(asterisk):
        assert asterisk.port == port
