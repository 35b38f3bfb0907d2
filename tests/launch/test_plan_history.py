"""Configurations that have been in use can be told apart and gone back to."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline_ivr.errors import HotlineError
from hotline_ivr.launch import plan_history
from hotline_ivr.launch.plan_history import Authorship, PlanHistory, authorship, files_of

NOON = datetime(2026, 9, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "lines.yaml").write_text("lines: {}\n")
    (folder / "holidays.ics").write_text("BEGIN:VCALENDAR\n")
    (folder / "notes.txt").write_text("not ours\n")
    return folder


@pytest.fixture
def history(tmp_path: Path) -> PlanHistory:
    return PlanHistory(tmp_path / "history")


def test_every_file_of_a_configuration_is_kept_and_no_other(config: Path, history: PlanHistory) -> None:
    history.note(config, "aaa", NOON)
    (entry,) = history.entries()
    assert [path.name for path in files_of(entry.folder)] == ["holidays.ics", "lines.yaml"]
    assert (entry.version, entry.taken_at) == ("aaa", NOON)


def test_the_same_version_again_is_no_new_entry(config: Path, history: PlanHistory) -> None:
    history.note(config, "aaa", NOON)
    history.note(config, "aaa", NOON + DAY)
    assert len(list(history.entries())) == 1


def test_going_back_is_to_the_one_before_or_to_a_named_one(config: Path, history: PlanHistory) -> None:
    for number, version in enumerate(("aaa1", "bbb2", "aaa3", "ccc4")):
        history.note(config, version, NOON + number * DAY)
    assert [entry.version for entry in history.entries()] == ["ccc4", "aaa3", "bbb2", "aaa1"]
    assert history.find(None).version == "aaa3"
    assert history.find("aaa").version == "aaa3"
    assert history.find("bbb2").version == "bbb2"
    with pytest.raises(HotlineError, match="'zzz' has been in use"):
        history.find("zzz")


def test_without_an_earlier_one_there_is_nowhere_to_go(config: Path, history: PlanHistory) -> None:
    with pytest.raises(HotlineError, match="no earlier configuration"):
        history.find(None)
    history.note(config, "aaa", NOON)
    with pytest.raises(HotlineError, match="no earlier configuration"):
        history.find(None)


def test_the_oldest_go(config: Path, history: PlanHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_history, "KEPT", 3)
    for number in range(5):
        history.note(config, f"v{number}", NOON + number * DAY)
    assert [entry.version for entry in history.entries()] == ["v4", "v3", "v2"]


def test_a_spoilt_entry_is_passed_over(config: Path, history: PlanHistory) -> None:
    history.note(config, "aaa", NOON)
    (entry,) = history.entries()
    history.note(config, "bbb", NOON + DAY)
    (entry.folder / "about.json").write_text("{")
    assert [each.version for each in history.entries()] == ["bbb"]


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Kari Nordmann", "-c", "user.email=kari@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def test_git_tells_who_wrote_it_and_why(config: Path) -> None:
    assert authorship(config) == Authorship()
    git(config, "init")
    assert authorship(config) == Authorship()
    git(config, "add", ".")
    git(config, "commit", "-m", "Close at two on Fridays")
    found = authorship(config)
    assert (found.author, found.subject, found.uncommitted) == (
        "Kari Nordmann",
        "Close at two on Fridays",
        False,
    )
    (config / "lines.yaml").write_text("lines: {a: b}\n")
    assert authorship(config).uncommitted
    assert authorship(config).words.startswith('changed after Kari Nordmann, "Close at two on Fridays" (')
