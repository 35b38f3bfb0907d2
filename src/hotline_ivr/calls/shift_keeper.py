"""The shifts that run: people are signed in and out, go on their breaks, and are told when they may.

What is to be done at a moment, routing/shift_run.py says. What has been done is kept on disk after it was
done: a break that was begun is seen as such by the next start, one that was only noted would be lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import structlog

from hotline_ivr.errors import HotlineError, PresenceRefused
from hotline_ivr.routing.break_floor import BreakAnswer
from hotline_ivr.routing.presence import Presence, PresenceEvent, Standing
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.shift_notes import BreakAsked, ShiftNotes
from hotline_ivr.routing.shift_run import OnFloor, Orders, ShiftRun

log = structlog.get_logger()

# Longest time (seconds) between two looks: the clock may be set, and a line closed by hand, without a word.
LONGEST_SLEEP = 30.0


class Staff(Protocol):
    """Who keeps the queues staffed; see operator_keeper.py."""

    def presences(self) -> Mapping[str, Presence]: ...

    def in_call(self, operator: str) -> bool: ...

    async def wish(self, operator: str, event: PresenceEvent) -> Presence:
        """Raises PresenceRefused."""


class NotesFile(Protocol):
    """The file. Both raise a HotlineError if it cannot be used; `save` is called in threads."""

    def load(self) -> ShiftNotes: ...

    def save(self, notes: ShiftNotes) -> None: ...


class ShiftKeeper:
    """The shifts of a node. `book` gives the rules that hold, `clock` the time (aware, UTC)."""

    def __init__(
        self, staff: Staff, file: NotesFile, book: Callable[[], Rulebook], clock: Callable[[], datetime]
    ) -> None:
        self._staff, self._file, self._book, self._clock = staff, file, book, clock
        self._notes = self._saved = file.load()
        self._answers: Mapping[str, BreakAnswer] = {}
        self._run_of_plan: ShiftRun | None = None
        self._looking = asyncio.Lock()
        self._work = asyncio.Event()

    def ahead(self) -> Mapping[str, BreakAnswer]:
        """The next break of each operator who has one before them, as the last look found it."""
        return self._answers

    def kind_of(self, answer: BreakAnswer) -> str:
        """The kind of the break that an answer is about."""
        run = self._run_of_plan
        return run.kind_of(answer.wish.operator, answer.wish.id, self._clock()) if run else answer.wish.id

    def asked(self) -> Mapping[str, BreakAsked]:
        """Who has asked for a break and waits for it."""
        return self._notes.asked

    def wake(self) -> None:
        """Look again: somebody stands otherwise than before."""
        self._work.set()

    async def ask(self, operator: str, kind: str, by: str) -> BreakAnswer | None:
        """Ask for a break: the answer when it has to be waited for, None when it is granted.

        Raises PresenceRefused if it cannot be had at all.
        """
        presence = self._staff.presences().get(operator)
        if presence is None or presence.standing is Standing.SIGNED_OUT:
            raise PresenceRefused("is signed out, and has no break to take")
        kinds = self._book().plan.break_kinds
        if kind not in kinds:
            known = ", ".join(sorted(kinds)) or "none: add break_kinds to the configuration"
            raise PresenceRefused(f"there is no kind of break '{kind}'; known are: {known}")
        if presence.standing is Standing.PAUSED:
            raise PresenceRefused("is paused: be ready first, or take a pause of that reason")
        if presence.asked is not None:
            raise PresenceRefused("is to be away after this call already")
        async with self._looking:
            known_wish = self._notes.asked.get(operator)
            if known_wish is None or known_wish.kind != kind:
                asked = {**self._notes.asked, operator: BreakAsked(kind, self._clock(), by)}
                self._notes = replace(self._notes, asked=asked)
            await self._look()
            self._work.set()
            return self._answers.get(operator) if operator in self._notes.asked else None

    async def take_back(self, operator: str) -> None:
        """Not to wait for the break any more. Raises PresenceRefused if none was asked for."""
        async with self._looking:
            if operator not in self._notes.asked:
                raise PresenceRefused("waits for no break")
            asked = {name: each for name, each in self._notes.asked.items() if name != operator}
            self._notes = replace(self._notes, asked=asked)
            await self._look()
            self._work.set()

    async def run(self) -> None:
        """Do what the shifts bring about, until cancelled."""
        while True:
            self._work.clear()
            async with self._looking:
                again = await self._look()
            delay = LONGEST_SLEEP
            if again is not None:
                delay = min(delay, max(0.0, (again - self._clock()).total_seconds()))
            try:
                async with asyncio.timeout(delay):
                    await self._work.wait()
            except TimeoutError:
                continue

    async def _look(self) -> datetime | None:
        """Do what is to be done now; when to look again. One at a time, so that nothing is done twice."""
        orders = await self._orders()
        self._notes, self._answers = orders.notes, orders.answers
        for operator, break_id in orders.missed:
            log.warning("a break could not be had in its time", operator=operator, break_id=break_id)
        # All at once: each waits for the disk.
        await asyncio.gather(*(self._carry_out(operator, event) for operator, event in orders.events))
        await self._save()
        return orders.look_again

    async def _carry_out(self, operator: str, event: PresenceEvent) -> None:
        try:
            await self._staff.wish(operator, event)
        except PresenceRefused as refused:
            log.warning("a shift could not be kept", operator=operator, reason=str(refused))

    async def _orders(self) -> Orders:
        """In a thread: the first look at a plan lays a year of shifts."""
        now, book = self._clock(), self._book()
        if self._run_of_plan is None or self._run_of_plan.plan is not book.plan:
            self._run_of_plan = ShiftRun(book)
        floor = {
            name: OnFloor(presence, self._staff.in_call(name))
            for name, presence in self._staff.presences().items()
        }
        return await asyncio.to_thread(self._run_of_plan.orders, now, self._notes, floor, book)

    async def _save(self) -> None:
        if self._notes == self._saved:
            return
        notes = self._notes
        try:
            await asyncio.to_thread(self._file.save, notes)
            self._saved = notes
        except HotlineError as error:
            log.error("what is kept of breaks cannot be written; trying again", reason=str(error))  # noqa: TRY400
