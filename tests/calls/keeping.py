"""A record keeper over Asterisk's files and a database, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select, text

from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.store import tables
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import upgrade
from tests.calls.asterisk_files import (
    AsteriskFiles,
    Written,
    a_call,
    cel_line,
    queue_line,
)

EVERY_END = [
    "answered_caller_hangs_up",
    "answered_operator_hangs_up",
    "abandoned_in_greeting",
    "abandoned_in_queue",
    "abandoned_while_ringing",
    "closed_heard_in_full",
    "queue_full",
    "timed_out",
    "second_operator_answers",
    "service_dies_in_mid_call",
]


@pytest.fixture
def files(tmp_path: Path) -> AsteriskFiles:
    folder = tmp_path / "log"
    folder.mkdir()
    return AsteriskFiles(folder)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async for store in opened(f"sqlite:///{tmp_path / 'hotline.db'}"):
        yield store


@pytest.fixture(name="store")
async def store_of_each_kind(database_url: str) -> AsyncIterator[Store]:
    """For modules whose every test is to run with both databases: they import it."""
    async for store in opened(database_url):
        yield store


async def opened(url: str) -> AsyncIterator[Store]:
    await upgrade(url)
    store = open_store(url)
    yield store
    await store.close()


async def written(store: Store) -> dict[str, tuple[object, ...]]:
    """Every call's row in the database, by id."""
    found = await store.read(
        lambda connection: connection.exec_driver_sql("SELECT * FROM call ORDER BY id").all()
    )
    return {row[1]: tuple(row) for row in found}


def expected(*calls: Written) -> dict[str, tuple[object, ...]]:
    def plain(record: CallRecord) -> tuple[object, ...]:
        return tuple(str(value) if isinstance(value, str) else value for value in record[:-1])

    return {call.id: plain(call.row()) for call in sorted(calls, key=lambda call: call.id)}


async def events_kept(store: Store) -> int:
    """How many events of calls the database holds."""
    blobs = await store.read(lambda connection: connection.scalars(select(tables.call_event.c.events)).all())
    return sum(blob.count(b"\n") + 1 for blob in blobs)


async def one(store: Store, statement: str) -> object:
    return await store.read(lambda connection: connection.scalar(text(statement)))


def many_calls(count: int = 30) -> list[Written]:
    return [a_call(EVERY_END[n % len(EVERY_END)], n, seconds=n / 3) for n in range(count)]


def all_events(calls: Sequence[Written]) -> int:
    return sum(len(call.events) + len(call.queue_events) for call in calls)


def mixed(calls: Sequence[Written]) -> tuple[bytes, bytes]:
    """Both files as calls that ran at the same time leave them."""
    events = sorted((event for call in calls for event in call.events), key=lambda event: event.at)
    lines = sorted((line for call in calls for line in call.queue_events), key=lambda line: line.at)
    return b"".join(map(cel_line, events)), b"".join(map(queue_line, lines))


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.005)
