"""Keeping the queues staffed: who serves, who is paused and why, as our own ledger says.

Asterisk carries it out and goes on with it while we are away. After each gap our word holds again. While the
link is up, a change that somebody else makes in Asterisk itself (its console, another program) is taken over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from hotline_ivr.calls.last_moments import LastMoments
from hotline_ivr.calls.machine_clock import SetClock
from hotline_ivr.calls.phone_choice import ChoiceFile, PhoneChoice
from hotline_ivr.calls.presence_book import PresenceBook
from hotline_ivr.calls.queue_hands import QueueControl, QueueHands
from hotline_ivr.calls.queue_places import QueuePlaces
from hotline_ivr.config.models import Plan
from hotline_ivr.errors import AsteriskError, PresenceRefused
from hotline_ivr.routing.floor import (
    Connected,
    DeviceSeen,
    Floor,
    FloorEvent,
    MemberSeen,
    RangOut,
)
from hotline_ivr.routing.presence import (
    DROPPED,
    CallAnswered,
    CallEnded,
    DroppedCaller,
    FoundPaused,
    FoundReady,
    Presence,
    PresenceEvent,
    RangInVain,
    Standing,
    TimePassed,
    after,
    next_due,
    wanted,
)
from hotline_ivr.routing.presence_rules import first_presence, rules_of
from hotline_ivr.routing.refusals import NOT_TAKEN, why_not_taken

log = structlog.get_logger()

# How long (seconds) Asterisk may differ from us before we believe that somebody else changed it: our own
# changes come back as events within a tenth of that.
DOUBT = timedelta(seconds=1)

LOOK_S = 1.0
"""The clock is looked at so often at least, so that one which was set keeps no caller waiting."""


class OperatorKeeper:
    """All operators of one plan. `clock` gives the time (aware, UTC); `interfaces` are by telephone."""

    def __init__(
        self,
        control: QueueControl,
        book: PresenceBook,
        plan: Plan,
        interfaces: Mapping[str, str],
        clock: Callable[[], datetime],
        *,
        choices: ChoiceFile | None = None,
        set_clock: SetClock | None = None,
        on_clock_set: Callable[[], None] = lambda: None,
    ) -> None:
        self._book = book
        self._time_of_day, self._set_clock = clock, set_clock or SetClock()
        # Is told when that was noticed.
        self._on_clock_set = on_clock_set
        self._phones = PhoneChoice(plan, interfaces, self._clock, choices)
        self._places = QueuePlaces(QueueHands(control), self._phones, plan, book.of, self._clock)
        self._take(plan)
        self._floor = Floor()
        # Whose place in Asterisk has to be looked at, and whose may have been changed by others (until when
        # we wait and see).
        self._to_do: set[str] = set()
        self._doubts: dict[str, datetime] = {}
        self._last_moments = LastMoments()
        self._work = asyncio.Event()

    def at_phone(self, account: str) -> str | None:
        """Whose telephone has this account."""
        return self._phones.owner(f"PJSIP/{account}")

    async def be_at(self, account: str) -> None:
        """Ring the operator at this one of several telephones from now on, after a call that is under way.

        Raises PresenceFileError if it cannot be kept; it holds all the same until a restart.
        """
        try:
            await self._phones.choose(account)
        finally:
            if (operator := self.at_phone(account)) is not None:
                self._to_do.add(operator)
                self._work.set()

    def presences(self) -> Mapping[str, Presence]:
        """Where the operators of the plan stand now."""
        return {name: found for name in self._plan.operators if (found := self._book.of(name)) is not None}

    async def wish(self, operator: str, event: PresenceEvent) -> Presence:
        """What somebody asks for an operator; it is on disk when this returns.

        Raises PresenceRefused if it cannot be. Asterisk hears of it at once, or when it is back.
        """
        presence = self._book.of(operator) if operator in self._plan.operators else None
        if presence is None:
            raise PresenceRefused(f"there is no operator '{operator}'")
        self._apply(operator, event)
        await self._book.saved()
        return self._book.of(operator) or presence

    def happened(self, event: FloorEvent, before: Floor, now: Floor) -> None:
        """An event of the floor: calls that begin and end, phones that ring in vain, pauses by others."""
        self._see(now)
        match event:
            case RangOut(_, operator) if not self._phones.is_gone(operator):
                self._rang_out(event)
            case MemberSeen() | Connected():
                key = event.queue, event.operator
                if (member := now.members.get(key)) is not None:
                    self._member_seen(before.members.get(key), member)
            case DeviceSeen(phone):
                self._phones.seen(now.devices)
                self._to_do.add(phone.partition(".")[0])
                self._work.set()
            case _:
                # Where a telephone that was gone rang out, the next one is about to stand in.
                pass

    def _rang_out(self, event: RangOut) -> None:
        operator = event.operator
        ring_time = self._plan.queues[event.queue].ring_time if event.queue in self._plan.queues else 0
        rang, whole = timedelta(milliseconds=event.rang_ms), timedelta(seconds=ring_time)
        if self._phones.rang_out(operator, rang, whole):
            log.warning("a telephone does not answer, another stands in", operator=operator)
            self._to_do.add(operator)
            self._work.set()
            return
        at = self._clock()
        self._last_moments.rang_in_vain(operator, self._book.of(operator), at)
        self._apply(operator, RangInVain(why_not_taken(event.rang_ms, ring_time)))

    def link_lost(self) -> None:
        """Excuse whose phones an Asterisk that stops has hung up."""
        at = self._clock()
        for operator, stood in self._last_moments.excused(at).items():
            presence = self._book.of(operator)
            if presence is not None and presence.reason in NOT_TAKEN:
                self._book.put(operator, stood)

    async def use(self, plan: Plan, interfaces: Mapping[str, str]) -> None:
        """Staff the queues of another plan; while Asterisk is away the next snapshot does it."""
        self._phones.take(plan, interfaces)
        self._take(plan)
        try:
            await self.reconcile(self._floor)
        except AsteriskError as error:
            log.warning("queues will be staffed when Asterisk is back", reason=str(error))

    async def reconcile(self, floor: Floor) -> None:
        """After a gap: our word holds. Raises AsteriskError if Asterisk cannot be reached."""
        self._see(floor)
        self._phones.seen(floor.devices)
        self._doubts.clear()
        now = self._clock()
        for gone in self._book.presences().keys() - self._plan.operators.keys():
            self._book.forget(gone, Presence(Standing.SIGNED_OUT, now))
        for operator in self._plan.operators:
            if self._book.of(operator) is None:
                self._book.put(operator, first_presence(self._plan, operator, floor, now))
            self._apply(operator, TimePassed())
            self._call_may_be_over(operator)
            self._remember_wrap_up(operator)
        await self._places.remove_strangers()
        for operator in self._plan.operators:
            await self._places.bring_in_line(operator)
        self._to_do.clear()

    async def run(self) -> None:
        """Carry out what is to do, and what falls due, until cancelled."""
        while True:
            self._work.clear()
            self._look_at_the_clock()
            try:
                while self._to_do:
                    await self._places.bring_in_line(self._to_do.pop())
            except AsteriskError as error:
                log.warning("Asterisk will hear of operators when it is back", reason=str(error))
            due = self._next_moment()
            delay = LOOK_S if due is None else min(LOOK_S, max(0.0, (due - self._clock()).total_seconds()))
            try:
                async with asyncio.timeout(delay):
                    await self._work.wait()
            except TimeoutError:
                continue

    def wake(self) -> None:
        """Look at the clock again: it may have been set."""
        self._work.set()

    def _clock(self) -> datetime:
        """The time of day. Where it was set, all moments that are kept are put before anybody compares."""
        if ahead := self._set_clock.put():
            log.warning("the machine's clock was set; operators stand as long as before", ahead=str(ahead))
            self._book.clock_set(ahead)
            self._phones.clock_set(ahead)
            self._to_do |= self._places.clock_set(ahead)
            self._last_moments.clock_set(ahead)
            self._doubts = {operator: until + ahead for operator, until in self._doubts.items()}
            self._on_clock_set()
            self._work.set()
        return self._time_of_day()

    def _see(self, floor: Floor) -> None:
        self._floor = floor
        self._places.seen(floor)

    def _take(self, plan: Plan) -> None:
        self._plan = plan
        self._rules = rules_of(plan)
        self._places.take(plan)

    def _apply(self, operator: str, event: PresenceEvent) -> None:
        at = self._clock()
        before = self._book.of(operator)
        if before is None:
            return
        now = after(before, event, at, self._rules, in_call=self.in_call(operator))
        if now == before:
            return
        self._book.put(operator, now)
        if wanted(now) != wanted(before):
            log.info(
                "an operator stands otherwise", operator=operator, standing=now.standing, reason=now.reason
            )
            self._to_do.add(operator)
        self._work.set()

    def in_call(self, operator: str) -> bool:
        """Whether the operator talks with a caller of a queue."""
        return any(seen.in_call for seen in self._floor.of_operator(operator))

    def _member_seen(self, before: MemberSeen | None, now: MemberSeen) -> None:
        was_in_call = before is not None and before.in_call
        if now.in_call and not was_in_call:
            self._apply(now.operator, CallAnswered())
        elif was_in_call and not now.in_call:
            rest = self._rules.wrap_up.get(now.queue, timedelta())
            self._places.rests(now.operator, self._clock() + rest)
            self._apply(now.operator, CallEnded(now.queue))
        if self._places.waited_for(now):
            self._to_do.add(now.operator)
            self._work.set()
        if now.paused and now.reason == DROPPED and not (before and before.reason == DROPPED):
            self._apply(now.operator, DroppedCaller())
        presence = self._book.of(now.operator)
        if before is None or presence is None or before.paused == now.paused:
            return
        if now.paused != wanted(presence).paused:
            self._doubts[now.operator] = self._clock() + DOUBT
            self._work.set()

    def _call_may_be_over(self, operator: str) -> None:
        """What was asked for in a call that ended while we could not see it."""
        presence = self._book.of(operator)
        if presence is not None and presence.asked is not None and not self.in_call(operator):
            self._apply(operator, CallEnded(""))

    def _remember_wrap_up(self, operator: str) -> None:
        """Of a call that ended before we were started."""
        presence = self._book.of(operator)
        if presence and presence.standing is Standing.WRAP_UP and presence.until:
            self._places.rested(operator, presence.until)

    def _look_at_the_clock(self) -> None:
        now = self._clock()
        for operator, presence in self._book.presences().items():
            due = next_due(presence)
            if due is not None and due <= now:
                self._apply(operator, TimePassed())
        self._to_do |= self._phones.tried_again()
        for operator in [name for name, moment in self._doubts.items() if moment <= now]:
            del self._doubts[operator]
            self._believe_asterisk(operator)

    def _next_moment(self) -> datetime | None:
        dues = [due for each in self._book.presences().values() if (due := next_due(each)) is not None]
        return min([*dues, *self._doubts.values(), *self._phones.dues()], default=None)

    def _believe_asterisk(self, operator: str) -> None:
        presence = self._book.of(operator)
        seen = self._floor.of_operator(operator)
        if presence is None or not seen:
            return
        want = wanted(presence).paused
        if all(each.paused != want for each in seen):
            self._apply(operator, FoundReady() if want else FoundPaused(seen[0].reason))
        elif any(each.paused != want for each in seen):
            self._to_do.add(operator)
