"""The machine's clock is set while operators are in wrap-up or on a break: it lasts as long as it should."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from typing_extensions import override

from hotline_ivr.errors import StoreError
from hotline_ivr.routing.floor import DeviceState, MemberSeen
from hotline_ivr.routing.presence import BeReady, Period, Standing, TakePause
from tests.calls.keeper_place import ANNA, BJORN, NOON, Memory, Place
from tests.plans import a_plan

WRAP_UP = a_plan(queues={"main": {"operators": ["anna", "bjorn"], "wrap_up": "20s"}})
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("hours", [-1, 1, -24 * 365])
async def test_a_wrap_up_is_as_long_whenever_the_clock_is_set(hours: int) -> None:
    place = Place(WRAP_UP)
    async with place.at_work():
        place.seen(in_call=True)
        place.seen(in_call=False)
        await place.queues.until(ANNA, "wrap-up")
        await place.pass_time(seconds=12)
        place.set_clock(hours=hours)
        await place.pass_time(seconds=7)
        # An event of somebody else's is enough to look at the clock.
        await place.keeper.wish("bjorn", TakePause("break", "bjorn"))
        assert place.keeper.presences()["anna"].standing is Standing.WRAP_UP
        await place.pass_time(seconds=1)
        await place.queues.until(ANNA, None)
    assert place.keeper.presences()["anna"].since == NOON + timedelta(seconds=20, hours=hours)


async def test_the_ledger_has_one_line_for_a_break_in_which_the_clock_was_set() -> None:
    place = Place()
    async with place.at_work():
        await place.pass_time(minutes=5)
        await place.keeper.wish("anna", TakePause("break", "anna"))
        await place.pass_time(minutes=4)
        place.set_clock(hours=-1)
        await place.pass_time(minutes=6)
        await place.keeper.wish("anna", BeReady("anna"))
    await place.book.close()
    lines = sorted(place.memory.rows.values(), key=lambda each: each.began_at)
    lasted = [
        (each.standing, each.ended_at - each.began_at)
        for each in lines
        if each.operator == "anna" and each.ended_at is not None
    ]
    assert sorted(lasted) == [
        (Standing.PAUSED, timedelta(minutes=10)),
        (Standing.READY, timedelta(minutes=5)),
    ]
    assert [each.standing for each in lines if each.operator == "anna" and each.ended_at is None] == [
        Standing.READY
    ]


class Away(Memory):
    """The database is away."""

    @override
    async def write(self, periods: Sequence[Period]) -> None:
        raise StoreError(f"no database for {len(periods)} lines")


async def test_a_line_that_waits_for_the_database_is_told_by_what_beginning_it_may_be_known_there() -> None:
    """However often the clock is set meanwhile, and also when the line has ended."""
    place = Place(memory=Away())
    async with place.at_work():
        await place.keeper.wish("anna", TakePause("break", "anna"))
        for _ in range(2):
            place.set_clock(hours=1)
            await place.pass_time(minutes=1)
            await place.keeper.wish("bjorn", TakePause("break", "bjorn"))
            await place.keeper.wish("bjorn", BeReady("bjorn"))
        await place.keeper.wish("anna", BeReady("anna"))
    await place.book.close()
    began, over = NOON + 2 * HOUR, NOON + 2 * HOUR + timedelta(minutes=2)
    assert Period("anna", Standing.PAUSED, "break", began, over, "anna", "anna", NOON) in (
        place.memory.kept.unwritten
    )


async def test_what_others_change_in_asterisk_is_believed_a_second_later_by_any_clock() -> None:
    stood_otherwise = asyncio.Event()
    place = Place(seen=lambda *_: stood_otherwise.set())
    async with place.at_work():
        place.queues.put(
            MemberSeen("main", "anna", ANNA, DeviceState.NOT_IN_USE, paused=True, reason="by-console")
        )
        place.set_clock(hours=-1)
        await place.pass_time(seconds=1)
        await place.queues.until(ANNA, "by-console")
        while place.keeper.presences()["anna"].standing is not Standing.PAUSED:
            stood_otherwise.clear()
            await stood_otherwise.wait()
    assert place.keeper.presences()["anna"].reason == "by-console"


async def test_a_clock_that_only_drifts_moves_nothing() -> None:
    place = Place()
    async with place.at_work():
        place.set_clock(milliseconds=400)
        await place.pass_time(seconds=1)
        await place.keeper.wish("bjorn", TakePause("break", "bjorn"))
    assert place.keeper.presences()["anna"].since == NOON


async def test_who_would_be_held_for_fresh_from_a_call_is_put_in_anew_where_the_clock_was_set_back() -> None:
    """app_queue goes by when the last call ended, which by the new clock is yet to come."""
    place = Place(WRAP_UP)
    async with place.at_work():
        # Of a call before this one Asterisk keeps the end.
        place.seen(in_call=True)
        place.seen(in_call=False)
        await place.pass_time(seconds=20)
        await place.queues.until(ANNA, None)
        place.seen(in_call=True)
        await place.keeper.wish("bjorn", TakePause("break", "bjorn"))
        await place.queues.until(BJORN, "break")
        place.set_clock(hours=-1)
        await place.watch.resynchronise()
        await place.keeper.wish("bjorn", BeReady("bjorn"))
        await place.queues.until(BJORN, None)
        assert place.queues.removed == [("main", "bjorn")], (
            "nor is anybody put in anew in the middle of a call"
        )
        # Her call ends by the new clock, so Asterisk's own wrap-up is the right one.
        place.seen(in_call=False)
        await place.queues.until(ANNA, "wrap-up")
        await place.pass_time(seconds=20)
        await place.queues.until(ANNA, None)
        assert place.queues.removed == [("main", "bjorn")]


async def test_nobody_is_put_in_anew_where_the_clock_was_set_forward_or_there_is_no_wrap_up() -> None:
    for plan, hours in ((WRAP_UP, 1), (a_plan(), -1)):
        place = Place(plan)
        async with place.at_work():
            place.set_clock(hours=hours)
            await place.keeper.wish("bjorn", TakePause("break", "bjorn"))
            await place.queues.until(BJORN, "break")
            await place.keeper.wish("bjorn", BeReady("bjorn"))
            await place.queues.until(BJORN, None)
        assert place.queues.removed == []
