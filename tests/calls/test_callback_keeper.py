"""Calling back: one file for each attempt, also when a kill comes between claiming and writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from hotline_ivr.calls.callback_keeper import BEGINS_WITHIN, CallbackKeeper
from hotline_ivr.errors import AsteriskRefused
from hotline_ivr.routing.callbacks import Candidate, Dialling, Turn
from tests.routing.test_callbacks import CANDIDATE, KEEPING, NINE, book

ID = "main-1.0-1"


@dataclass
class Taken:
    id: str
    file: str
    until: datetime


@dataclass
class Stands:
    candidates: Sequence[Candidate] = (CANDIDATE,)
    under_way: Mapping[str, int] = field(default_factory=dict)
    standing: Mapping[str, int] = field(default_factory=dict)
    void: Sequence[tuple[str, str]] = ()
    dialled: Mapping[str, int] = field(default_factory=dict)


class Table:
    def __init__(self) -> None:
        self.stands, self.refuses = Stands(), False
        self.taken: dict[str, Taken] = {}
        self.ended: list[str] = []

    async def standing(self, *_: object) -> Stands:
        return self.stands

    async def claim(self, call: Dialling, file: str, until: datetime, _now: datetime) -> bool:
        if self.refuses:
            return False
        self.taken[call.id] = Taken(call.id, file, until)
        self.stands = Stands(())
        return True

    async def claimed(self) -> Sequence[Taken]:
        return list(self.taken.values())

    async def written(self, attempt: str) -> None:
        del self.taken[attempt]

    async def not_dialled(self, attempt: str, _now: datetime) -> None:
        del self.taken[attempt]
        self.ended.append(attempt)

    async def give_up(self, _now: datetime) -> Sequence[str]:
        return []


class Killed(BaseException):
    pass


class Folder:
    """Asterisk's folders; dies before or after a file is there, if it is told to."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.left, self.dies = 0, ""

    def knows(self, attempt: str) -> bool:
        return attempt in self.files

    def leave(self, attempt: str, text: str) -> None:
        if self.dies == "before":
            raise Killed
        self.files[attempt] = text
        self.left += 1
        if self.dies == "after":
            raise Killed

    def tidy(self, before: float) -> None:
        del before


class House:
    def __init__(self) -> None:
        self.table, self.folder = Table(), Folder()
        self.now = NINE
        self.free: Mapping[str, int] | None = {"main": 1}
        self.rules = book()
        self.turns: Mapping[str, Turn] = {}
        self.kept: Mapping[str, Sequence[datetime]] = {}
        self.ended: list[str] = []

    def keeper(self) -> CallbackKeeper:
        return CallbackKeeper(
            self.table,
            self.folder,
            book=lambda: self.rules,
            free=lambda: self.free,
            text=lambda call, until: f"{call.person} until {until}",
            clock=lambda: self.now,
            turns=lambda: self.turns,
            counted=self.count,
            end=self.end,
        )

    def count(self, kept: Mapping[str, Sequence[datetime]]) -> None:
        self.kept = kept

    async def end(self, call: str) -> None:
        self.ended.append(call)
        raise AsteriskRefused("the call is over")


@pytest.fixture
def house() -> House:
    return House()


async def test_who_is_due_is_rung_once(house: House) -> None:
    keeper = house.keeper()
    await keeper.look()
    await keeper.look()
    until = int((NINE + BEGINS_WITHIN).timestamp())
    assert house.folder.files == {ID: f"+4790012345 until {until}"}
    assert (house.folder.left, house.table.taken) == (1, {})


@pytest.mark.parametrize("dies", ["before", "after"])
async def test_after_a_kill_the_attempt_is_made_once(house: House, dies: str) -> None:
    house.folder.dies = dies
    with pytest.raises(Killed):
        await house.keeper().look()
    assert list(house.table.taken) == [ID]
    house.folder.dies = ""
    await house.keeper().look()
    await house.keeper().look()
    assert (house.folder.left, house.table.taken, house.table.ended) == (1, {}, [])


async def test_what_could_not_be_left_in_time_is_not_made_any_more(house: House) -> None:
    house.folder.dies = "before"
    with pytest.raises(Killed):
        await house.keeper().look()
    house.folder.dies = ""
    house.now += BEGINS_WITHIN
    await house.keeper().look()
    assert (house.folder.left, house.table.ended) == (0, [ID])


async def test_a_file_that_was_left_is_known_also_when_its_time_is_past(house: House) -> None:
    house.folder.dies = "after"
    with pytest.raises(Killed):
        await house.keeper().look()
    house.folder.dies = ""
    house.now += timedelta(hours=1)
    await house.keeper().look()
    assert (house.folder.left, house.table.ended) == (1, [])


async def claimed_by_a_service_that_was_killed(house: House) -> None:
    house.folder.dies = "before"
    with pytest.raises(Killed):
        await house.keeper().look()
    house.folder.dies = ""


async def test_a_clock_that_was_set_back_after_a_kill_leaves_no_file_that_would_live_for_an_hour(
    house: House,
) -> None:
    await claimed_by_a_service_that_was_killed(house)
    house.now -= timedelta(hours=1)
    await house.keeper().look()
    assert (house.folder.left, house.table.ended, house.table.taken) == (0, [ID], {})


async def test_a_clock_that_was_set_back_by_less_than_the_calls_time_leaves_its_file_once(
    house: House,
) -> None:
    await claimed_by_a_service_that_was_killed(house)
    house.now += BEGINS_WITHIN / 2
    await house.keeper().look()
    house.now -= BEGINS_WITHIN / 3
    await house.keeper().look()
    assert (house.folder.left, house.table.ended) == (1, [])


@pytest.mark.parametrize("step", [timedelta(hours=1), -timedelta(hours=1)])
async def test_a_clock_step_after_a_file_was_left_rings_nobody_again(house: House, step: timedelta) -> None:
    house.folder.dies = "after"
    with pytest.raises(Killed):
        await house.keeper().look()
    house.folder.dies = ""
    house.now += step
    for _ in range(3):
        await house.keeper().look()
    assert (house.folder.left, house.table.taken, house.table.ended) == (1, {}, [])


async def test_kills_one_after_the_other_ring_one_person_once(house: House) -> None:
    for dies in ("before", "before", "after"):
        house.folder.dies = dies
        with pytest.raises(Killed):
            await house.keeper().look()
    house.folder.dies = ""
    await house.keeper().look()
    assert (house.folder.left, house.table.taken, house.table.ended) == (1, {}, [])


async def test_nobody_is_rung_who_is_rung_by_somebody_else(house: House) -> None:
    house.table.refuses = True
    await house.keeper().look()
    assert house.folder.files == {}


async def test_nobody_is_rung_while_the_floor_is_not_known_or_taken(house: House) -> None:
    house.free = None
    await house.keeper().look()
    house.free = {"main": 1}
    house.table.stands = Stands(under_way={"main": 1})
    await house.keeper().look()
    assert house.folder.files == {}


@pytest.mark.parametrize("dies", ["before", "after"])
async def test_after_a_kill_who_keeps_a_place_is_rung_once_though_others_wait(
    house: House, dies: str
) -> None:
    house.table.stands = Stands((KEEPING,))
    house.free, house.turns = {"main": -1}, {"main": Turn((NINE,), soon=1)}
    house.folder.dies = dies
    with pytest.raises(Killed):
        await house.keeper().look()
    house.folder.dies = ""
    await house.keeper().look()
    await house.keeper().look()
    assert (list(house.folder.files), house.folder.left) == ([ID], 1)


async def test_kept_places_are_told_also_while_nobody_looks_at_the_floor(house: House) -> None:
    house.free, house.table.stands = None, Stands((KEEPING,))
    await house.keeper().look()
    assert house.kept == {"main": (KEEPING.joined_at,)}


async def test_a_place_in_the_queue_that_is_not_needed_is_taken_out(house: House) -> None:
    house.table.stands = Stands((), void=(("main-7.1", "main"), ("main-8.1", "gone")))
    await house.keeper().look()
    assert house.ended == [], "who is rung first themselves hear at once"
    house.rules = book(first="operator")
    await house.keeper().look()
    assert house.ended == ["main-7.1"]
