"""What queues tell of whose turn it may be: seats, callers, and who is to be woken. See waking.py."""

from __future__ import annotations

from dataclasses import dataclass

from hotline_ivr.routing.floor import DeviceState


@dataclass(frozen=True, slots=True)
class QueueRule:
    """What the queue itself heeds before it rings somebody."""

    wrap_up: int = 0
    """Whole seconds after a call in which the queue leaves an operator alone."""
    ring_time: int = 15
    """Seconds for which a phone is rung."""
    one_at_a_time: bool = False
    """Everybody is rung at once, so one caller at a time gets a turn."""
    admitted_s: tuple[int, ...] = ()
    """Seconds of waiting after which phones of penalty 1, 2 and so on are rung; none is all at once."""


@dataclass(frozen=True, slots=True)
class SeatSeen:
    """An operator's phone serves a queue, in this state."""

    queue: str
    interface: str
    device: DeviceState
    paused: bool
    in_call: bool
    last_call: int
    """When the last call from a queue ended, seconds since the epoch; 0 is never."""
    penalty: int = 0


@dataclass(frozen=True, slots=True)
class SeatRung:
    """An operator's phone is rung for a caller."""

    queue: str
    interface: str
    call: str


@dataclass(frozen=True, slots=True)
class SeatGone:
    queue: str
    interface: str


@dataclass(frozen=True, slots=True)
class CallerIn:
    """A caller waits at a place, 1 being the head, and has for `waited` seconds."""

    queue: str
    call: str
    channel: str
    position: int
    waited: int = 0


@dataclass(frozen=True, slots=True)
class CallerOut:
    queue: str
    call: str


TurnEvent = SeatSeen | SeatRung | SeatGone | CallerIn | CallerOut


@dataclass(frozen=True, slots=True)
class Wake:
    """A caller who is to look again."""

    call: str
    channel: str
    queue: str
