"""Whom to wake where skills count: phones of a higher penalty are rung for who has waited long enough."""

from __future__ import annotations

from dataclasses import replace

from hotline_ivr.routing.floor import DeviceState
from hotline_ivr.routing.turn_events import QueueRule, SeatSeen
from tests.routing.waking_floor import BUSY, FREE, T, caller, seat, waking, woken

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
