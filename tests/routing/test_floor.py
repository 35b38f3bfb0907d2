"""The live picture, folded from what happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.routing.floor import (
    CallerJoined,
    CallerLeft,
    Connected,
    DeviceState,
    Floor,
    FloorEvent,
    MemberGone,
    MemberSeen,
    OperatorState,
    fold,
    fold_all,
    is_handed_over,
)


def anna(
    device: DeviceState = DeviceState.NOT_IN_USE, *, paused: bool = False, queue: str = "main"
) -> MemberSeen:
    return MemberSeen(queue, "anna", "PJSIP/anna.k3v9", device, paused)


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (anna(), OperatorState.FREE),
        (anna(paused=True), OperatorState.PAUSED),
        (anna(DeviceState.RINGING), OperatorState.RINGING),
        (anna(DeviceState.IN_USE), OperatorState.TALKING),
        (anna(DeviceState.ON_HOLD), OperatorState.TALKING),
        (anna(DeviceState.IN_USE, paused=True), OperatorState.TALKING),
        (anna(DeviceState.UNAVAILABLE), OperatorState.UNREACHABLE),
        (anna(DeviceState.INVALID, paused=True), OperatorState.UNREACHABLE),
    ],
)
def test_an_operator_is_what_the_phone_and_the_pause_say(event: MemberSeen, state: OperatorState) -> None:
    assert fold_all([event]).operators() == {"anna": state}


def test_an_operator_paused_in_one_queue_and_free_in_another_is_free() -> None:
    floor = fold_all([anna(paused=True), anna(queue="second")])
    assert floor.operators() == {"anna": OperatorState.FREE}


@pytest.mark.parametrize("event", [anna(), CallerLeft("main", "main-1.2"), CallerLeft("main", "nobody")])
def test_an_event_that_tells_nothing_new_gives_the_same_picture(event: FloorEvent) -> None:
    floor = fold_all([anna(), anna(queue="second"), CallerJoined("main", "main-1.1")])
    assert fold(floor, event) is floor


def test_a_caller_waits_until_it_leaves() -> None:
    joined = fold_all([CallerJoined("main", "main-1.1"), CallerJoined("main", "main-1.2")])
    assert joined.waiting_by_queue() == {"main": 2}
    assert fold(joined, CallerLeft("main", "main-1.1")).waiting_by_queue() == {"main": 1}


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (CallerLeft("main", "main-1.9"), True),
        # Whoever is known, another queue, and one where no operator asks.
        (CallerLeft("main", "main-1.1"), False),
        (CallerLeft("main", "main-1.2"), False),
        (CallerLeft("other", "main-1.9"), False),
    ],
)
def test_a_stranger_who_leaves_where_an_operator_asks_was_handed_over(
    left: CallerLeft, expected: bool
) -> None:
    floor = fold_all([CallerJoined("main", "main-1.1"), CallerJoined("main", "main-1.2", asking=True)])
    assert is_handed_over(floor, left) is expected
    assert not is_handed_over(fold_all([CallerJoined("main", "main-1.1")]), left)


def test_a_queue_without_callers_is_shown_with_none() -> None:
    assert fold_all([anna()]).waiting_by_queue() == {"main": 0}


def test_an_operator_who_serves_no_queue_any_more_is_gone() -> None:
    assert fold_all([anna(), MemberGone("main", "anna")]).operators() == {}


events: st.SearchStrategy[FloorEvent] = st.one_of(
    st.builds(anna, st.sampled_from(DeviceState), paused=st.booleans(), queue=st.sampled_from(["a", "b"])),
    st.builds(MemberGone, st.sampled_from(["a", "b"]), st.just("anna")),
    st.builds(CallerJoined, st.sampled_from(["a", "b"]), st.sampled_from(["1", "2"])),
    st.builds(CallerLeft, st.sampled_from(["a", "b"]), st.sampled_from(["1", "2"])),
)


@given(st.lists(events))
def test_an_event_told_twice_is_as_good_as_once(told: list[FloorEvent]) -> None:
    twice = [event for event in told for _ in range(2)]
    assert fold_all(twice) == fold_all(told)


def test_a_floor_is_never_changed_in_place() -> None:
    before = Floor()
    fold(before, anna())
    assert before == Floor()


def test_a_wait_began_when_it_was_first_told_of() -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    floor = fold_all([CallerJoined("main", "main-1.1", noon), CallerJoined("main", "main-1.2")])
    again = fold(floor, CallerJoined("main", "main-1.1", noon + timedelta(seconds=1)))
    assert again is floor
    assert floor.waiting_since() == {"main": noon}


def test_a_call_lasts_from_the_connection_until_the_phone_is_put_down() -> None:
    """app_queue tells that the phone is in use before it has noted that the member is in a call."""

    def in_call(floor: Floor) -> bool:
        return floor.members["main", "anna"].in_call

    talking = fold_all([anna(DeviceState.IN_USE), Connected("main", "anna"), Connected("main", "nobody")])
    assert in_call(talking)
    for device in (DeviceState.RINGING, DeviceState.IN_USE, DeviceState.ON_HOLD):
        assert in_call(fold(talking, anna(device, paused=True)))
    assert not in_call(fold(talking, anna()))
    assert not in_call(fold(talking, anna(DeviceState.UNAVAILABLE)))
