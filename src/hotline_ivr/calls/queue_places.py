"""Each operator's places in Asterisk's queues: at the right telephone, paused or not, in the right order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from hotline_ivr.calls.phone_choice import PhoneChoice
from hotline_ivr.calls.queue_hands import QueueHands
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.floor import Floor, MemberSeen, is_engaged
from hotline_ivr.routing.presence import Presence, Wanted, wanted
from hotline_ivr.routing.skills import penalties

log = structlog.get_logger()


class QueuePlaces:
    """All operators of one plan. `presence` tells where one stands, `clock` the time (aware, UTC)."""

    def __init__(
        self,
        hands: QueueHands,
        phones: PhoneChoice,
        plan: Plan,
        presence: Callable[[str], Presence | None],
        clock: Callable[[], datetime],
    ) -> None:
        self._hands = hands
        self._phones = phones
        self._presence = presence
        self._clock = clock
        self._floor = Floor()
        # Until when Asterisk's own wrap-up keeps an operator from being rung, whatever we say.
        self._resting: dict[str, datetime] = {}
        # Who has to be put in anew when the call is over, or at once: Asterisk would not ring them for long.
        self._held: set[str] = set()
        # Who was on the phone when somebody who comes earlier in a linear queue was put in behind them.
        self._ahead: set[str] = set()
        # Who shall be rung at another telephone when the call is over.
        self._moving: set[str] = set()
        self.take(plan)

    def take(self, plan: Plan) -> None:
        """Another plan."""
        self._plan = plan
        self._penalties = {queue: penalties(plan, queue) for queue in plan.queues}

    def seen(self, floor: Floor) -> None:
        """The floor as it is now."""
        self._floor = floor

    def rests(self, operator: str, until: datetime) -> None:
        """Asterisk's own wrap-up lasts until then."""
        self._resting[operator] = until
        self._held.discard(operator)

    def rested(self, operator: str, until: datetime) -> None:
        """As `rests`, of a wrap-up that we only know of because we stood so when we were started."""
        self._resting.setdefault(operator, until)

    def clock_set(self, ahead: timedelta) -> set[str]:
        """The clock is so much further ahead; whose places have to be looked at for that.

        app_queue keeps when a member's last call ended by the clock as it stood. After one that was set back
        it takes that member for fresh from a call until the old time is there again.
        """
        if ahead < timedelta():
            self._held |= {
                each for queue in self._plan.queues.values() if queue.wrap_up for each in queue.operators
            }
        return set(self._held)

    def waited_for(self, member: MemberSeen) -> bool:
        """Whether the operator's places had to wait for the end of a call, and it is over."""
        return member.operator in self._ahead | self._moving | self._held and not is_engaged(member)

    async def remove_strangers(self) -> None:
        """Whoever the plan does not let serve there, and phones whose account has changed."""
        for seen in list(self._floor.members.values()):
            known = seen.operator in self._plan.operators and seen.queue in self._queues_of(seen.operator)
            if not known or self._phones.owner(seen.interface) != seen.operator:
                await self._hands.remove(seen)

    async def bring_in_line(self, operator: str) -> None:
        """Let Asterisk hold of this operator what we do. Raises AsteriskError if it cannot be reached."""
        presence, interface = self._presence(operator), self._phones.interface(operator)
        if presence is None or interface is None:
            return
        want = wanted(presence)
        serving = self._floor.of_operator(operator)
        if not want.member:
            for each in serving:
                await self._hands.remove(each)
            return
        if not await self._at_the_right_phone(operator, serving, interface):
            return
        seen = {each.queue: each for each in serving if each.interface == interface}
        if operator in self._ahead or (not want.paused and self._would_not_be_rung(operator)):
            if not any(is_engaged(each) for each in seen.values()):
                await self._begin_anew(operator, seen, want)
                return
            self._held.add(operator)
        if any(each.paused != want.paused or each.reason != want.reason for each in seen.values()):
            await self._hands.pause(operator, interface, want)
        for queue in self._queues_of(operator):
            if queue not in seen:
                await self._join(queue, operator, want)
            elif seen[queue].penalty != (penalty := self._penalties[queue][operator]):
                await self._hands.set_penalty(seen[queue], penalty)

    def _queues_of(self, operator: str) -> list[str]:
        return [name for name, queue in self._plan.queues.items() if operator in queue.operators]

    async def _at_the_right_phone(self, operator: str, serving: Sequence[MemberSeen], interface: str) -> bool:
        """Take the operator out at telephones that are no longer rung; whether the right one may be put in.

        Not in a call, of which the queue would tell no more, nor while the queue rings.
        """
        elsewhere = [each for each in serving if each.interface != interface]
        if any(is_engaged(each) for each in elsewhere):
            self._moving.add(operator)
            return False
        self._moving.discard(operator)
        for each in elsewhere:
            await self._hands.remove(each)
        if elsewhere:
            log.info("an operator is rung elsewhere", operator=operator, interface=interface)
        return True

    def _would_not_be_rung(self, operator: str) -> bool:
        """Whether Asterisk holds back calls from an operator who is ready."""
        until = self._resting.get(operator)
        return operator in self._held or (until is not None and self._clock() < until)

    async def _begin_anew(self, operator: str, seen: Mapping[str, MemberSeen], want: Wanted) -> None:
        """Be ready before app_queue's own wrap-up is over: only a member who is new has none.

        app_queue compares `wrapuptime` with the member's `lastcall`, which no action sets; a new member has
        none. The same goes for how many calls were taken, so that `leastrecent` and `fewestcalls` take the
        operator for one who has just signed in. Both actions leave in one turn of the loop, so that no caller
        finds the queue without its only operator; if the link drops between them, the next snapshot adds.
        """
        self._resting.pop(operator, None)
        self._ahead.discard(operator)
        self._held.discard(operator)
        for queue in self._queues_of(operator):
            await self._join(queue, operator, want, seen.get(queue))

    async def _join(self, queue: str, operator: str, want: Wanted, seen: MemberSeen | None = None) -> None:
        """Put an operator into a queue, out of it first where `seen` there, and keep a linear one's order.

        app_queue rings a linear queue in the order in which its members were put in, so whoever comes later
        in the plan's list goes in anew behind. Somebody on the phone does so when the call is over.
        """
        interface = self._phones.interface(operator)
        steps = [self._add(queue, operator, interface, want)] if interface else []
        if seen is not None:
            steps.insert(0, self._hands.remove(seen))
        for behind in self._behind(queue, operator):
            presence = self._presence(behind.operator)
            if is_engaged(behind):
                self._ahead.add(behind.operator)
            elif presence is not None and (theirs := wanted(presence)).member:
                steps += [
                    self._hands.remove(behind),
                    self._add(queue, behind.operator, behind.interface, theirs),
                ]
        for done in await asyncio.gather(*steps, return_exceptions=True):
            if isinstance(done, BaseException):
                raise done

    def _behind(self, queue: str, operator: str) -> list[MemberSeen]:
        """Members who are rung after this operator, where the plan's list says who is rung first."""
        rules = self._plan.queues[queue]
        if rules.strategy != "linear":
            return []
        later = rules.operators[rules.operators.index(operator) + 1 :]
        return [seen for each in later if (seen := self._floor.members.get((queue, each))) is not None]

    def _add(self, queue: str, operator: str, interface: str, want: Wanted) -> Coroutine[None, None, None]:
        penalty, person = self._penalties[queue].get(operator, 0), self._phones.person(operator)
        return self._hands.add(queue, operator, interface, want, penalty=penalty, person=person)
