"""Shifts from spreadsheets: as Excel and others write them, and every bad row told at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hotline_ivr.config.check import check
from hotline_ivr.config.models import Plan
from hotline_ivr.config.shift_csv import by_day, read_rows, texts
from hotline_ivr.config.shift_file import MARK, file_text, read_file
from hotline_ivr.errors import ConfigError
from tests.config.conftest import GOOD
from tests.plans import a_plan

SHIFTS = {"early": {"hours": "08:00-16:00"}, "night": {"hours": "22:00-06:00"}}
HEAD = "operator;date;shift;from;until;breaks;why\n"


@pytest.fixture
def plan() -> Plan:
    return a_plan(sections={"shifts": SHIFTS})


def worked(raw: bytes, plan: Plan) -> list[str]:
    rows, problems = read_rows(raw, plan)
    assert problems == ()
    return [f"{who} {day} {texts(work)} {why}" for (who, day), (work, why) in by_day(rows).items()]


ROWS = [
    ("anna;2026-12-01;early;;;;", ["anna 2026-12-01 early other"]),
    ("anna;2026-12-01;early;08:00;16:00;lunch 11:30-12:00;swapped", ["anna 2026-12-01 early swapped"]),
    ("Bjørn Dahl;01.12.2026;;22:00;06:00;;extra", ["bjorn 2026-12-01 22:00-06:00 extra"]),
    ("anna;2026-12-31 to 2027-01-01;off;;;;holiday",
     ["anna 2026-12-31 off holiday", "anna 2027-01-01 off holiday"]),
    ("anna;2026-12-01;early;;;;\nanna;2026-12-01;;18:00;20:00;;",
     ["anna 2026-12-01 early, 18:00-20:00 other"]),
    (" anna ; 2026-12-01 ; early ;;;;\n;;;;;;\n\n", ["anna 2026-12-01 early other"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_rows_say_who_works_when(plan: Plan, text: str, expected: list[str]) -> None:
    assert worked((HEAD + text).encode(), plan) == expected


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_whatever_program_wrote_it_is_read(plan: Plan, coding: str, delimiter: str, ending: str) -> None:
    text = HEAD + "Bjørn Dahl;2026-12-01;early;;;;\n"
    raw = text.replace(";", delimiter).replace("\n", ending).encode(coding)
    assert worked(raw, plan) == ["bjorn 2026-12-01 early other"]


def test_every_bad_row_is_told_with_its_line(plan: Plan) -> None:
    text = HEAD + (
        "ana;2026-12-01;early;;;;\n"
        "anna;2026-13-01;early;;;;\n"
        "anna;2026-12-01;erly;;;;\n"
        "anna;2026-12-02;early;09:00;16:00;;\n"
        "anna;2026-12-03;;09:00;;;\n"
        "anna;2026-12-04;;;;;\n"
        "anna;12-05;off;;;;\n"
        "anna;2026-12-06;off;;;;ill\n"
        "anna;2026-12-07;early;;;;\n"
        "anna;2026-12-07;off;;;;\n"
        "anna;2026-01-01 to 2027-06-01;off;;;;\n"
        "=cmd();2026-12-07;early;;;;\n"
    )
    _, problems = read_rows(text.encode(), plan)
    assert [problem.line for problem in problems] == [2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13]
    messages = [problem.message for problem in problems]
    assert "did you mean 'anna'?" in messages[0]
    assert "no such day as '2026-13-01'" in messages[1]
    assert "did you mean 'early'?" in messages[2]
    assert "'early' is not 09:00-16:00" in messages[3]
    assert "without the other" in messages[4]
    assert "has no shift" in messages[5]
    assert "not a date with a year" in messages[6]
    assert "'ill' is no reason" in messages[7]
    assert "another row for 2026-12-07, line 10" in messages[8]
    assert "more than 366 days" in messages[9]


@pytest.mark.parametrize(
    "raw", [b"", b"\x00\xff\xfe", b"name;day\nanna;2026-12-01", b'operator;date\n"', b"\xff\xfe\x00"]
)
def test_what_is_no_such_table_is_refused_and_never_raises(plan: Plan, raw: bytes) -> None:
    rows, problems = read_rows(raw, plan)
    assert rows == ()
    assert problems or b"operator;date" in raw


def test_the_file_that_is_written_is_read_again_and_passes_the_check(tmp_path: Path, plan: Plan) -> None:
    text = HEAD + "".join(f"anna;2026-12-{day:02};early;;;;\n" for day in range(1, 29))
    rows, _ = read_rows((text + "bjorn;2026-12-24;off;;;;holiday\n").encode(), plan)
    wanted = by_day(rows)
    path = tmp_path / "imported.yaml"
    path.write_text(file_text(wanted), encoding="utf-8")
    assert read_file(path) == wanted
    assert max(map(len, file_text(wanted).splitlines())) <= 100
    (tmp_path / "hotline.yaml").write_text(
        f"{GOOD}shifts: {{early: {{hours: 08:00-16:00}}}}\n", encoding="utf-8"
    )
    result = check(tmp_path)
    assert result.problems == ()
    assert result.plan
    assert len(result.plan.shift_changes) == 2


def test_a_file_of_somebody_elses_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert read_file(path) == {}
    path.write_text("shift_changes: {}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="was not written by an import"):
        read_file(path)
    path.write_text(f"{MARK}\nshift_changes: [\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="can no longer be read"):
        read_file(path)


def test_days_are_written_one_by_one_so_that_none_gives_way_to_a_day_by_hand(plan: Plan) -> None:
    rows, _ = read_rows((HEAD + "anna;2026-12-01 to 2026-12-03;off;;;;sick\n").encode(), plan)
    assert "on: [2026-12-01, 2026-12-02, 2026-12-03]" in file_text(by_day(rows))
    assert date(2026, 12, 2) in {day for _, day in by_day(rows)}
