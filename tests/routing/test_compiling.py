"""A compiled year against the same rules read naively, minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.testing.naive_hours import NaiveHours
from tests.routing.calendars_at_random import as_data, as_plan, calendar_around, clock_changes

# Clocks go forward and back in each of these, at various hours, by an hour or half an hour; in some no more.
ZONES = [
    "Europe/Oslo", "Europe/London", "Europe/Lisbon", "Europe/Athens",
    "America/New_York", "America/St_Johns", "America/Santiago", "America/Havana",
    "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham",
    "Africa/Casablanca", "Asia/Beirut", "Asia/Jerusalem", "America/Nuuk",
    "Asia/Kolkata", "Africa/Cairo", "Antarctica/Troll", "America/Asuncion",
]  # fmt: skip
YEARS = (2024, 2026)


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_minute_around_both_clock_changes_agrees_with_the_rules_read_naively(
    zone: str, data: st.DataObject
) -> None:
    year = data.draw(st.sampled_from(YEARS))
    for day in clock_changes(zone, year):
        calendars = {
            "office": {**data.draw(calendar_around(day.date())), "extends": ["national"]},
            "national": data.draw(calendar_around(day.date())),
        }
        written = as_data(zone, calendars)
        book = Rulebook(as_plan(written))
        slow = NaiveHours(written, "info")
        # By the minute on the day itself, around it every five minutes, on which all rules begin.
        for minute in (*range(-1440, 0, 5), *range(1440), *range(1440, 2880, 5)):
            moment = day + timedelta(minutes=minute)
            situation = book.situation("info", moment)
            assert (situation.open, situation.rule.name) == slow.at(moment), moment


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), zone=st.sampled_from(ZONES), day=st.integers(0, 730), minute=st.integers(0, 1439))
def test_what_is_explained_is_what_holds(data: st.DataObject, zone: str, day: int, minute: int) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, minutes=minute)
    written = as_data(zone, {"office": data.draw(calendar_around(moment.date()))})
    book = Rulebook(as_plan(written))
    considered = book.trace("info", moment)
    won = [each for each in considered if each.won]
    situation = book.situation("info", moment)
    assert [(each.open, each.rule) for each in won] == [(situation.open, situation.rule)]
    assert all(each.why for each in considered)
    assert len({(each.rule.kind, each.rule.name) for each in considered}) == len(considered)
    for each in considered:
        assert each.applies == (each.open is not None)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), zone=st.sampled_from(ZONES), day=st.integers(0, 730))
def test_between_changes_nothing_changes(data: st.DataObject, zone: str, day: int) -> None:
    start = datetime(2026, 1, 1, 7, 3, 5, tzinfo=UTC) + timedelta(days=day)
    written = as_data(zone, {"office": data.draw(calendar_around(start.date()))})
    book = Rulebook(as_plan(written))
    changes = book.changes("info", start, 10)
    assert (changes[0].at, changes[-1].at) == (start, start + timedelta(days=10))
    for here, there in pairwise(changes):
        assert here.at < there.at
        assert there is changes[-1] or here.situation != there.situation
        for moment in (here.at, here.at + (there.at - here.at) / 2, there.at - timedelta(seconds=1)):
            assert book.situation("info", moment) == here.situation
    flips = [there for here, there in pairwise(changes) if here.situation.open != there.situation.open]
    following = book.next_change("info", start)
    if flips:
        assert following == flips[0]
    else:
        assert following is None or following.at >= changes[-1].at
