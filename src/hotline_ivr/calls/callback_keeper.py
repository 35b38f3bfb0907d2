"""Calling back: whoever is owed a call is rung when somebody is free for them, one call for each attempt.

First the database takes the attempt, then the file for Asterisk is left under the attempt's name. After a
kill between the two, the folders tell whether the file was left: if it was not and there is still time, it is
left now. What became of a call the record tells, to the promise ledger (store/attempts.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from hotline_ivr.errors import AsteriskError, StoreError
from hotline_ivr.routing.callback_wishes import Wish, suits, wishes
from hotline_ivr.routing.callbacks import Candidate, Dialling, Turn, due, kept_places, policies
from hotline_ivr.routing.rulebook import Rulebook

log = structlog.get_logger()

# How often (seconds) it is looked whom to ring; where no queue calls back yet; and after a mishap.
PACE = 2.0
IDLE = 15.0
RETRY = 5.0
# How long Asterisk has for beginning a call; it reads the folder at once. Less than another service waits
# until it takes the node (launch/lease_keeper.py): the file of one that stood still and left it late rings
# nobody.
BEGINS_WITHIN = timedelta(seconds=10)


class Claimed(Protocol):
    """An attempt that is taken; see store/attempts.py."""

    @property
    def id(self) -> str: ...

    @property
    def file(self) -> str: ...

    @property
    def until(self) -> datetime: ...


class Standing(Protocol):
    """How it stands; see store/attempts.py."""

    @property
    def candidates(self) -> Sequence[Candidate]: ...

    @property
    def under_way(self) -> Mapping[str, int]: ...

    @property
    def standing(self) -> Mapping[str, int]: ...

    @property
    def void(self) -> Sequence[tuple[str, str]]: ...

    @property
    def dialled(self) -> Mapping[str, int]: ...


class Attempts(Protocol):
    """The table. Methods raise StoreError if the database cannot be used."""

    async def standing(
        self,
        country: str | None,
        now: datetime,
        wishes: Sequence[Wish],
        suits: Callable[[Candidate], bool],
    ) -> Standing: ...

    async def claim(self, call: Dialling, file: str, until: datetime, now: datetime) -> bool: ...

    async def claimed(self) -> Sequence[Claimed]: ...

    async def written(self, attempt: str) -> None: ...

    async def not_dialled(self, attempt: str, now: datetime) -> None: ...

    async def give_up(self, now: datetime) -> Sequence[str]: ...


class Spool(Protocol):
    """Where Asterisk looks for calls to make; called in threads. Methods raise OSError."""

    def knows(self, attempt: str) -> bool: ...

    def leave(self, attempt: str, text: str) -> None: ...

    def tidy(self, before: float) -> None: ...


class CallbackKeeper:
    """One node's calls back.

    `clock` is aware; `free` is operators by queue for whom nobody waits, `turns` how it stands in each: None
    while that is not known. `counted` is told of the places that people keep who are to be rung; `end` hangs
    up a call by its id, and raises AsteriskError where it cannot.
    """

    def __init__(
        self,
        attempts: Attempts,
        spool: Spool,
        *,
        book: Callable[[], Rulebook],
        free: Callable[[], Mapping[str, int] | None],
        turns: Callable[[], Mapping[str, Turn]] = dict,
        counted: Callable[[Mapping[str, Sequence[datetime]]], None] = lambda _: None,
        end: Callable[[str], Awaitable[None]] | None = None,
        text: Callable[[Dialling, int], str],
        clock: Callable[[], datetime],
    ) -> None:
        self._attempts, self._spool = attempts, spool
        self._book, self._free, self._text, self._clock = book, free, text, clock
        self._turns, self._counted, self._end = turns, counted, end

    async def run(self, pace: float = PACE, retry: float = RETRY) -> None:
        """Ring people until cancelled; the tables must be there."""
        while True:
            try:
                await self.look()
                await asyncio.sleep(pace if policies(self._book().plan) else IDLE)
            except (StoreError, OSError) as error:
                log.warning("nobody can be called back now", reason=str(error))
                await asyncio.sleep(retry)

    async def look(self) -> None:
        """Once: what was begun is finished, and whoever is due is rung."""
        now = self._clock()
        await self._finish(now)
        plan = self._book().plan
        if not policies(plan):
            self._counted({})
            return
        await self._attempts.give_up(now)
        book = self._book()
        stands = await self._attempts.standing(
            plan.organisation.country, now, wishes(book, now), lambda each: suits(each, book, now)
        )
        self._counted(kept_places(stands.candidates, book, now))
        await self._take_back(stands.void)
        free = self._free()
        if free is None:
            return
        for call in due(
            stands.candidates,
            self._book(),
            free=free,
            dialled=stands.dialled,
            now=now,
            turns=self._turns(),
            under_way=stands.under_way,
            standing=stands.standing,
        ):
            until = now + BEGINS_WITHIN
            file = self._text(call, int(until.timestamp()))
            if await self._attempts.claim(call, file, until, now):
                log.info("somebody is called back", promise=call.promise_id, attempt=call.number)
                await self._leave(call.id, file)

    async def _finish(self, now: datetime) -> None:
        """What was claimed and, as far as is known, not left."""
        for each in await self._attempts.claimed():
            if await asyncio.to_thread(self._spool.knows, each.id):
                await self._attempts.written(each.id)
            # A last moment further away than any is of a clock that has been set back since.
            elif now < each.until <= now + BEGINS_WITHIN:
                await self._leave(each.id, each.file)
            else:
                await self._attempts.not_dialled(each.id, now)
        await asyncio.to_thread(self._spool.tidy, (now - timedelta(days=1)).timestamp())

    async def _take_back(self, void: Sequence[tuple[str, str]]) -> None:
        """Where operators are rung first, places out of the queue whose people need no call any more."""
        rules = policies(self._book().plan)
        for call_id, queue in void:
            if self._end is not None and queue in rules and rules[queue].operator_first:
                try:
                    await self._end(call_id)
                    log.info("a call back is not needed any more", call=call_id)
                except AsteriskError as error:
                    log.warning("a call back could not be taken back", call=call_id, reason=str(error))

    async def _leave(self, attempt: str, file: str) -> None:
        await asyncio.to_thread(self._spool.leave, attempt, file)
        await self._attempts.written(attempt)
