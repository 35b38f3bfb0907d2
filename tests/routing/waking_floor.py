"""A floor for the tests of whom to wake: seats, callers, and what is known of them."""

from __future__ import annotations

from collections import defaultdict

from hotline_ivr.routing.floor import DeviceState
from hotline_ivr.routing.turn_events import CallerIn, QueueRule, SeatSeen, TurnEvent
from hotline_ivr.routing.waking import Waking

FREE, BUSY, GONE = DeviceState.NOT_IN_USE, DeviceState.BUSY, DeviceState.UNAVAILABLE
T = 1_700_000_000.0
A_SECOND = 5


def seat(
    who: str,
    device: DeviceState = FREE,
    *,
    queue: str = "main",
    paused: bool = False,
    in_call: bool = False,
    last_call: float = 0,
) -> SeatSeen:
    return SeatSeen(queue, f"PJSIP/{who}", device, paused, in_call, int(last_call))


def caller(call: str, position: int, *, queue: str = "main", waited: int = 0) -> CallerIn:
    return CallerIn(queue, call, f"PJSIP/trunk-{call}", position, waited)


def waking(*events: TurnEvent, at: float = T, **rules: QueueRule) -> Waking:
    """What is known after these events, which came a minute ago in a snapshot that woke whom it could."""
    made = Waking({"main": QueueRule(), **rules}, A_SECOND)
    made.begin(events, at - 60)
    made.due(at - 60)
    return made


def woken(made: Waking, at: float) -> list[str]:
    return [wake.call for wake in made.due(at)[0]]


def run(made: Waking, begin: float, end: float) -> dict[str, list[float]]:
    """Wake whenever it is due; the moments by caller."""
    moments: defaultdict[str, list[float]] = defaultdict(list)
    at: float | None = begin
    while at is not None and at < end:
        wakes, then = made.due(at)
        for wake in wakes:
            moments[wake.call].append(at)
        assert then is None or then > at, "would spin"
        at = then
    return moments
