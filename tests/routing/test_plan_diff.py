"""A changed configuration, told as callers and operators would notice it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.plan_diff import plan_diff
from tests.plans import a_plan

# Monday noon in Oslo.
NOW = datetime(2026, 9, 28, 10, tzinfo=UTC)
WEEK = {"mon-fri": "08:00-16:00"}


def told(old: Plan, new: Plan) -> list[str]:
    return [f"{each.subject}: {each.text}" for each in plan_diff(old, new, NOW)]


def hours(old: Any, new: Any) -> list[str]:
    return told(a_plan(old), a_plan(new, version="newnewnewnew"))


def test_the_same_plan_has_no_differences() -> None:
    assert told(a_plan(WEEK), a_plan(WEEK)) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            WEEK,
            {"mon-thu": "08:00-16:00", "fri": "08:00-14:00"},
            "every Friday closes 14:00 instead of 16:00",
        ),
        (WEEK, {"mon-thu": "08:00-16:00", "fri": "10:00-16:00"}, "every Friday opens 10:00 instead of 08:00"),
        (WEEK, {"mon-thu": "08:00-16:00"}, "every Friday is closed instead of open 08:00-16:00"),
        (WEEK, {**WEEK, "sat": "10:00-14:00"}, "every Saturday is open 10:00-14:00 instead of closed"),
        (
            WEEK,
            {"mon-fri": "08:00-12:00, 12:30-16:00"},
            "every Monday to Friday is open 08:00-12:00, 12:30-16:00 instead of 08:00-16:00",
        ),
        (
            {**WEEK, "sat": "22:00-02:00"},
            {**WEEK, "sat": "22:00-03:00"},
            "every Saturday closes 03:00 instead of 02:00",
        ),
    ],
)
def test_a_weekday_that_changes_week_after_week_is_told_once(old: Any, new: Any, words: str) -> None:
    found = [text for text in hours(old, new) if words in text]
    assert len(found) == 1
    assert found[0].startswith("line info: every ")


def test_a_weekday_says_from_when_to_when_it_was_compared() -> None:
    assert hours(WEEK, {"mon-thu": "08:00-16:00", "fri": "08:00-14:00"}) == [
        "line info: every Friday closes 14:00 instead of 16:00, 2 Oct 2026 to 22 Oct 2027"
    ]


def test_the_times_at_which_callers_meet_something_else_come_along() -> None:
    new = a_plan({"mon-thu": "08:00-16:00", "fri": "08:00-14:00"}, version="newnewnewnew")
    (difference,) = plan_diff(a_plan(WEEK), new, NOW)
    assert difference.line == "info"
    # 14:00 to 16:00 in summer time.
    first = (datetime(2026, 10, 2, 12, tzinfo=UTC), datetime(2026, 10, 2, 14, tzinfo=UTC))
    assert difference.spans[0] == first
    assert len(difference.spans) == 56
    start, end = difference.last_year[0]
    assert (start, end) == (first[0] - timedelta(days=364), first[1] - timedelta(days=364))
    assert start.weekday() == first[0].weekday()


def test_a_line_that_closes_no_more_is_told_as_such() -> None:
    working_days, weekends = hours(WEEK, "always")
    assert working_days.startswith("line info: every Monday to Friday is open 00:00-24:00 instead of 08:00")
    assert weekends.startswith("line info: every Saturday and Sunday is open 00:00-24:00 instead of closed")


def test_people_queues_and_numbers_are_told_in_words() -> None:
    old = a_plan(queues={"main": {"operators": ["anna", "bjorn"], "ring_time": "15s"}}, max_wait="5m")
    new = a_plan(
        queues={"main": {"operators": ["anna"], "ring_time": "20s"}, "night": {"operators": ["bjorn"]}},
        max_wait="10m",
        numbers=["+4722851234", "+4722851235"],
        version="newnewnewnew",
    )
    assert told(old, new) == [
        "line info: numbers: with +4722851235",
        "line info: max_wait: 10m instead of 5m",
        "queue night: is new",
        "queue main: operators: without bjorn",
        "queue main: ring_time: 20s instead of 15s",
    ]


def test_a_line_that_is_gone_or_new_is_told_without_its_hours() -> None:
    old, new = a_plan(WEEK), a_plan(WEEK, version="newnewnewnew")
    renamed = new.model_copy(update={"lines": {"fees": new.lines["info"]}})
    assert told(old, renamed) == ["line fees: is new", "line info: is gone"]


def test_hours_that_are_only_written_differently_touch_nobody() -> None:
    assert hours(WEEK, {"mon-fri": "08:00-12:00, 12:00-16:00"}) == [
        "configuration: changed in a way that no call will notice"
    ]


def test_the_hours_of_a_calendar_are_told_as_they_are_written() -> None:
    def with_calendar(hours: Any, summer: Any) -> Plan:
        seasons = {"summer": {"from": "06-15", "until": "08-15", "hours": summer}}
        return a_plan(
            WEEK, version=str(hours), sections={"calendars": {"c": {"hours": hours, "seasons": seasons}}}
        )

    old = with_calendar({"mon-fri": "08:00-16:00"}, "closed")
    new = with_calendar(
        {"mon-wed": "08:00-16:00", "fri": "10:00-12:00, 13:00-15:00"}, {"tue-wed": "9:00-12:00"}
    )
    week, summer = told(old, new)
    assert week == (
        "calendar c: hours: mon-wed 08:00-16:00, fri 10:00-12:00, 13:00-15:00 instead of mon-fri 08:00-16:00"
    )
    assert summer == (
        "calendar c: seasons: summer {from: 06-15, until: 08-15, hours: tue-wed 09:00-12:00}"
        " instead of {from: 06-15, until: 08-15, hours: closed}"
    )


def test_what_is_new_in_a_calendar_is_told_as_new_and_single_days_without_brackets() -> None:
    def with_closures(version: str, closures: Any) -> Plan:
        calendar = {"hours": {"mon-fri": "08:00-16:00"}, "closures": closures}
        return a_plan(WEEK, version=version, sections={"calendars": {"c": calendar}})

    old = with_closures("old", {"staff": {"on": "2026-12-03"}, "party": {"on": "2026-12-04"}})
    new = with_closures("new", {"staff": {"on": "2026-12-05"}, "moving": {"on": "05-05, 06-06"}})
    assert told(old, new) == [
        (
            "calendar c: closures: staff {on: 2026-12-05} instead of {on: 2026-12-03}; without party;"
            " with moving {on: [05-05, 06-06]}"
        )
    ]


def test_what_is_new_and_gone_is_told_in_the_order_in_which_it_is_written() -> None:
    people = [f"person-{number}" for number in range(9)]
    new = a_plan(
        WEEK,
        queues={"main": {"operators": people}},
        sections={"operators": {name: {"name": name} for name in people}},
        version="newnewnewnew",
    )
    found = [text for text in told(a_plan(WEEK), new) if text.startswith("operator ")]
    assert found[: len(people)] == [f"operator {name}: is new" for name in people]


def test_changed_shifts_are_told_as_they_are_written() -> None:
    def with_shifts(**written: Any) -> Plan:
        plan = {"operators": ["anna"], "week": {"mon": "08:00-16:00"}, **written}
        return a_plan(WEEK, version=str(len(written)), sections={"shift_plans": {"p": plan}})

    assert told(a_plan(WEEK), with_shifts()) == ["shift plan p: is new"]
    changed = with_shifts(operators=["anna", "bjorn"], week={"mon": "09:00-16:00"}, until="2026-12-18")
    assert told(with_shifts(), changed) == [
        "shift plan p: operators: with bjorn",
        "shift plan p: until: 2026-12-18 instead of nothing",
        "shift plan p: week: mon with 09:00-16:00, without 08:00-16:00",
    ]
