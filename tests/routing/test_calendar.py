"""Opening hours, minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_ivr.routing.rulebook import Rulebook
from tests.plans import a_plan
from tests.routing.calendars_at_random import clock_changes

# Clocks go forward and back in each of these, at various hours, by an hour or by half an hour.
ZONES = [
    "Europe/Oslo", "Europe/London", "Europe/Lisbon", "Europe/Athens",
    "America/New_York", "America/St_Johns", "America/Santiago", "America/Havana",
    "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham",
    "Africa/Casablanca", "Asia/Beirut", "Asia/Jerusalem", "America/Sao_Paulo",
    "Asia/Kolkata", "Africa/Cairo", "Antarctica/Troll", "America/Asuncion",
]  # fmt: skip
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def line_with(hours: object, zone: str = "Europe/Oslo") -> Rulebook:
    return Rulebook(a_plan(hours, time_zone=zone))


def is_open(book: Rulebook, moment: datetime) -> bool:
    return book.situation("info", moment).open


def local(text: str, zone: str = "Europe/Oslo", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-02 07:59:59", False),  # Monday
        ("2026-03-02 08:00:00", True),
        ("2026-03-02 11:59:59", True),
        ("2026-03-02 12:00:00", False),
        ("2026-03-02 12:30:00", True),
        ("2026-03-02 16:00:00", False),
        ("2026-03-06 21:59:59", False),  # Friday: 22:00 to 02:00
        ("2026-03-06 23:59:59", True),
        ("2026-03-07 01:59:59", True),
        ("2026-03-07 02:00:00", False),
        ("2026-03-08 23:30:00", True),  # Sunday: 23:00 to 01:00, into Monday
        ("2026-03-09 00:59:59", True),
        ("2026-03-09 01:00:00", False),
    ],
)
def test_a_line_is_open_inside_its_hours_and_closed_on_their_last_minute(moment: str, expected: bool) -> None:
    hours = {"mon-thu": "08:00-12:00, 12:30-16:00", "fri": "22:00-02:00", "sun": "23:00-01:00"}
    assert is_open(line_with(hours), local(moment)) is expected


@pytest.mark.parametrize(
    ("utc", "wall", "expected"),
    [
        # The night of 29 March 2026 in Oslo: 01:59:59 is followed by 03:00:00. Hours 02:30-04:00.
        ("2026-03-29T00:59:00Z", "01:59", False),
        ("2026-03-29T01:00:00Z", "03:00", True),
        ("2026-03-29T01:59:00Z", "03:59", True),
        ("2026-03-29T02:00:00Z", "04:00", False),
        # The night of 25 October 2026: 02:59:59 is followed by 02:00:00.
        ("2026-10-25T00:29:00Z", "02:29", False),
        ("2026-10-25T00:30:00Z", "02:30", True),
        ("2026-10-25T01:00:00Z", "02:00", False),  # for the second time
        ("2026-10-25T01:30:00Z", "02:30", True),
        ("2026-10-25T03:00:00Z", "04:00", False),
    ],
)
def test_the_wall_clock_decides_when_clocks_change(utc: str, wall: str, expected: bool) -> None:
    moment = datetime.fromisoformat(utc)
    assert moment.astimezone(ZoneInfo("Europe/Oslo")).strftime("%H:%M") == wall
    assert is_open(line_with({"sun": "02:30-04:00"}), moment) is expected


def oracle(spans: list[tuple[int, int, int]], moment: datetime, zone: str) -> bool:
    """The hours read naively: on each day, is the wall clock in an interval of today or of yesterday?"""
    wall = moment.astimezone(ZoneInfo(zone))
    minute = wall.hour * 60 + wall.minute
    for day, start, end in spans:
        past_midnight = end <= start
        if day == wall.weekday() and minute >= start and (past_midnight or minute < end):
            return True
        if past_midnight and (day + 1) % 7 == wall.weekday() and minute < end:
            return True
    return False


def as_yaml(spans: list[tuple[int, int, int]]) -> dict[str, str]:
    return {
        DAYS[day]: f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
        for day, start, end in spans
    }


# No two of these days are neighbours, so an interval past midnight never meets the next one.
intervals = st.tuples(st.integers(0, 1439), st.integers(0, 1439)).filter(lambda pair: pair[0] != pair[1])
weeks = st.dictionaries(st.sampled_from([1, 3, 6]), intervals, min_size=1).map(
    lambda days: [(day, start, end) for day, (start, end) in sorted(days.items())]
)


@settings(max_examples=30, deadline=None)
@given(zone=st.sampled_from(ZONES), spans=weeks, year=st.integers(2024, 2030))
def test_every_minute_of_the_days_around_a_clock_change_agrees_with_the_wall_clock(
    zone: str, spans: list[tuple[int, int, int]], year: int
) -> None:
    line = line_with(as_yaml(spans), zone)
    for day in clock_changes(zone, year):
        for minute in range(-720, 2 * 1440):
            moment = day + timedelta(minutes=minute)
            assert is_open(line, moment) is oracle(spans, moment, zone), moment


@settings(max_examples=30, deadline=None)
@given(zone=st.sampled_from(ZONES), spans=weeks, day=st.integers(0, 364), second=st.integers(0, 86399))
def test_between_transitions_nothing_changes(
    zone: str, spans: list[tuple[int, int, int]], day: int, second: int
) -> None:
    line = line_with(as_yaml(spans), zone)
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, seconds=second)
    changes = line.changes("info", start, 14)
    assert changes[0].at == start
    assert changes[-1].at == start + timedelta(days=14)
    for here, there in pairwise(changes):
        assert here.at < there.at
        moment = here.at
        while moment < there.at:
            assert is_open(line, moment) is here.situation.open, moment
            moment += timedelta(minutes=7)
        assert is_open(line, there.at - timedelta(seconds=1)) is here.situation.open


def test_neighbouring_transitions_differ_except_for_the_last_which_marks_the_end() -> None:
    changes = line_with({"mon-fri": "08:00-16:00"}).changes("info", local("2026-03-02 00:00"), 14)
    states = [change.situation.open for change in changes]
    assert states == [False] + [True, False] * 10 + [False]


def test_a_line_that_is_always_open_has_no_transitions_but_the_ends() -> None:
    changes = line_with("always").changes("info", local("2026-03-28 12:00"), 14)
    assert [change.situation.open for change in changes] == [True, True]
