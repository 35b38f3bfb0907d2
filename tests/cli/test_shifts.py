"""`hotline shifts` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hotline_ivr.cli.main import app
from hotline_ivr.config.shift_file import FILE_NAME
from tests.config.conftest import GOOD

PLANS = """\
# Who works when; anna has swapped with nobody yet.
break_kinds:
  lunch: {name: Lunch, length: 30m, paid: no}
  short: {name: Short break, length: 15m}
shifts:
  early:
    hours: 08:00-16:00
    breaks: {lunch: {at: 11:30}, short: {between: 09:00-10:30}}
shift_plans:
  days: {operators: [anna], week: {mon-fri: early, sat: 22:00-06:00}}
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "hotline.yaml").write_text(GOOD, encoding="utf-8")
    (folder / "shifts.yaml").write_text(PLANS, encoding="utf-8")
    monkeypatch.setenv("HOTLINE_CONFIG", str(folder))
    monkeypatch.setenv("HOTLINE_STATE", str(tmp_path / "state"))
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["shifts", *arguments])


@pytest.mark.usefixtures("config")
def test_a_week_is_shown_with_its_paid_hours() -> None:
    done = run("show", "--week", "2026-W48")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == "Week 48 of 2026, Europe/Oslo"
    assert lines[2].split() == ["Anna", "Berg", *["08:00-16:00"] * 5, "22:00-06:00", "off", "45.5", "h"]
    assert lines[3] == "Bjørn Dahl  signs in at any time: no plan"


@pytest.mark.usefixtures("config")
def test_of_one_operator_the_breaks_are_shown() -> None:
    done = run("show", "--operator", "anna", "--week", "2026-11-25")
    assert (
        "  Mon 2026-11-23  08:00-16:00  early        short 15m in 09:00-10:30, lunch 11:30-12:00"
        in done.output.splitlines()
    )


@pytest.mark.usefixtures("config")
def test_json_has_moments_in_utc() -> None:
    shown = json.loads(run("show", "--operator", "anna", "--week", "2026-W48", "--json").output)
    assert shown["schema"] == "hotline/shifts/1"
    (anna,) = shown["operators"]
    assert len(anna["duties"]) == 6
    assert anna["duties"][0]["from"] == "2026-11-23T07:00:00Z"
    assert anna["duties"][0]["breaks"][1] == {
        "id": "lunch", "kind": "lunch", "paid": False, "minutes": 30, "floats": False,
        "from": "2026-11-23T10:30:00Z", "until": "2026-11-23T11:00:00Z",
    }  # fmt: skip


@pytest.mark.usefixtures("config")
def test_coverage_is_a_table_of_open_half_hours() -> None:
    done = run("coverage", "main", "--from", "2026-11-23")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert "main: bjorn may sign in at any time and are not counted" in done.output
    table = [line for line in lines if line.startswith(("  0", "  1"))]
    assert table[0] == "  08:00      1     1  #"
    assert table[7] == "  11:30      0     1  b           1 short"
    assert len(table) == 15, "08:00-12:00 and 12:30-16:00, and the half-hour between is closed"
    shown = json.loads(CliRunner().invoke(app, ["shifts", "coverage", "--json"]).stdout)
    assert [day["queue"] for day in shown["days"]] == ["main"]
    assert len(shown["days"][0]["half_hours"]) in {46, 48, 50}


def test_the_check_tells_of_shifts_alone(config: Path) -> None:
    (config / "more.yaml").write_text(
        "shift_changes: {old: {operators: [anna], on: 2020-01-01}}\noperators: {idle: {name: Idle}}\n",
        encoding="utf-8",
    )
    done = run("check")
    assert done.exit_code == 0
    assert "has been over since 2020-01-01" in done.output
    assert "idle" not in done.output
    assert run("check", "--strict").exit_code == 3
    (config / "more.yaml").write_text("shift_changes: {x: {operators: [ana], on: 01-01}}\n", encoding="utf-8")
    assert run("check").exit_code == 3
    assert json.loads(CliRunner().invoke(app, ["shifts", "check", "--json"]).stdout)["problems"]


@pytest.mark.parametrize(
    "wrong", [["show", "--week", "24.12.2026"], ["show", "--operator", "ana"], ["coverage", "mian"]]
)
@pytest.mark.usefixtures("config")
def test_what_cannot_be_shown_is_wrong_usage(wrong: list[str]) -> None:
    assert run(*wrong).exit_code == 2


def test_what_is_exported_can_be_imported_and_nothing_changes(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "shifts.csv"
    assert run("export", str(file), "--from", "2026-11-23", "--days", "14").exit_code == 0
    assert file.read_bytes().startswith("\ufeffoperator;date;shift".encode())
    before = run("show", "--week", "2026-W48", "--json").output
    done = run("import", str(file), "--yes")
    assert done.exit_code == 0, done.output
    assert json.loads(run("show", "--week", "2026-W48", "--json").output)["operators"][0]["duties"][0][
        "source"
    ]
    assert _hours(before) == _hours(run("show", "--week", "2026-W48", "--json").output)
    assert (config / "shifts.yaml").read_text(encoding="utf-8") == PLANS, "other files are not touched"


def _hours(shown: str) -> list[tuple[str, str]]:
    return [(duty["from"], duty["until"]) for duty in json.loads(shown)["operators"][0]["duties"]]


@pytest.mark.usefixtures("config")
def test_a_second_import_keeps_the_other_days_of_the_first(tmp_path: Path) -> None:
    file = tmp_path / "shifts.csv"
    file.write_text("operator,date,shift\nanna,2026-11-24,off\nanna,2026-11-25,off\n", encoding="utf-8")
    assert run("import", str(file), "--yes").exit_code == 0
    file.write_text("operator,date,shift\nanna,2026-11-25,early\n", encoding="utf-8")
    done = run("import", str(file), "--yes")
    assert "1 days of operators, 1 days of earlier imports stay" in done.output
    shown = run("show", "--operator", "anna", "--week", "2026-W48").output
    assert "Tue 2026-11-24  off" in shown
    assert "Wed 2026-11-25  08:00-16:00  early" in shown


def test_bad_rows_are_told_all_at_once_and_nothing_is_written(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "shifts.csv"
    file.write_text("operator;date;shift\nana;2026-12-01;early\nanna;2026-12-32;early\n", encoding="utf-8")
    done = run("import", str(file), "--yes")
    assert done.exit_code == 1
    assert f"{file}:2: " in str(done.exception)
    assert f"{file}:3: " in str(done.exception)
    assert not (config / FILE_NAME).exists()


def test_what_would_spoil_the_configuration_is_refused_with_its_place(config: Path, tmp_path: Path) -> None:
    by_hand = "shift_changes: {mine: {operators: [anna], on: 2026-12-01, shift: 09:00-10:00}}\n"
    (config / "mine.yaml").write_text(by_hand, encoding="utf-8")
    file = tmp_path / "shifts.csv"
    file.write_text("operator;date;shift\nanna;2026-12-01;early\n", encoding="utf-8")
    done = run("import", str(file), "--yes")
    assert "two changes that hold on 2026-12-01 alike" in str(done.exception)
    assert f"{config / FILE_NAME}:" in str(done.exception) or f"{config / 'mine.yaml'}:" in str(
        done.exception
    )
    assert not (config / FILE_NAME).exists()


@pytest.mark.parametrize("name", ["../x.yaml", "x.txt", ".x.yaml", "shifts.yaml"])
def test_an_import_goes_into_a_file_of_its_own(config: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / "shifts.csv"
    file.write_text("operator;date;shift\nanna;2026-12-01;off\n", encoding="utf-8")
    assert run("import", str(file), "--yes", "--into", name).exit_code != 0
    assert (config / "shifts.yaml").read_text(encoding="utf-8") == PLANS


def test_without_a_terminal_nothing_is_written_unasked(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "shifts.csv"
    file.write_text("operator;date;shift\nanna;2026-12-01;off\n", encoding="utf-8")
    done = run("import", str(file))
    assert done.exit_code == 2
    assert "csv-001" in done.output, "it is shown all the same"
    assert not (config / FILE_NAME).exists()


def test_the_worked_week_of_the_guide_is_what_the_commands_show(config: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "shifts.md").read_text(encoding="utf-8")
    blocks = guide.split("```")
    (config / "shifts.yaml").write_text(blocks[1].removeprefix("yaml\n"), encoding="utf-8")
    text = GOOD.replace("mon-fri: 08:00-12:00, 12:30-16:00", "mon-fri: 08:00-20:00")
    (config / "hotline.yaml").write_text(text, encoding="utf-8")
    assert run("show", "--week", "2026-W48").output.strip() == blocks[3].strip()
    shown = run("coverage", "main", "--from", "2026-11-23").output.splitlines()
    assert set(blocks[5].strip().splitlines()) <= set(shown)
