"""What people see of the floor, and why an operator is not rung."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from hotline_ivr.routing.floor import CallerJoined, DeviceSeen, DeviceState, Floor, MemberSeen, fold_all
from hotline_ivr.routing.floor_view import (
    OperatorView,
    QueueView,
    Why,
    WhyNot,
    floor_view,
    standings,
    why_in_words,
)
from hotline_ivr.routing.presence import Asked, Presence, Standing
from tests.plans import a_plan

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
READY = Presence(Standing.READY, NOON)
LUNCH = Presence(Standing.PAUSED, NOON, "anna", "lunch", NOON + timedelta(minutes=30))


def phone(
    operator: str = "anna", device: DeviceState = DeviceState.NOT_IN_USE, *, paused: bool = False
) -> MemberSeen:
    return MemberSeen("main", operator, f"PJSIP/{operator}", device, paused)


def anna(presence: Presence | None, *seen: MemberSeen, linked: bool = True) -> OperatorView:
    presences = {} if presence is None else {"anna": presence}
    view = floor_view(a_plan(), fold_all(seen), presences, linked=linked)
    return next(each for each in view.operators if each.id == "anna")


def main_queue(floor: Floor, presences: Mapping[str, Presence]) -> QueueView:
    (queue,) = floor_view(a_plan(), floor, presences, linked=True).queues
    return queue


def test_nothing_keeps_an_operator_who_is_ready_with_a_free_phone_from_being_rung() -> None:
    assert anna(READY, phone()).why_not_rung == ()


def test_of_several_telephones_it_is_told_which_are_there_and_which_is_rung() -> None:
    devices = {name: {"name": name.capitalize()} for name in ("desk", "soft", "web")}
    plan = a_plan(
        sections={"operators": {"anna": {"name": "Anna", "devices": devices}, "bjorn": {"name": "B"}}}
    )
    seen = MemberSeen("main", "anna", "PJSIP/anna.soft.p7q2", DeviceState.NOT_IN_USE, paused=False)
    gone, free = DeviceState.UNAVAILABLE, DeviceState.NOT_IN_USE
    floor = fold_all([seen, DeviceSeen("anna.desk", gone), DeviceSeen("anna.soft", free)])
    anna, bjorn = floor_view(plan, floor, {"anna": READY}, linked=True).operators
    assert [(each.id, each.there, each.rung) for each in anna.devices] == [
        ("desk", False, False), ("soft", True, True), ("web", None, False),
    ]  # fmt: skip
    assert bjorn.devices == ()
    lost = floor_view(plan, floor, {"anna": READY}, linked=False).operators[0]
    assert [(each.there, each.rung) for each in lost.devices] == [(None, False)] * 3


def test_a_pause_that_nobody_took_is_explained() -> None:
    found = WhyNot(Why.PAUSED, "do-not-disturb")
    assert why_in_words(found).startswith("on a pause: do not disturb, or the phone refuses")
    assert why_in_words(WhyNot(Why.PAUSED, "lunch")) == "on a pause: lunch"


@pytest.mark.parametrize(
    ("presence", "seen", "why"),
    [
        (Presence(Standing.SIGNED_OUT, NOON), (), [Why.SIGNED_OUT]),
        (LUNCH, (phone(paused=True),), [Why.PAUSED]),
        (Presence(Standing.WRAP_UP, NOON, until=NOON, returns=True), (phone(paused=True),), [Why.WRAP_UP]),
        (READY, (phone(device=DeviceState.UNAVAILABLE),), [Why.UNREACHABLE]),
        (READY, (phone(device=DeviceState.IN_USE),), [Why.IN_CALL]),
        (READY, (phone(device=DeviceState.RINGING),), [Why.RINGING]),
        (READY, (), [Why.NO_PLACE]),
        (READY, (phone(paused=True),), [Why.PAUSED_IN_ASTERISK]),
        (LUNCH, (phone(device=DeviceState.UNAVAILABLE, paused=True),), [Why.PAUSED, Why.UNREACHABLE]),
        (None, (phone(paused=True),), [Why.PAUSED_IN_ASTERISK]),
    ],
)
def test_every_reason_for_not_being_rung_is_told(
    presence: Presence | None, seen: tuple[MemberSeen, ...], why: list[Why]
) -> None:
    assert [each.why for each in anna(presence, *seen).why_not_rung] == why


def test_a_break_asked_for_in_a_call_is_told_beside_the_call() -> None:
    asked = Presence(Standing.READY, NOON, asked=Asked(Standing.PAUSED, "anna", "lunch"))
    talking = phone(device=DeviceState.IN_USE, paused=True)
    assert [each.why for each in anna(asked, talking).why_not_rung] == [Why.PAUSE_ASKED, Why.IN_CALL]
    leaving = Presence(Standing.READY, NOON, asked=Asked(Standing.SIGNED_OUT, "anna"))
    assert [each.why for each in anna(leaving, talking).why_not_rung] == [Why.SIGN_OUT_ASKED, Why.IN_CALL]


def test_while_the_link_is_lost_nothing_old_is_told_of_phones() -> None:
    view = anna(LUNCH, phone(device=DeviceState.IN_USE), linked=False)
    assert [each.why for each in view.why_not_rung] == [Why.LINK_LOST, Why.PAUSED]
    assert view.phone is None


def test_an_operator_whom_no_queue_names_is_told_so() -> None:
    plan = a_plan(queues={"main": {"operators": ["anna"]}})
    view = floor_view(plan, Floor(), {"bjorn": READY}, linked=True)
    assert [each.why for each in view.operators[1].why_not_rung] == [Why.NO_QUEUE]


def test_a_pause_is_told_with_its_reason_and_times() -> None:
    (found,) = anna(LUNCH, phone(paused=True)).why_not_rung
    assert found == WhyNot(Why.PAUSED, "lunch", NOON, NOON + timedelta(minutes=30))
    assert why_in_words(found) == "on a pause: lunch"


def test_every_reason_has_its_words() -> None:
    words = {why_in_words(WhyNot(why)) for why in Why}
    assert len(words) == len(Why)


def test_each_operator_of_a_queue_is_counted_once() -> None:
    presences = {"anna": LUNCH, "bjorn": READY}
    floor = fold_all([phone("anna", DeviceState.IN_USE, paused=True), phone("bjorn")])
    queue = main_queue(floor, presences)
    assert (queue.ready, queue.ringing, queue.talking, queue.paused, queue.away) == (1, 0, 1, 0, 0)
    gone = {"anna": Presence(Standing.SIGNED_OUT, NOON), "bjorn": LUNCH}
    queue = main_queue(fold_all([phone("bjorn", paused=True)]), gone)
    assert (queue.ready, queue.paused, queue.away) == (0, 1, 1)


def test_the_longest_wait_is_that_of_the_caller_who_came_first() -> None:
    later = NOON + timedelta(seconds=20)
    floor = fold_all([CallerJoined("main", "m-2", later), CallerJoined("main", "m-1", NOON)])
    queue = main_queue(floor, {})
    assert (queue.waiting, queue.waiting_since) == (2, NOON)
    assert main_queue(Floor(), {}).waiting_since is None


def test_operators_of_whom_nothing_is_known_are_counted_as_signed_out() -> None:
    counted = standings(["anna", "bjorn", "cara"], {"anna": READY, "bjorn": LUNCH})
    assert counted == {"signed-out": 1, "ready": 1, "paused": 1, "wrap-up": 0}
