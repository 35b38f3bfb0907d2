"""A database of an old version, with what it wrote, brought up to date; every row knows its node."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, inspect, select

from hotline_ivr.routing.restarts import NEVER
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import describe_schema, upgrade
from hotline_ivr.store.queries import CallFilter, call_story, find_calls
from hotline_ivr.store.refolding import refold
from hotline_ivr.store.schema import metadata
from tests.calls.asterisk_files import a_call

OLD = Path(__file__).parent / "old" / "0004.sql"
NAMES = ("answered_caller_hangs_up", "overflowed", "abandoned_in_menu")


@pytest.fixture
def old_url(tmp_path: Path) -> str:
    """A file as the tables of 0004 were, with rows of then."""
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path)
    connection.executescript(OLD.read_text(encoding="utf-8"))
    connection.close()
    return f"sqlite:///{path}"


async def test_rows_of_an_old_version_are_all_there_and_say_the_same(old_url: str) -> None:
    before = await describe_schema(old_url)
    assert not before.ok
    assert "version 0004" in before.text
    await upgrade(old_url)
    assert (await describe_schema(old_url)).ok
    store = open_store(old_url)
    calls = await store.read(lambda on: find_calls(on, CallFilter(limit=9)))
    for number, name in enumerate(NAMES):
        wanted = a_call(name, number, 100 * number).row()
        (found,) = [each for each in calls if each.id == wanted.id]
        assert (found.node, found.caller, found.outcome) == ("main", wanted.caller, wanted.outcome)
        assert (found.talk_ms, found.wait_ms, found.outside_talk_ms) == (
            wanted.talk_ms,
            wanted.wait_ms,
            wanted.outside_talk_ms,
        )
        story = await store.read(lambda on, ident=wanted.id: call_story(on, ident))  # type: ignore[misc]
        assert story is not None
        assert len(story.legs) == len(wanted.legs)
        assert len(story.events) == len(a_call(name).events)
    state = await DatabaseLedger(store, "main").state()
    assert [position.offset for position in next(iter(state.positions.values()))] == [30_000]
    assert state.open_calls == ["main-1795451999.9"]
    # What is new since is made from what was kept then.
    ids = [each.id for each in calls]
    done = await store.write(lambda on: refold(on, "main", ids, NEVER))
    assert (done.failed, done.removed, done.columns["fold_version"]) == ([], 0, 3)
    after = await store.read(lambda on: find_calls(on, CallFilter(limit=9)))
    assert [each.outcome for each in after] == [each.outcome for each in calls]
    await store.close()


async def test_every_row_of_every_table_knows_its_node(old_url: str) -> None:
    """The database itself refuses a row without one; and of those that are there none is without."""
    await upgrade(old_url)

    def look(connection: Connection) -> dict[str, tuple[bool, int]]:
        found = {}
        for table in metadata.sorted_tables:
            columns = {each["name"]: each for each in inspect(connection).get_columns(table.name)}
            without = select(func.count()).select_from(table).where(table.c.node == "")
            found[table.name] = (bool(columns["node"]["nullable"]), connection.scalar(without) or 0)
        return found

    store = open_store(old_url)
    found = await store.read(look)
    await store.close()
    assert found == {table.name: (False, 0) for table in metadata.sorted_tables}
