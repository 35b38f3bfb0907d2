"""Whose turn it may be now: which waiting callers are to be woken so that their queue looks again at once.

In Asterisk a caller in a queue looks once a second whether an operator is free (app_queue.c, wait_our_turn);
whoever wakes the caller makes that look happen now. Who is rung stays with the queue: a wake that was wrong
costs a look, never a turn. So this may err towards nobody, and does where it is not sure.

Moments are seconds since the epoch, because the queue counts its wrap-up in whole seconds of that clock.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from hotline_ivr.routing.floor import DeviceState
from hotline_ivr.routing.turn_events import (
    CallerIn,
    CallerOut,
    QueueRule,
    SeatGone,
    SeatRung,
    SeatSeen,
    TurnEvent,
    Wake,
)

PATIENCE_S = 20.0
"""A caller whom waking does not deliver is woken no longer than this: as long as a long announcement."""

FIRST_GAP_S = 0.15
"""A look that found nobody is tried again so soon, and after twice as long each time: the queue may have said
that a phone is free a moment before it could ring it.

Sooner the caller's music would stop. Asterisk takes 145 ms for a key (AST_DEFAULT_EMULATE_DTMF_DURATION and
AST_MIN_DTMF_GAP), and serves nothing else of a channel that has another in line (channel.c, __ast_read)."""

UNANSWERED_S = 5.0
"""A phone that rang and was not taken up is no reason to hurry for so long; the queue's own pace is left."""

# The queue reads a coarser clock than ours, which may be a few milliseconds behind.
_COARSE_S = 0.01
_BUSY = frozenset({
    DeviceState.RINGING,
    DeviceState.RING_IN_USE,
    DeviceState.IN_USE,
    DeviceState.BUSY,
    DeviceState.ON_HOLD,
})  # fmt: skip


@dataclass(slots=True, eq=False)
class _Phone:
    queues: set[str] = field(default_factory=set)
    last_call: int = 0
    busy_since: float = math.inf
    settled: bool = True
    """Whether it rings no more: it was answered, or its caller is away."""
    ring_time: int = 0
    resting_until: float = 0.0
    offered: tuple[str, float] = ("", -math.inf)
    """The call that was last woken for it, and when."""
    rung_for: str = ""
    """The call for which it rings; empty where we do not know."""

    def rings(self, now: float) -> bool:
        """Whether it may be ringing. Many phones say busy also when they ring (device_state_busy_at)."""
        return not self.settled and self.busy_since <= now < self.busy_since + self.ring_time + 1


@dataclass(slots=True)
class _Seat:
    seen: SeatSeen
    phone: _Phone
    free_since: float = math.inf

    def able_at(self, rule: QueueRule) -> float:
        """From when on the queue rings this phone; infinity while it does not."""
        phone = self.phone
        wrapped = phone.last_call + rule.wrap_up + _COARSE_S if rule.wrap_up and phone.last_call else 0.0
        return max(self.free_since, phone.resting_until, wrapped)

    def admitted_at(self, since: float, rule: QueueRule) -> float:
        # Who had waited elsewhere is admitted sooner than we know, and is left to the queue's own pace.
        penalty = self.seen.penalty
        if not rule.admitted_s or not penalty:
            return -math.inf
        return since + rule.admitted_s[penalty - 1] if penalty <= len(rule.admitted_s) else math.inf


@dataclass(slots=True)
class _Caller:
    queue: str
    channel: str
    since: float
    looked: float
    """When this caller last looked, as far as we know: on joining, and whenever woken."""
    woken: deque[float]
    tries: int = 0
    """Wake-ups since there was news for this caller."""
    phones: list[_Phone] = field(default_factory=list)
    """That rang for this caller once, and may still."""

    def is_rung(self, call: str, now: float) -> bool:
        return any(phone.rung_for == call and phone.rings(now) for phone in self.phones)


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one queue could do now: who may be next, and which phones are able."""

    queue: str
    next: tuple[str, ...]
    unsure: bool
    """Whether some of these may be served already, so that all have to look for the right ones to do so."""
    rule: QueueRule
    able: Mapping[str, tuple[_Seat, float]]

    def able_for(self, caller: _Caller, now: float) -> dict[str, float]:
        """Phones that the queue would ring for this caller, and from when on it would have."""
        found = {
            name: max(at, seat.admitted_at(caller.since, self.rule)) for name, (seat, at) in self.able.items()
        }
        return {name: at for name, at in found.items() if at <= now}


class Waking:
    """The picture of who waits and who is free, and whom to wake. No clock and no waiting of its own."""

    def __init__(self, rules: Mapping[str, QueueRule], per_second: int) -> None:
        self._rules = dict(rules)
        self._per_second = per_second
        self.forget()

    def use(self, rules: Mapping[str, QueueRule]) -> None:
        """The rules of another plan."""
        self._rules = dict(rules)

    def forget(self) -> None:
        """Know nothing: what was seen may be stale."""
        self._seats: defaultdict[str, dict[str, _Seat]] = defaultdict(dict)
        self._phones: defaultdict[str, _Phone] = defaultdict(_Phone)
        self._lines: defaultdict[str, list[str]] = defaultdict(list)
        self._callers: dict[str, _Caller] = {}
        self._changed: dict[str, float] = {}

    def begin(self, events: Iterable[TurnEvent], now: float) -> None:
        """Begin anew from a snapshot. What is possible in it counts as news."""
        self.forget()
        for event in events:
            self.happened(event, now)
        for caller in self._callers.values():
            caller.looked = -math.inf

    def anybody_unserved(self, now: float) -> bool:
        """Whether somebody waits for whom no phone rings, as far as we know."""
        return any(not caller.is_rung(call, now) for call, caller in self._callers.items())

    def happened(self, event: TurnEvent, now: float) -> None:
        """Take one event in. What is about somebody unknown changes nothing."""
        match event:
            case SeatSeen():
                self._seat_seen(event, now)
            case SeatRung(queue, interface, call):
                if interface in self._seats[queue]:
                    self._rung(self._phones[interface], call, now)
            case SeatGone(queue, interface):
                if self._seats[queue].pop(interface, None):
                    phone = self._phones[interface]
                    phone.queues.discard(queue)
                    # One that was rung in silence says nothing of its end; another is put in for it.
                    phone.settled = phone.settled or not phone.queues
            case CallerIn():
                self._joined(event, now)
            case CallerOut(queue, call):
                self._left(queue, call, now)

    def due(self, now: float) -> tuple[list[Wake], float | None]:
        """Whom to wake now, and when to ask again if nothing happens until then; None for never."""
        later: list[float] = []
        turns = [turn for queue in self._lines if (turn := self._turn(queue, now, later))]
        matched = self._match(turns, now)
        wakes = []
        for turn in turns:
            for call in turn.next:
                caller = self._callers[call]
                # The longest-waiting get the first chance; the others look if the phone stays free.
                patience = 0.0 if turn.unsure else self._interval
                able = turn.able_for(caller, now)
                if not able:
                    continue
                at = matched[call] if call in matched else min(able.values()) + patience
                at = max(self._allowed(caller, at), at)
                if at <= now:
                    caller.looked = now
                    caller.woken.append(now)
                    caller.tries += 1
                    wakes.append(Wake(call, caller.channel, turn.queue))
                    at = self._again(caller)
                later.append(at)
        return wakes, min(later, default=None)

    # What happens.

    def _seat_seen(self, seen: SeatSeen, now: float) -> None:
        phone = self._phones[seen.interface]
        phone.queues.add(seen.queue)
        seat = self._seats[seen.queue].setdefault(seen.interface, _Seat(seen, phone))
        seat.seen = seen
        self._phone_seen(phone, seen, now)
        free = seen.device is DeviceState.NOT_IN_USE and not seen.paused and not seen.in_call
        if not free:
            seat.free_since = math.inf
        elif seat.free_since == math.inf:
            seat.free_since = now

    def _phone_seen(self, phone: _Phone, seen: SeatSeen, now: float) -> None:
        """One phone serves all queues of an operator, so this is told once for each of them."""
        talked = seen.last_call > phone.last_call
        phone.last_call = max(phone.last_call, seen.last_call)
        phone.settled = phone.settled or seen.in_call
        if seen.device not in _BUSY:
            if seen.device is DeviceState.NOT_IN_USE and phone.rings(now) and not talked:
                phone.resting_until = now + UNANSWERED_S
            phone.busy_since = math.inf
        elif phone.busy_since == math.inf:
            call, at = phone.offered
            self._rung(phone, call if now - at < 1 else "", now)
            phone.settled = seen.in_call

    def _rung(self, phone: _Phone, call: str, now: float) -> None:
        """A phone says that it is busy before or after we hear for whom it is rung, or never for whom.

        One that is dead says nothing at all, neither when it is rung nor when that is over.
        """
        if not phone.rings(now):
            phone.busy_since = now
            phone.settled = False
            phone.ring_time = max((self._rule(queue).ring_time for queue in phone.queues), default=0)
        phone.rung_for = call
        caller = self._callers.get(call)
        if caller is not None and phone not in caller.phones:
            caller.phones.append(phone)

    def _joined(self, event: CallerIn, now: float) -> None:
        self._left(event.queue, event.call, now)
        line = self._lines[event.queue]
        line.insert(max(0, event.position - 1), event.call)
        self._callers[event.call] = _Caller(
            event.queue, event.channel, now - event.waited, now, deque(maxlen=self._per_second)
        )

    def _left(self, queue: str, call: str, now: float) -> None:
        caller = self._callers.get(call)
        if caller is None or caller.queue != queue:
            return
        place = self._lines[queue].index(call)
        del self._callers[call], self._lines[queue][place]
        self._changed[queue] = now
        self._settle(queue, call, place, now)

    def _settle(self, queue: str, call: str, place: int, now: float) -> None:
        """A caller is away, so whoever was rung for this caller need not be asked why it stopped ringing."""
        phones = [seat.phone for seat in self._seats[queue].values()]
        rung = [phone for phone in phones if phone.rings(now) or now < phone.resting_until]
        own = [phone for phone in rung if phone.rung_for == call]
        unknown = [phone for phone in rung if not phone.rung_for]
        if self._rule(queue).one_at_a_time:
            own += unknown
        elif not own and place < len(rung):
            own = unknown
        for phone in own:
            phone.settled = True
            phone.resting_until = 0.0

    # What follows.

    @property
    def _interval(self) -> float:
        return 1 / self._per_second

    def _rule(self, queue: str) -> QueueRule:
        return self._rules.get(queue, QueueRule())

    def _turn(self, queue: str, now: float, later: list[float]) -> _Turn | None:
        line = self._lines[queue]
        nobodys = [call for call in line if not self._callers[call].is_rung(call, now)]
        if not nobodys:
            return None
        rule = self._rule(queue)
        able = {}
        for interface, seat in self._seats[queue].items():
            at = seat.able_at(rule)
            if now < at < math.inf:
                later.append(at)
            elif at <= now < max(at, self._news(queue, seat, rule, now, later)) + PATIENCE_S:
                able[interface] = (seat, at)
        if not able:
            return None
        count = 1 if rule.one_at_a_time else len(able)
        rung = [seat.phone.rung_for for seat in self._seats[queue].values() if seat.phone.rings(now)]
        # For whom these ring is not known, so as many more callers may be served already.
        unknown = min(rung.count(""), count if rule.one_at_a_time else len(rung))
        return _Turn(queue, tuple(islice(nobodys, count + unknown)), unknown > 0, rule, able)

    def _news(self, queue: str, seat: _Seat, rule: QueueRule, now: float, later: list[float]) -> float:
        """When somebody last left, or came to admit this phone; when others will is added to `later`."""
        news = self._changed.get(queue, 0.0)
        if rule.admitted_s and seat.seen.penalty:
            for call in islice(self._lines[queue], len(self._seats[queue])):
                admitted = seat.admitted_at(self._callers[call].since, rule)
                if admitted <= now:
                    news = max(news, admitted)
                elif admitted < math.inf:
                    later.append(admitted)
        return news

    def _match(self, turns: Iterable[_Turn], now: float) -> dict[str, float]:
        """An able phone for each caller, longest-waiting first; call to the moment of its next look."""
        taken: set[str] = set()
        found = {}
        for caller, call, turn in sorted(self._contenders(turns), key=lambda each: each[0].since):
            able = turn.able_for(caller, now)
            left = [name for name in able if name not in taken]
            if not left:
                continue
            # Who serves fewest queues, so that the others stay for those that have nobody else.
            interface = min(left, key=lambda name: len(turn.able[name][0].phone.queues))
            taken.add(interface)
            at = able[interface]
            turn.able[interface][0].phone.offered = (call, now)
            if caller.looked < at:
                caller.tries = 0
            found[call] = at if caller.looked < at else self._again(caller)
        return found

    def _contenders(self, turns: Iterable[_Turn]) -> Iterator[tuple[_Caller, str, _Turn]]:
        return ((self._callers[call], call, turn) for turn in turns for call in turn.next)

    def _again(self, caller: _Caller) -> float:
        gap = FIRST_GAP_S * 2 ** min(caller.tries - 1, 10) if caller.tries else self._interval
        return caller.looked + min(self._interval, gap)

    def _allowed(self, caller: _Caller, at: float) -> float:
        """The first moment from `at` on at which this caller may be woken again."""
        if at <= caller.looked:
            at = self._again(caller)
        if len(caller.woken) == self._per_second:
            at = max(at, caller.woken[0] + 1)
        return at
