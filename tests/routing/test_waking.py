"""Whom to wake, when an operator has become able to take a call."""

from __future__ import annotations

from hotline_ivr.routing.floor import DeviceState
from hotline_ivr.routing.turn_events import CallerOut, QueueRule, SeatGone, SeatRung
from hotline_ivr.routing.waking import PATIENCE_S, UNANSWERED_S
from tests.routing.waking_floor import A_SECOND, BUSY, GONE, T, caller, run, seat, waking, woken


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
