"""Recordings of a call are deleted by whoever may: what is kept, what is written, and what is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline_ivr.control.recording_files import RecordingFiles
from hotline_ivr.launch.recording_parts import KeptRecordings
from hotline_ivr.routing.recordings import PartId, Recording
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.recordings import RecordingFilter
from tests.calls.test_recording_keeper import Place
from tests.store.conftest import database_url

__all__ = ["database_url"]

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class House(Place):
    """A keeper's place, and the door through which is deleted."""

    doors: KeptRecordings

    async def rows_of(self, call: str) -> list[tuple[int, str]]:
        found = await self.rows.find(RecordingFilter(removed=True))
        return sorted((each.part, each.removed_by) for each in found if each.call_id == call)


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    await upgrade(database_url)
    store = open_store(database_url)
    made = House(tmp_path, store)
    made.doors = KeptRecordings(Settings.from_environment({"HOTLINE_STATE": str(tmp_path)}), store)
    made.doors.files = RecordingFiles(made.kept, made.plain)
    yield made
    await store.close()


async def test_what_is_being_written_goes_with_what_is_kept_and_nothing_more_is_recorded(
    house: House,
) -> None:
    house.talk("main-1.1.1.done")
    await house.call("main-1.1", finished=False, recorded=3)
    await house.look()
    house.talk("main-1.1.2.done")
    house.talk("main-1.1.3.raw")
    house.talk("main-1.2.1.raw")
    assert [each.part for each in await house.doors.of_call("main-1.1")] == [1, 2, 3]
    assert await house.doors.delete_calls(["main-1.1"], "admin", NOON) == 3
    assert (house.names(house.kept), house.names(house.plain)) == ([], ["main-1.1.off", "main-1.2.1.raw"])
    assert await house.rows_of("main-1.1") == [(1, "admin"), (2, "admin"), (3, "admin")]
    # What the shell renames after all is not kept.
    house.talk("main-1.1.3.done")
    for _ in range(2):
        await house.look()
    assert (house.names(house.kept), house.files.is_off("main-1.1")) == ([], True)


async def test_an_earlier_part_goes_without_stopping_what_is_recorded_now(house: House) -> None:
    house.talk("main-1.1.1.done")
    await house.call("main-1.1", finished=False, recorded=2)
    await house.look()
    house.talk("main-1.1.2.raw")
    assert await house.doors.delete_calls(["main-1.1"], "admin", NOON, part=1) == 1
    assert house.names(house.plain) == ["main-1.1.2.raw"]
    assert await house.doors.delete_calls(["main-1.1"], "admin", NOON, part=2) == 1
    assert house.names(house.plain) == ["main-1.1.off"]


async def test_what_is_lost_is_not_looked_for_any_more_when_somebody_has_deleted_it(house: House) -> None:
    house.talk("main-1.1.1.done", age=timedelta(hours=1))
    await house.call("main-1.1", recorded=2)
    await house.look()
    assert (await house.keeper.strays()).without_file == ("main-1.1.2",)
    assert [each.part for each in await house.doors.of_call("main-1.1")] == [1, 2]
    assert await house.doors.delete_calls(["main-1.1"], "privacy", NOON, part=2) == 0
    assert await house.doors.delete_calls(["main-1.1"], "admin", NOON, part=2, lost=True) == 1
    assert (await house.keeper.strays()).count == 0
    assert await house.rows_of("main-1.1") == [(1, ""), (2, "admin")]
    # The call is over: there is nothing to be stopped.
    assert house.names(house.plain) == []


async def test_a_part_that_is_deleted_while_it_is_encrypted_is_not_kept(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.talk("main-1.1.1.done")
    (part,) = house.files.plain()
    rename = Path.rename

    def deleted_meanwhile(_: Path, target: Path) -> Path:
        house.files.remove(part.id)
        # As if the draft had got its name just before.
        target.write_bytes(b"sealed")
        return target

    monkeypatch.setattr(Path, "rename", deleted_meanwhile)
    assert house.files.seal(part, []) is None
    monkeypatch.setattr(Path, "rename", rename)
    assert (house.names(house.kept), house.names(house.plain)) == ([], [])
    house.talk("main-1.1.1.done")
    await house.rows.add([Recording("main", "main-1.1", 1, NOON, 0, 0, "", True, NOON, "admin")])
    await house.look()
    assert await house.rows.deleted([PartId("main-1.1", 1)]) == [PartId("main-1.1", 1)]
    assert house.told == []
