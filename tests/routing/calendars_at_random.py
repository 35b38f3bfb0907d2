"""Calendars made up for property tests: every kind of rule, around one day, as an admin would write them.

And the days around which they are most worth a look.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from hotline_ivr.config.models import Plan

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
COUNTRIES = ["NO", "GB", "US", "BR", "IN", "EG"]
# Rules that fall on no certain date; around a clock change some of them do.
MOVABLE = ["easter", "easter-1", "easter+1", "first sunday of november", "last sunday of every month",
           "last sunday of march", "second saturday of march", "02-29"]  # fmt: skip


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


minutes = st.one_of(st.integers(0, 287).map(lambda five: five * 5), st.integers(0, 40).map(lambda n: n * 5))
intervals = st.tuples(minutes, minutes).filter(lambda pair: pair[0] != pair[1])
day_hours = intervals.map(lambda pair: f"{clock(pair[0])}-{clock(pair[1])}")
# No two of these days are neighbours, so an interval past midnight never meets the next one.
weeks = (
    st.dictionaries(st.sampled_from(["mon", "wed", "fri"]), day_hours, min_size=1)
    | st.just("always")
    | st.just({"sat-sun": "00:30-03:30"})
)


def near(day: date, yearly: bool) -> st.SearchStrategy[str]:
    """A date within three days of `day`, or a run of days, or one of the movable ones."""
    form = "%m-%d" if yearly else "%Y-%m-%d"

    def text(pair: tuple[int, int]) -> str:
        first, last = (f"{day + timedelta(days=shift):{form}}" for shift in (pair[0], pair[0] + pair[1]))
        return first if first == last else f"{first} to {last}"

    return st.tuples(st.integers(-3, 3), st.integers(0, 3)).map(text)


@st.composite
def calendar_around(draw: st.DrawFn, day: date) -> dict[str, Any]:
    """One calendar with some rule of every kind."""
    days = near(day, False) | near(day, True) | st.sampled_from(MOVABLE)

    def some(rule: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
        return {f"r{number}": each for number, each in enumerate(draw(st.lists(rule, max_size=2)))}

    on = days | st.lists(days, min_size=1, max_size=2)
    closure = st.fixed_dictionaries({"on": on}, optional={"hours": day_hours})
    special = st.fixed_dictionaries(
        {"on": on},
        optional={"moved": st.sampled_from(["next-working-day", "previous-working-day", "nearest-working-day",
                                            "next-monday"])},
    )  # fmt: skip
    hours = day_hours.map(lambda text: {"hours": text})
    another_day = st.sampled_from(DAYS).map(lambda name: {"as": name})
    own: st.SearchStrategy[dict[str, Any]] = st.one_of(st.just({}), hours, another_day)
    ends = st.tuples(st.integers(-40, 2), st.integers(-2, 40), st.booleans()).filter(lambda e: e[0] <= e[1])

    def season(made: tuple[tuple[int, int, bool], Any]) -> dict[str, Any]:
        (first, last, yearly), hours = made
        form = "%m-%d" if yearly else "%Y-%m-%d"
        begins, ends = (f"{day + timedelta(days=shift):{form}}" for shift in (first, last))
        return {"from": begins, "until": ends, "hours": hours}

    return {
        **draw(st.fixed_dictionaries({}, optional={"hours": weeks})),
        "openings": some(st.fixed_dictionaries({"on": on, "hours": day_hours})),
        "closures": some(closure),
        "special_days": some(st.tuples(special, own).map(lambda pair: {**pair[0], **pair[1]})),
        "seasons": some(st.tuples(ends, weeks | st.just("closed")).map(season)),
        "holidays": {
            "country": draw(st.sampled_from(COUNTRIES)),
            **draw(st.just({}) | hours),
        },
    }


def as_data(zone: str, calendars: dict[str, Any]) -> dict[str, Any]:
    """A whole configuration whose line `info` goes by the calendar `office`."""
    return {
        "organisation": {"name": "Example University"},
        "lines": {
            "info": {"name": "Information", "numbers": ["+47 22 85 12 34"], "time_zone": zone,
                     "calendar": "office", "queue": "main"},
        },
        "calendars": calendars,
        "queues": {"main": {"operators": ["anna"]}},
        "operators": {"anna": {"name": "Anna Berg"}},
        "trunks": {"carrier": {"hosts": ["127.0.0.1"]}},
    }  # fmt: skip


def as_plan(data: dict[str, Any]) -> Plan:
    return Plan.model_validate(data, context={"country": "NO"})


@lru_cache
def clock_changes(zone: str, year: int) -> list[datetime]:
    """The days (UTC) on which this zone's offset changes; midsummer where it never does."""
    found = []
    day = datetime(year, 1, 1, tzinfo=UTC)
    while day.year == year:
        after = day + timedelta(days=1)
        if day.astimezone(ZoneInfo(zone)).utcoffset() != after.astimezone(ZoneInfo(zone)).utcoffset():
            found.append(day)
        day = after
    return found or [datetime(year, 6, 1, tzinfo=UTC)]
