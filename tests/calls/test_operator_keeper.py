"""Queues are staffed as the plan and the operators say."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import PresenceRefused
from hotline_ivr.routing.floor import (
    Connected,
    DeviceState,
    MemberSeen,
    RangOut,
)
from hotline_ivr.routing.presence import BeReady, SignIn, SignOut, Standing, TakePause
from tests.calls.keeper_place import ANNA, BJORN, INTERFACES, NOON, Memory, Place
from tests.plans import a_plan

# --- who serves ----------------------------------------------------------------------------------------


async def test_everybody_of_the_plan_serves_after_the_first_link() -> None:
    place = Place()
    await place.watch.resynchronise()
    assert place.queues.serving() == [("main", "anna"), ("main", "bjorn")]


async def test_a_start_without_a_file_takes_over_the_pauses_that_asterisk_has() -> None:
    place = Place()
    place.queues.members["main", ANNA] = MemberSeen(
        "main", "anna", ANNA, DeviceState.NOT_IN_USE, paused=True, reason="break"
    )
    await place.watch.resynchronise()
    assert place.queues.paused() == "break"
    assert place.keeper.presences()["anna"].reason == "break"
    assert place.keeper.presences()["anna"].by == "asterisk"


async def test_somebody_who_is_gone_from_the_plan_serves_no_more() -> None:
    place = Place()
    await place.watch.resynchronise()
    await place.keeper.use(a_plan(queues={"main": {"operators": ["anna"]}}), INTERFACES)
    assert place.queues.serving() == [("main", "anna")]


async def test_operators_are_put_in_by_their_skills_and_a_changed_plan_changes_that_in_place() -> None:
    queues = {"main": {"needs": ["billing"]}}

    def skilled(anna: int, bjorn: int) -> Plan:
        levels = {"anna": anna, "bjorn": bjorn}
        operators = {name: {"name": name, "skills": {"billing": level}} for name, level in levels.items()}
        return a_plan(queues=queues, sections={"operators": operators})

    def penalties() -> dict[str, int]:
        return {seen.operator: seen.penalty for seen in place.queues.members.values()}

    place = Place(skilled(1, 3))
    await place.watch.resynchronise()
    assert penalties() == {"anna": 0, "bjorn": 2}
    await place.keeper.use(skilled(2, 1), INTERFACES)
    assert penalties() == {"anna": 1, "bjorn": 0}
    assert place.queues.removed == [], "nobody's wrap-up is lost"


async def test_a_new_account_takes_the_place_of_the_old_one() -> None:
    place = Place()
    await place.watch.resynchronise()
    await place.keeper.use(a_plan(), {**INTERFACES, "anna": "PJSIP/anna.new2"})
    assert ("main", "PJSIP/anna.new2") in place.queues.members
    assert ("main", ANNA) not in place.queues.members


async def test_a_plan_taken_while_asterisk_is_away_is_staffed_when_it_is_back() -> None:
    place = Place()
    place.queues.reachable = False
    await place.keeper.use(a_plan(queues={"main": {"operators": ["bjorn"]}}), INTERFACES)
    place.queues.reachable = True
    await place.watch.resynchronise()
    assert place.queues.serving() == [("main", "bjorn")]


async def test_one_member_that_asterisk_refuses_does_not_cost_the_others_their_places() -> None:
    place = Place()
    place.queues.refused = {("main", "anna")}
    await place.watch.resynchronise()
    assert place.queues.serving() == [("main", "bjorn")]


async def test_who_signs_in_by_hand_serves_only_then() -> None:
    operators = {"anna": {"name": "Anna", "sign_in": "self"}, "bjorn": {"name": "Bjorn"}}
    place = Place(a_plan(sections={"operators": operators}))
    async with place.at_work():
        assert place.queues.serving() == [("main", "bjorn")]
        await place.keeper.wish("anna", SignIn("anna"))
        while ("main", ANNA) not in place.queues.members:
            await place.queues.next_change()
        await place.keeper.wish("anna", SignOut("anna"))
        while ("main", ANNA) in place.queues.members:
            await place.queues.next_change()


# --- pauses --------------------------------------------------------------------------------------------


async def test_a_pause_is_on_disk_and_in_asterisk_and_in_the_ledger() -> None:
    place = Place()
    async with place.at_work():
        await place.pass_time(minutes=5)
        await place.keeper.wish("anna", TakePause("break", "anna"))
        assert place.memory.kept.presences["anna"].reason == "break"
        await place.queues.until(ANNA, "break")
        await place.pass_time(minutes=10)
        await place.keeper.wish("anna", BeReady("anna"))
        await place.queues.until(ANNA, None)
    await place.book.close()
    begin, end = NOON + timedelta(minutes=5), NOON + timedelta(minutes=15)
    assert place.memory.ledger("anna") == [
        ("ready", "", begin),
        ("paused", "break", end),
        ("ready", "", None),
    ]


async def test_a_pause_asked_for_in_a_call_begins_when_the_call_is_over() -> None:
    place = Place()
    async with place.at_work():
        place.seen(in_call=True)
        await place.keeper.wish("anna", TakePause("break", "anna"))
        # No other caller is offered, yet it is no break.
        await place.queues.until(ANNA, "break")
        assert place.keeper.presences()["anna"].standing is Standing.READY
        await place.pass_time(minutes=3)
        place.seen(in_call=False)
        assert place.keeper.presences()["anna"].since == NOON + timedelta(minutes=3)
        assert place.keeper.presences()["anna"].standing is Standing.PAUSED


async def test_wrap_up_follows_a_call_and_ends_by_itself() -> None:
    place = Place(a_plan(queues={"main": {"operators": ["anna", "bjorn"], "wrap_up": "20s"}}))
    async with place.at_work():
        place.seen(in_call=True)
        place.seen(in_call=False)
        await place.queues.until(ANNA, "wrap-up")
        await place.pass_time(seconds=20)
        await place.queues.until(ANNA, None)


async def test_ready_before_the_wrap_up_is_over_begins_anew_because_asterisk_has_a_wrap_up_of_its_own() -> (
    None
):
    place = Place(a_plan(queues={"main": {"operators": ["anna", "bjorn"], "wrap_up": "20s"}}))
    async with place.at_work():
        place.seen(in_call=True)
        place.seen(in_call=False)
        await place.queues.until(ANNA, "wrap-up")
        await place.pass_time(seconds=5)
        await place.keeper.wish("anna", BeReady("anna"))
        while not place.queues.removed or ("main", ANNA) not in place.queues.members:
            await place.queues.next_change()
        assert place.queues.removed == [("main", "anna")]
        assert place.queues.paused() is None
        # Once is enough: the next pause within that time is an ordinary one.
        await place.keeper.wish("anna", TakePause("break", "anna"))
        await place.queues.until(ANNA, "break")
        await place.keeper.wish("anna", BeReady("anna"))
        await place.queues.until(ANNA, None)
        assert place.queues.removed == [("main", "anna")]


async def test_a_linear_queue_keeps_the_order_of_its_list_when_somebody_is_put_in_anew() -> None:
    place = Place(a_plan(queues={"main": {"operators": ["anna", "bjorn"], "strategy": "linear"}}))
    async with place.at_work():
        await place.keeper.wish("anna", SignOut("anna"))
        while ("main", ANNA) in place.queues.members:
            await place.queues.next_change()
        await place.keeper.wish("anna", SignIn("anna"))
        while place.queues.order() != ["anna", "bjorn"]:
            await place.queues.next_change()


async def test_whoever_is_on_the_phone_goes_behind_in_a_linear_queue_when_the_call_is_over() -> None:
    place = Place(a_plan(queues={"main": {"operators": ["anna", "bjorn"], "strategy": "linear"}}))
    async with place.at_work():
        bjorn = place.queues.members["main", BJORN]
        place.queues.put(replace(bjorn, device=DeviceState.IN_USE, in_call=True))
        await place.keeper.wish("anna", SignOut("anna"))
        while ("main", ANNA) in place.queues.members:
            await place.queues.next_change()
        await place.keeper.wish("anna", SignIn("anna"))
        while place.queues.order() != ["bjorn", "anna"]:
            await place.queues.next_change()
        assert ("main", "bjorn") not in place.queues.removed
        place.queues.put(bjorn)
        while place.queues.order() != ["anna", "bjorn"]:
            await place.queues.next_change()


async def test_a_wrap_up_that_runs_out_by_itself_keeps_the_place_in_the_queue() -> None:
    place = Place(a_plan(queues={"main": {"operators": ["anna", "bjorn"], "wrap_up": "20s"}}))
    async with place.at_work():
        place.seen(in_call=True)
        place.seen(in_call=False)
        await place.queues.until(ANNA, "wrap-up")
        await place.pass_time(seconds=20)
        await place.queues.until(ANNA, None)
        assert place.queues.removed == []


async def test_ready_before_the_end_of_a_wrap_up_that_began_before_a_restart_begins_anew_too() -> None:
    memory = Memory()
    plan = a_plan(queues={"main": {"operators": ["anna", "bjorn"], "wrap_up": "20s"}})
    first = Place(plan, memory)
    async with first.at_work():
        first.seen(in_call=True)
        first.seen(in_call=False)
        await first.queues.until(ANNA, "wrap-up")
        await first.book.saved()
    second = Place(plan, memory)
    second.queues.members = dict(first.queues.members)
    async with second.at_work():
        await second.keeper.wish("anna", BeReady("anna"))
        while not second.queues.removed or ("main", ANNA) not in second.queues.members:
            await second.queues.next_change()


async def test_a_call_is_known_from_the_connection_though_the_phone_told_too_early() -> None:
    place = Place(a_plan(queues={"main": {"operators": ["anna", "bjorn"], "wrap_up": "20s"}}))
    async with place.at_work():
        place.queues.put(replace(place.queues.members["main", ANNA], device=DeviceState.IN_USE))
        place.watch.event(Connected("main", "anna"))
        await place.keeper.wish("anna", TakePause("break", "anna"))
        assert place.keeper.presences()["anna"].standing is Standing.READY
        place.seen(in_call=False)
        await place.queues.until(ANNA, "wrap-up")


async def test_a_phone_that_rang_in_vain_is_left_in_peace_for_a_while() -> None:
    place = Place()
    async with place.at_work():
        place.watch.event(RangOut("main", "anna", 15_000))
        await place.queues.until(ANNA, "no-answer")
        assert place.queues.paused(BJORN) is None
        await place.pass_time(seconds=60)
        await place.queues.until(ANNA, None)


async def test_a_phone_that_refuses_at_once_is_told_apart_from_one_whose_owner_declines() -> None:
    place = Place()
    async with place.at_work():
        place.watch.event(RangOut("main", "anna", 0))
        place.watch.event(RangOut("main", "bjorn", 4_000))
        await place.queues.until(ANNA, "do-not-disturb")
        await place.queues.until(BJORN, "declined")
        await place.pass_time(seconds=60)
        await place.queues.until(ANNA, None)


async def test_a_phone_that_the_dialplan_paused_for_dropping_a_caller_comes_back_by_itself() -> None:
    place = Place(a_plan(queues={"main": {"operators": ["anna", "bjorn"], "wrap_up": "20s"}}))
    async with place.at_work():
        place.seen(in_call=True)
        place.seen(in_call=False)
        await place.queues.until(ANNA, "wrap-up")
        dropped = replace(place.queues.members["main", ANNA], paused=True, reason="dropped")
        place.queues.put(dropped)
        assert place.keeper.presences()["anna"].reason == "dropped"
        await place.queues.until(ANNA, "dropped")
        await place.pass_time(seconds=60)
        await place.queues.until(ANNA, None)


async def test_an_operator_nobody_knows_is_refused() -> None:
    place = Place()
    async with place.at_work():
        with pytest.raises(PresenceRefused, match="no operator 'cecilie'"):
            await place.keeper.wish("cecilie", SignIn("anna"))


# --- gaps and others -------------------------------------------------------------------------------------


async def test_a_phone_that_a_stopping_asterisk_hung_up_did_not_ring_in_vain() -> None:
    place = Place()
    async with place.at_work():
        place.watch.event(RangOut("main", "bjorn", 15_000))
        await place.queues.until(BJORN, "no-answer")
        await place.pass_time(seconds=10)
        place.watch.event(RangOut("main", "anna", 15_000))
        await place.queues.until(ANNA, "no-answer")
        await place.pass_time(seconds=1)
        place.keeper.link_lost()
        await place.watch.resynchronise()
        assert place.queues.paused(ANNA) is None
        assert place.queues.paused(BJORN) == "no-answer", "that was before"


async def test_after_a_gap_our_word_holds_again() -> None:
    place = Place()
    async with place.at_work():
        await place.keeper.wish("anna", TakePause("break", "anna"))
        await place.queues.until(ANNA, "break")
        # Asterisk has lost its last second, and somebody has paused bjorn while we did not look.
        place.queues.watch = None
        await place.queues.pause(ANNA, paused=False)
        await place.queues.pause(BJORN, paused=True, reason="lunch")
        place.queues.watch = place.watch
        await place.watch.resynchronise()
        assert place.queues.paused() == "break"
        assert place.queues.paused(BJORN) is None


async def test_a_pause_outlives_the_service_with_its_beginning() -> None:
    memory = Memory()
    first = Place(memory=memory)
    async with first.at_work():
        await first.keeper.wish("anna", TakePause("break", "anna"))
    second = Place(memory=memory)
    second.clock.pass_time(minutes=7)
    await second.watch.resynchronise()
    assert second.queues.paused() == "break"
    assert second.keeper.presences()["anna"].since == NOON


async def test_a_wish_while_asterisk_is_away_is_kept_and_holds_when_it_is_back() -> None:
    place = Place()
    async with place.at_work():
        place.queues.reachable = False
        await place.keeper.wish("anna", TakePause("break", "anna"))
        place.queues.reachable = True
        await place.watch.resynchronise()
        assert place.queues.paused() == "break"


async def test_a_call_that_ended_while_nobody_could_see_it_lets_the_break_begin() -> None:
    place = Place()
    async with place.at_work():
        place.seen(in_call=True)
        await place.keeper.wish("anna", TakePause("break", "anna"))
        place.queues.watch = None
        place.seen(in_call=False)
        place.queues.watch = place.watch
        await place.watch.resynchronise()
        assert place.keeper.presences()["anna"].standing is Standing.PAUSED


async def test_a_pause_set_in_asterisk_itself_is_taken_over() -> None:
    place = Place()
    async with place.at_work():
        await place.queues.pause(ANNA, paused=True, reason="fire-drill")
        await place.pass_time(seconds=1)
        while place.keeper.presences()["anna"].standing is not Standing.PAUSED:
            await asyncio.sleep(0)
        assert place.keeper.presences()["anna"].by == "asterisk"
        assert place.queues.paused() == "fire-drill"


async def test_an_echo_of_our_own_pause_is_nobody_elses_change() -> None:
    place = Place()
    async with place.at_work():
        await place.keeper.wish("anna", TakePause("break", "anna"))
        await place.queues.until(ANNA, "break")
        await place.keeper.wish("anna", BeReady("anna"))
        await place.queues.until(ANNA, None)
        # The event of the first pause comes late.
        place.watch.event(replace(place.queues.members["main", ANNA], paused=True, reason="break"))
        place.watch.event(place.queues.members["main", ANNA])
        await place.pass_time(seconds=2)
        await place.keeper.wish("bjorn", TakePause("break", "bjorn"))
        await place.queues.until(BJORN, "break")
        assert place.keeper.presences()["anna"].standing is Standing.READY
