"""Watching: told once, kept over a kill, and callers are sent on while the alarm stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.calls.alarm_watch import AlarmWatch, Seen
from hotline_ivr.control.alarms_file import AlarmsFile
from hotline_ivr.errors import AlertError
from hotline_ivr.routing.alarms import AlarmKey
from hotline_ivr.routing.alerts import Alert, AlertState
from hotline_ivr.routing.ghost_open import Deserted
from tests.plans import a_plan

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOBODY = {"main": Deserted("main", ("info",), 0, (("anna (Anna Berg)", "signed out"),))}
LINK = AlarmKey("asterisk", "link")


class Place:
    """A watch whose clock and floor are set by hand."""

    def __init__(self, folder: Path, **alerts: Any) -> None:
        self.file = AlarmsFile(folder / "alarms.json")
        self.plan = a_plan(
            sections={"alerts": {"ghost_open_after": "120s", "trouble_after": "30s", **alerts}}
        )
        self.now = NOON
        self.deserted: Mapping[str, Deserted] | None = {}
        self.wrong: dict[AlarmKey, str] = {}
        self.told: list[Alert] = []
        self.full = False
        self.watch = self.begin()

    def begin(self) -> AlarmWatch:
        self.watch = AlarmWatch(self.file, self.look, self.tell, lambda: self.now)
        return self.watch

    def look(self, _now: datetime) -> Seen:
        return Seen(self.plan, self.deserted, self.wrong, None)

    async def tell(self, alert: Alert) -> None:
        if self.full:
            raise AlertError("the disk is full")
        self.told.append(alert)

    async def after(self, seconds: float) -> list[tuple[str, AlertState]]:
        """What has been told so far, once the clock has gone on."""
        self.now += timedelta(seconds=seconds)
        await self.watch.watch()
        return [(each.kind, each.state) for each in self.told]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


RAISED, OVER = ("ghost-open", AlertState.RAISED), ("ghost-open", AlertState.OVER)


async def test_a_queue_that_is_deserted_for_long_is_told_of_and_its_callers_are_sent_on(place: Place) -> None:
    place.deserted = NOBODY
    assert await place.after(0) == []
    assert await place.after(119) == []
    assert place.watch.deserted == frozenset()
    assert await place.after(1) == [RAISED]
    assert place.watch.deserted == {"main"}
    assert await place.after(600) == [RAISED]
    place.deserted = {}
    assert await place.after(1) == [RAISED, OVER]
    assert place.watch.deserted == frozenset()
    assert "(12m1s)" in place.told[-1].text


async def test_sending_on_can_be_switched_off(tmp_path: Path) -> None:
    place = Place(tmp_path, ghost_open_overflow="no")
    place.deserted = NOBODY
    await place.after(0)
    assert await place.after(120) == [RAISED]
    assert place.watch.deserted == frozenset()
    assert "overflow" not in place.told[0].text


async def test_a_link_that_is_lost_leaves_the_alarm_of_a_queue_as_it_is(place: Place) -> None:
    place.deserted = NOBODY
    await place.after(0)
    await place.after(120)
    place.deserted, place.wrong = None, {LINK: "there is no link"}
    await place.after(5)
    assert place.watch.deserted == {"main"}
    assert await place.after(30) == [RAISED, ("asterisk", AlertState.RAISED)]
    place.deserted, place.wrong = {}, {}
    assert set((await place.after(5))[2:]) == {OVER, ("asterisk", AlertState.OVER)}


async def test_a_service_that_is_killed_tells_nobody_twice_and_does_not_forget_the_end(place: Place) -> None:
    place.deserted = NOBODY
    await place.after(0)
    await place.after(120)
    killed = place.begin()
    killed.alarms = place.file.load()
    assert await place.after(60) == [RAISED]
    place.deserted = {}
    assert await place.after(1) == [RAISED, OVER]
    assert place.file.load() == {}


async def test_what_could_not_be_told_is_told_at_the_next_look_under_the_same_id(place: Place) -> None:
    place.deserted, place.full = NOBODY, True
    await place.after(0)
    assert await place.after(120) == []
    # Callers do not wait for a disk.
    assert place.watch.deserted == {"main"}
    place.full = False
    assert await place.after(1) == [RAISED]
    assert place.told[0].id == f"ghost-open-main-{int(NOON.timestamp() * 1000)}"
