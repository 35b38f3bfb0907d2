"""Alarms are raised once, after the patience, and cleared once; what nobody can tell changes nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.routing.alarms import Alarm, AlarmKey, Alarms, Watched, watched

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MAIN, LINK = AlarmKey("ghost-open", "main"), AlarmKey("asterisk", "link")
PATIENCE = timedelta(seconds=120)


def look(alarms: Alarms, wrong: Collection[AlarmKey], seconds: float, *, unknown: bool = False) -> Watched:
    now = NOON + timedelta(seconds=seconds)
    return watched(alarms, wrong, lambda key: unknown and key == MAIN, now, lambda _: PATIENCE)


def test_what_passes_soon_is_nothing() -> None:
    begun = look({}, [MAIN], 0)
    assert begun.raised == ()
    after = look(begun.alarms, [], 119)
    assert (after.alarms, after.raised, after.over) == ({}, (), {})


def test_what_lasts_is_told_once_and_its_end_once() -> None:
    begun = look({}, [MAIN, LINK], 0)
    raised = look(begun.alarms, [MAIN], 120)
    assert raised.raised == (MAIN,)
    again = look(raised.alarms, [MAIN], 500)
    assert again.raised == ()
    over = look(again.alarms, [], 600)
    assert over.over == {MAIN: Alarm(NOON, NOON + PATIENCE)}
    assert look(over.alarms, [], 700).over == {}


def test_while_nobody_can_tell_an_alarm_stands() -> None:
    raised = look(look({}, [MAIN], 0).alarms, [MAIN], 120)
    blind = look(raised.alarms, [LINK], 300, unknown=True)
    assert blind.over == {}
    assert MAIN in blind.alarms


def test_a_clock_that_is_set_back_begins_the_patience_anew() -> None:
    begun = look({}, [MAIN], 3600)
    back = look(begun.alarms, [MAIN], 0)
    assert back.alarms[MAIN].since == NOON
    assert look(back.alarms, [MAIN], 120).raised == (MAIN,)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(1, 300)), max_size=40))
def test_alarms_and_all_clears_take_turns(looks: list[tuple[bool, bool, int]]) -> None:
    alarms: Alarms = {}
    told: list[str] = []
    second = 0
    for wrong, unknown, step in looks:
        second += step
        after = look(alarms, [MAIN] if wrong and not unknown else [], second, unknown=unknown)
        told += ["raised" for _ in after.raised] + ["over" for _ in after.over]
        alarms = after.alarms
    assert told == ["raised", "over"] * (len(told) // 2) + ["raised"] * (len(told) % 2)
