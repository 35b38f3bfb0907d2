"""Who is where: the live picture of queues, operators and callers, as an immutable value.

Folded from what Asterisk tells as it happens; after a gap it is begun anew from a snapshot. It feeds screens
and metrics and never the record.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar


class OperatorState(StrEnum):
    """What an operator does, as far as Asterisk can see."""

    FREE = "free"
    RINGING = "ringing"
    TALKING = "talking"
    PAUSED = "paused"
    UNREACHABLE = "unreachable"


class DeviceState(StrEnum):
    """State of a phone; the names of Asterisk's device states that a queue member can have."""

    UNKNOWN = "unknown"
    NOT_IN_USE = "not-in-use"
    IN_USE = "in-use"
    BUSY = "busy"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"
    RINGING = "ringing"
    RING_IN_USE = "ring-in-use"
    ON_HOLD = "on-hold"


@dataclass(frozen=True, slots=True)
class MemberSeen:
    """An operator is a member of a queue, in this state."""

    queue: str
    operator: str
    interface: str
    device: DeviceState
    paused: bool
    reason: str = ""
    #: Whether the operator talks with a caller of this queue.
    in_call: bool = False
    #: Penalty among the members of the queue; the least are rung first.
    penalty: int = 0


@dataclass(frozen=True, slots=True)
class MemberGone:
    queue: str
    operator: str


@dataclass(frozen=True, slots=True)
class CallerJoined:
    queue: str
    call: str
    """Unique id of the caller's channel."""
    #: When the wait began (aware, UTC); None where nobody could tell.
    joined: datetime | None = None
    #: Whether it is an operator's telephone, for a caller who may be handed over.
    asking: bool = False


@dataclass(frozen=True, slots=True)
class CallerLeft:
    queue: str
    call: str
    #: Without having been answered.
    abandoned: bool = False


@dataclass(frozen=True, slots=True)
class RangOut:
    """An operator's phone was rung for a caller of a queue, and nobody took it up."""

    queue: str
    operator: str
    #: For how long, in milliseconds, as the queue counts it.
    rang_ms: int = 0


@dataclass(frozen=True, slots=True)
class Connected:
    """An operator and a caller of the queue talk from now on."""

    queue: str
    operator: str


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """One of several telephones of an operator (`anna.desk`), whether or not it is the one that is rung."""

    phone: str
    device: DeviceState


FloorEvent = MemberSeen | MemberGone | CallerJoined | CallerLeft | RangOut | Connected | DeviceSeen

_PUT_DOWN = frozenset(
    {DeviceState.NOT_IN_USE, DeviceState.UNAVAILABLE, DeviceState.INVALID, DeviceState.UNKNOWN}
)


def _frozen() -> Mapping[tuple[str, str], MemberSeen]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Seating:
    """Which operators a queue has, and which queues an operator; hardly an event changes it."""

    operators: Mapping[str, tuple[str, ...]]
    queues: Mapping[str, tuple[str, ...]]


def _seating(keys: Iterable[tuple[str, str]]) -> _Seating:
    operators: defaultdict[str, list[str]] = defaultdict(list)
    queues: defaultdict[str, list[str]] = defaultdict(list)
    for queue, operator in keys:
        operators[queue].append(operator)
        queues[operator].append(queue)
    return _Seating(
        {queue: tuple(names) for queue, names in operators.items()},
        {operator: tuple(names) for operator, names in queues.items()},
    )


@dataclass(frozen=True, slots=True)
class Floor:
    """Members by (queue, operator), and waiting callers by call."""

    members: Mapping[tuple[str, str], MemberSeen] = field(default_factory=_frozen)
    waiting: Mapping[str, CallerJoined] = field(default_factory=lambda: MappingProxyType({}))
    #: What telephones do, of operators who have several, by telephone.
    devices: Mapping[str, DeviceState] = field(default_factory=lambda: MappingProxyType({}))
    #: Follows from the members; kept where it is known already.
    seating: _Seating | None = field(default=None, compare=False, repr=False)

    def of_queue(self, queue: str) -> list[MemberSeen]:
        """The members of a queue, in the order in which they came."""
        return [self.members[queue, each] for each in self._seated.operators.get(queue, ())]

    def of_operator(self, operator: str) -> list[MemberSeen]:
        """The operator's membership of each queue."""
        return [self.members[each, operator] for each in self._seated.queues.get(operator, ())]

    @property
    def _seated(self) -> _Seating:
        return self.seating or _seating(self.members)

    def operators(self) -> Mapping[str, OperatorState]:
        """Each operator's state; one phone serves all of an operator's queues."""
        states: dict[str, OperatorState] = {}
        for member in self.members.values():
            state = state_of(member)
            # Paused in one queue and free in another is free: somebody can still be rung.
            if states.get(member.operator) in {None, OperatorState.PAUSED}:
                states[member.operator] = state
        return states

    def operators_by_state(self) -> Mapping[str, int]:
        counted = Counter(self.operators().values())
        return {state.value: counted[state] for state in OperatorState}

    def waiting_by_queue(self) -> Mapping[str, int]:
        queues = {queue for queue, _ in self.members}
        counted = Counter(each.queue for each in self.waiting.values())
        return {queue: counted[queue] for queue in sorted(queues | set(counted))}

    def waiting_since(self) -> Mapping[str, datetime]:
        """When the longest wait of each queue began; nothing of queues where nobody waits."""
        since: dict[str, datetime] = {}
        for each in self.waiting.values():
            if each.joined is not None:
                since[each.queue] = min(each.joined, since.get(each.queue, each.joined))
        return since


def is_engaged(member: MemberSeen) -> bool:
    """Whether the operator rings or talks, for this queue or another, or on a call of their own."""
    return member.in_call or state_of(member) in {OperatorState.RINGING, OperatorState.TALKING}


def is_handed_over(floor: Floor, left: CallerLeft) -> bool:
    """Whether somebody leaves who never came, where an operator asks: a caller took over the operator's wait.

    Asterisk does not tell of that moment, and names the caller from then on: who waits has to be asked anew.
    """
    return left.call not in floor.waiting and any(
        each.asking and each.queue == left.queue for each in floor.waiting.values()
    )


def state_of(member: MemberSeen) -> OperatorState:
    match member.device:
        case DeviceState.IN_USE | DeviceState.BUSY | DeviceState.ON_HOLD | DeviceState.RING_IN_USE:
            return OperatorState.TALKING
        case DeviceState.RINGING:
            return OperatorState.RINGING
        case DeviceState.UNAVAILABLE | DeviceState.INVALID | DeviceState.UNKNOWN:
            return OperatorState.UNREACHABLE
        case DeviceState.NOT_IN_USE:
            return OperatorState.PAUSED if member.paused else OperatorState.FREE


def fold(floor: Floor, event: FloorEvent) -> Floor:
    """The floor after one event. Events about what is not there change nothing."""
    match event:
        case MemberSeen() | Connected() | MemberGone():
            key = event.queue, event.operator
            known = floor.members.get(key)
            now = _member_after(known, event)
            if now == known:
                return floor
            members = dict(floor.members)
            _put(members, key, now)
            same_seats = known is not None and now is not None and floor.seating is not None
            return replace(floor, members=members, seating=floor.seating if same_seats else _seating(members))
        case CallerJoined() | CallerLeft():
            waited = floor.waiting.get(event.call)
            waits = _waiting_after(waited, event)
            if waits is waited:
                return floor
            waiting = dict(floor.waiting)
            _put(waiting, event.call, waits)
            return replace(floor, waiting=waiting)
        case DeviceSeen(phone, device):
            if floor.devices.get(phone) is device:
                return floor
            return replace(floor, devices={**floor.devices, phone: device})
        case RangOut():
            # What becomes of it, becomes of the operator: see routing/presence.py.
            return floor


def fold_all(events: Iterable[FloorEvent], floor: Floor | None = None) -> Floor:
    """The floor after all events, from an empty one unless another is given; in one pass."""
    begun = floor or Floor()
    members, waiting, devices = dict(begun.members), dict(begun.waiting), dict(begun.devices)
    for event in events:
        match event:
            case MemberSeen() | Connected() | MemberGone():
                key = event.queue, event.operator
                _put(members, key, _member_after(members.get(key), event))
            case CallerJoined() | CallerLeft():
                _put(waiting, event.call, _waiting_after(waiting.get(event.call), event))
            case DeviceSeen(phone, device):
                devices[phone] = device
            case RangOut():
                pass
    return Floor(members, waiting, devices, _seating(members))


def _put(into: dict[_Key, _Value], key: _Key, value: _Value | None) -> None:
    if value is None:
        into.pop(key, None)
    else:
        into[key] = value


def _member_after(known: MemberSeen | None, event: MemberSeen | Connected | MemberGone) -> MemberSeen | None:
    match event:
        case MemberSeen():
            return _still_in_call(known, event)
        case Connected():
            return known and replace(known, in_call=True)
        case MemberGone():
            return None


def _waiting_after(known: CallerJoined | None, event: CallerJoined | CallerLeft) -> CallerJoined | None:
    match event:
        case CallerJoined(queue):
            # Told of again, by an event that is older than our snapshot: the wait began when it began.
            return known if known is not None and known.queue == queue else event
        case CallerLeft():
            return None


def _still_in_call(known: MemberSeen | None, now: MemberSeen) -> MemberSeen:
    """A call lasts until the phone is put down; app_queue notes it later than the phone's being in use."""
    if known is None or not known.in_call or now.in_call or now.device in _PUT_DOWN:
        return now
    return replace(now, in_call=True) if known.interface == now.interface else now
