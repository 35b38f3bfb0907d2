"""Breaks that an operator asks for: at once, later and in which place, or after the call."""

from __future__ import annotations

from datetime import timedelta

from hotline_ivr.routing.presence import BeReady, SignOut
from tests.routing.shift_days import Day, plan


def test_a_break_in_nobodys_way_is_had_at_once() -> None:
    day = Day(plan(minimum=1))
    day.at("9:00")
    assert day.ask("anna", "short") == "now"
    assert day.standing["anna"].by == "anna"
    assert day.standing["anna"].until == day.now + timedelta(minutes=15)


def test_the_second_who_asks_is_told_when_and_at_which_place() -> None:
    day = Day(plan(minimum=1))
    day.at("9:00")
    day.ask("anna", "short")
    day.at("9:09")
    assert day.ask("bjorn", "short") == "in 6 minutes, place 1"
    day.at("9:15")
    assert day.stands() == {"anna": "ready", "bjorn": "short"}


def test_while_somebody_waits_it_is_looked_again_soon() -> None:
    day = Day(plan(minimum=1))
    day.at("9:00")
    day.ask("anna", "short")
    day.ask("bjorn", "short")
    assert day.last.look_again is not None
    assert day.last.look_again - day.now <= timedelta(seconds=15)


def test_a_place_that_is_free_before_its_time_is_taken_at_once() -> None:
    day = Day(plan(minimum=1))
    day.at("9:00")
    day.ask("anna", "short")
    day.ask("bjorn", "short")
    day.at("9:05")
    day.apply("anna", BeReady("anna"))
    day.look()
    assert day.stands() == {"anna": "ready", "bjorn": "short"}


def test_asked_for_in_a_call_it_follows_the_call() -> None:
    day = Day(plan(minimum=1))
    day.at("9:00")
    day.talking = {"anna"}
    assert day.ask("anna", "short") == "after the call"
    # While she is about to go, bjorn stays.
    assert day.ask("bjorn", "short").startswith("in ")


def test_lunch_asked_for_is_the_shifts_own() -> None:
    day = Day(plan({"lunch": {"between": "11:00-13:00"}}, minimum=1))
    day.at("8:00")
    day.at("11:20")
    assert day.ask("anna", "lunch") == "now"
    assert day.notes.duties["anna"].had == {"lunch"}
    day.at("12:50")
    assert day.stands()["anna"] == "ready"


def test_who_signs_out_waits_for_no_break() -> None:
    day = Day(plan(minimum=2))
    day.at("9:00")
    day.ask("anna", "short")
    day.apply("anna", SignOut("anna"))
    day.look()
    assert day.notes.asked == {}
