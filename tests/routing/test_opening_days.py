"""When a line is open on the coming days, by its own wall clock."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hotline_ivr.routing.opening_days import opening_days
from hotline_ivr.routing.rulebook import Rulebook
from tests.plans import a_plan

MONDAY = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # already Tuesday in Oslo


def test_days_begin_with_the_lines_own_today_and_closed_ones_are_empty() -> None:
    book = Rulebook(a_plan({"tue-wed": "08:00-12:00, 13:00-16:00"}))
    assert opening_days(book, "info", MONDAY, 3) == [
        (date(2026, 3, 3), ((480, 720), (780, 960))),
        (date(2026, 3, 4), ((480, 720), (780, 960))),
        (date(2026, 3, 5), ()),
    ]


def test_an_evening_that_goes_past_midnight_is_cut_there() -> None:
    book = Rulebook(a_plan({"tue": "22:00-02:00"}))
    assert opening_days(book, "info", MONDAY, 2) == [
        (date(2026, 3, 3), ((1320, 1440),)),
        (date(2026, 3, 4), ((0, 120),)),
    ]


def test_a_line_that_never_closes_is_open_all_of_every_day() -> None:
    assert opening_days(Rulebook(a_plan()), "info", MONDAY, 2) == [
        (date(2026, 3, 3), ((0, 1440),)),
        (date(2026, 3, 4), ((0, 1440),)),
    ]


def test_when_clocks_change_the_hours_are_those_on_the_door() -> None:
    book = Rulebook(a_plan({"sat-mon": "01:00-16:00"}))
    saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)
    days = opening_days(book, "info", saturday, 3)
    assert [spans for _, spans in days] == [((60, 960),)] * 3
    autumn = opening_days(book, "info", datetime(2026, 10, 24, 12, tzinfo=UTC), 3)
    assert [spans for _, spans in autumn] == [((60, 960),)] * 3
