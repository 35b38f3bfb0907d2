"""Shifts laid on the moments of a zone: weeks in turn, changes, breaks, and both nights of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_ivr.routing.duties import Duty, StandingKind
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.shifts import ShiftBook
from tests.plans import OSLO, a_plan

KINDS = {
    "lunch": {"name": "Lunch", "length": "30m", "paid": "no"},
    "short": {"name": "Short break", "length": "15m"},
}


def book_of(
    *,
    shifts: Any = None,
    plans: Any = None,
    changes: Any = None,
    zone: str = OSLO,
    hours: Any = "always",
    **sections: Any,
) -> ShiftBook:
    written = {"break_kinds": KINDS, "shifts": shifts or {}, "shift_plans": plans or {}}
    plan = a_plan(hours, time_zone=zone, sections={**written, "shift_changes": changes or {}, **sections})
    return ShiftBook(Rulebook(plan))


def shown(duty: Duty, zone: str = OSLO) -> str:
    """A duty on the wall clock, with its hours: `Sat 22:00-06:00 9h`."""
    start, end = duty.start.astimezone(ZoneInfo(zone)), duty.end.astimezone(ZoneInfo(zone))
    return f"{start:%a %H:%M}-{end:%H:%M} {(duty.end - duty.start) / timedelta(hours=1):g}h"


EARLY = {"early": {"hours": "08:00-16:00"}}
ANNA = {"operators": ["anna"], "week": {"mon-fri": "early", "sat": "10:00-14:00"}}


def days(book: ShiftBook, first: str, count: int, operator: str = "anna") -> list[str]:
    day = date.fromisoformat(first)
    return [
        ", ".join(shown(duty, book.zone) for duty in book.duties_on(operator, day + timedelta(days=step)))
        or "off"
        for step in range(count)
    ]


def test_a_week_is_worked_as_it_is_written() -> None:
    book = book_of(shifts=EARLY, plans={"anna": ANNA})
    assert days(book, "2026-11-23", 7) == [
        *(f"{day} 08:00-16:00 8h" for day in ("Mon", "Tue", "Wed", "Thu", "Fri")),
        "Sat 10:00-14:00 4h",
        "off",
    ]


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        # Norway's clocks go back on 25 October 2026 at 03:00 and forward on 28 March 2027 at 02:00.
        ("2026-10-24", "Sat 22:00-06:00 9h"),
        ("2026-10-25", "Sun 22:00-06:00 8h"),
        ("2027-03-27", "Sat 22:00-06:00 7h"),
        ("2027-03-28", "Sun 22:00-06:00 8h"),
        ("2026-12-31", "Thu 22:00-06:00 8h"),
    ],
)
def test_a_night_shift_keeps_to_the_clock_on_the_wall(first: str, expected: str) -> None:
    book = book_of(plans={"p": {"operators": ["anna"], "week": {"mon-sun": "22:00-06:00"}}})
    assert days(book, first, 1) == [expected]


@pytest.mark.parametrize(
    ("night", "start", "end"),
    [  # The break of 02:30 in the night shift, UTC.
        ("2026-10-23", "00:30", "01:00"),
        ("2026-10-24", "00:30", "01:00"),  # 02:30 comes twice: the first time counts
        ("2027-03-27", "01:00", "01:30"),  # 02:30 is skipped: as the clocks jump to 03:00
        ("2027-03-28", "00:30", "01:00"),
    ],
)
def test_a_break_has_its_length_on_every_night(night: str, start: str, end: str) -> None:
    book = book_of(
        shifts={"night": {"hours": "22:00-06:00", "breaks": {"lunch": {"at": "02:30"}}}},
        plans={"p": {"operators": ["anna"], "week": {"mon-sun": "night"}}},
    )
    (duty,) = book.duties_on("anna", date.fromisoformat(night))
    (each,) = duty.breaks
    assert (f"{each.opens:%H:%M}", f"{each.closes:%H:%M}") == (start, end)
    assert not each.floats


def test_weeks_take_turns_before_and_after_the_first() -> None:
    weeks = [{"mon": "early"}, {"tue": "early"}, {"wed": "early"}]
    plan = {"operators": ["anna"], "weeks": weeks, "first_week": "2026-11-23"}
    book = book_of(shifts=EARLY, plans={"p": plan})
    worked = [place for place, what in enumerate(days(book, "2026-11-16", 28)) if what != "off"]
    # Wednesday of the third week, then Monday, Tuesday, Wednesday of the weeks that follow.
    assert worked == [2, 7, 15, 23]


CHANGES = [
    ("nothing", {}, "Wed 08:00-16:00 8h"),
    ("off", {"x": {"on": "2026-11-25"}}, "off"),
    ("a swap", {"x": {"on": "2026-11-25", "shift": "12:00-20:00"}}, "Wed 12:00-20:00 8h"),
    (
        "more hours",
        {"x": {"on": "2026-11-25", "shift": "18:00-20:00", "besides": "yes"}},
        "Wed 08:00-16:00 8h, Wed 18:00-20:00 2h",
    ),
    (
        "a swap within a holiday",
        {
            "x": {"on": "2026-11-23 to 2026-11-27", "why": "holiday"},
            "y": {"on": "2026-11-25", "shift": "12:00-20:00"},
        },
        "Wed 12:00-20:00 8h",
    ),
    (
        "sick, whatever else was planned",
        {
            "x": {"on": "2026-11-23 to 2026-11-27", "why": "sick"},
            "y": {"on": "2026-11-25", "shift": "12:00-20:00"},
            "z": {"on": "2026-11-25", "shift": "21:00-22:00", "besides": "yes"},
        },
        "off",
    ),
    ("home sick at eleven", {"x": {"on": "2026-11-25", "shift": "08:00-11:00", "why": "sick"}},
     "Wed 08:00-11:00 3h"),
    ("another operator's", {"x": {"on": "2026-11-25", "operators": ["bjorn"]}}, "Wed 08:00-16:00 8h"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), [pytest.param(c, e, id=i) for i, c, e in CHANGES])
def test_changes_of_a_wednesday(changes: Any, expected: str) -> None:
    written = {name: {"operators": ["anna"], **each} for name, each in changes.items()}
    book = book_of(shifts=EARLY, plans={"anna": ANNA}, changes=written)
    assert days(book, "2026-11-25", 1) == [expected]


def test_the_plan_that_holds_for_fewer_days_holds() -> None:
    exams = {"operators": ["anna"], "from": "05-20", "until": "06-30", "week": {"mon-fri": "07:00-19:00"}}
    june = {"operators": ["anna"], "from": "2027-06-01", "until": "2027-06-02", "week": {"mon-sun": "off"}}
    new = {"operators": ["anna"], "from": "2027-09-01", "week": {"mon-sun": "09:00-10:00"}}
    book = book_of(shifts=EARLY, plans={"anna": ANNA, "exams": exams, "june": june, "new": new})
    assert days(book, "2027-05-19", 2) == ["Wed 08:00-16:00 8h", "Thu 07:00-19:00 12h"]
    assert days(book, "2027-05-31", 3) == ["Mon 07:00-19:00 12h", "off", "off"]
    assert days(book, "2027-08-31", 2) == ["Tue 08:00-16:00 8h", "Wed 09:00-10:00 1h"]


def test_shifts_of_days_on_which_the_line_does_not_open_are_not_worked() -> None:
    line = {"name": "I", "numbers": ["+47 22 85 12 34"], "time_zone": OSLO, "queue": "main"}
    book = book_of(
        shifts=EARLY,
        plans={"anna": {**ANNA, "open_days_of": "info"}},
        lines={"info": {**line, "calendar": "office"}},
        calendars={"office": {"hours": {"mon-fri": "09:00-15:00"}, "holidays": {"country": "NO"}}},
    )
    # Thursday and Friday before and at Christmas, then a Saturday on which nobody rings.
    assert days(book, "2026-12-24", 3) == ["Thu 08:00-16:00 8h", "off", "off"]


def test_standing_tells_until_when() -> None:
    book = book_of(
        shifts=EARLY, plans={"anna": ANNA}, changes={"x": {"operators": ["bjorn"], "on": "2026-11-26"}}
    )
    at = datetime(2026, 11, 25, 9, tzinfo=UTC)
    anna = book.standing("anna", at)
    assert (anna.kind, anna.until) == (StandingKind.ON_DUTY, datetime(2026, 11, 25, 15, tzinfo=UTC))
    evening = book.standing("anna", at + timedelta(hours=9))
    assert (evening.kind, evening.until) == (StandingKind.OFF_DUTY, datetime(2026, 11, 26, 7, tzinfo=UTC))
    # Bjørn has no plan: free to sign in, but for the day that is taken off.
    bjorn = book.standing("bjorn", at)
    assert (bjorn.kind, bjorn.until) == (StandingKind.UNPLANNED, datetime(2026, 11, 25, 23, tzinfo=UTC))
    assert book.standing("bjorn", at + timedelta(days=1)).kind is StandingKind.OFF_DUTY
    assert book.planned == {"anna"}


ZONES = ("Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu",
         "America/St_Johns")  # fmt: skip
# Weeks with a change of the clocks in one zone or another, and a year's end.
WEEKS = ("2026-10-19", "2026-03-23", "2026-03-30", "2026-10-26", "2026-12-28", "2026-02-09")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(WEEKS),
    st.integers(0, 95),
    st.integers(1, 95),
    st.sets(st.integers(0, 6), min_size=1),
)
def test_every_minute_of_a_week_is_as_the_wall_clock_says(
    zone: str, first: str, quarter: int, length: int, weekdays: set[int]
) -> None:
    """Against an oracle that looks at a clock on the wall once a minute and knows no time zones."""
    start, end = quarter * 15, quarter * 15 + length * 15
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    hours = f"{start // 60:02}:{start % 60:02}-{end // 60 % 24:02}:{end % 60:02}"
    week = {names[day]: hours for day in weekdays}
    book = book_of(plans={"p": {"operators": ["anna"], "week": week}}, zone=zone)
    monday = datetime.fromisoformat(first).replace(tzinfo=UTC)
    minutes = [monday + timedelta(minutes=step) for step in range(7 * 1440)]
    expected: dict[date, list[datetime]] = {}
    for minute in [monday + timedelta(minutes=step) for step in range(-2 * 1440, 9 * 1440)]:
        wall = minute.astimezone(ZoneInfo(zone))
        passed = wall.hour * 60 + wall.minute
        for day, at in ((wall.date(), passed), (wall.date() - timedelta(days=1), passed + 1440)):
            if day.weekday() in weekdays and start <= at < end:
                expected.setdefault(day, []).append(minute)
    # A shift is not torn apart: it lasts from its first such minute to its last.
    spans = [(found[0], found[-1]) for found in expected.values()]
    on_duty = {minute for minute in minutes if any(a <= minute <= b for a, b in spans)}
    duties = book.duties("anna", minutes[0], minutes[-1])
    assert {m for m in minutes if any(duty.start <= m < duty.end for duty in duties)} == on_duty
