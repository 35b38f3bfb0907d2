"""Operators with several telephones: one person, rung at one of them, whichever is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.floor import DeviceState, RangOut
from hotline_ivr.routing.presence import TakePause
from tests.calls.keeper_place import BJORN, Place
from tests.plans import a_plan

DESK, SOFT = "PJSIP/anna.desk.k3v9", "PJSIP/anna.soft.p7q2"
INTERFACES = {"anna.desk": DESK, "anna.soft": SOFT, "bjorn": BJORN}
FREE, GONE, BUSY = DeviceState.NOT_IN_USE, DeviceState.UNAVAILABLE, DeviceState.BUSY


def plan() -> Plan:
    devices = {"desk": {"name": "Desk phone"}, "soft": {"name": "Softphone"}}
    operators = {"anna": {"name": "Anna Berg", "devices": devices}, "bjorn": {"name": "Bjørn Dahl"}}
    return a_plan(
        queues={
            "main": {"operators": ["anna", "bjorn"], "wrap_up": "20s"},
            "other": {"operators": ["anna"]},
        },
        sections={"operators": operators},
    )


class Kept:
    def __init__(self) -> None:
        self.chosen: Mapping[str, str] = {}

    def load(self) -> Mapping[str, str]:
        return self.chosen

    def save(self, chosen: Mapping[str, str]) -> None:
        self.chosen = chosen


def a_place(desk: DeviceState = FREE, soft: DeviceState = FREE, kept: Kept | None = None) -> Place:
    place = Place(plan(), interfaces=INTERFACES, choices=kept or Kept())
    place.queues.devices = {"anna.desk": desk, "anna.soft": soft}
    return place


def at(place: Place) -> set[tuple[str, str]]:
    """Where anna serves."""
    return {key for key, seen in place.queues.members.items() if seen.operator == "anna"}


async def until_at(place: Place, interface: str) -> None:
    while at(place) != {("main", interface), ("other", interface)}:
        await place.queues.next_change()


async def test_the_first_telephone_of_the_list_is_rung_and_all_of_them_are_one_person() -> None:
    place = a_place()
    async with place.at_work():
        assert at(place) == {("main", DESK), ("other", DESK)}
        assert place.queues.persons == {
            ("main", DESK): "anna", ("other", DESK): "anna", ("main", BJORN): "",
        }  # fmt: skip


async def test_who_signs_in_at_another_telephone_is_rung_there_also_after_a_restart() -> None:
    kept = Kept()
    place = a_place(kept=kept)
    async with place.at_work():
        await place.keeper.be_at("anna.soft.p7q2")
        await until_at(place, SOFT)
    again = a_place(kept=kept)
    async with again.at_work():
        assert at(again) == {("main", SOFT), ("other", SOFT)}


async def test_a_telephone_that_goes_is_stood_in_for_and_rung_again_when_it_is_back() -> None:
    place = a_place()
    async with place.at_work():
        place.queues.turn("anna.desk", GONE)
        await until_at(place, SOFT)
        place.queues.turn("anna.desk", FREE)
        await until_at(place, DESK)


async def test_where_no_telephone_is_there_nothing_moves() -> None:
    place = a_place(GONE, GONE)
    async with place.at_work():
        assert at(place) == {("main", DESK), ("other", DESK)}
        changes = place.queues.changes
        place.queues.turn("anna.soft", DeviceState.UNKNOWN)
        await place.pass_time(seconds=5)
        assert place.queues.changes == changes


async def test_a_move_in_the_middle_of_a_call_waits_for_its_end() -> None:
    place = a_place()
    async with place.at_work():
        key = "main", DESK
        place.queues.put(replace(place.queues.members[key], device=BUSY, in_call=True))
        await place.keeper.be_at("anna.soft.p7q2")
        await place.keeper.wish("anna", TakePause("break", "anna"))
        assert at(place) == {("main", DESK), ("other", DESK)}
        place.queues.put(replace(place.queues.members[key], device=FREE, in_call=False))
        await until_at(place, SOFT)
        # The pause ledger and the wrap-up are the person's, whichever telephone it is.
        await place.queues.until(SOFT, "wrap-up")
        await place.pass_time(seconds=20)
        await place.queues.until(SOFT, "break")


async def test_a_ring_at_a_telephone_that_has_just_gone_pauses_nobody() -> None:
    place = a_place(soft=GONE)
    async with place.at_work():
        place.queues.turn("anna.desk", GONE)
        place.watch.event(RangOut("main", "anna", 0))
        assert place.keeper.presences()["anna"].standing.value == "ready"


def ring_time(place: Place) -> int:
    return place.keeper_plan.queues["main"].ring_time * 1000


async def test_a_telephone_that_is_rung_in_silence_is_stood_in_for_and_its_owner_stays_ready() -> None:
    place = a_place()
    async with place.at_work():
        place.watch.event(RangOut("main", "anna", ring_time(place)))
        await until_at(place, SOFT)
        assert place.keeper.presences()["anna"].standing.value == "ready"
        # No news of it until Asterisk has asked it: it may have been a moment's trouble.
        await place.pass_time(seconds=20)
        await until_at(place, DESK)


async def test_a_silent_telephone_is_rung_again_as_soon_as_there_is_news_of_it() -> None:
    place = a_place()
    async with place.at_work():
        place.watch.event(RangOut("main", "anna", ring_time(place)))
        await until_at(place, SOFT)
        place.queues.turn("anna.desk", GONE)
        await place.pass_time(seconds=60)
        assert at(place) == {("main", SOFT), ("other", SOFT)}
        place.queues.turn("anna.desk", FREE)
        await until_at(place, DESK)


async def test_a_telephone_that_rang_and_was_not_taken_up_is_not_dead() -> None:
    place = a_place()
    async with place.at_work():
        place.queues.turn("anna.desk", DeviceState.RINGING)
        await place.pass_time(milliseconds=ring_time(place))
        place.queues.turn("anna.desk", FREE)
        place.watch.event(RangOut("main", "anna", ring_time(place)))
        await place.queues.until(DESK, "no-answer")


async def test_a_telephone_that_refuses_at_once_is_not_dead() -> None:
    place = a_place()
    async with place.at_work():
        place.watch.event(RangOut("main", "anna", 0))
        await place.queues.until(DESK, "do-not-disturb")


async def test_a_ring_of_long_ago_does_not_speak_for_a_telephone_that_has_died() -> None:
    place = a_place()
    async with place.at_work():
        place.queues.turn("anna.desk", DeviceState.RINGING)
        place.queues.turn("anna.desk", FREE)
        await place.pass_time(seconds=60)
        place.watch.event(RangOut("main", "anna", ring_time(place)))
        await until_at(place, SOFT)


async def test_where_no_other_telephone_is_there_the_one_that_is_silent_pauses_its_owner() -> None:
    place = a_place(soft=GONE)
    async with place.at_work():
        place.watch.event(RangOut("main", "anna", ring_time(place)))
        await place.queues.until(DESK, "no-answer")


async def test_the_account_of_each_telephone_is_that_of_its_operator() -> None:
    keeper = a_place().keeper
    assert [keeper.at_phone(each) for each in ("anna.desk.k3v9", "anna.soft.p7q2", "bjorn.x2m4")] == [
        "anna", "anna", "bjorn",
    ]  # fmt: skip
    assert keeper.at_phone("anna.k3v9") is None
