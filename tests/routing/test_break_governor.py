"""Breaks: who goes now, who waits, and that lunch is had, with enough operators left."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hotline_ivr.routing.break_floor import (
    Away,
    BreakAnswer,
    BreakLimits,
    BreakVerdict,
    BreakWish,
    Person,
)
from hotline_ivr.routing.break_governor import govern
from hotline_ivr.routing.breaks_owed import asked_for, besides

NOON = 12 * 3600
MAIN = frozenset({"main"})


def minute(count: int) -> int:
    """Seconds, for minutes after noon."""
    return NOON + count * 60


def people(*names: str, queues: frozenset[str] = MAIN) -> list[Person]:
    return [Person(name, queues, 0) for name in names]


def wish(name: str, asked: int, length: int = 15) -> BreakWish:
    return besides(name, "extra", length * 60, minute(asked))


def lunch(name: str, start: int, end: int, length: int = 30) -> BreakWish:
    """A lunch that floats between two minutes after noon, and nobody has asked for."""
    latest = minute(end - length)
    return BreakWish(name, "lunch", length * 60, latest, minute(start), latest, asked=False)


def said(answers: tuple[BreakAnswer, ...], now: int = NOON) -> dict[str, str]:
    """Each operator's answer as the operator would be told."""
    told = {}
    for each in answers:
        if each.verdict is BreakVerdict.GRANTED:
            text = "now" if not each.in_call else f"after the call, in {each.minutes(now)}"
        elif each.verdict is BreakVerdict.WAITS:
            text = f"in {each.minutes(now)} minutes, place {each.place}"
        else:
            text = f"by itself in {each.minutes(now)}"
        told[each.wish.operator] = text + (" (forced)" if each.forced else "")
    return told


TWO_READY = BreakLimits(ready={"main": 2})


def test_a_break_that_leaves_enough_is_granted_at_once() -> None:
    answers = govern(NOON, people("anna", "bjorn", "chandra"), (), [wish("anna", 0)], TWO_READY)
    assert said(answers) == {"anna": "now"}


def test_who_waits_is_told_when_and_at_which_place() -> None:
    away = [Away("chandra", minute(-9), minute(6))]
    wishes = [wish("bjorn", -1), wish("anna", -2)]
    answers = govern(NOON, people("anna", "bjorn", "chandra"), away, wishes, TWO_READY)
    assert said(answers) == {"anna": "in 6 minutes, place 1", "bjorn": "in 21 minutes, place 2"}


def test_a_break_never_begins_in_a_call_and_is_counted_until_it_is_over() -> None:
    team = people("anna", "bjorn", "chandra")
    team[0] = replace(team[0], free_at=minute(4))
    answers = govern(NOON, team, (), [wish("anna", 0), wish("bjorn", 1)], TWO_READY)
    assert said(answers) == {"anna": "after the call, in 4", "bjorn": "in 19 minutes, place 1"}


def test_the_limits_of_a_queue_and_of_all_hold() -> None:
    team = people("anna", "bjorn", "chandra", "david")
    of_queue = govern(NOON, team, (), [wish(p.operator, 0) for p in team], BreakLimits(away={"main": 2}))
    assert [each.verdict.value for each in of_queue] == ["granted", "granted", "waits", "waits"]
    in_all = govern(NOON, team, (), [wish(p.operator, 0) for p in team], BreakLimits(away_in_all=3))
    assert [each.verdict.value for each in in_all] == ["granted", "granted", "granted", "waits"]


def test_who_is_in_nobodys_way_need_not_wait_behind_another_queue() -> None:
    team = [*people("anna", "bjorn"), *people("ivan", "jorunn", queues=frozenset({"billing"}))]
    limits = BreakLimits(ready={"main": 2, "billing": 1})
    answers = govern(NOON, team, (), [wish("anna", -5), wish("ivan", 0)], limits)
    assert said(answers) == {"anna": "in 55 minutes, place 1 (forced)", "ivan": "now"}


def test_an_operator_of_two_queues_must_be_spared_in_both() -> None:
    team = [Person("anna", frozenset({"main", "billing"}), 0), *people("bjorn", "chandra")]
    limits = BreakLimits(ready={"main": 1, "billing": 1})
    (answer,) = govern(NOON, team, (), [wish("anna", 0)], limits)
    assert answer.verdict is BreakVerdict.WAITS


def test_lunches_in_one_window_begin_early_enough_for_all() -> None:
    """Three lunches of 30 minutes in a row fill 12:00-13:30: the first begins without being asked."""
    team = people("anna", "bjorn", "chandra", "david")
    wishes = [lunch(name, 0, 90) for name in ("anna", "bjorn", "chandra")]
    answers = govern(NOON, team, (), wishes, BreakLimits(ready={"main": 3}))
    assert sorted(said(answers).values()) == ["by itself in 30", "by itself in 60", "now"]


def test_a_break_besides_does_not_take_anothers_last_chance_of_lunch() -> None:
    team = people("anna", "bjorn", "chandra")
    answers = govern(NOON, team, (), [wish("anna", -5), lunch("bjorn", -30, 30)], TWO_READY)
    assert said(answers) == {"anna": "in 30 minutes, place 1", "bjorn": "now"}


def test_a_lunch_that_is_asked_for_begins_when_it_fits() -> None:
    team = people("anna", "bjorn", "chandra")
    waiting = govern(NOON, team, (), [lunch("anna", 0, 90)], TWO_READY)
    assert said(waiting) == {"anna": "by itself in 60"}
    asked = govern(NOON, team, (), [asked_for(lunch("anna", 0, 90), NOON)], TWO_READY)
    assert said(asked) == {"anna": "now"}


def test_a_planned_break_is_pushed_and_not_lost() -> None:
    planned = BreakWish("anna", "lunch", 1800, NOON, NOON, minute(60))
    away = [Away("bjorn", minute(-10), minute(5))]
    assert said(govern(NOON, people("anna", "bjorn"), away, [planned], BreakLimits(ready={"main": 1}))) == {
        "anna": "in 5 minutes, place 1"
    }


def test_where_nobody_can_stand_in_lunch_is_had_all_the_same_at_its_last_moment() -> None:
    alone, limits = people("anna"), BreakLimits(ready={"main": 1})
    before = govern(minute(59), alone, (), [lunch("anna", 0, 90)], limits)
    assert said(before, minute(59)) == {"anna": "by itself in 1 (forced)"}
    assert said(govern(minute(60), alone, (), [lunch("anna", 0, 90)], limits)) == {"anna": "now (forced)"}


def test_the_order_of_the_asking_is_the_order_of_the_going() -> None:
    team = people("anna", "bjorn", "chandra", "david")
    wishes = [wish(name, -place) for place, name in enumerate(("david", "bjorn", "anna", "chandra"))]
    answers = govern(NOON, team, (), wishes, BreakLimits(ready={"main": 3}))
    assert [each.wish.operator for each in answers] == ["chandra", "anna", "bjorn", "david"]
    assert [each.begins for each in answers] == [minute(step) for step in (0, 15, 30, 45)]
    assert [each.place for each in answers] == [0, 1, 2, 3]


def test_a_break_waits_where_a_colleague_would_go_home_in_the_middle_of_it() -> None:
    """Bjørn goes at 12:10 and Chandra comes at 12:20, so Anna cannot be spared before."""
    team = [
        Person("anna", MAIN, 0),
        Person("bjorn", MAIN, 0, minute(10)),
        Person("chandra", MAIN, minute(20)),
    ]
    answers = govern(NOON, team, (), [wish("anna", 0)], BreakLimits(ready={"main": 1}))
    assert said(answers) == {"anna": "in 20 minutes, place 1"}


@pytest.mark.parametrize("turned", [False, True])
def test_the_same_floor_gives_the_same_answers_in_whatever_order_it_is_told(turned: bool) -> None:
    team, wishes = people("anna", "bjorn", "chandra"), [wish("anna", 0), wish("bjorn", 0)]
    answers = govern(NOON, team[::-1] if turned else team, (), wishes[::-1] if turned else wishes, TWO_READY)
    assert said(answers) == {"anna": "now", "bjorn": "in 15 minutes, place 1"}


class Hall:
    """Lives through minutes with the governor as the service would: asks it each minute, grants what it says.

    `asks` is when an operator asks for a break that floats.
    """

    def __init__(
        self,
        team: list[Person],
        wishes: list[BreakWish],
        limits: BreakLimits,
        asks: dict[str, int] | None = None,
    ) -> None:
        self.team, self.limits, self.asks = team, limits, asks or {}
        self.waiting = {wish.operator: wish for wish in wishes}
        self.away: list[Away] = []
        self.begun: dict[str, int] = {}
        self.fewest = len(team)
        self.forced: set[str] = set()

    def live(self, until: int) -> None:
        for now in range(NOON, until, 60):
            self.away = [each for each in self.away if each.end > now]
            for operator, wish in self.waiting.items():
                if not wish.asked and self.asks.get(operator, now + 1) <= now:
                    self.waiting[operator] = asked_for(wish, now)
            known = [wish for wish in self.waiting.values() if wish.due <= now or not wish.asked]
            for answer in govern(now, self.team, self.away, known, self.limits):
                if answer.verdict is BreakVerdict.GRANTED:
                    del self.waiting[answer.wish.operator]
                    self.begun[answer.wish.operator] = now
                    self.away.append(Away(answer.wish.operator, now, now + answer.wish.length))
                    if answer.forced:
                        self.forced.add(answer.wish.operator)
            self.fewest = min(self.fewest, len(self.team) - len(self.away))


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 8), st.integers(1, 4), st.integers(0, 40), st.data())
def test_every_lunch_fits_and_the_minimum_is_never_broken_where_the_window_has_room(
    count: int, at_once: int, slack: int, data: st.DataObject
) -> None:
    """As many lunches as need be fill a window that is just long enough for them in rows, or longer.

    Some ask at any minute, the others never do.
    """
    at_once = min(at_once, count - 1)
    names = [f"op-{number}" for number in range(count)]
    end = -(-count // at_once) * 30 + slack
    wishes = [lunch(name, 0, end) for name in names]
    asking = data.draw(st.lists(st.integers(0, end), min_size=count, max_size=count))
    asks = {name: minute(asked) for name, asked in zip(names, asking, strict=True) if asked < end // 2}
    hall = Hall(people(*names), wishes, BreakLimits(ready={"main": count - at_once}), asks)
    hall.live(minute(end))
    assert set(hall.begun) == set(names), "everybody had lunch"
    assert all(begun <= minute(end - 30) for begun in hall.begun.values()), "within the window"
    assert not hall.forced
    assert hall.fewest >= count - at_once


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(5, 30)), min_size=1, max_size=6), st.integers(0, 6))
@example([(0, 5), (0, 27), (0, 25), (1, 25), (0, 5), (2, 5)], 5)  # not all can be kept
def test_nobody_starves_and_who_asked_first_for_as_long_goes_first(
    asked: list[tuple[int, int]], ready: int
) -> None:
    names = [f"op-{number}" for number in range(len(asked))]
    wishes = [wish(name, when, length) for name, (when, length) in zip(names, asked, strict=True)]
    hall = Hall(people(*names), list(wishes), BreakLimits(ready={"main": ready}))
    hall.live(minute(30 + 60 + 60))
    assert set(hall.begun) == set(names)
    assert all(hall.begun[each.operator] <= each.latest for each in wishes)
    # Where not all can be kept within their windows, those who are not are as few as can be.
    kept = [each for each in wishes if each.operator not in hall.forced]
    for one in kept:
        for other in kept:
            if one.due < other.due and one.length <= other.length:
                assert hall.begun[one.operator] <= hall.begun[other.operator]
