"""Shifts that run: the keeper of operators does what they say, once, and the file remembers it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hotline_ivr.calls.shift_keeper import ShiftKeeper
from hotline_ivr.config.models import Plan
from hotline_ivr.errors import PresenceFileError, PresenceRefused
from hotline_ivr.routing.presence import SignOut, Standing
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.shift_notes import ShiftNotes
from tests.calls.keeper_place import ANNA, BJORN, Memory, Place
from tests.plans import a_plan


def shift_plan(minimum: int = 1, lunch: str = "14:00") -> Plan:
    """Anna and bjorn from 12:00 to 20:00 of Oslo; the place's clock begins at 13:00 there."""
    return a_plan(
        queues={"main": {"operators": ["anna", "bjorn"], "minimum_ready": minimum}},
        sections={
            "operators": {
                "anna": {"name": "Anna Berg", "sign_in": "shift"},
                "bjorn": {"name": "Bjørn Dahl", "sign_in": "shift"},
            },
            "break_kinds": {"lunch": {"name": "Lunch", "length": "30m"}},
            "shifts": {"late": {"hours": "12:00-20:00", "breaks": {"lunch": {"at": lunch}}}},
            "shift_plans": {"all": {"operators": ["anna", "bjorn"], "week": {"mon-fri": "late"}}},
        },
    )


class NotesInMemory:
    def __init__(self) -> None:
        self.kept = ShiftNotes()
        self.broken = False

    def load(self) -> ShiftNotes:
        return self.kept

    def save(self, notes: ShiftNotes) -> None:
        if self.broken:
            raise PresenceFileError("breaks.json: cannot be written (No space left on device)")
        self.kept = notes


class ShiftPlace(Place):
    """A keeper of operators, and the shifts beside it."""

    def __init__(self, plan: Plan, memory: Memory | None = None, notes: NotesInMemory | None = None) -> None:
        super().__init__(plan, memory, seen=lambda *_: self.shifts.wake())
        self.notes = notes or NotesInMemory()
        rules = Rulebook(plan)
        self.shifts = ShiftKeeper(self.keeper, self.notes, lambda: rules, self.clock)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self.at_work():
            running = asyncio.create_task(self.shifts.run())
            yield
            running.cancel()

    async def later(self, **time: float) -> None:
        self.clock.pass_time(**time)
        self.keeper.wake()
        self.shifts.wake()

    async def until_noted(self) -> None:
        """Wait until the file says that both have had lunch."""
        while [note.had for note in self.notes.kept.duties.values()] != [{"lunch"}, {"lunch"}]:
            await asyncio.sleep(0.01)

    async def until_served_by(self, *operators: str) -> None:
        while sorted({name for _, name in self.queues.serving()}) != sorted(operators):
            await self.queues.next_change()


async def test_a_shift_that_runs_signs_its_people_in() -> None:
    place = ShiftPlace(shift_plan())
    async with place.running():
        await place.until_served_by("anna", "bjorn")
        presence = place.book.of("anna")
        assert presence is not None
        assert (presence.standing, presence.by) == (Standing.READY, "shift")


async def test_its_end_takes_them_out_of_the_queues() -> None:
    place = ShiftPlace(shift_plan())
    async with place.running():
        await place.until_served_by("anna", "bjorn")
        await place.later(hours=7)
        await place.until_served_by()


async def test_a_break_pauses_in_asterisk_and_the_next_follows_when_it_is_over() -> None:
    place = ShiftPlace(shift_plan())
    async with place.running():
        await place.until_served_by("anna", "bjorn")
        await place.later(hours=1)
        await place.queues.until(ANNA, "lunch")
        assert place.queues.paused(BJORN) is None
        await place.later(minutes=30)
        await place.queues.until(BJORN, "lunch")
        await place.queues.until(ANNA, None)


async def test_who_asks_is_answered_and_told_where_they_stand() -> None:
    place = ShiftPlace(shift_plan(lunch="19:00"))
    async with place.running():
        await place.until_served_by("anna", "bjorn")
        assert await place.shifts.ask("anna", "lunch", "anna") is not None
        # Her own lunch is at seven: another one than that is not hers to take now.
        await place.shifts.take_back("anna")
        with pytest.raises(PresenceRefused, match="waits for no break"):
            await place.shifts.take_back("anna")


async def test_what_cannot_be_asked_for() -> None:
    place = ShiftPlace(shift_plan())
    async with place.running():
        await place.until_served_by("anna", "bjorn")
        with pytest.raises(PresenceRefused, match="known are: lunch"):
            await place.shifts.ask("anna", "nap", "anna")
        await place.keeper.wish("anna", SignOut("anna"))
        with pytest.raises(PresenceRefused, match="signed out"):
            await place.shifts.ask("anna", "lunch", "anna")
        with pytest.raises(PresenceRefused, match="signed out"):
            await place.shifts.ask("nobody", "lunch", "anna")


async def test_two_who_ask_at_the_same_time_do_not_both_go() -> None:
    """The governor answers one after the other."""
    plan = shift_plan(lunch="19:00")
    kinds = {**plan.break_kinds, "short": plan.break_kinds["lunch"]}
    place = ShiftPlace(plan.model_copy(update={"break_kinds": kinds}))
    async with place.running():
        await place.until_served_by("anna", "bjorn")
        answers = await asyncio.gather(*(place.shifts.ask(name, "short", name) for name in ("anna", "bjorn")))
        assert [answer is None for answer in answers] == [True, False]
        waiting = answers[1]
        assert waiting is not None
        assert (waiting.place, place.shifts.kind_of(waiting)) == (1, "short")


async def test_a_restart_gives_no_break_twice() -> None:
    place = ShiftPlace(shift_plan(minimum=0))
    async with place.running():
        await place.until_served_by("anna", "bjorn")
        await place.later(hours=1)
        await place.queues.until(ANNA, "lunch")
        await place.queues.until(BJORN, "lunch")
        await place.later(minutes=30)
        await place.queues.until(ANNA, None)
        await place.queues.until(BJORN, None)
        await place.book.saved()
        await place.until_noted()
    again = ShiftPlace(place.keeper_plan, place.memory, place.notes)
    again.queues.members = place.queues.members
    again.clock.now, again.clock.passed = place.clock.now, place.clock.passed
    async with again.running():
        await again.later(minutes=1)
        # By the answer it has looked at all of them.
        assert await again.shifts.ask("bjorn", "lunch", "bjorn") is None
        await again.queues.until(BJORN, "lunch")
        assert again.queues.paused(ANNA) is None


async def test_a_full_disk_costs_no_break() -> None:
    place = ShiftPlace(shift_plan())
    place.notes.broken = True
    async with place.running():
        await place.until_served_by("anna", "bjorn")
        await place.later(hours=1)
        await place.queues.until(ANNA, "lunch")
        place.notes.broken = False
        await place.later(minutes=30)
        await place.queues.until(BJORN, "lunch")
        await place.until_noted()
