"""Weekly hours: from what is written to minutes of the week, and every way to write them wrong."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from hotline_ivr.config.hours import DAY, DAYS, WEEK, WeeklyHours, parse_days, parse_interval

HOURS = TypeAdapter(WeeklyHours)


def spans(written: object) -> list[str]:
    """Read hours and write the spans as `mon 08:00-12:00`, the end counted on from the span's own day."""
    found = HOURS.validate_python(written).spans
    return [
        f"{DAYS[start // DAY]} {clock(start % DAY)}-{clock(end - start // DAY * DAY)}" for start, end in found
    ]


def said(written: object) -> list[str]:
    """Return what is said about wrong hours, each with the day it belongs to."""
    with pytest.raises(ValidationError) as caught:
        HOURS.validate_python(written)
    return [f"{error['loc'][0] if error['loc'] else ''}: {error['msg']}" for error in caught.value.errors()]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"mon": "08:00-12:00"}, ["mon 08:00-12:00"]),
        ({"mon": "8:00-12:00"}, ["mon 08:00-12:00"]),
        ({"mon": "08:00-12:00, 12:30-16:00"}, ["mon 08:00-12:00", "mon 12:30-16:00"]),
        ({"mon": ["08:00-12:00", "12:30-16:00"]}, ["mon 08:00-12:00", "mon 12:30-16:00"]),
        ({"mon": "12:30-16:00, 08:00-12:00"}, ["mon 08:00-12:00", "mon 12:30-16:00"]),
        ({"mon": "08:00-12:00, 12:00-16:00"}, ["mon 08:00-16:00"]),
        ({"mon, wed": "08:00-09:00"}, ["mon 08:00-09:00", "wed 08:00-09:00"]),
        ({"Sat-Mon": "08:00-09:00"}, ["mon 08:00-09:00", "sat 08:00-09:00", "sun 08:00-09:00"]),
        ({"mon-tue, sat": "08:00-09:00"}, ["mon 08:00-09:00", "tue 08:00-09:00", "sat 08:00-09:00"]),
        ({"mon": "08:00-09:00", "sun": "closed"}, ["mon 08:00-09:00"]),
        ({"sat": "00:00-24:00"}, ["sat 00:00-24:00"]),
        ({"sat": "22:00-00:00"}, ["sat 22:00-24:00"]),
        ({"sat-sun": "00:00-24:00"}, ["sat 00:00-48:00"]),
        ({"fri": "22:00-02:00"}, ["fri 22:00-26:00"]),
        ({"fri": "22:00-02:00", "sat": "02:00-03:00"}, ["fri 22:00-27:00"]),
        ({"sun": "22:00-02:00"}, ["sun 22:00-26:00"]),
        ({"sun": "22:00-24:00", "mon": "00:00-02:00"}, ["sun 22:00-26:00"]),
        ({"sun-mon": "00:00-24:00"}, ["sun 00:00-48:00"]),
        ({"mon": "08:00\u201312:00"}, ["mon 08:00-12:00"]),
    ],
)
def test_hours_are_read_as_minutes_of_the_week(written: object, expected: list[str]) -> None:
    assert spans(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "always",
        {"mon-sun": "00:00-24:00"},
        {"mon-sun": "06:00-18:00, 18:00-06:00"},
        {"thu-wed": "00:00-24:00"},
    ],
)
def test_a_week_without_a_gap_is_always(written: object) -> None:
    assert HOURS.validate_python(written) == WeeklyHours(always=True, spans=((0, WEEK),))


@pytest.mark.parametrize(
    ("written", "messages"),
    [
        (None, [": expects `always` or days with their hours, not nothing"]),
        ("24/7", [": expects `always` or days with their hours, not '24/7'"]),
        ({}, [": this line would never open"]),
        ({"mon-sun": "closed"}, [": this line would never open"]),
        ({"mon": "8-16"}, ["mon: '8-16' is not an interval"]),
        ({"mon": "08.00-16.00"}, ["mon: '08.00-16.00' is not an interval"]),
        ({"mon": "08:00-25:00"}, ["mon: '08:00-25:00' is not an interval"]),
        ({"mon": "08:00-24:01"}, ["mon: '08:00-24:01' is not an interval"]),
        ({"mon": "08:60-09:00"}, ["mon: '08:60-09:00' is not an interval"]),
        ({"mon": "24:00-02:00"}, ["mon: '24:00-02:00' begins at 24:00"]),
        ({"mon": "08:00-08:00"}, ["mon: '08:00-08:00' has no length"]),
        ({"mon": []}, ["mon: has no interval"]),
        ({"mon": None}, ["mon: expects intervals such as 08:00-12:00, 12:30-16:00, not nothing"]),
        ({"mon": "08:00-12:00,"}, ["mon: expects an interval such as 08:00-16:00, not nothing"]),
        ({"monday": "08:00-12:00"}, ["monday: 'monday' is not a day; did you mean 'mon'?"]),
        ({"tirs": "08:00-12:00"}, ["tirs: 'tirs' is not a day; did you mean 'tue'?"]),
        ({"mon-": "08:00-12:00"}, ["mon-: an empty day in 'mon-' is not a day"]),
        ({"mon, mon-tue": "08:00-12:00"}, ["mon, mon-tue: 'mon, mon-tue' names Monday twice"]),
        (
            {"mon": "08:00-12:00, 11:00-13:00"},
            ["mon: mon 11:00-13:00 overlaps mon 08:00-12:00 (from Monday 11:00)"],
        ),
        (
            {"mon-fri": "08:00-16:00", "wed": "12:00-20:00"},
            ["wed: wed 12:00-20:00 overlaps mon-fri 08:00-16:00 (from Wednesday 12:00)"],
        ),
        (
            {"sat": "00:00-10:00", "fri": "22:00-02:00"},
            ["fri: fri 22:00-02:00 overlaps sat 00:00-10:00 (from Saturday 00:00)"],
        ),
        (
            {"mon": "00:00-01:00", "sun": "22:00-02:00"},
            ["sun: sun 22:00-02:00 overlaps mon 00:00-01:00 (from Monday 00:00)"],
        ),
        (
            {"mon-fri": "08:00-12:00, 08:00-12:00"},
            ["mon-fri: mon-fri 08:00-12:00 overlaps mon-fri 08:00-12:00 (from Monday 08:00)"],
        ),
    ],
)
def test_wrong_hours_are_refused_at_their_day(written: object, messages: list[str]) -> None:
    assert said(written) == messages


def test_all_mistakes_of_a_week_are_told_at_once() -> None:
    assert said({"mon": "08:00-12:00, 11:00-13:00", "thuesday": "8-16", "sat": "10:00-25:00"}) == [
        "thuesday: 'thuesday' is not a day; did you mean 'thu'?",
        "thuesday: '8-16' is not an interval",
        "sat: '10:00-25:00' is not an interval",
        "mon: mon 11:00-13:00 overlaps mon 08:00-12:00 (from Monday 11:00)",
    ]


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


_OPENINGS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, DAY - 1), st.integers(1, DAY)), min_size=1, max_size=6
)


@given(_OPENINGS)
@example([(6, 1200, 1440), (0, 1200, 60)])
def test_every_minute_of_the_week_is_open_if_and_only_if_an_interval_holds_it(
    openings: list[tuple[int, int, int]],
) -> None:
    """Or two intervals overlap, which is refused."""
    counted = [0] * WEEK
    written: dict[str, list[str]] = {}
    for day, start, length in openings:
        # An interval as long as a day must begin at midnight to be written.
        begin = 0 if length == DAY else start
        end = begin + length
        written.setdefault(DAYS[day], []).append(f"{clock(begin)}-{clock(end if end <= DAY else end - DAY)}")
        for minute in range(begin, end):
            counted[(day * DAY + minute) % WEEK] += 1
    if max(counted) > 1:
        assert any("overlaps" in message for message in said(written))
        return
    hours = HOURS.validate_python(written)
    opened = [0] * WEEK
    for start, end in hours.spans:
        for minute in range(start, end):
            opened[minute % WEEK] += 1
    assert opened == counted
    assert_normal(hours)
    assert HOURS.validate_python(hours.written()) == hours


def assert_normal(hours: WeeklyHours) -> None:
    """Hold the promises of the docstring: sorted, apart from one another, also around the end of the week."""
    assert hours.always == (hours.spans == ((0, WEEK),))
    starts, ends = [start for start, _ in hours.spans], [end for _, end in hours.spans]
    assert all(0 <= start < WEEK and start < end <= start + WEEK for start, end in hours.spans)
    assert all(end < start for end, start in zip(ends, starts[1:], strict=False))
    if not hours.always:
        assert ends[-1] - WEEK < starts[0]


@given(st.text(alphabet="0123456789:-, \u2013always", max_size=14))
def test_any_text_is_an_interval_or_refused(text: str) -> None:
    try:
        interval = parse_interval(text)
    except ValueError:
        return
    assert 0 <= interval.start < DAY
    assert interval.start < interval.end <= interval.start + DAY


@given(st.text(alphabet="montuewdhfrisa-, ", max_size=14))
def test_any_text_names_days_or_is_refused(text: str) -> None:
    try:
        days = parse_days(text)
    except ValueError:
        return
    assert len(days) == len(set(days))
    assert set(days) <= set(range(7))


def test_hours_are_compared_hashed_and_never_changed() -> None:
    hours = HOURS.validate_python({"mon": "08:00-12:00"})
    assert hash(hours) == hash(WeeklyHours(always=False, spans=((480, 720),)))
    with pytest.raises(AttributeError):
        hours.always = True  # type: ignore[misc]
