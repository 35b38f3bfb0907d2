"""Whom to wake, when an operator has become able to take a call."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace

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
from hotline_ivr.routing.waking import PATIENCE_S, UNANSWERED_S, Waking

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


def test_the_head_of_the_queue_is_woken_when_an_operator_hangs_up() -> None:
    made = waking(seat("anna", BUSY), caller("first", 1), caller("second", 2))
    assert woken(made, T) == []
    made.happened(seat("anna", last_call=T), T)
    assert woken(made, T) == ["first"]


def test_as_many_callers_are_woken_as_operators_are_free() -> None:
    made = waking(*(seat(who, BUSY) for who in "abc"), *(caller(f"c{n}", n) for n in range(1, 6)))
    for who in "ab":
        made.happened(seat(who, last_call=T), T)
    assert woken(made, T) == ["c1", "c2"]


def test_where_everybody_is_rung_at_once_one_caller_is_woken() -> None:
    made = waking(
        *(seat(who, BUSY) for who in "ab"),
        caller("c1", 1),
        caller("c2", 2),
        main=QueueRule(one_at_a_time=True),
    )
    for who in "ab":
        made.happened(seat(who, last_call=T), T)
    assert woken(made, T) == ["c1"]


def test_a_caller_for_whom_a_phone_rings_is_not_woken_though_others_are_free() -> None:
    made = waking(*(seat(who) for who in "abc"))
    made.happened(caller("c1", 1), T)
    made.happened(SeatRung("main", "PJSIP/a", "c1"), T + 0.001)
    made.happened(seat("a", BUSY), T + 0.002)
    made.happened(caller("c2", 2), T + 0.01)
    made.happened(seat("b", BUSY), T + 0.012)
    made.happened(SeatRung("main", "PJSIP/b", "c2"), T + 0.013)
    assert [woken(made, T + n / 10) for n in range(1, 30)] == [[]] * 29


def test_an_end_of_pause_a_phone_back_and_a_new_operator_wake_the_head() -> None:
    for before, after in [
        ([seat("anna", paused=True)], seat("anna")),
        ([seat("anna", GONE)], seat("anna")),
        ([], seat("anna")),
    ]:
        made = waking(*before, caller("first", 1))
        assert woken(made, T) == []
        made.happened(after, T)
        assert woken(made, T) == ["first"]


def test_an_operator_of_two_queues_wakes_the_one_who_waits_longest_and_the_other_if_nothing_comes_of_it() -> (
    None
):
    made = waking(
        seat("anna", BUSY),
        seat("anna", BUSY, queue="second"),
        caller("short", 1, waited=10),
        caller("long", 1, queue="second", waited=90),
    )
    made.happened(seat("anna", last_call=T), T)
    made.happened(seat("anna", queue="second", last_call=T), T)
    assert woken(made, T) == ["long"]
    assert sorted(woken(made, T + 0.2)) == ["long", "short"]


def test_nobody_is_woken_in_the_wrap_up_and_the_head_is_at_its_end() -> None:
    made = waking(seat("anna", BUSY), caller("first", 1), main=QueueRule(wrap_up=10))
    made.happened(seat("anna", last_call=T), T)
    wakes, then = made.due(T)
    assert wakes == []
    assert then is not None
    assert T + 10 < then < T + 10.1
    assert woken(made, then - 0.05) == []
    assert woken(made, then) == ["first"]


def test_the_wrap_up_after_a_call_of_another_queue_counts() -> None:
    made = waking(
        seat("anna", BUSY),
        seat("anna", BUSY, queue="second"),
        caller("first", 1),
        main=QueueRule(wrap_up=10),
    )
    # The queue of the call says when it ended; the other tells the same later.
    made.happened(seat("anna", last_call=T - 500), T)
    made.happened(seat("anna", queue="second", last_call=T), T)
    assert woken(made, T + 1) == []


def test_a_phone_that_rang_and_was_not_taken_up_is_no_reason_to_hurry_but_another_one_is() -> None:
    made = waking(seat("anna"), seat("bjorn", BUSY), at=T)
    made.happened(caller("first", 1), T)
    made.happened(seat("anna", DeviceState.RINGING), T + 0.01)
    made.happened(seat("anna"), T + 10)
    assert woken(made, T + 10) == []
    made.happened(seat("bjorn", last_call=T + 11), T + 11)
    assert woken(made, T + 11) == ["first"]
    made.happened(seat("bjorn", GONE), T + 11.01)
    assert woken(made, T + 10 + UNANSWERED_S + 1) == ["first"]


def test_a_phone_whose_caller_gave_up_while_it_rang_is_free_for_the_next() -> None:
    made = waking(seat("anna"))
    made.happened(caller("first", 1), T)
    made.happened(seat("anna", BUSY), T + 0.01)
    made.happened(caller("second", 2), T + 2)
    made.happened(CallerOut("main", "first"), T + 3)
    made.happened(seat("anna"), T + 3.001)
    assert woken(made, T + 3.002) == ["second"]


def test_a_caller_for_whom_a_phone_rings_is_left_alone_and_the_next_is_woken() -> None:
    made = waking(seat("anna", BUSY), seat("bjorn", BUSY), caller("c1", 1), caller("c2", 2))
    made.happened(seat("anna", last_call=T), T)
    assert woken(made, T) == ["c1"]
    made.happened(seat("anna", BUSY, last_call=T), T + 0.005)
    made.happened(seat("bjorn", last_call=T), T + 0.01)
    assert woken(made, T + 0.01) == ["c2"]


def test_who_is_rung_at_a_dead_phone_is_left_alone_also_when_it_was_rung_for_somebody_before() -> None:
    """It never says that it is busy, nor that it is free again: only that it is rung is heard of."""
    made = waking(seat("anna"), main=QueueRule(ring_time=15))
    made.happened(caller("first", 1), T)
    made.happened(SeatRung("main", "PJSIP/anna", "first"), T)
    made.happened(caller("second", 2), T + 1)
    made.happened(CallerOut("main", "first"), T + 2)
    assert woken(made, T + 2) == ["second"]
    made.happened(SeatRung("main", "PJSIP/anna", "second"), T + 2.01)
    assert run(made, T + 2.02, T + 15)["second"] == []


def test_a_ring_that_ended_in_silence_does_not_hide_the_next_one() -> None:
    made = waking(seat("anna"), main=QueueRule(ring_time=15))
    made.happened(caller("first", 1), T)
    made.happened(SeatRung("main", "PJSIP/anna", "first"), T)
    made.happened(caller("second", 2), T + 59)
    made.happened(SeatRung("main", "PJSIP/anna", "first"), T + 60)
    made.happened(CallerOut("main", "second"), T + 60)
    assert run(made, T + 60.01, T + 75)["first"] == []


def test_where_it_is_not_known_for_whom_a_phone_rings_as_many_more_callers_look() -> None:
    made = waking(seat("anna"), seat("bjorn", BUSY, in_call=True))
    made.happened(caller("c1", 1), T)
    made.happened(caller("c2", 2), T)
    made.happened(seat("anna", BUSY), T + 2)
    made.happened(seat("bjorn", last_call=T + 3), T + 3)
    assert woken(made, T + 3) == ["c1", "c2"]


def test_a_caller_who_hears_an_announcement_is_tried_again_at_a_bounded_pace_and_not_for_ever() -> None:
    made = waking(seat("anna", BUSY), caller("first", 1))
    made.happened(seat("anna", last_call=T), T)
    moments = run(made, T, T + 120)
    assert moments["first"][0] == T
    assert 1.0 <= moments["first"][A_SECOND] - T < 1.5
    assert moments["first"][-1] <= T + PATIENCE_S


def test_a_caller_who_joins_while_somebody_is_free_looks_without_us() -> None:
    made = waking(seat("anna"))
    made.happened(caller("first", 1), T)
    assert woken(made, T) == []


def test_a_caller_of_priority_takes_the_place_that_the_queue_gave() -> None:
    made = waking(seat("anna", BUSY), caller("first", 1), caller("second", 2))
    made.happened(caller("vip", 1), T - 1)
    made.happened(seat("anna", last_call=T), T)
    assert woken(made, T) == ["vip"]


def test_a_snapshot_wakes_once_whoever_could_be_served_and_forgets_what_was_before() -> None:
    made = waking(seat("anna"), caller("stale", 1))
    made.begin([seat("bjorn"), caller("first", 1, waited=30), caller("second", 2)], T)
    assert woken(made, T) == ["first"]
    made.forget()
    assert woken(made, T + 1) == []


def test_an_operator_who_is_removed_wakes_nobody() -> None:
    made = waking(seat("anna", BUSY), caller("first", 1))
    made.happened(seat("anna", last_call=T), T)
    made.happened(SeatGone("main", "PJSIP/anna"), T)
    made.happened(SeatGone("main", "PJSIP/nobody"), T)
    made.happened(CallerOut("main", "nobody"), T)
    assert woken(made, T) == []


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


# Skills: phones of a higher penalty are rung for those who have waited long enough.

RELAXED = QueueRule(admitted_s=(30, 90))


def skilled(
    who: str, penalty: int, device: DeviceState = FREE, *, queue: str = "main", last_call: float = 0
) -> SeatSeen:
    return replace(seat(who, device, queue=queue, last_call=last_call), penalty=penalty)


def test_who_does_not_admit_the_free_operator_yet_is_left_alone_until_then() -> None:
    made = waking(skilled("bo", 1, BUSY), main=RELAXED)
    made.happened(caller("c1", 1), T)
    made.happened(skilled("bo", 1, last_call=T + 5), T + 5)
    assert woken(made, T + 5) == []
    assert made.due(T + 5)[1] == T + 30
    assert woken(made, T + 30) == ["c1"]


def test_a_phone_that_has_been_free_for_long_is_news_when_a_caller_comes_to_admit_it() -> None:
    made = waking(skilled("bo", 2), main=RELAXED)
    made.happened(caller("c1", 1), T)
    assert woken(made, T + 60) == []
    assert woken(made, T + 90) == ["c1"]


def test_a_phone_that_nobody_ever_admits_wakes_nobody() -> None:
    made = waking(skilled("bo", 3), main=RELAXED)
    made.happened(caller("c1", 1), T)
    assert woken(made, T + 300) == []
    assert made.due(T + 300)[1] is None


def test_where_all_levels_are_rung_at_once_penalties_do_not_matter() -> None:
    made = waking(skilled("bo", 2, BUSY), caller("c1", 1))
    made.happened(skilled("bo", 2, last_call=T), T)
    assert woken(made, T) == ["c1"]


def test_the_skilled_operator_who_is_free_is_for_the_caller_who_admits_no_other() -> None:
    made = waking(skilled("anna", 0, BUSY), skilled("bo", 1, BUSY), main=RELAXED)
    made.happened(caller("new", 1), T)
    made.happened(skilled("anna", 0, last_call=T + 1), T + 1)
    assert woken(made, T + 1) == ["new"]


def test_of_two_queues_an_operator_is_for_the_one_whose_caller_admits_it() -> None:
    made = waking(skilled("bo", 1, BUSY), skilled("bo", 0, BUSY, queue="second"), main=RELAXED)
    made.happened(caller("first", 1), T)
    made.happened(caller("later", 1, queue="second"), T + 2)
    made.happened(skilled("bo", 1, last_call=T + 5), T + 5)
    made.happened(skilled("bo", 0, queue="second", last_call=T + 5), T + 5)
    assert woken(made, T + 5) == ["later"]


def test_nobody_is_unserved_for_whom_a_phone_rings_until_it_stops() -> None:
    made = waking(seat("anna"), seat("bo", BUSY))
    assert not made.anybody_unserved(T)
    made.happened(caller("first", 1), T)
    assert made.anybody_unserved(T)
    made.happened(SeatRung("main", "PJSIP/anna", "first"), T)
    made.happened(seat("anna", DeviceState.RINGING), T)
    assert not made.anybody_unserved(T + 1)
    made.happened(caller("second", 2), T + 1)
    assert made.anybody_unserved(T + 1)
    made.happened(CallerOut("main", "second"), T + 2)
    made.happened(seat("anna"), T + 5)
    assert made.anybody_unserved(T + 5)


def test_who_was_rung_in_silence_at_a_phone_that_is_taken_out_is_woken_for_the_one_put_in() -> None:
    made = waking(seat("desk"), caller("first", 1))
    made.happened(SeatRung("main", "PJSIP/desk", "first"), T)
    assert woken(made, T + 5) == []
    made.happened(SeatGone("main", "PJSIP/desk"), T + 5)
    made.happened(seat("soft"), T + 5)
    assert woken(made, T + 5) == ["first"]
