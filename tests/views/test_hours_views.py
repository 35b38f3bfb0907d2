"""Opening hours as people and programs get them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree as ET

import icalendar
import pytest

from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.views import hours_html, hours_svg, hours_text
from hotline_ivr.views.week import LineHours, clock_of, line_hours
from tests.plans import a_plan

NOW = datetime(2026, 3, 23, 12, tzinfo=UTC)
WEEK = {"mon-thu": "08:00-12:00, 12:30-16:00", "fri": "22:00-02:00"}


def hours_of(week: object = WEEK, first: date = date(2026, 3, 23), days: int = 7, **line: Any) -> LineHours:
    return line_hours(Rulebook(a_plan(week, **line)), "info", first, days)


def test_the_table_has_a_day_a_line_and_cuts_the_night_at_midnight() -> None:
    assert hours_text.table(hours_of()).splitlines() == [
        "Information (info), Europe/Oslo",
        "  Mon 2026-03-23  08:00-12:00, 12:30-16:00",
        "  Tue 2026-03-24  08:00-12:00, 12:30-16:00",
        "  Wed 2026-03-25  08:00-12:00, 12:30-16:00",
        "  Thu 2026-03-26  08:00-12:00, 12:30-16:00",
        "  Fri 2026-03-27  22:00-24:00",
        "  Sat 2026-03-28  00:00-02:00",
        "  Sun 2026-03-29  closed",
    ]


@pytest.mark.parametrize(
    ("first", "spans"),
    [
        (date(2026, 3, 29), [("00:00", "24:00", 23.0)]),  # clocks go forward
        (date(2026, 10, 25), [("00:00", "24:00", 25.0)]),  # and back
    ],
)
def test_a_day_on_which_clocks_change_is_an_hour_shorter_or_longer(
    first: date, spans: list[tuple[str, str, float]]
) -> None:
    (day,) = hours_of("always", first, 1).days
    assert [
        (
            clock_of(each.start, day.day),
            clock_of(each.end, day.day),
            (each.end.timestamp() - each.start.timestamp()) / 3600,
        )
        for each in day.spans
    ] == spans


def test_the_json_is_for_programs() -> None:
    shown = hours_text.as_json(hours_of())
    assert shown["schema"] == "hotline/hours/1"
    assert shown["days"][4]["open"] == [
        {"from": "2026-03-27T22:00:00+01:00", "until": "2026-03-28T00:00:00+01:00", "rule": "info.hours"}
    ]
    assert json.loads(json.dumps(shown)) == shown


def test_the_html_shows_a_name_as_it_is_written_and_runs_nothing_of_it() -> None:
    page = hours_html.html(hours_of(name="</script><b>Ø & co</b>"))
    table, _, script = page.partition("</table>")
    assert "&lt;/script&gt;&lt;b&gt;Ø &amp; co&lt;/b&gt;" in table
    assert script.count("</script>") == 1
    data = json.loads(script.partition('ld+json">')[2].partition("</script>")[0])
    assert data["name"] == "</script><b>Ø & co</b>"
    monday = [each for each in data["hoursAvailable"] if each["validFrom"] == "2026-03-23"]
    assert [(each["opens"], each["closes"]) for each in monday] == [("08:00", "12:00"), ("12:30", "16:00")]


def test_the_picture_is_well_formed_and_tells_its_hours() -> None:
    root = ET.fromstring(hours_svg.svg(hours_of(days=14, name="A < B & C")))  # noqa: S314 - ours
    words = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert words.count("08:00–12:00") == 8
    assert "A < B & C" in words


def test_the_feed_is_read_by_others_and_keeps_a_night_whole() -> None:
    text = hours_text.ical(hours_of(name="Admission, " + "ø" * 60), NOW)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    events = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert len(events) == 9
    assert str(events[0]["SUMMARY"]) == "Admission, " + "ø" * 60
    night = events[8]
    # 22:00 to 02:00 in Oslo.
    assert night.decoded("DTSTART") == datetime(2026, 3, 27, 21, tzinfo=UTC)
    assert night.decoded("DTEND") == datetime(2026, 3, 28, 1, tzinfo=UTC)
    again = hours_text.ical(hours_of(name="Admission, " + "ø" * 60), NOW)
    assert again == text


def special(language: str) -> LineHours:
    """A week whose Tuesday is closed by a rule that callers need not know."""
    closures = {"secret-move": {"on": "2026-03-24"}}
    line = {"name": "Information", "numbers": ["+4722851234"], "time_zone": "Europe/Oslo", "queue": "main"}
    sections = {
        "calendars": {"desk": {"hours": WEEK, "closures": closures}},
        "lines": {"info": {**line, "language": language, "calendar": "desk"}},
    }
    return line_hours(Rulebook(a_plan(sections=sections)), "info", date(2026, 3, 23), 7)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("nb", ["tirsdag 24. mars", "stengt", "særskilt dag", "søndag 29. mars", "stengt"]),
        ("en", ["Tuesday 24 March", "closed", "special day", "Sunday 29 March", "closed"]),
    ],
)
def test_the_page_speaks_the_language_of_the_line_and_marks_special_days_in_words(
    language: str, told: list[str]
) -> None:
    root = ET.fromstring(hours_html.html(special(language)))  # noqa: S314 - ours
    assert root.get("lang") == language
    rows = [
        [" ".join("".join(cell.itertext()).split()) for cell in (row[0], *row[1])] for row in root.iter("tr")
    ]
    assert [*rows[1], *rows[6]] == told


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("nb", {"tirs. 24. mars", "stengt", "vanlig åpningstid", "særskilt dag, for eksempel en helligdag"}),
        ("en", {"Tue 24 Mar", "closed", "usual hours", "special day, such as a public holiday"}),
    ],
)
def test_the_picture_speaks_it_too_and_explains_its_colours(language: str, told: set[str]) -> None:
    root = ET.fromstring(hours_svg.svg(special(language)))  # noqa: S314 - ours
    assert root.get("lang") == language
    assert told <= {element.text for element in root.iter() if element.tag.endswith("text")}


def test_neither_tells_the_public_what_rules_are_called() -> None:
    for shown in (hours_html.html(special("nb")), hours_svg.svg(special("nb"))):
        assert "secret-move" not in shown


def test_a_picture_of_one_day_has_room_for_its_words() -> None:
    root = ET.fromstring(hours_svg.svg(hours_of(days=1)))  # noqa: S314 - ours
    assert float(root.get("width", "0")) >= 380
