"""Answering asks: the rules a call began with, the clock, and `decide`."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import NamedTuple, Protocol

import structlog

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.blocks import Block
from hotline_ivr.routing.decide import decide
from hotline_ivr.routing.overrides import Override
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.steps import Arrived, Call, Decision, Event, LookedUp, LookUp
from hotline_ivr.routing.surroundings import Surroundings

log = structlog.get_logger()

# Plans kept for calls that began under them. A call lives minutes; an admin saves a few times an hour.
KEPT_PLANS = 50
# Look-ups under way at the same time; more callers than this go on as if nobody had answered.
LOOKUPS_AT_ONCE = 100


class Lookups(Protocol):
    """Asks another program about digits. Returns its answer, or None for whatever is no answer."""

    async def ask(self, call: Call, question: LookUp) -> str | None: ...


class Answered(NamedTuple):
    """The next steps, and the version of the plan that gave them."""

    decision: Decision
    plan_version: str


class Asks:
    """Decides for live calls. The rules are swapped whole; a call under way keeps the plan it began with.

    Overrides are no part of a plan: what people decide by hand holds for every call that arrives after it.
    `clock` says what time it is (aware) for a call.
    """

    def __init__(
        self,
        book: Rulebook,
        clock: Callable[[Call], datetime],
        lookups: Lookups | None = None,
        *,
        surroundings: Callable[[], Surroundings] = Surroundings,
        lookups_at_once: int = LOOKUPS_AT_ONCE,
        turned_away: Callable[[Rulebook, Call, datetime], Decision | None] = lambda *_: None,
    ) -> None:
        # The rules for calls that arrive from now on.
        self.book = book
        self._books: OrderedDict[str, Rulebook] = OrderedDict({book.plan.version: book})
        self._clock = clock
        self._lookups = lookups
        # What is seen of the floor and of the centres, now.
        self._surroundings = surroundings
        self._lookups_left = lookups_at_once
        # For a caller who arrives in a flood: what it gets instead of a decision.
        self._turned_away = turned_away

    @property
    def plan(self) -> Plan:
        return self.book.plan

    def use(self, book: Rulebook) -> None:
        """From now on new calls go by this plan, made ready before; the overrides that hold stay."""
        self._take(book.with_overrides(self.book.overrides).with_blocks(self.book.callers.blocks))
        self._books.move_to_end(book.plan.version)
        while len(self._books) > KEPT_PLANS:
            self._books.popitem(last=False)

    def override(self, overrides: Iterable[Override]) -> None:
        """From now on these overrides hold, and no others."""
        self._take(self.book.with_overrides(overrides))

    def block(self, blocks: Iterable[Block]) -> None:
        """From now on these callers are blocked by hand, and no others."""
        self._take(self.book.with_blocks(blocks))

    def _take(self, book: Rulebook) -> None:
        self._books[book.plan.version] = book
        self.book = book

    def answer(self, call: Call, event: Event) -> Answered | Awaitable[Answered]:
        """What comes next, at once; or later, where another program has to be asked first.

        A call whose plan is not known here (an old one, or one of before a restart) goes by the present plan:
        it has been told nothing that the present plan could take back except a place, which is checked.
        """
        book = self._books.get(call.plan_version, self.book)
        now = self._clock(call)
        if isinstance(event, Arrived) and (refused := self._turned_away(book, call, now)) is not None:
            return Answered(refused, book.plan.version)
        decision = decide(book, call, event, now, self._surroundings())
        if isinstance(decision, LookUp):
            return self._look_up(book, call, decision)
        return Answered(decision, book.plan.version)

    async def _look_up(self, book: Rulebook, call: Call, question: LookUp) -> Answered:
        answer = LookedUp(await self._ask(call, question))
        decision = decide(book, call, answer, self._clock(call), self._surroundings())
        if isinstance(decision, LookUp):
            raise TypeError("an answer is no question")
        return Answered(decision, book.plan.version)

    async def _ask(self, call: Call, question: LookUp) -> str | None:
        """The answer in time, or None. Never raises for what another program does."""
        if self._lookups is None or self._lookups_left <= 0:
            log.warning("a look-up is left out: too many are under way", collect=question.collect)
            return None
        self._lookups_left -= 1
        try:
            async with asyncio.timeout(question.deadline_s):
                return await self._lookups.ask(call, question)
        except TimeoutError:
            log.warning("a look-up was not answered in time", collect=question.collect)
        except Exception as error:  # noqa: BLE001  whatever another program does, the caller goes on
            log.warning("a look-up failed", collect=question.collect, reason=repr(error))
        finally:
            self._lookups_left += 1
        return None
