"""Tables that a reader can check with a calendar in hand: which rule holds, and what callers are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hotline_ivr.routing.overrides import Override, OverrideKind
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.situation import RuleKind
from tests.plans import a_plan
from tests.routing.calendars_at_random import as_data, as_plan

OSLO = "Europe/Oslo"


def book_of(calendar: dict[str, Any], zone: str = OSLO, **others: dict[str, Any]) -> Rulebook:
    return Rulebook(as_plan(as_data(zone, {"office": calendar, **others})))


def local(text: str, zone: str = OSLO, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def told(book: Rulebook, text: str) -> str:
    """`open office.hours` and the like, at a local time."""
    situation = book.situation("info", local(text))
    return f"{'open' if situation.open else 'closed'} {situation.rule.name.removeprefix('office.')}"


# The worked example of docs/calendars.md.
UNIVERSITY: dict[str, Any] = {
    "hours": {"mon-fri": "08:00-12:00, 12:30-16:00"},
    "seasons": {"summer": {"from": "06-15", "until": "08-15", "hours": {"mon-fri": "10:00-14:00"}}},
    "holidays": {"country": "NO", "days": {"Grunnlovsdag": {"message": "closed-may17"}}},
    "special_days": {"christmas-eve": {"on": "12-24", "hours": "08:00-12:00"}},
    "closures": {
        "christmas": {"on": "12-24 to 01-01", "message": "closed-christmas"},
        "staff": {"on": "2026-04-15", "hours": "11:00-13:00"},
    },
    "openings": {"deadline": {"on": "2026-04-15", "hours": "12:00-01:00", "greeting": "greeting-deadline"}},
}


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-04-15 07:59", "closed hours"),  # Wednesday, the day of the deadline
        ("2026-04-15 08:00", "open hours"),
        ("2026-04-15 11:00", "closed closures.staff"),
        ("2026-04-15 12:00", "open openings.deadline"),  # an opening goes before a closure
        ("2026-04-15 16:00", "open openings.deadline"),
        ("2026-04-16 00:59", "open openings.deadline"),
        ("2026-04-16 01:00", "closed hours"),
        ("2026-05-14 10:00", "closed holidays.Kristi himmelfartsdag"),
        ("2026-05-15 10:00", "open hours"),
        ("2026-06-14 10:00", "closed hours"),  # Sunday
        ("2026-06-15 08:00", "closed seasons.summer"),
        ("2026-06-15 10:00", "open seasons.summer"),
        ("2026-08-14 10:00", "open seasons.summer"),
        ("2026-08-17 08:00", "open hours"),
        ("2026-12-24 09:00", "closed closures.christmas"),  # a closure goes before a special day
        ("2026-12-31 23:59", "closed closures.christmas"),
        ("2027-01-01 00:00", "closed closures.christmas"),
        ("2027-01-02 10:00", "closed hours"),  # Saturday
        ("2027-01-04 10:00", "open hours"),
    ],
)
def test_a_day_goes_by_its_strongest_rule(moment: str, expected: str) -> None:
    assert told(book_of(UNIVERSITY), moment) == expected


NIGHT = {"hours": {"mon-sun": "22:00-02:00"}}


@pytest.mark.parametrize(
    ("rules", "moment", "expected"),
    [
        # Tuesday 2026-11-10 is closed: Monday's night goes on to its end, Tuesday's does not happen.
        ({"closures": {"x": {"on": "2026-11-10"}}}, "2026-11-10 01:59", "open hours"),
        ({"closures": {"x": {"on": "2026-11-10"}}}, "2026-11-10 02:00", "closed closures.x"),
        ({"closures": {"x": {"on": "2026-11-10"}}}, "2026-11-10 22:00", "closed closures.x"),
        ({"closures": {"x": {"on": "2026-11-10"}}}, "2026-11-11 01:00", "closed hours"),
        ({"closures": {"x": {"on": "2026-11-10"}}}, "2026-11-11 22:00", "open hours"),
        # A closure by the clock cuts the night wherever it began.
        ({"closures": {"x": {"on": "2026-11-10", "hours": "00:00-24:00"}}}, "2026-11-10 00:00",
         "closed closures.x"),
        # Over the end of the year: 31 December's night goes on into a holiday.
        ({"holidays": {"country": "NO"}}, "2027-01-01 01:00", "open hours"),
        ({"holidays": {"country": "NO"}}, "2027-01-01 23:00", "closed holidays.Første nyttårsdag"),
        ({"holidays": {"country": "NO"}}, "2027-01-02 01:00", "closed hours"),
        ({"openings": {"x": {"on": "2026-12-31", "hours": "18:00-06:00"}}}, "2027-01-01 05:59",
         "open openings.x"),
    ],
)  # fmt: skip
def test_hours_past_midnight_belong_to_the_day_they_begin_on(
    rules: dict[str, Any], moment: str, expected: str
) -> None:
    assert told(book_of({**NIGHT, **rules}), moment) == expected


@pytest.mark.parametrize(
    ("on", "moment", "closed"),
    [
        ("02-29", "2028-02-29 10:00", True),
        ("02-29", "2030-02-28 10:00", False),
        ("02-29", "2026-03-02 10:00", False),
        ("02-29 to 03-03", "2026-02-27 10:00", False),
        ("02-29 to 03-03", "2026-03-02 10:00", True),
        ("02-26 to 02-29", "2026-02-27 10:00", True),
        ("02-26 to 02-29", "2026-03-02 10:00", False),
        ("02-26 to 02-29", "2028-02-29 10:00", True),
        ("12-28 to 01-02", "2026-12-28 10:00", True),
        ("12-28 to 01-02", "2026-01-02 10:00", True),
        ("12-28 to 01-02", "2026-01-05 10:00", False),
        ("easter-3", "2026-04-02 10:00", True),
        ("easter+1", "2027-03-29 10:00", True),
        ("first monday of september", "2026-09-07 10:00", True),
        ("last friday of november", "2026-11-27 10:00", True),
        ("fifth friday of every month", "2026-10-30 10:00", True),
        ("fifth friday of every month", "2026-11-27 10:00", False),
    ],
)
def test_days_are_found_also_in_leap_years_and_over_the_year_end(on: str, moment: str, closed: bool) -> None:
    book = book_of({"hours": {"mon-fri": "08:00-16:00"}, "closures": {"x": {"on": on}}})
    assert book.situation("info", local(moment)).open is not closed


@pytest.mark.parametrize(
    ("utc", "wall", "is_open"),
    [
        # The night of 29 March 2026 in Oslo: 01:59 is followed by 03:00. An opening 02:30-04:00.
        ("2026-03-29T00:59:00Z", "01:59", False),
        ("2026-03-29T01:00:00Z", "03:00", True),
        ("2026-03-29T02:00:00Z", "04:00", False),
        # The night of 25 October 2026: 02:59 is followed by 02:00.
        ("2026-10-25T00:30:00Z", "02:30", True),
        ("2026-10-25T01:00:00Z", "02:00", False),  # for the second time
        ("2026-10-25T01:30:00Z", "02:30", True),
        ("2026-10-25T03:00:00Z", "04:00", False),
    ],
)
def test_the_wall_clock_decides_when_clocks_change(utc: str, wall: str, is_open: bool) -> None:
    days = ["2026-03-29", "2026-10-25"]
    book = book_of({"openings": {"night": {"on": days, "hours": "02:30-04:00"}}})
    moment = datetime.fromisoformat(utc)
    assert moment.astimezone(ZoneInfo(OSLO)).strftime("%H:%M") == wall
    assert book.situation("info", moment).open is is_open


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        # 17 May 2026 is a Sunday and a holiday; Monday 18 May is a working day, Friday 15 May too.
        ("next-working-day", "2026-05-18"),
        ("previous-working-day", "2026-05-15"),
        ("nearest-working-day", "2026-05-18"),
        ("next-monday", "2026-05-18"),
    ],
)
def test_a_special_day_moves_off_days_that_are_free_anyway(how: str, expected: str) -> None:
    calendar = {
        "hours": "always",
        "holidays": {"country": "NO"},
        "special_days": {"x": {"on": "05-17", "moved": how}},
    }
    days = [f"2026-05-{day}" for day in range(13, 20)]
    found = [day for day in days if told(book_of(calendar), f"{day} 10:00") == "closed special_days.x"]
    assert found == [expected]


def test_a_saturday_worked_in_place_of_a_monday_has_mondays_hours() -> None:
    calendar = {"hours": {"mon": "09:00-17:00"}, "special_days": {"x": {"on": "2026-05-16", "as": "mon"}}}
    book = book_of(calendar)
    assert [told(book, f"2026-05-16 {time}") for time in ("08:59", "09:00", "17:00")] == [
        "closed special_days.x", "open special_days.x", "closed special_days.x",
    ]  # fmt: skip


def test_a_calendar_inherits_and_its_own_rules_go_first() -> None:
    national = {
        "holidays": {"country": "NO"},
        "closures": {"long": {"on": "2026-07-13"}},
        "hours": {"mon-fri": "07:00-20:00"},
    }
    office = {
        "extends": ["national"],
        "hours": {"mon-fri": "08:00-16:00"},
        "holidays": {"except": ["Ascension Day"]},
        "closures": {"holiday-weeks": {"on": "2026-07-06 to 2026-07-19"}},
    }
    book = book_of(office, national=national)
    assert told(book, "2026-05-14 09:00") == "open hours"  # Ascension Day, exempted by its own calendar
    assert told(book, "2026-05-01 09:00") == "closed national.holidays.Arbeidernes dag"
    assert told(book, "2026-07-13 09:00") == "closed closures.holiday-weeks"  # its own, although longer
    assert told(book, "2026-06-01 07:30") == "closed hours"


def test_within_a_kind_the_shorter_rule_wins_then_the_later_written() -> None:
    weeks = {"on": "2026-07-01 to 2026-07-31"}
    closures = {"day": {"on": "2026-07-08"}, "month": weeks, "month-again": weeks}
    book = book_of({"hours": "always", "closures": closures})
    assert told(book, "2026-07-08 09:00") == "closed closures.day"
    assert told(book, "2026-07-09 09:00") == "closed closures.month-again"


def test_each_rule_may_have_its_own_prompts_and_destination() -> None:
    calendar = {
        "hours": {"mon-fri": "08:00-16:00"},
        "holidays": {
            "country": "NO", "message": "closed-holiday",
            "days": {"Ascension Day": {"hours": "10:00-12:00", "greeting": "greeting-short",
                                       "message": "closed-soon", "to": {"voicemail": "main"}}},
        },
    }  # fmt: skip
    book = book_of(calendar)
    during, after, other = (
        book.situation("info", local(text)).rule
        for text in ("2026-05-14 10:30", "2026-05-14 12:30", "2026-05-01 09:00")
    )
    assert (during.message, during.to) == ("greeting-short", None)
    assert after.message == "closed-soon"
    assert after.to is not None
    assert after.to.kind == "voicemail"
    assert other.message == "closed-holiday"


CAMPAIGN = {"from": "2026-09-01 08:00", "until": "2026-10-25 02:30", "before": "soon", "after": "over"}


@pytest.mark.parametrize(
    ("utc", "message"),
    [
        ("2026-09-01T05:59:00Z", "soon"),
        ("2026-09-01T06:00:00Z", None),
        ("2026-10-25T00:30:00Z", None),  # 02:30 for the first time
        ("2026-10-25T01:29:00Z", None),
        ("2026-10-25T01:30:00Z", "over"),  # 02:30 for the second time
        ("2027-06-01T10:00:00Z", "over"),
    ],
)
def test_a_campaign_lives_from_its_first_to_its_last_minute(utc: str, message: str | None) -> None:
    book = Rulebook(a_plan("always", campaign=CAMPAIGN))
    situation = book.situation("info", datetime.fromisoformat(utc))
    assert (situation.open, situation.rule.message) == (message is None, message)
    assert situation.rule.kind is (RuleKind.CAMPAIGN if message else RuleKind.WEEK)


def test_a_campaign_that_begins_in_the_skipped_hour_begins_when_it_is_over() -> None:
    book = Rulebook(a_plan("always", campaign={"from": "2026-03-29 02:30"}))
    skipped = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert not book.situation("info", skipped - timedelta(seconds=1)).open
    assert book.situation("info", skipped).open


def test_a_line_of_one_evening_needs_no_week() -> None:
    book = book_of({"openings": {"evening": {"on": "2026-10-06", "hours": "18:00-22:00"}}})
    changes = book.changes("info", local("2026-10-01 00:00"), 30)
    assert [change.situation.open for change in changes] == [False, True, False, False]
    assert book.next_change("info", local("2026-10-07 00:00")) is None


def by_hand(kind: OverrideKind, since: datetime, until: datetime | None, **more: Any) -> Override:
    return Override(f"{kind}-1", "info", kind, since, until, "anna", **more)


def test_what_is_decided_by_hand_goes_before_the_calendar_and_ends_by_itself() -> None:
    noon = local("2026-03-02 12:00").astimezone(UTC)
    book = Rulebook(a_plan({"mon-fri": "08:00-16:00"}))
    closed = book.with_overrides(
        [by_hand(OverrideKind.CLOSE, noon, noon + timedelta(hours=1), prompt="fire")]
    )
    states = [(c.at, c.situation.open, c.situation.rule.message) for c in closed.changes("info", noon, 1)][:3]
    assert states == [
        (noon, False, "fire"),
        (noon + timedelta(hours=1), True, None),
        (noon + timedelta(hours=4), False, None),
    ]  # fmt: skip
    assert book.situation("info", noon).open
    won = [each for each in closed.trace("info", noon) if each.won]
    assert [each.rule.kind for each in won] == [RuleKind.OVERRIDE]
    assert closed.next_change("info", noon) == closed.changes("info", noon, 1)[1]


def test_the_later_decision_holds_and_an_information_comes_on_top() -> None:
    noon = local("2026-03-02 12:00").astimezone(UTC)
    overrides = [
        by_hand(OverrideKind.OPEN, noon + timedelta(minutes=1), None),
        by_hand(OverrideKind.CLOSE, noon, None),
        by_hand(OverrideKind.SURGE, noon, None, prompt="incident", must_press_to_go_on=True),
    ]
    situation = Rulebook(a_plan({"tue": "08:00-16:00"}), overrides).situation(
        "info", noon + timedelta(hours=1)
    )
    assert situation.open
    assert (situation.information, situation.must_press_to_go_on) == ("incident", True)


def test_a_rulebook_with_other_overrides_shares_what_is_compiled() -> None:
    book = book_of(UNIVERSITY)
    book.prepare(local("2026-03-02 12:00"))
    compiled = book._lines["info"].year(2026)
    assert book.with_overrides([])._lines["info"].year(2026) is compiled
