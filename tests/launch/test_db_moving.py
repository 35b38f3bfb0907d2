"""The record from one kind of database to the other and back."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Table, insert, text
from typer.testing import CliRunner

from hotline_ivr.cli.main import app
from hotline_ivr.errors import ArgumentError, SetupError, StoreError
from hotline_ivr.launch.db_moving import move_record
from hotline_ivr.launch.locking import only_one
from hotline_ivr.settings import Settings
from hotline_ivr.store import moving
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.moving import MovedTable, TableSum, all_tables
from hotline_ivr.store.tables import operator_period, promise_act, rejected_line, voicemail_message
from tests.calls.asterisk_files import a_call
from tests.launch.test_balancing import NAMES, Place
from tests.postgres import PostgresServer

NOW = datetime(2026, 11, 27, 12, 0, 0, 123456, tzinfo=UTC)
ODD = "Åse \u2028 'quoted' \\ \U0001f600"


@pytest.fixture
async def place(tmp_path: Path) -> Place:
    """A record with something in every kind of column."""
    place = Place(tmp_path / "state", f"sqlite:///{tmp_path / 'hotline.db'}")
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


async def test_a_row_that_is_another_one_there_is_found(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = f"sqlite:///{tmp_path / 'target.db'}"
    whole = moving.sum_of
    spoils = [
        "DELETE FROM call WHERE id = (SELECT max(id) FROM call)",
    ]

    async def spoilt(store: Store, table: Table) -> TableSum:
        while spoils and table.name == "call":
            await run(target, spoils.pop())
        return await whole(store, table)

    monkeypatch.setattr("hotline_ivr.launch.db_moving.sum_of", spoilt)
    unlike = [each for each in await move(place.settings, target) if not each.same]
    assert [each.name for each in unlike] == ["call"]
    assert unlike[0].target.rows == unlike[0].source.rows - 1
    # Given again, what is missing comes.
    assert all(each.same for each in await move(place.settings, target))


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
