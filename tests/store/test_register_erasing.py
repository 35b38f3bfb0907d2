"""An entry that is changed and erased at the same moment: nothing of it is left, whoever was first."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from hotline_ivr.routing.entries import Entry, EntryText
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.register import ChangedMeanwhile, add_imported, change_entry
from hotline_ivr.store.register_book import DatabaseRegister
from hotline_ivr.store.register_list import EntryFilter
from hotline_ivr.store.register_privacy import Ids, erase_entries, personal_entries
from tests.store.register_entries import NOON, an_entry

pytestmark = pytest.mark.timeout(60)

Act = Callable[[Connection], Any]


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    await upgrade(database_url)
    opened = open_store(database_url)
    yield opened
    await opened.close()


@asynccontextmanager
async def under_way(url: str, act: Act) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    """A transaction of its own that has done this and is not committed; what is given commits it."""
    if make_url(url).get_backend_name() == "sqlite":
        async with _in_thread(url, act) as commit:
            yield commit
        return
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    async with engine.connect() as connection:
        done = await connection.run_sync(act)

        async def commit() -> Any:
            # Not before the other waits for us, or there is no race.
            async with engine.connect() as third:
                waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
                while not await third.scalar(waiting):
                    await third.rollback()
            await connection.commit()
            return done

        yield commit
    await engine.dispose()


@asynccontextmanager
async def _in_thread(url: str, act: Act) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    store, acted, let_go = open_store(url), asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hold(connection: Connection) -> Any:
        done = act(connection)
        loop.call_soon_threadsafe(acted.set)
        let_go.wait()
        return done

    task = asyncio.create_task(store.write(hold))
    try:
        await acted.wait()

        async def commit() -> Any:
            let_go.set()
            return await task

        yield commit
    finally:
        let_go.set()
        await store.close()


async def test_a_change_that_is_under_way_when_the_entry_is_erased_leaves_none_of_its_texts(
    store: Store, database_url: str
) -> None:
    entry = an_entry("What did the doctor say?", "That it is serious")
    await DatabaseRegister(store).add(entry)
    changed = replace(entry, text=EntryText("What did the doctor say?", "That it is cancer", ("illness",)))
    async with under_way(database_url, lambda on: change_entry(on, changed, 1)) as commit:
        erasing = asyncio.create_task(
            store.write(lambda on: erase_entries(on, Ids([entry.id]), NOON, "privacy"))
        )
        written = await commit()
        assert (written.version, await erasing) == (2, 1)
    story = await DatabaseRegister(store).story(entry.id)
    assert story is not None
    assert [(each.version, each.text, each.erased_at) for each in story.versions] == [(2, EntryText(), NOON)]
    assert await store.read(lambda on: personal_entries(on, Ids([entry.id]))) == []
    assert await DatabaseRegister(store).search("cancer", EntryFilter(), 0) == []


async def test_who_changes_an_entry_while_it_is_erased_is_told_and_writes_nothing(
    store: Store, database_url: str
) -> None:
    entry = an_entry("What did the doctor say?")
    register = DatabaseRegister(store)
    await register.add(entry)
    changed = replace(entry, text=EntryText("What did the doctor say?", "That it is cancer"))
    async with under_way(
        database_url, lambda on: erase_entries(on, Ids([entry.id]), NOON, "privacy")
    ) as commit:
        changing = asyncio.create_task(register.change(changed, 1))
        assert await commit() == 1
        told = await changing
    assert isinstance(told, ChangedMeanwhile)
    story = await register.story(entry.id)
    assert story is not None
    assert isinstance(story.entry, Entry)
    assert [(each.text, each.erased_at) for each in story.versions] == [(EntryText(), NOON)]


async def test_thousands_of_entries_are_erased_at_once(store: Store) -> None:
    made = [an_entry(f"Question {number}") for number in range(3000)]
    await store.write(lambda on: add_imported(on, ((each.id, each) for each in made), NOON))
    ids = Ids([each.id for each in made])
    assert await store.write(lambda on: erase_entries(on, ids, NOON, "privacy")) == 3000
    assert await store.read(lambda on: personal_entries(on, ids)) == []
