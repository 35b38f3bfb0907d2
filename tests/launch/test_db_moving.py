"""The record from one kind of database to the other and back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Table, insert, text
from typer.testing import CliRunner

from hotline_ivr.cli.main import app
from hotline_ivr.errors import ArgumentError, SetupError, StoreError
from hotline_ivr.launch.db_moving import move_record
from hotline_ivr.launch.lease_keeper import LeaseKeeper
from hotline_ivr.launch.locking import only_one
from hotline_ivr.settings import Settings
from hotline_ivr.store import moving
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.moving import all_tables, count_of
from hotline_ivr.store.moving_proof import MovedTable, proof_of
from hotline_ivr.store.tables import call as call_table
from hotline_ivr.store.tables import open_call, operator_period, promise_act, rejected_line, voicemail_message
from tests.calls.asterisk_files import a_call, cel_line, queue_line
from tests.launch.place import NAMES, Place
from tests.postgres import PostgresServer

NOW = datetime(2026, 11, 27, 12, 0, 0, 123456, tzinfo=UTC)
ODD = "Åse \u2028 'quoted' \\ \U0001f600"


@pytest.fixture
async def place(tmp_path: Path) -> Place:
    return await furnished(tmp_path / "state", f"sqlite:///{tmp_path / 'hotline.db'}")


async def furnished(folder: Path, url: str) -> Place:
    """A record with something in every kind of column."""
    place = Place(folder, url)
    place.write(*(a_call(name, number, 100 * number) for number, name in enumerate(NAMES)))
    for number in range(600):
        place.files.write(a_call("closed_heard_in_full", 1_000 + number, number))
    place.files.add(b"\x00\xff rubbish\n")
    await place.keep()
    texts = {"standing": ODD, "reason": "", "began_by": "", "ended_by": ""}
    message = {
        "box": "b",
        "length_ms": 1 << 40,
        "size": 3,
        "heard_by": "",
        "done_by": ODD,
        "recorded_at": NOW,
    }
    acts = [
        {"node": "main", "person": person, "at": NOW, "kind": "k", "by": "b", "operator": "", "note": ODD}
        for person in ("Z", "a", "ä", "z", "Ä", "é", "+47", " ", "z-1", "Z1")
    ]
    store = open_store(place.settings.database)
    for statement in (
        insert(operator_period).values(node="main", operator=ODD, began_at=NOW, ended_at=None, **texts),
        insert(voicemail_message).values(node="main", call_id="main-1.1", heard_at=NOW, **message),
        insert(promise_act).values(acts),
        insert(rejected_line).values(
            node="main",
            source="cel",
            generation=9,
            start=1 << 40,
            length=3,
            reason=ODD,
            data=bytes(range(256)),
        ),
    ):
        await store.write(lambda connection, statement=statement: connection.execute(statement))  # type: ignore[misc]
    await store.close()
    return place


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'target.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def there(postgres: PostgresServer) -> str:
    """An empty database on a server."""
    return postgres.new_database()


async def move(settings: Settings, url: str) -> list[MovedTable]:
    return await move_record(settings, url, lambda *_: None)


async def run(url: str, statement: str) -> object:
    store = open_store(url)
    try:
        return await store.write(lambda connection: connection.execute(text(statement)).rowcount)
    finally:
        await store.close()


@pytest.mark.postgres
async def test_there_and_back_nothing_is_lost_or_changed(place: Place, there: str, tmp_path: Path) -> None:
    moved = await move(place.settings, there)
    assert {each.name for each in moved} == {table.name for table in all_tables()}
    assert all(each.same for each in moved), moved
    rows = {each.name: each.source.rows for each in moved}
    assert rows["call"] >= 600
    assert min(rows[name] for name in ("leg", "call_event", "promise_act", "rejected_line")) > 1
    back = f"sqlite:///{tmp_path / 'new' / 'hotline.db'}"
    again = await move(place.settings.model_copy(update={"database_url": there}), back)
    assert [(each.source, each.same) for each in again] == [(each.source, True) for each in moved]
    # The service goes on in the new one where it stood.
    place.settings = place.settings.model_copy(update={"database_url": there})
    place.files.write(a_call("answered_caller_hangs_up", 5_000, 9_000))
    await place.keep()
    report = await place.proof()
    assert report.arrivals + report.callbacks == rows["call"] + 1


async def test_a_move_that_was_stopped_goes_on_when_it_is_given_again(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = f"sqlite:///{tmp_path / 'target.db'}"
    whole = moving._page_writer
    pages = 0

    def breaks(*arguments: object) -> object:
        nonlocal pages
        pages += 1
        if pages == 2:
            raise StoreError("the disk is full")
        return whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(moving, "_page_writer", breaks)
    with pytest.raises(StoreError):
        await move(place.settings, target)
    assert all(each.same for each in await move(place.settings, target))
    # It is done: what is there is nobody's to write into any more.
    with pytest.raises(ArgumentError, match="holds rows already"):
        await move(place.settings, target)


@pytest.mark.postgres
@pytest.mark.parametrize("towards", ["postgresql", "sqlite"])
async def test_a_move_that_was_stopped_is_finished_after_the_service_went_on_with_the_old_database(
    there: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, towards: str
) -> None:
    file = f"sqlite:///{tmp_path / 'hotline.db'}"
    urls = (file, there) if towards == "postgresql" else (there, file)
    place = await furnished(tmp_path / "state", urls[0])
    under_way = [a_call("second_operator_answers", 5_000 + number, 9_000) for number in range(250)]
    for call in under_way:
        place.files.add(b"".join(map(cel_line, call.events[:8])))
    await place.keep()
    with monkeypatch.context() as patched:
        patched.setattr("hotline_ivr.launch.db_moving.proof_of", stopping_at("voicemail_message"))
        with pytest.raises(StoreError):
            await move(place.settings, urls[1])
    # The calls that were under way end, others come, and people go on with what they do.
    for call in under_way:
        place.files.add(b"".join(map(cel_line, call.events[8:])))
        place.files.add_queue(b"".join(map(queue_line, call.queue_events)))
    place.files.write(a_call("answered_caller_hangs_up", 6_000, 9_900))
    await place.keep()
    for statement in (
        "UPDATE operator_period SET ended_by = 'anna'",
        "DELETE FROM promise_act WHERE person > 'a'",
        "UPDATE promise_act SET note = 'another'",
    ):
        assert await run(place.settings.database, statement)
    assert await counted(urls[1], open_call) > await counted(urls[0], open_call)
    moved = await move(place.settings, urls[1])
    assert all(each.same for each in moved), [row for each in moved for row in each.unlike]
    assert await counted(urls[1], call_table) == await counted(urls[0], call_table)


def stopping_at(table_name: str) -> Callable[[Store, Store, Table], Awaitable[MovedTable]]:
    async def proof(source: Store, target: Store, table: Table) -> MovedTable:
        if table.name == table_name:
            raise StoreError("the line was cut")
        return await proof_of(source, target, table)

    return proof


async def counted(url: str, table: Table) -> int:
    store = open_store(url)
    try:
        return await count_of(store, table)
    finally:
        await store.close()


async def test_every_row_that_is_another_one_there_is_named(place: Place, target: str) -> None:
    spoils = [
        "DELETE FROM call WHERE id = 'main-1795451000.0'",
        "UPDATE call SET outcome = 'technical', line = 'x' WHERE id = 'main-1795452003.0'",
        "INSERT INTO open_call (node, call_id) VALUES ('main', 'main-9.9')",
        "UPDATE promise_act SET person = '+4790000002' WHERE person = 'Z'",
        # A sum of hashes alone would not tell which.
        "UPDATE operator_period SET standing = 'free'",
    ]

    assert all(each.same for each in await move(place.settings, target))
    for statement in spoils:
        assert await run(target, statement) == 1
    stores = open_store(place.settings.database), open_store(target)
    found = [await proof_of(*stores, table) for table in all_tables()]
    for store in stores:
        await store.close()
    assert {(row.table, row.key, row.said) for each in found for row in each.unlike} == {
        ("call", "node main, id main-1795451000.0", "is not there"),
        ("call", "node main, id main-1795452003.0", "is another one there: line, outcome"),
        ("open_call", "node main, call_id main-9.9", "is there, and not here"),
        ("operator_period", f"node main, operator {ODD}, began_at {NOW}", "is another one there: standing"),
        ("promise_act", f"person ••••, at {NOW}", "is not there"),
        ("promise_act", f"person +47 •••• 002, at {NOW}", "is there, and not here"),
    }
    assert [each.name for each in found if not each.same] == [
        "call", "open_call", "operator_period", "promise_act",
    ]  # fmt: skip


async def test_of_many_rows_that_differ_the_first_are_named_and_all_counted(
    place: Place, tmp_path: Path
) -> None:
    target = f"sqlite:///{tmp_path / 'target.db'}"
    await move(place.settings, target)
    await run(target, "UPDATE call SET stage = 'queue' || stage")
    stores = open_store(place.settings.database), open_store(target)
    found = await proof_of(*stores, call_table)
    for store in stores:
        await store.close()
    assert found.differing == found.source.rows == found.target.rows > 600
    assert len(found.unlike) == 20


async def test_a_table_that_differs_when_all_is_copied_comes_right_when_the_move_is_given_again(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = f"sqlite:///{tmp_path / 'target.db'}"

    async def spoilt(source: Store, there: Store, table: Table) -> MovedTable:
        if table.name == "call":
            await run(target, "DELETE FROM call WHERE id = (SELECT max(id) FROM call)")
        return await proof_of(source, there, table)

    with monkeypatch.context() as patched:
        patched.setattr("hotline_ivr.launch.db_moving.proof_of", spoilt)
        unlike = [each for each in await move(place.settings, target) if not each.same]
    assert [(each.name, each.differing) for each in unlike] == [("call", 1)]
    assert unlike[0].target.rows == unlike[0].source.rows - 1
    assert all(each.same for each in await move(place.settings, target))


async def test_a_database_that_a_service_has_used_since_the_move_began_is_not_written_over(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = f"sqlite:///{tmp_path / 'target.db'}"
    with monkeypatch.context() as patched:
        patched.setattr("hotline_ivr.launch.db_moving.proof_of", stopping_at("voicemail_message"))
        with pytest.raises(StoreError):
            await move(place.settings, target)
    old = place.settings
    place.settings = old.model_copy(update={"database_url": target})
    place.files.write(a_call("answered_caller_hangs_up", 6_000, 9_900))
    await place.keep()
    stood = await counted(target, call_table)
    with pytest.raises(ArgumentError, match="a service of node main has read files into it"):
        await move(old, target)
    assert await counted(target, call_table) == stood


@pytest.mark.parametrize("side", ["source", "target"])
async def test_while_a_service_of_any_node_runs_on_either_database_nothing_is_moved(
    place: Place, tmp_path: Path, side: str
) -> None:
    target = f"sqlite:///{tmp_path / 'target.db'}"
    await upgrade(target)
    url = place.settings.database if side == "source" else target
    spare = Settings(state=tmp_path / "spare", database_url=url, node="spare")
    keeper = LeaseKeeper(spare, pace=0.01)
    await keeper.take()
    renewing = asyncio.create_task(keeper.run(asyncio.Event()))
    try:
        with pytest.raises(SetupError, match="the service of node spare runs on this database: process"):
            await move(place.settings, target)
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
    assert await counted(target, call_table) == 0
    # It died without a word: its lease stands still.
    moved = await move_record(place.settings, target, lambda *_: None, patience=0.1)
    assert all(each.same for each in moved)
    await keeper.close()


async def test_a_service_that_begins_while_rows_are_copied_is_found(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = f"sqlite:///{tmp_path / 'target.db'}"
    keeper = LeaseKeeper(
        Settings(state=tmp_path / "spare", database_url=place.settings.database, node="spare")
    )

    async def begins(source: Store, there: Store, table: Table) -> MovedTable:
        if table.name == "call":
            await keeper.take()
        return await proof_of(source, there, table)

    with monkeypatch.context() as patched:
        patched.setattr("hotline_ivr.launch.db_moving.proof_of", begins)
        with pytest.raises(SetupError, match="the service of node spare runs on this database"):
            await move(place.settings, target)
    await keeper.close()
    assert all(each.same for each in await move_record(place.settings, target, lambda *_: None, patience=0.1))


async def test_a_database_that_holds_other_rows_is_refused_and_stays_as_it_is(
    place: Place, tmp_path: Path
) -> None:
    other = Place(tmp_path / "other", f"sqlite:///{tmp_path / 'other.db'}")
    other.write(a_call("answered_caller_hangs_up"))
    await other.keep()
    with pytest.raises(ArgumentError, match="holds rows already"):
        await move(place.settings, other.settings.database)
    assert (await other.proof()).arrivals == 1
    with pytest.raises(ArgumentError, match="in already"):
        await move(place.settings, place.settings.database)


async def test_while_the_service_runs_nothing_is_moved(place: Place, tmp_path: Path) -> None:
    lock = place.settings.state_dir / "service.lock"
    with only_one(lock, "A service"), pytest.raises(SetupError, match="A service already runs"):
        await move(place.settings, f"sqlite:///{tmp_path / 'target.db'}")
    assert not (tmp_path / "target.db").exists()


def test_the_command_tells_each_table_and_which_setting_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Place(tmp_path / "state", f"sqlite:///{tmp_path / 'hotline.db'}")
    made.write(a_call("answered_caller_hangs_up"))
    asyncio.run(made.keep())
    monkeypatch.setenv("HOTLINE_DATABASE_URL", made.settings.database)
    monkeypatch.setenv("HOTLINE_STATE", str(tmp_path / "state"))
    said = CliRunner().invoke(app, ["db", "move", f"sqlite:///{tmp_path / 'a.db'}"], catch_exceptions=False)
    assert said.exit_code == 0
    assert "call: 1 rows, the same" in said.stdout
    assert "Set HOTLINE_DATABASE_URL to this URL" in said.stdout
    said = CliRunner().invoke(
        app, ["db", "move", f"sqlite:///{tmp_path / 'b.db'}", "--json"], catch_exceptions=False
    )
    data = json.loads(said.stdout)
    assert (data["schema"], data["same"]) == ("hotline/db-move/1", True)


def test_the_command_names_rows_that_differ_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Place(tmp_path / "state", f"sqlite:///{tmp_path / 'hotline.db'}")
    made.write(*(a_call("closed_heard_in_full", number, number) for number in range(25)))
    asyncio.run(made.keep())
    target = f"sqlite:///{tmp_path / 'a.db'}"

    async def spoilt(source: Store, there: Store, table: Table) -> MovedTable:
        if table.name == "call":
            await run(target, "UPDATE call SET line = 'x'")
        return await proof_of(source, there, table)

    monkeypatch.setattr("hotline_ivr.launch.db_moving.proof_of", spoilt)
    monkeypatch.setenv("HOTLINE_DATABASE_URL", made.settings.database)
    monkeypatch.setenv("HOTLINE_STATE", str(tmp_path / "state"))
    said = CliRunner().invoke(app, ["db", "move", target], catch_exceptions=False)
    assert said.exit_code == 1
    assert "call: 25 rows, NOT THE SAME: 25 rows there, 25 differ" in said.stdout
    assert said.stdout.count("is another one there: line") == 20
    assert "  call (node main, id main-1795451000.0) is another one there: line\n" in said.stdout
    assert "  and 5 more\n" in said.stdout
    assert "see that no service uses either, then give the same command again" in said.stdout
    said = CliRunner().invoke(app, ["db", "move", target, "--json"], catch_exceptions=False)
    data = json.loads(said.stdout)
    assert (data["same"], data["tables"]["call"]["differing"], len(data["unlike"])) == (False, 25, 20)
