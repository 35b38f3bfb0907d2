"""Messages are found when their call is over, told of once, and deleted in time. Real files and tables."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.calls.voicemail_keeper import VoicemailKeeper
from hotline_ivr.control.voicemail_files import VoicemailFiles
from hotline_ivr.errors import AlertError
from hotline_ivr.routing.alerts import Alert, Channel
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.ledger import Batch, Position
from hotline_ivr.routing.steps import Outcome
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.messages import DatabaseMessages, MessageFilter
from hotline_ivr.store.migrate import upgrade
from tests.plans import a_plan
from tests.routing.call_tables import FOLDER, read_call

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Place:
    """A keeper with a folder and a database of its own; what it tells is kept here."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.now = NOON
        self.folder, self.store = folder / "voicemail", store
        self.messages = DatabaseMessages(store, "main")
        self.told: list[tuple[str, tuple[Channel, ...], tuple[str, ...]]] = []
        self.deleted: list[Mapping[str, int]] = []
        self.full = False
        self.offset = 0
        self.box: dict[str, Any] = {"prompt": "tone", "notify": ["mail"], "mail_to": ["desk@example.org"]}
        self.keeper = self.begin()

    def begin(self) -> VoicemailKeeper:
        self.keeper = VoicemailKeeper(
            "main",
            VoicemailFiles(self.folder),
            self.messages,
            plan=lambda: a_plan(sections={"voicemails": {"box": self.box}}),
            tell=self.tell,
            note=self.deleted.append,
            clock=lambda: self.now,
        )
        return self.keeper

    async def tell(self, alert: Alert, *, channels: Collection[Channel], mail_to: Sequence[str]) -> None:
        if self.full:
            raise AlertError("too many alerts")
        self.told.append((alert.id, tuple(channels), tuple(mail_to)))

    def records(self, call: str, age: timedelta = timedelta(), seconds: float = 4) -> Path:
        path = self.folder / "box" / f"{call}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\0" * (44 + int(seconds * 16_000)))
        at = (self.now - age).timestamp()
        os.utime(path, (at, at))
        return path

    async def call(self, name: str, outcome: Outcome | None) -> None:
        """The record of a call, which is over if it has an outcome."""
        like = fold(read_call(FOLDER / "closed_heard_in_full.txt").events, [], node="main")
        assert like is not None
        record = like._replace(id=name, outcome=outcome, finished=outcome is not None)
        before = Position(Source.CEL, 1, 1, self.offset, "1:a") if self.offset else None
        self.offset += 100
        move = (before, Position(Source.CEL, 1, 1, self.offset, "1:a"))
        await DatabaseLedger(self.store, "main").commit(Batch("main", moves=[move], records=[record]))

    async def listed(self) -> list[str]:
        return [each.call_id for each in await self.messages.find(MessageFilter())]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    await upgrade(url)
    store = open_store(url)
    yield Place(tmp_path, store)
    await store.close()


async def test_a_message_is_there_when_its_call_is_over_and_is_told_of_once(place: Place) -> None:
    place.records("main-1.1")
    await place.keeper.look()
    await place.call("main-1.1", None)
    await place.keeper.look()
    assert (await place.listed(), place.told) == ([], [])
    await place.call("main-1.1", Outcome.VOICEMAIL)
    await place.keeper.look()
    assert await place.listed() == ["main-1.1"]
    await place.keeper.look()
    await place.begin().look()
    assert place.told == [("voicemail-main-1.1", (Channel.MAIL,), ("desk@example.org",))]


async def test_a_call_that_the_record_hears_of_days_later_has_its_message_all_the_same(place: Place) -> None:
    place.records("main-1.1", age=2 * DAY)
    await place.keeper.look()
    await place.call("main-1.1", Outcome.VOICEMAIL)
    await place.keeper.look()
    assert await place.listed() == []
    place.now += timedelta(seconds=61)
    await place.keeper.look()
    assert (await place.listed(), len(place.told)) == (["main-1.1"], 1)


async def test_who_hangs_up_at_once_has_left_none(place: Place) -> None:
    place.records("main-1.1", seconds=1)
    await place.call("main-1.1", Outcome.ABANDONED)
    await place.keeper.look()
    assert (await place.listed(), place.told) == ([], [])


async def test_what_could_not_be_told_is_told_later_also_after_a_kill(place: Place) -> None:
    place.records("main-1.1")
    await place.call("main-1.1", Outcome.VOICEMAIL)
    place.full = True
    with pytest.raises(AlertError):
        await place.keeper.look()
    assert await place.listed() == ["main-1.1"]
    place.full = False
    await place.begin().look()
    assert len(place.told) == 1


async def test_a_box_that_tells_nobody_and_old_messages_are_only_listed(place: Place) -> None:
    place.records("main-1.1", age=8 * DAY)
    await place.call("main-1.1", Outcome.VOICEMAIL)
    await place.keeper.look()
    place.box = {"prompt": "tone"}
    place.records("main-1.2")
    await place.call("main-1.2", Outcome.VOICEMAIL)
    await place.keeper.look()
    # Whoever is told from now on is not told of what was before.
    place.box = {"prompt": "tone", "notify": ["webhook"]}
    await place.begin().look()
    assert (len(await place.listed()), place.told) == (2, [])


async def test_messages_are_deleted_in_the_night_after_their_days(place: Place) -> None:
    place.box["keep_days"] = 30
    old, young = place.records("main-1.1", age=29.9 * DAY), place.records("main-1.2")
    for call in ("main-1.1", "main-1.2"):
        await place.call(call, Outcome.VOICEMAIL)
    await place.keeper.look()
    place.now += timedelta(hours=10)
    await place.keeper.look()
    assert old.exists()
    place.now += timedelta(hours=8)
    await place.keeper.look()
    assert (old.exists(), young.exists()) == (False, True)
    assert await place.listed() == ["main-1.2"]
    assert place.deleted == [{"box": 1}]
    deleted = await place.messages.one("main-1.1")
    assert deleted is not None
    assert deleted.removed_at == place.now
    assert (await place.keeper.strays()).messages == ()


async def test_a_kill_in_the_midst_of_deleting_leaves_no_file_for_ever(place: Place) -> None:
    place.box["keep_days"] = 30
    file = place.records("main-1.1", age=40 * DAY)
    await place.call("main-1.1", Outcome.VOICEMAIL)
    await place.keeper._take(VoicemailFiles(place.folder).scan())
    await place.messages.removed(["main-1.1"], place.now)
    await place.begin().look()
    assert not file.exists()


async def test_files_and_calls_that_have_lost_one_another_are_told(place: Place) -> None:
    place.records("main-1.1")
    place.records("main-1.2")
    gone = place.records("main-1.3")
    await place.call("main-1.1", Outcome.VOICEMAIL)
    await place.call("main-1.3", Outcome.VOICEMAIL)
    await place.call("main-1.4", Outcome.VOICEMAIL)
    await place.keeper.look()
    gone.unlink()
    assert (await place.keeper.strays()).files == ()
    place.now += timedelta(hours=1)
    found = await place.keeper.strays()
    assert [each.call_id for each in found.files] == ["main-1.2"]
    assert found.calls == ("main-1.4",)
    assert found.messages == ("main-1.3",)
