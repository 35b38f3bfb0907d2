"""`hotline hours` from the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline_ivr.cli.main import app
from hotline_ivr.control.overrides_file import OverridesFile
from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.overrides import Override, OverrideKind
from tests.config.conftest import GOOD


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    (tmp_path / "hotline.yaml").write_text(GOOD, encoding="utf-8")
    monkeypatch.setenv("HOTLINE_CONFIG", str(tmp_path))
    return CliRunner()


def test_the_days_asked_for_are_shown(run: CliRunner) -> None:
    done = run.invoke(app, ["hours", "admission", "--from", "2026-12-24", "--days", "3"])
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[1:] == [
        "  Thu 2026-12-24  08:00-12:00, 12:30-16:00",
        "  Fri 2026-12-25  08:00-12:00, 12:30-16:00",
        "  Sat 2026-12-26  closed",
    ]


def test_json_of_all_lines_and_of_one(run: CliRunner) -> None:
    every = json.loads(run.invoke(app, ["hours", "--json", "--days", "1"]).output)
    one = json.loads(run.invoke(app, ["hours", "admission", "--json", "--days", "1"]).output)
    assert every == {"schema": "hotline/hours/1", "lines": [one]}


def test_files_are_written(run: CliRunner, tmp_path: Path) -> None:
    names = [tmp_path / f"hours.{kind}" for kind in ("svg", "html", "ics")]
    done = run.invoke(
        app, ["hours", "--svg", str(names[0]), "--html", str(names[1]), "--ical", str(names[2])]
    )
    assert done.exit_code == 0, done.output
    assert [path.read_text(encoding="utf-8")[:6] for path in names] == ["<svg x", "<div l", "BEGIN:"]


def test_what_is_closed_by_hand_is_closed_here_too(
    run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_STATE", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    begin = datetime(2030, 1, 7, tzinfo=UTC)
    by_hand = Override("o1", "admission", OverrideKind.CLOSE, begin, begin + timedelta(days=1), "kari", None)
    OverridesFile(tmp_path / "state" / "overrides.json").add(by_hand, begin - timedelta(days=1))
    done = run.invoke(app, ["hours", "admission", "--from", "2030-01-07", "--days", "2"])
    assert [row.split() for row in done.output.splitlines()[1:]] == [
        ["Mon", "2030-01-07", "closed", "overrides.o1"],
        ["Tue", "2030-01-08", "08:00-12:00,", "12:30-16:00"],
    ]


@pytest.mark.parametrize("wrong", [["--from", "24.12.2026"], ["--days", "0"]])
def test_what_cannot_be_shown_is_wrong_usage(run: CliRunner, wrong: list[str]) -> None:
    assert run.invoke(app, ["hours", *wrong]).exit_code == 2


def test_a_line_that_is_not_there_is_told_with_the_one_that_was_meant(run: CliRunner) -> None:
    with pytest.raises(ArgumentError, match="did you mean 'admission'"):
        run.invoke(app, ["hours", "admision"], catch_exceptions=False)
