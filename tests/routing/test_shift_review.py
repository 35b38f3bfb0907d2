"""What the weeks to come say of shift plans: gaps, breaks that leave nobody, work while all is closed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.shift_review import shift_review
from hotline_ivr.routing.shifts import ShiftBook
from hotline_ivr.routing.staffing import Staffing
from tests.plans import OSLO, a_plan

MONDAY = date(2026, 11, 23)
KINDS = {"lunch": {"name": "Lunch", "length": "30m"}}


def book_of(hours: Any, shifts: Any, plans: Any, changes: Any = None, **sections: Any) -> Rulebook:
    written = {"break_kinds": KINDS, "shifts": shifts, "shift_plans": plans, "shift_changes": changes or {}}
    return Rulebook(a_plan(hours, sections={**written, **sections}))


def told(book: Rulebook) -> list[str]:
    return [f"{'.'.join(map(str, each.path))}: {each.message}" for each in shift_review(book, MONDAY)]


def both(week: Any) -> Any:
    return {"p": {"operators": ["anna", "bjorn"], "week": week}}


LUNCH = {"early": {"hours": "08:00-16:00", "breaks": {"lunch": {"at": "12:00"}}}}


def test_open_hours_nobody_staffs_are_told_once_for_all_weeks() -> None:
    book = book_of({"mon-fri": "08:00-18:00"}, {}, both({"mon-thu": "08:00-16:00", "fri": "08:00-18:00"}))
    assert told(book) == [
        (
            "queues.main.operators: nobody staffs this queue while it is open (info):"
            " mon-thu 16:00-18:00, 32 times from 2026-11-23 on"
        )
    ]


def test_single_days_are_named() -> None:
    off = {"x": {"operators": ["anna", "bjorn"], "on": "2026-12-03, 2026-12-08"}}
    book = book_of({"mon-fri": "08:00-16:00"}, {}, both({"mon-fri": "08:00-16:00"}), off)
    assert told(book) == [
        (
            "queues.main.operators: nobody staffs this queue while it is open (info):"
            " Thu 2026-12-03, Tue 2026-12-08 08:00-16:00"
        )
    ]


def test_a_day_on_which_the_line_is_closed_needs_nobody_and_whoever_works_then_is_told() -> None:
    calendars = {"office": {"hours": {"mon-fri": "08:00-16:00"}, "holidays": {"country": "NO"}}}
    line = {"name": "I", "numbers": ["+47 22 85 12 34"], "time_zone": OSLO, "queue": "main"}
    lines = {"info": {**line, "calendar": "office"}}
    week = {"mon-fri": "08:00-16:00"}
    book = book_of("always", {}, both(week), lines=lines, calendars=calendars)
    assert told(book) == [
        (
            "shift_plans.p: works while all lines of anna, bjorn are closed: Fri 2026-12-25, Fri 2027-01-01"
            " 08:00-16:00"
        )
    ]
    plans = {"p": {**both(week)["p"], "open_days_of": "info"}}
    assert told(book_of("always", {}, plans, lines=lines, calendars=calendars)) == []


def test_all_at_lunch_at_once_is_told_and_taking_turns_is_not() -> None:
    hours = {"mon-fri": "08:00-16:00"}
    at_once = book_of(hours, LUNCH, both({"mon-fri": "early"}))
    assert told(at_once) == [
        "queues.main.operators: breaks leave nobody: mon-fri 12:00-12:30, 40 times from 2026-11-23 on"
    ]
    shifts = {**LUNCH, "other": {"hours": "08:00-16:00", "breaks": {"lunch": {"at": "12:30"}}}}
    plans = {
        "a": {"operators": ["anna"], "week": {"mon-fri": "early"}},
        "b": {"operators": ["bjorn"], "week": {"mon-fri": "other"}},
    }
    assert told(book_of(hours, shifts, plans)) == []


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("13:00-16:00", []),  # there for a part of the window, long enough
        ("13:40-16:00", ["mon 12:00-14:00"]),  # twenty minutes are too few
    ],
)
def test_a_break_that_floats_needs_a_stand_in_for_its_length(other: str, expected: list[str]) -> None:
    shifts = {"early": {"hours": "08:00-16:00", "breaks": {"lunch": {"between": "12:00-14:00"}}}}
    plans = {
        "a": {"operators": ["anna"], "week": {"mon": "early"}},
        "b": {"operators": ["bjorn"], "week": {"mon": other}},
    }
    found = told(book_of({"mon": "08:00-16:00"}, shifts, plans))
    assert [text.partition("main: ")[2].partition(",")[0] for text in found] == expected


def test_a_queue_with_somebody_who_has_no_plan_is_not_judged() -> None:
    plans = {"a": {"operators": ["anna"], "week": {"mon": "08:00-09:00"}}}
    assert told(book_of("always", {}, plans)) == []


def test_what_is_over_is_told() -> None:
    changes = {
        "old": {"operators": ["anna"], "on": "2026-11-02 to 2026-11-06"},
        "yearly": {"operators": ["anna"], "on": "11-02"},
        "new": {"operators": ["anna"], "on": "2026-11-02, 2026-12-05"},
    }
    plans = {"p": {"operators": ["bjorn"], "until": "2026-11-01", "week": {"mon": "08:00-09:00"}}}
    assert told(book_of("always", {}, plans, changes)) == [
        "shift_changes.old: has been over since 2026-11-06",
        "shift_plans.p.until: has been over since 2026-11-01",
    ]


def test_half_hours_show_the_worst_minute_beside_the_need() -> None:
    """Anna 08:00-16:00 with lunch at noon, Bjørn 10:00-14:00; two are wanted from ten to two."""
    plans = {
        "a": {"operators": ["anna"], "week": {"mon": "early"}},
        "b": {"operators": ["bjorn"], "week": {"mon": "10:00-13:45"}},
    }
    queues = {
        "main": {
            "operators": ["anna", "bjorn"],
            "minimum_ready": {"1": "always", "2": {"mon-fri": "10:00-14:00"}},
        }
    }
    book = book_of({"mon": "08:00-16:00"}, LUNCH, plans, queues=queues)
    shifts = ShiftBook(book)
    start = shifts.midnight(MONDAY)
    found = Staffing(book, shifts).half_hours("main", start, start + timedelta(days=1))
    zone = timedelta(hours=1)
    table = [
        f"{each.start + zone:%H:%M} {each.on_duty}/{each.present} of {each.need}, {each.short} short"
        for each in found
        if each.open
    ]
    assert table[0] == "08:00 1/1 of 1, 0 short"
    assert table[4] == "10:00 2/2 of 2, 0 short"
    assert table[8] == "12:00 2/1 of 2, 1 short"
    assert table[11] == "13:30 1/1 of 2, 1 short"
    assert table[12:] == [
        "14:00 1/1 of 1, 0 short",
        "14:30 1/1 of 1, 0 short",
        "15:00 1/1 of 1, 0 short",
        "15:30 1/1 of 1, 0 short",
    ]


def test_a_need_from_elsewhere_takes_the_place_of_the_written_one() -> None:
    book = book_of("always", {}, both({"mon": "08:00-09:00"}))
    start = datetime(2026, 11, 23, 7, tzinfo=UTC)
    found = Staffing(book, ShiftBook(book)).half_hours(
        "main", start, start + timedelta(hours=1), lambda _queue, at: at.minute
    )
    assert [(each.present, each.need, each.short) for each in found] == [(2, 0, 0), (2, 30, 28)]


@pytest.mark.parametrize(("day", "count"), [("2026-10-25", 50), ("2027-03-28", 46), ("2026-11-23", 48)])
def test_the_nights_of_the_clocks_have_their_own_number_of_half_hours(day: str, count: int) -> None:
    book = book_of("always", {}, both({"mon-sun": "00:00-24:00"}))
    shifts = ShiftBook(book)
    first = date.fromisoformat(day)
    start, end = shifts.midnight(first), shifts.midnight(first + timedelta(days=1))
    found = list(Staffing(book, shifts).half_hours("main", start, end))
    assert len(found) == count
    assert {each.present for each in found} == {2}
