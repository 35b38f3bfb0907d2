"""Recordings are encrypted, known and deleted in time, whatever is away. Real files, both databases."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from hotline_ivr.calls.recording_keeper import RecordingKeeper
from hotline_ivr.calls.recording_pauses import RecordingPauses
from hotline_ivr.control.recording_files import RecordingFiles
from hotline_ivr.control.recording_seal import make_key
from hotline_ivr.errors import ArgumentError, AsteriskRefused, AsteriskUnreachable, StoreError
from hotline_ivr.routing.alerts import Alert
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.ledger import Batch, Position
from hotline_ivr.routing.recordings import PartId, TapeState
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.recordings import DatabaseRecordings, RecordingFilter
from tests.plans import a_plan
from tests.routing.call_tables import FOLDER, read_call
from tests.store.conftest import database_url

__all__ = ["database_url"]

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
TALK = b"\1\2" * 32_000
CHANNEL = "PJSIP/anna.k3v9-00000001"


class FakeAsterisk:
    """Does what the dialplan does with the keys of a recording."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.gone = self.deaf = self.away = False
        self.pressed: list[str] = []

    async def pause_tape(self, channel: str) -> None:
        self._press(channel, "paused", int((self.place.now + 2 * MINUTE).timestamp()))

    async def resume_tape(self, channel: str) -> None:
        self._press(channel, "on", 0)

    async def stop_tape(self, channel: str) -> None:
        self._press(channel, "stopped" if self.place.files.is_off("main-1.1") else "full", 0)

    def _press(self, channel: str, state: str, due: int) -> None:
        if self.away:
            raise AsteriskUnreachable("no link")
        if self.gone:
            raise AsteriskRefused("No such channel")
        self.pressed.append(state)
        if not self.deaf:
            self.place.tape(state, due=due, channel=channel)


class Observer:
    """Keeps what it is told last."""

    def __init__(self) -> None:
        self.kept = self.waits = self.astray = 0
        self.stopped = False

    def sealed(self, parts: int) -> None:
        self.kept += parts

    def waiting(self, parts: int) -> None:
        self.waits = parts

    def full(self, *, full: bool, free_mb: int) -> None:
        self.stopped = full and free_mb >= 0

    def strays(self, count: int) -> None:
        self.astray = count


class Disk(RecordingFiles):
    """The real folders on a disk whose free space a test decides."""

    free = 50_000

    @override
    def free_mb(self) -> int:
        return self.free


class Place:
    """A keeper with folders and a database of its own; what it tells is kept here."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.now = NOON
        self.kept, self.plain = folder / "recordings", folder / "recordings" / "plain"
        self.plain.mkdir(parents=True)
        self.files, self.store = Disk(self.kept, self.plain), store
        self.rows = DatabaseRecordings(store, "main")
        self.asterisk, self.observer = FakeAsterisk(self), Observer()
        self.told: list[Alert] = []
        self.deleted: list[int] = []
        self.recordings: dict[str, Any] = {"public_keys": [make_key()[1]]}
        self.offset = 0
        self.keeper = self.begin()

    def begin(self) -> RecordingKeeper:
        self.pauses = RecordingPauses(self.files, self.asterisk, lambda: self.now)
        self.keeper = RecordingKeeper(
            "main",
            self.files,
            self.rows,
            self.pauses,
            plan=lambda: a_plan(sections={"recordings": self.recordings}),
            tell=self.tell,
            note=self.deleted.append,
            observer=self.observer,
            clock=lambda: self.now,
        )
        return self.keeper

    async def tell(self, alert: Alert) -> None:
        self.told.append(alert)

    def talk(self, name: str, age: timedelta = timedelta(), samples: bytes = TALK) -> Path:
        path = self.plain / name
        path.write_bytes(samples)
        os.utime(path, ((self.now - age).timestamp(),) * 2)
        return path

    def names(self, folder: Path) -> list[str]:
        return sorted(path.name for path in folder.iterdir() if path.is_file())

    def tape(self, state: str, *, due: int = 0, channel: str = CHANNEL) -> None:
        self.talk("main-1.1_main-1.2.live", samples=f"{state}~{channel}~{due}~end\n".encode())

    async def call(self, call: str, *, finished: bool = True, recorded: int | None = 1) -> None:
        like = fold(read_call(FOLDER / "closed_heard_in_full.txt").events, [], node="main")
        assert like is not None
        record = like._replace(id=call, finished=finished, recorded=recorded)
        before = Position(Source.CEL, 1, 1, self.offset, "1:a") if self.offset else None
        self.offset += 100
        move = (before, Position(Source.CEL, 1, 1, self.offset, "1:a"))
        await DatabaseLedger(self.store, "main").commit(Batch("main", moves=[move], records=[record]))

    async def listed(self) -> list[str]:
        return sorted(each.id.name for each in await self.rows.find(RecordingFilter()))

    async def look(self) -> None:
        await self.keeper.look()
        await self.keeper.look_at_rows()


@pytest.fixture
async def place(tmp_path: Path, database_url: str) -> AsyncIterator[Place]:
    await upgrade(database_url)
    store = open_store(database_url)
    yield Place(tmp_path, store)
    await store.close()


async def test_a_part_is_encrypted_and_known_when_asterisk_has_closed_it(place: Place) -> None:
    raw = place.talk("main-1.1.1.raw")
    await place.look()
    assert (raw.exists(), await place.listed()) == (True, [])
    raw.rename(raw.with_suffix(".done"))
    await place.look()
    await place.look()
    assert (await place.listed(), list(place.plain.iterdir())) == (["main-1.1.1"], [])
    row = await place.rows.one(PartId("main-1.1", 1))
    assert row is not None
    assert (row.length_ms, row.recorded_at, row.encrypted) == (2000, NOON - timedelta(seconds=2), True)
    assert (row.sha256, place.observer.kept) == (place.files.digest(row.id), 1)


async def test_encrypting_does_not_wait_for_the_database(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise StoreError("away")

    place.talk("main-1.1.1.done")
    monkeypatch.setattr(place.rows, "add", away)
    await place.keeper.look()
    with pytest.raises(StoreError):
        await place.keeper.look_at_rows()
    assert list(place.plain.iterdir()) == []
    monkeypatch.undo()
    # The service is killed before the database is back: what it kept is found by its file.
    await place.begin().look_at_rows()
    await place.keeper.look_at_rows()
    assert await place.listed() == ["main-1.1.1"]


async def test_a_part_over_which_asterisk_died_is_closed_when_its_call_is_over(place: Place) -> None:
    place.talk("main-1.1.1.raw", age=2 * MINUTE)
    place.tape("on")
    await place.call("main-1.1", finished=False)
    await place.look()
    assert await place.listed() == []
    await place.call("main-1.1")
    place.now += 2 * MINUTE
    for _ in range(2):
        await place.look()
    assert (await place.listed(), list(place.plain.iterdir())) == (["main-1.1.1"], [])


async def test_a_pause_ends_by_itself_also_after_the_service_was_killed(place: Place) -> None:
    place.tape("paused", due=int((NOON + MINUTE).timestamp()))
    await place.keeper.look()
    assert place.asterisk.pressed == []
    place.now += MINUTE
    place.asterisk.away = True
    await place.begin().look()
    assert len(place.files.tapes()) == 1
    place.asterisk.away = False
    await place.keeper.look()
    await place.keeper.look()
    assert place.asterisk.pressed == ["on"]


async def test_a_colleague_who_was_asked_is_recorded_when_the_tape_of_who_asked_is_over(place: Place) -> None:
    asked = ("main-1.1_main-1.9.live", "asked~PJSIP/bjorn.x-00000009~0~end\n")
    place.talk(asked[0], samples=asked[1].encode())
    for state in ("on", "paused", "full"):
        place.tape(state, due=int((NOON + DAY).timestamp()))
        await place.keeper.look()
        assert place.asterisk.pressed == []
    # What is paused is the tape of who asks, and the colleague's is none.
    assert (await place.pauses.pause("main-1.1")).channel == CHANNEL
    place.asterisk.pressed.clear()
    place.tape("over")
    place.asterisk.away = True
    await place.keeper.look()
    place.asterisk.away = False
    await place.keeper.look()
    assert place.asterisk.pressed == ["on"]


async def test_a_pause_of_an_operator_who_is_gone_is_forgotten(place: Place) -> None:
    place.asterisk.gone = True
    place.tape("paused", due=int(NOON.timestamp()))
    await place.keeper.look()
    assert place.files.tapes() == ()
    place.tape("over")
    await place.keeper.look()
    assert place.files.tapes() == ()


async def test_pausing_twice_is_once_and_resuming_ends_it(place: Place) -> None:
    place.tape("on")
    for _ in range(2):
        tape = await place.pauses.pause("main-1.1")
        assert (tape.state, tape.due) == (TapeState.PAUSED, NOON + 2 * MINUTE)
    assert (await place.pauses.resume("main-1.1")).state is TapeState.ON
    assert place.asterisk.pressed == ["paused", "on"]


async def test_who_pauses_what_is_not_recorded_is_told_so(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ArgumentError, match="is not being recorded now"):
        await place.pauses.pause("main-1.1")
    place.tape("on")
    place.asterisk.gone = True
    with pytest.raises(ArgumentError, match="is over"):
        await place.pauses.pause("main-1.1")
    place.asterisk.gone, place.asterisk.deaf = False, True
    monkeypatch.setattr("hotline_ivr.calls.recording_pauses.LOOK_S", 0.001)
    with pytest.raises(AsteriskUnreachable, match="has not told"):
        await place.pauses.pause("main-1.1")
    place.tape("full")
    with pytest.raises(ArgumentError, match="too little space"):
        await place.pauses.resume("main-1.1")


async def test_too_little_space_stops_what_is_recorded_and_is_told_once(place: Place) -> None:
    place.tape("on")
    place.files.free = 1000
    for _ in range(3):
        await place.keeper.look()
    assert (place.asterisk.pressed, place.files.is_full(), place.observer.stopped) == (["full"], True, True)
    assert [(alert.kind, alert.details["stopped"]) for alert in place.told] == [("recording", "1")]
    place.files.free = 1050
    await place.keeper.look()
    assert place.files.is_full()
    place.files.free = 1200
    await place.keeper.look()
    assert (place.files.is_full(), len(place.told)) == (False, 1)


async def test_what_cannot_be_encrypted_stays_and_is_told_once(place: Place) -> None:
    keys = place.recordings
    place.recordings = {}
    place.talk("main-1.1.1.done")
    for _ in range(3):
        await place.look()
    assert (place.observer.waits, [alert.title for alert in place.told]) == (
        1,
        ["Recordings cannot be encrypted"],
    )
    place.recordings = keys
    await place.look()
    assert await place.listed() == ["main-1.1.1"]


async def test_one_part_that_cannot_be_read_does_not_keep_the_others(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = place.files.seal

    def broken(part: Any, keys: Any) -> Any:
        if part.id.part == 1:
            raise OSError(5, "Input/output error")
        return seal(part, keys)

    monkeypatch.setattr(place.files, "seal", broken)
    place.talk("main-1.1.1.done")
    place.talk("main-1.1.2.done")
    await place.look()
    assert (await place.listed(), len(place.told)) == (["main-1.1.2"], 1)


async def test_recordings_are_deleted_at_night_when_they_are_old(place: Place) -> None:
    place.talk("main-1.1.1.done", age=91 * DAY)
    place.talk("main-1.2.1.done", age=88 * DAY)
    await place.look()
    place.now += DAY
    await place.look()
    assert (await place.listed(), place.deleted) == (["main-1.2.1"], [1])
    assert sorted(path.name for path in place.kept.glob("*.age")) == ["main-1.2.1.age"]
    row = await place.rows.one(PartId("main-1.1", 1))
    assert row is not None
    assert (row.removed_by, row.removed_at) == ("retention", NOON)


async def test_what_is_kept_of_calls_is_found_and_deleted_for_whoever_erases(place: Place) -> None:
    for name in ("main-1.1.1.done", "main-1.1.2.done", "main-1.2.1.done"):
        place.talk(name, age=DAY)
    await place.look()
    found = await place.rows.of_calls(["main-1.1", "main-9.9"])
    assert [each.id.name for each in found] == ["main-1.1.1", "main-1.1.2"]
    assert len(await place.rows.before(NOON)) == 3
    assert await place.rows.before(NOON - 2 * DAY) == []
    await place.rows.removed([each.id for each in found], "erasure", NOON)
    assert await place.rows.of_calls(["main-1.1"]) == []
