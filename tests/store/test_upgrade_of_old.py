"""A database of an old version, with what it wrote, brought up to date; every row knows its node."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, Table, func, inspect, select

from hotline_ivr.routing.machine import UNDISTURBED
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import describe_schema, upgrade
from hotline_ivr.store.promise_list import PromiseFilter, find_promises
from hotline_ivr.store.queries import CallFilter, call_story, find_calls
from hotline_ivr.store.refolding import machine_of, refold
from hotline_ivr.store.register_batches import batches, undo_import
from hotline_ivr.store.register_book import DatabaseRegister
from hotline_ivr.store.register_list import EntryFilter
from hotline_ivr.store.register_tables import register_entry, register_import
from hotline_ivr.store.schema import metadata
from tests.calls.asterisk_files import a_call
from tests.store.old_files import OldFile, old_files

OLD = Path(__file__).parent / "old" / "0004.sql"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
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
    done = await store.write(lambda on: refold(on, "main", ids, UNDISTURBED))
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


# Columns whose values a migration writes anew: where an entry stands in the index.
WRITTEN_ANEW = {"register_entry": {"doc"}}

# Tables of the index, which triggers keep, and of the migrations.
NOT_ROWS = ("register_search", "alembic_version", "sqlite_")

Rows = dict[str, tuple[tuple[str, ...], Counter[tuple[Any, ...]]]]


def every_row(connection: Connection, columns: dict[str, tuple[str, ...]] | None = None) -> Rows:
    """Of each table, as it is there now: its columns and its rows; or only of these columns."""
    there = MetaData()
    there.reflect(connection)
    found: Rows = {}
    for table in there.sorted_tables:
        if table.name.startswith(NOT_ROWS) or (columns is not None and table.name not in columns):
            continue
        anew = WRITTEN_ANEW.get(table.name, set())
        names = (
            tuple(name for name in table.c.keys() if name not in anew)  # noqa: SIM118  not a mapping
            if columns is None
            else columns[table.name]
        )
        found[table.name] = (names, _rows_of(connection, table, names))
    return found


def _rows_of(connection: Connection, table: Table, names: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row) for row in connection.execute(select(*(table.c[name] for name in names))))


@pytest.fixture(
    params=[
        pytest.param(each, id=each.name, marks=[pytest.mark.postgres] if each.of_postgres else [])
        for each in old_files()
    ]
)
def old_file(request: pytest.FixtureRequest) -> OldFile:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def left_behind(old_file: OldFile, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of what an old version of the service left behind after real calls."""
    server = request.getfixturevalue("postgres") if old_file.of_postgres else None
    return old_file.unpack(tmp_path, server)


@pytest.fixture
async def old_rows(left_behind: str) -> Rows:
    store = open_store(left_behind)
    rows = await store.read(every_row)
    await store.close()
    return rows


@pytest.fixture
async def upgraded(left_behind: str, old_rows: Rows) -> AsyncIterator[Store]:
    assert old_rows, "nothing was left behind"
    await upgrade(left_behind)
    store = open_store(left_behind)
    yield store
    await store.close()


async def test_every_row_of_real_calls_is_there_after_an_upgrade(
    old_file: OldFile, left_behind: str, old_rows: Rows
) -> None:
    assert f"version {old_file.revision}" in (await describe_schema(left_behind)).text
    await upgrade(left_behind)
    assert (await describe_schema(left_behind)).ok
    store = open_store(left_behind)
    now = await store.read(
        lambda on: every_row(on, {name: columns for name, (columns, _) in old_rows.items()})
    )
    await store.close()
    assert now == old_rows


def every_column(connection: Connection) -> dict[str, dict[str, bool]]:
    """Of each table its columns, and whether each may be without a value."""
    look = inspect(connection)
    return {
        table: {each["name"]: bool(each["nullable"]) for each in look.get_columns(table)}
        for table in metadata.tables
    }


async def test_an_upgraded_database_has_the_columns_of_a_new_one(upgraded: Store, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    await upgrade(url)
    new = open_store(url)
    assert await upgraded.read(every_column) == await new.read(every_column)
    await new.close()


def entries_and_imports(connection: Connection) -> tuple[int, int]:
    """How many entries there are, and how many rows of spreadsheets are known."""
    entries = select(func.count()).select_from(register_entry).where(register_entry.c.latest)
    imports = select(func.count()).select_from(register_import)
    return connection.scalar(entries) or 0, connection.scalar(imports) or 0


async def test_imports_of_before_can_be_taken_back(upgraded: Store, old_file: OldFile) -> None:
    found = await upgraded.read(lambda on: batches(on, 10))
    assert [(each.node, each.added) for each in found] == (
        [("main", 3)] if "0014-register" in old_file.name else []
    )
    for each in found:
        before = await upgraded.read(entries_and_imports)
        taken_back = partial(undo_import, batch_id=each.id, at=NOW, by="kari", changed_too=True)
        done = await upgraded.write(taken_back)
        assert done.removed + done.erased == each.added
        entries, imports = await upgraded.read(entries_and_imports)
        assert entries == before[0] - done.removed
        assert imports == before[1] - done.removed
        (undone,) = await upgraded.read(lambda on: batches(on, 10))
        assert (undone.undone_at, undone.undone_by) == (NOW, "kari")


async def test_old_calls_are_made_anew_and_keep_their_outcome(upgraded: Store) -> None:
    calls = await upgraded.read(lambda on: find_calls(on, CallFilter(limit=1_000)))
    assert calls
    machine = await upgraded.read(lambda on: machine_of(on, "test"))
    done = await upgraded.write(lambda on: refold(on, "test", [each.id for each in calls], machine))
    assert (done.failed, done.removed) == ([], 0)
    after = await upgraded.read(lambda on: find_calls(on, CallFilter(limit=1_000)))
    assert [(each.id, each.outcome, each.caller) for each in after] == [
        (each.id, each.outcome, each.caller) for each in calls
    ]


async def test_what_was_promised_is_in_the_ledger_after_an_upgrade(upgraded: Store, old_rows: Rows) -> None:
    owed = await upgraded.read(lambda on: find_promises(on, PromiseFilter(state=None, limit=1_000)))
    assert len(owed) == old_rows["promise"][1].total()


async def test_words_of_old_entries_are_found_after_an_upgrade(upgraded: Store, old_file: OldFile) -> None:
    found = await DatabaseRegister(upgraded).search("calculator", EntryFilter(), 0)
    questions = [each.entry.text.question for each in found]
    assert questions == (["May I bring a calculator?"] if "register" in old_file.name else [])
