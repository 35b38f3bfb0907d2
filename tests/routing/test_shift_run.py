"""Shifts as they run: who is signed in and out, and who goes on a break of the shift when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hotline_ivr.routing.presence import BeReady, SignIn, SignOut, TakePause
from hotline_ivr.routing.shift_notes import ShiftNotes
from tests.plans import a_plan
from tests.routing.shift_days import BOTH_READY, MIDNIGHT, Day, plan

# --- coming and going ------------------------------------------------------------------------------------


def test_a_shift_signs_its_people_in_when_it_begins_and_out_when_it_ends() -> None:
    day = Day(plan())
    assert day.at("7:59") == []
    assert day.at("8:00") == [("anna", SignIn("shift")), ("bjorn", SignIn("shift"))]
    assert day.at("8:01") == []
    assert day.stands() == BOTH_READY
    assert day.at("15:59") == []
    assert day.at("16:00") == [("anna", SignOut("shift")), ("bjorn", SignOut("shift"))]
    assert day.at("16:01") == []


def test_it_is_looked_again_when_somebody_comes_or_goes() -> None:
    day = Day(plan())
    day.at("7:00")
    assert day.last.look_again == MIDNIGHT + timedelta(hours=8)
    day.at("8:00")
    assert day.last.look_again == MIDNIGHT + timedelta(hours=16)


def test_who_signs_out_by_hand_in_the_middle_of_a_shift_stays_out() -> None:
    day = Day(plan())
    day.at("8:00")
    day.apply("anna", SignOut("anna"))
    assert (day.at("9:00"), day.stands()["anna"]) == ([], "signed-out")


def test_who_signs_in_by_hand_outside_of_a_shift_stays_in() -> None:
    day = Day(plan())
    day.at("6:00")
    day.apply("anna", SignIn("anna"))
    day.at("7:00")
    assert day.stands()["anna"] == "ready"


def test_a_call_at_the_end_of_a_shift_is_not_cut() -> None:
    day = Day(plan())
    day.at("8:00")
    day.talking = {"anna"}
    day.at("16:00")
    assert day.stands() == {"anna": "ready", "bjorn": "signed-out"}
    day.hang_up("anna")
    # The wrap-up of twenty seconds is hers too.
    assert day.stands()["anna"] == "wrap-up"
    day.at("16:01")
    assert day.stands()["anna"] == "signed-out"


def test_people_who_sign_in_by_themselves_are_left_to_it() -> None:
    day = Day(plan(sign_in="self"))
    assert day.at("8:00") == []
    day.apply("anna", SignIn("anna"))
    assert day.at("16:00") == []


def test_a_restart_does_nothing_twice() -> None:
    day = Day(plan({"lunch": {"at": "11:30"}}))
    day.at("8:00")
    day.at("11:30")
    again = Day(day.plan, notes=day.notes)
    again.standing = dict(day.standing)
    assert again.at("11:31") == []
    again.at("12:05")
    assert again.stands() == BOTH_READY


# --- breaks of the shift ---------------------------------------------------------------------------------


def test_a_planned_break_begins_and_ends_by_itself() -> None:
    day = Day(plan({"lunch": {"at": "11:30"}}))
    day.at("8:00")
    day.at("11:29")
    assert day.stands() == BOTH_READY
    length = timedelta(minutes=30)
    assert day.at("11:30") == [
        (name, TakePause("lunch", "shift", length, after_wrap_up=True)) for name in ("anna", "bjorn")
    ]
    day.at("11:59")
    assert day.stands() == {"anna": "lunch", "bjorn": "lunch"}
    assert day.at("12:00") == []
    assert day.stands() == BOTH_READY


def test_the_length_is_that_of_the_shift_where_the_shift_says_one() -> None:
    day = Day(plan({"early": {"kind": "short", "at": "9:30", "length": "10m"}}))
    day.at("8:00")
    day.at("9:30")
    day.at("9:39")
    assert day.stands() == {"anna": "short", "bjorn": "short"}
    day.at("9:40")
    assert day.stands() == BOTH_READY


def test_a_break_of_a_kind_that_does_not_return_waits_for_a_word() -> None:
    base = plan({"lunch": {"at": "11:30"}})
    kinds = {"lunch": base.break_kinds["lunch"].model_copy(update={"returns": False})}
    day = Day(base.model_copy(update={"break_kinds": {**base.break_kinds, **kinds}}))
    day.at("11:30")
    day.at("12:10")
    assert day.stands() == {"anna": "lunch", "bjorn": "lunch"}
    day.apply("anna", BeReady("anna"))
    assert (day.at("12:11"), day.stands()["anna"]) == ([], "ready")


def test_the_minimum_keeps_one_at_the_telephone_and_the_other_follows() -> None:
    day = Day(plan({"lunch": {"at": "11:30"}}, minimum=1))
    day.at("8:00")
    day.at("11:30")
    assert day.stands() == {"anna": "lunch", "bjorn": "ready"}
    bjorn = day.last.answers["bjorn"]
    assert (bjorn.minutes(int(day.now.timestamp())), bjorn.place) == (30, 1)
    day.at("12:00")
    assert day.stands() == {"anna": "ready", "bjorn": "lunch"}
    day.at("12:30")
    assert day.stands() == BOTH_READY


def test_nobody_is_kept_back_for_a_line_that_is_closed() -> None:
    closed = plan({"lunch": {"at": "11:30"}}, minimum=2)
    line = closed.lines["info"]
    hours = a_plan({"sun": "10:00-11:00"}).lines["info"].hours
    day = Day(closed.model_copy(update={"lines": {"info": line.model_copy(update={"hours": hours})}}))
    day.at("8:00")
    day.at("11:30")
    assert day.stands() == {"anna": "lunch", "bjorn": "lunch"}


def test_a_break_is_never_in_a_call_nor_in_the_wrap_up_after_it() -> None:
    day = Day(plan({"lunch": {"at": "11:30"}}))
    day.at("8:00")
    day.talking = {"anna"}
    day.at("11:30")
    assert day.stands() == {"anna": "ready", "bjorn": "lunch"}
    day.hang_up("anna")
    assert day.stands()["anna"] == "wrap-up"
    day.at("11:31")
    assert day.stands()["anna"] == "lunch"
    # Thirty minutes from when it began, which was at the end of the wrap-up.
    day.at("11:59")
    assert day.stands()["anna"] == "lunch"
    day.at("12:02")
    assert day.stands()["anna"] == "ready"


def test_a_break_that_falls_due_in_a_wrap_up_begins_after_it() -> None:
    day = Day(plan({"lunch": {"at": "11:30"}}))
    day.at("8:00")
    day.at("11:29.9")
    day.hang_up("anna")
    day.at("11:30")
    assert day.stands()["anna"] == "wrap-up"
    day.at("11:31")
    assert day.stands()["anna"] == "lunch"


def test_a_break_that_floats_begins_by_itself_in_time() -> None:
    day = Day(plan({"lunch": {"between": "11:00-13:00"}}, minimum=1))
    day.at("8:00")
    day.at("11:00")
    assert day.stands() == BOTH_READY
    for minute in range(0, 120, 5):
        day.at(f"11:{minute}")
        assert "ready" in day.stands().values()
    day.at("13:00")
    assert day.stands() == BOTH_READY
    assert all(note.had == {"lunch"} for note in day.notes.duties.values())


def test_lunch_taken_by_hand_has_been_had() -> None:
    day = Day(plan({"lunch": {"between": "11:00-13:00"}}))
    day.at("8:00")
    day.at("11:10")
    day.apply("anna", TakePause("lunch", "anna"))
    day.at("11:11")
    day.at("12:30")
    assert day.stands() == {"anna": "ready", "bjorn": "lunch"}


def test_one_pause_by_hand_counts_for_one_break_of_its_kind() -> None:
    breaks = {"first": {"kind": "short", "at": "9:30"}, "second": {"kind": "short", "at": "14:00"}}
    day = Day(plan(breaks))
    day.at("8:00")
    day.at("9:20")
    day.apply("anna", TakePause("short", "anna"))
    for clock in ("9:21", "9:30", "9:34"):
        day.at(clock)
    assert day.notes.duties["anna"].had == {"first"}
    day.at("14:00")
    assert day.stands() == {"anna": "short", "bjorn": "short"}


def test_a_break_in_another_pause_waits_for_its_end() -> None:
    day = Day(plan({"lunch": {"at": "11:30"}}))
    day.at("8:00")
    day.apply("anna", TakePause("break", "anna"))
    day.at("11:30")
    assert day.stands()["anna"] == "break"
    day.apply("anna", BeReady("anna"))
    day.at("11:40")
    assert day.stands()["anna"] == "lunch"


def test_a_break_whose_time_is_long_over_is_missed_and_not_pushed_upon_anybody() -> None:
    day = Day(plan({"lunch": {"at": "11:30"}}))
    day.at("8:00")
    # The service was down from then on.
    day.at("14:00")
    assert day.last.missed == (("anna", "lunch"), ("bjorn", "lunch"))
    assert day.stands() == BOTH_READY
    assert day.at("14:01") == []
    assert day.ask("anna", "lunch") == "now"


@pytest.mark.parametrize("most_away", [1, 2])
def test_no_more_are_away_at_once_than_the_queue_allows(most_away: int) -> None:
    day = Day(plan({"lunch": {"at": "11:30"}}, most_away=most_away))
    day.at("8:00")
    day.at("11:30")
    assert list(day.stands().values()).count("lunch") == most_away


def test_operators_who_left_the_plan_are_forgotten() -> None:
    day = Day(plan())
    day.at("8:00")
    notes = ShiftNotes({**day.notes.duties, "gone": day.notes.duties["anna"]}, {})
    day.notes = notes
    day.look()
    assert sorted(day.notes.duties) == ["anna", "bjorn"]
