"""The four examples as an admin begins with them: written by `hotline init`, checked, explained ten times."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.config.check import read_plan
from hotline_ivr.setup.starting import EXAMPLE_DAY, TEMPLATES
from hotline_ivr.testing.verbs import run_verb

GIVEN = ("--name", "Example", "--number", "+47 22 85 12 34", "--time-zone", "Europe/Oslo", "--language", "nb")

# 2028 is a leap year; Easter Sunday is 16 April, clocks change on 26 March and 29 October.
# The municipality's dates are told as if its evening were 16 March 2028; the test moves them to its own day.
# example, moment in Oslo, state, rule that won, first prompt, where the caller goes
MOMENTS = [
    ("university", "2028-03-01T09:59", "closed", "admission.hours", "admission-closed", ""),
    ("university", "2028-03-01T10:00", "open", "admission.hours", "admission-greeting", "menu:admission"),
    ("university", "2028-03-04T11:00", "closed", "admission.hours", "admission-closed", ""),
    ("university", "2028-04-14T11:00", "closed", "admission.holidays.Langfredag", "admission-closed", ""),
    (
        "university",
        "2028-04-15T18:00",
        "open",
        "admission.openings.deadline",
        "admission-greeting",
        "menu:admission",
    ),
    ("university", "2028-06-01T12:15", "closed", "admission.seasons.exams", "admission-closed", ""),
    (
        "university",
        "2028-06-01T17:59",
        "open",
        "admission.seasons.exams",
        "admission-exams",
        "menu:admission",
    ),
    (
        "university",
        "2028-06-03T13:00",
        "open",
        "admission.seasons.exams",
        "admission-exams",
        "menu:admission",
    ),
    ("university", "2028-07-04T11:00", "closed", "admission.seasons.summer", "admission-summer", ""),
    ("university", "2029-01-01T00:00", "closed", "admission.special_days.christmas", "admission-closed", ""),
    ("isp", "2028-02-29T00:00", "open", "support.hours", "support-greeting", "menu:support"),
    ("isp", "2028-03-26T01:59", "open", "support.hours", "support-greeting", "menu:support"),
    ("isp", "2028-03-26T03:00", "open", "support.hours", "support-greeting", "menu:support"),
    ("isp", "2028-05-17T12:00", "open", "support.hours", "support-greeting", "menu:support"),
    ("isp", "2028-07-15T04:00", "open", "support.hours", "support-greeting", "menu:support"),
    ("isp", "2028-10-29T02:30", "open", "support.hours", "support-greeting", "menu:support"),
    ("isp", "2028-12-24T23:59", "open", "support.hours", "support-greeting", "menu:support"),
    ("isp", "2028-12-31T23:59", "open", "support.hours", "support-greeting", "menu:support"),
    ("isp", "2029-01-01T00:00", "open", "support.hours", "support-greeting", "menu:support"),
    ("isp", "2029-04-01T15:00", "open", "support.hours", "support-greeting", "menu:support"),
    ("municipal", "2028-03-02T07:59", "closed", "evening.campaign", "evening-soon", "questions"),
    ("municipal", "2028-03-02T08:00", "closed", "evening.hours", "evening-closed", "questions"),
    ("municipal", "2028-03-09T18:30", "closed", "evening.hours", "evening-closed", "questions"),
    ("municipal", "2028-03-15T18:30", "closed", "evening.hours", "evening-closed", "questions"),
    ("municipal", "2028-03-16T17:59", "closed", "evening.hours", "evening-closed", "questions"),
    (
        "municipal",
        "2028-03-16T18:00",
        "open",
        "evening.openings.question-hour",
        "evening-greeting",
        "evening",
    ),
    (
        "municipal",
        "2028-03-16T20:59",
        "open",
        "evening.openings.question-hour",
        "evening-greeting",
        "evening",
    ),
    ("municipal", "2028-03-16T21:00", "closed", "evening.campaign", "evening-over", "questions"),
    ("municipal", "2028-03-17T18:30", "closed", "evening.campaign", "evening-over", "questions"),
    ("municipal", "2029-03-16T18:30", "closed", "evening.campaign", "evening-over", "questions"),
    ("charity", "2028-03-01T09:59", "closed", "volunteers.hours", "helpline-centre", "centre:night"),
    ("charity", "2028-03-01T10:00", "open", "volunteers.hours", "helpline-greeting", "menu:helpline"),
    ("charity", "2028-03-01T17:59", "open", "volunteers.hours", "helpline-greeting", "menu:helpline"),
    ("charity", "2028-03-01T18:00", "closed", "volunteers.hours", "helpline-centre", "centre:night"),
    ("charity", "2028-03-04T12:00", "open", "volunteers.hours", "helpline-greeting", "menu:helpline"),
    ("charity", "2028-03-05T12:00", "closed", "volunteers.hours", "helpline-centre", "centre:night"),
    (
        "charity",
        "2028-05-17T12:00",
        "closed",
        "volunteers.holidays.Grunnlovsdag",
        "helpline-centre",
        "centre:night",
    ),
    (
        "charity",
        "2028-12-24T09:59",
        "closed",
        "volunteers.special_days.christmas-eve",
        "helpline-centre",
        "centre:night",
    ),
    (
        "charity",
        "2028-12-24T21:59",
        "open",
        "volunteers.special_days.christmas-eve",
        "helpline-christmas",
        "menu:helpline",
    ),
    (
        "charity",
        "2028-12-25T12:00",
        "closed",
        "volunteers.holidays.Første juledag",
        "helpline-centre",
        "centre:night",
    ),
]


def hotline(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    own = {"HOTLINE_STATE": str(folder / "state"), "HOTLINE_CONFIG": str(folder / "config")}
    return run_verb(arguments, {**kept, **own}, 60)


def where(parts: list[dict[str, Any]]) -> tuple[str, str]:
    """The first prompt, and where the caller goes, of an explanation as programs read it."""
    first, goes = "", ""
    for step in (step for part in parts for step in part["steps"]):
        match step["step"]:
            case "Play":
                first = first or step["prompt"]
            case "AskKey":
                goes = f"menu:{step['node']}"
            case "Wait":
                goes = step["queue"]
            case "HandOver":
                goes = f"centre:{step['centre']}"
            case "TakeMessage":
                goes = step["box"]
            case _:
                pass
    return first, goes


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_example_is_written_checked_and_explained_at_ten_moments(template: str, tmp_path: Path) -> None:
    """All by the command line, as an admin does it."""
    evening = datetime.now(UTC).date() + timedelta(days=100)
    config = tmp_path / "config"
    done = hotline(tmp_path, "init", str(config), "--template", template, "--day", str(evening), *GIVEN)
    assert done.returncode == 0, done.stderr
    checked = hotline(tmp_path, "check", "--strict", str(config))
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stderr

    (line,) = read_plan(config).lines
    rows = [row[1:] for row in MOMENTS if row[0] == template]
    assert len(rows) == 10
    found = []
    for at, *_ in rows:
        moment = f"{moved(at, template, evening):%Y-%m-%d %H:%M}"
        shown = hotline(tmp_path, "explain", "--line", line, "--at", moment, "--json")
        assert shown.returncode == 0, shown.stderr
        told = json.loads(shown.stdout)
        assert told["at"].startswith(moment.replace(" ", "T"))
        assert [each["name"] for each in told["rules"] if each["won"]] == [told["rule"]["name"]]
        state = "open" if told["open"] else "closed"
        found.append((at, state, told["rule"]["name"], *where(told["parts"])))
    assert found == rows


def moved(at: str, template: str, evening: date) -> datetime:
    """The row's moment; around another evening for the hotline that is there for one only. Naive."""
    by = evening - EXAMPLE_DAY if template == "municipal" else timedelta()
    return datetime.fromisoformat(at) + by
