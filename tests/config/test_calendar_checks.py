"""Mistakes between calendars and lines, each with its place; and files of calendar programs."""
# ruff: noqa: E501 - a table reads best with one row a line

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hotline_ivr.config.check import CheckResult, check
from hotline_ivr.routing.review import review
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.testing.many_closures import CLOSURES, write_many_closures
from tests.config.conftest import GOOD

CALENDAR = GOOD.replace("    hours:\n      mon-fri: 08:00-12:00, 12:30-16:00\n", "    calendar: office\n")
TODAY = date(2026, 11, 23)


def checked(folder: Path, calendars: str, prompts: tuple[str, ...] | None = None) -> CheckResult:
    (folder / "hotline.yaml").write_text(f"{CALENDAR}calendars:\n{calendars}", encoding="utf-8")
    return check(folder, prompts, partial(review, today=TODAY))


@pytest.mark.parametrize(
    ("calendars", "path", "message"),
    [
        ("  offce: {hours: always}", "lines.admission.calendar",
         "no calendar 'office'; did you mean 'offce'?"),
        ("  office: {extends: [natonal], hours: always}\n  national: {}", "calendars.office.extends.0",
         "no calendar 'natonal'; did you mean 'national'?"),
        ("  office: {extends: [a], hours: always}\n  a: {extends: [office]}", "calendars.office.extends",
         "extend one another in a circle: office -> a -> office"),
        ("  office: {closures: {x: {on: 05-17}}}", "lines.admission.calendar", "would never open"),
        ("  office: {hours: always, holidays: {country: NO, except: [Acsension Day]}}",
         "calendars.office.holidays.except.0", "did you mean 'Ascension Day'?"),
        ("  office: {hours: always, holidays: {country: XX}}", "calendars.office.holidays.country",
         "no holidays are known for 'XX'"),
        ("  office: {hours: always, holidays: {country: GB, subdivision: ENF}}", "calendars.office.holidays",
         "no subdivision 'ENF'; did you mean 'ENG'?"),
        ("  office: {hours: always, closures: {x: {on: 2026-02-30}}}", "calendars.office.closures.x.on",
         "no such day"),
        ("  office: {hours: always, closures: {x: {on: frist monday of may}}}", "calendars.office.closures.x.on",
         "did you mean 'first'?"),
        ("  office: {hours: always, seasons: {x: {from: 06-15, until: 2026-08-15, hours: closed}}}",
         "calendars.office.seasons.x", "one date with a year and one without"),
        ("  office: {hours: always, special_days: {x: {on: easter, as: mon, hours: closed}}}",
         "calendars.office.special_days.x", "both `hours` and `as`"),
        ("  office: {hours: always, closures: {x: {on: 05-17, to: {queue: mian}}}}",
         "calendars.office.closures.x.to.queue", "did you mean 'main'?"),
        ("  office: {hours: always, closures: {x: {on: 05-17, message: closd}}}",
         "calendars.office.closures.x.message", "did you mean 'closed'?"),
        ("  office: {hours: always, ical: [{file: gone.ics}]}", "calendars.office.ical.0.file", "there is no file"),
        ("  office: {hours: always, ical: [{file: ../../etc/passwd}]}", "calendars.office.ical.0.file",
         "is not the name of an .ics file"),
    ],
)  # fmt: skip
def test_a_mistake_is_an_error_at_its_place(tmp_path: Path, calendars: str, path: str, message: str) -> None:
    result = checked(tmp_path, calendars, ("greeting", "closed", "sorry"))
    assert [(problem.path, message in problem.message) for problem in result.errors] == [(path, True)], (
        result.text
    )


@pytest.mark.parametrize(
    ("calendars", "path", "message"),
    [
        ("  office: {hours: always}\n  spare: {hours: always}", "calendars.spare", "no line goes by"),
        ("  office: {hours: always, closures: {x: {on: 2026-05-17}}}", "calendars.office.closures.x",
         "has been over since 2026-05-17"),
        ("  office: {hours: always, openings: {x: {on: 12-24, hours: '10:00-12:00'}}, closures: {x: {on: 12-24, hours: '10:00-11:00'}}}",
         "calendars.office.closures.x", "never decides anything"),
        ("  office: {openings: {x: {on: 2025-10-06, hours: '18:00-22:00'}}}", "lines.admission.calendar",
         "does not open once"),
        ("  office: {hours: always, seasons: {a: {from: 06-01, until: 07-15, hours: closed}, b: {from: 07-10, until: 09-01, hours: closed}}}",
         "calendars.office.seasons.b", "overlaps season 'a'"),
    ],
)  # fmt: skip
def test_what_an_admin_should_look_at_is_a_warning(
    tmp_path: Path, calendars: str, path: str, message: str
) -> None:
    result = checked(tmp_path, calendars)
    assert not result.errors, result.text
    assert any(problem.path == path and message in problem.message for problem in result.warnings), (
        result.text
    )


def test_a_campaign_that_is_over_reminds_of_its_numbers(tmp_path: Path) -> None:
    file = tmp_path / "hotline.yaml"
    campaign = (
        "    campaign: {until: 2026-10-15 20:00, release_reminder: 2026-11-01}\n    queue: main\nqueues"
    )
    file.write_text(GOOD.replace("    queue: main\nqueues", campaign), encoding="utf-8")
    result = check(file, None, partial(review, today=TODAY))
    assert not result.errors
    assert ["over since" in each.message or "given back" in each.message for each in result.warnings] == [
        True,
        True,
    ]


ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//EN
BEGIN:VEVENT
UID:staff@example.com
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/London:20261201T110000
DTEND;TZID=Europe/London:20261201T120000
RRULE:FREQ=WEEKLY;COUNT=3
SUMMARY:Staff meeting
END:VEVENT
BEGIN:VEVENT
UID:move@example.com
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20261210
DTEND;VALUE=DATE:20261212
SUMMARY:We move
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


def test_events_of_a_calendar_program_close_a_line(tmp_path: Path) -> None:
    (tmp_path / "events.ics").write_text(ICS, encoding="utf-8")
    result = checked(tmp_path, "  office: {hours: always, ical: [{file: events.ics}]}")
    assert result.plan is not None, result.text
    book = Rulebook(result.plan)
    closed = {}
    for text in ("2026-12-01 11:59", "2026-12-01 12:00", "2026-12-08 12:30", "2026-12-15 13:00",
                 "2026-12-10 00:00", "2026-12-11 23:59", "2026-12-12 00:00", "2026-12-22 12:30"):  # fmt: skip
        moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Oslo"))
        closed[text] = book.situation("admission", moment).rule.name
    meeting, moving, open_ = "office.ical.Staff meeting", "office.ical.We move", "office.hours"
    # 11:00 in London is 12:00 in Oslo; the meeting comes three times.
    assert list(closed.values()) == [open_, meeting, meeting, open_, moving, moving, open_, open_]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("FREQ=WEEKLY", "FREQ=SECONDLY", "events.ics:5: event 'staff@example.com' recurs SECONDLY"),
        ("BEGIN:VCALENDAR", "BEGIN:NOTHING", "is not an iCalendar file"),
        (
            "DTSTART;VALUE=DATE:20261210",
            "DTSTART;VALUE=DATE:2026-99-99",
            "events.ics:13: event 'move@example.com'",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    (tmp_path / "events.ics").write_text(ICS.replace(old, new), encoding="utf-8")
    result = checked(tmp_path, "  office: {hours: always, ical: [{file: events.ics}]}")
    assert [message in problem.message for problem in result.errors] == [True], result.text


def test_ten_thousand_closures_are_a_configuration_like_any_other(tmp_path: Path) -> None:
    write_many_closures(tmp_path)
    result = check(tmp_path)
    assert result.plan is not None, result.text
    assert sum(len(calendar.closures) for calendar in result.plan.calendars.values()) == CLOSURES
    book = Rulebook(result.plan)
    first, after = (datetime(2027, 1, 1, 12, tzinfo=UTC), datetime(2033, 12, 1, 12, tzinfo=UTC))
    assert [book.situation("info", moment).open for moment in (first, after)] == [False, True]
