"""Waking keeps its bounds whatever happens: only who waits, only for who is free, and not too often."""

from __future__ import annotations

import math
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.routing.floor import DeviceState
from hotline_ivr.routing.turn_events import (
    CallerIn,
    CallerOut,
    QueueRule,
    SeatGone,
    SeatRung,
    SeatSeen,
    TurnEvent,
)
from hotline_ivr.routing.waking import Waking
from tests.routing.waking_floor import FREE, T

QUEUES = ("main", "second", "third")
SEATS = st.builds(
    SeatSeen,
    st.sampled_from(QUEUES),
    st.sampled_from(["PJSIP/a", "PJSIP/b", "PJSIP/c"]),
    st.sampled_from(DeviceState),
    st.booleans(),
    st.booleans(),
    st.integers(0, 40).map(lambda seconds: int(T) + seconds),
)
CALLS = st.sampled_from([f"c{n}" for n in range(8)])
EVENTS = st.one_of(
    SEATS,
    st.builds(SeatGone, st.sampled_from(QUEUES), st.sampled_from(["PJSIP/a", "PJSIP/b"])),
    st.builds(
        lambda queue, call, place, waited: CallerIn(queue, call, f"PJSIP/{call}", place, waited),
        st.sampled_from(QUEUES),
        CALLS,
        st.integers(1, 9),
        st.integers(0, 300),
    ),
    st.builds(CallerOut, st.sampled_from(QUEUES), CALLS),
)


@given(st.lists(st.tuples(st.floats(0, 3), EVENTS), max_size=60), st.integers(1, 20), st.integers(0, 5))
def test_whatever_happens_only_waiting_callers_are_woken_only_for_free_operators_and_at_a_bounded_pace(
    steps: list[tuple[float, TurnEvent]], a_second: int, wrap_up: int
) -> None:
    made = Waking({name: QueueRule(wrap_up) for name in QUEUES}, a_second)
    now = T
    waiting: dict[str, str] = {}
    free: dict[tuple[str, str], bool] = {}
    moments: defaultdict[str, list[float]] = defaultdict(list)
    for pause, event in steps:
        now += pause
        if isinstance(event, CallerIn) and event.call in waiting:
            # A channel waits in one queue at a time.
            made.happened(CallerOut(waiting[event.call], event.call), now)
        made.happened(event, now)
        match event:
            case SeatSeen():
                free[event.queue, event.interface] = (
                    event.device is FREE and not event.paused and not event.in_call
                )
            case SeatRung():
                pass
            case SeatGone():
                free.pop((event.queue, event.interface), None)
            case CallerIn():
                waiting[event.call] = event.queue
                moments[event.call].clear()
            case CallerOut(queue, call):
                if waiting.get(call) == queue:
                    del waiting[call]
        wakes, then = made.due(now)
        assert len({wake.call for wake in wakes}) == len(wakes)
        for wake in wakes:
            assert waiting[wake.call] == wake.queue
            assert any(able for (queue, _), able in free.items() if queue == wake.queue)
            moments[wake.call].append(now)
        assert then is None or now < then < math.inf
    for times in moments.values():
        for first, later in zip(times, times[a_second:], strict=False):
            assert later - first >= 1 - 1e-6
