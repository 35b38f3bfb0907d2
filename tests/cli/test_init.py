"""`hotline init`: by options, and by questions on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from hotline_ivr.testing.verbs import run_verb

GIVEN = ("--name", "Example", "--number", "+47 22 85 12 34", "--time-zone", "Europe/Oslo", "--language", "nb")


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    return {**kept, "HOTLINE_STATE": str(folder / "state")}


def hotline(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_verb(arguments, environment(folder), 60)


@pytest.mark.parametrize("template", ["university", "isp", "municipal", "charity"])
def test_what_is_written_passes_the_strict_check(tmp_path: Path, template: str) -> None:
    config = tmp_path / "config"
    done = hotline(tmp_path, "init", str(config), "--template", template, *GIVEN)
    assert done.returncode == 0
    assert str(config / "hotline.yaml") in done.stdout.splitlines()
    assert hotline(tmp_path, "check", "--strict", str(config)).returncode == 0


def test_a_second_time_nothing_is_touched(tmp_path: Path) -> None:
    arguments = ("init", str(tmp_path / "config"), "--template", "isp", *GIVEN)
    hotline(tmp_path, *arguments)
    (tmp_path / "config/lines.yaml").write_text("mine")
    assert hotline(tmp_path, *arguments).returncode == 1
    assert (tmp_path / "config/lines.yaml").read_text() == "mine"


@pytest.mark.parametrize("left_out", ["--template", "--number"])
def test_without_a_terminal_a_missing_answer_is_wrong_usage(tmp_path: Path, left_out: str) -> None:
    arguments = ["--template", "isp", *GIVEN]
    at = arguments.index(left_out)
    del arguments[at : at + 2]
    done = hotline(tmp_path, "init", str(tmp_path / "config"), *arguments)
    assert done.returncode == 2
    assert left_out in done.stderr
    assert not (tmp_path / "config").exists()


@pytest.mark.parametrize(
    ("option", "value", "remedy"),
    [
        ("--name", "two\nlines", "write the name on one line"),
        ("--number", "12", "too few digits"),
        ("--time-zone", "Oslo", "did you mean 'Europe/Oslo'?"),
        ("--language", "sv", "write nb (or no) or en"),
        ("--country", "no", "did you mean 'NO'?"),
        ("--day", "2020-03-16", "is past"),
        ("--day", "9999-12-31", "is far away"),
        ("--day", "tomorrow", "%Y-%m-%d"),
        ("--template", "bakery", "'university'"),
    ],
)
def test_a_wrong_value_of_an_option_is_wrong_usage_with_its_remedy(
    tmp_path: Path, option: str, value: str, remedy: str
) -> None:
    done = hotline(
        tmp_path, "init", str(tmp_path / "config"), "--template", "municipal", *GIVEN, option, value
    )
    assert (done.returncode, done.stdout) == (2, "")
    # The frame around a message of the option parser may break it anywhere.
    told = " ".join(done.stderr.replace("│", " ").split())
    assert option in told
    assert remedy in told
    assert not (tmp_path / "config").exists()


def test_answers_that_do_not_go_together_are_wrong_usage_and_write_nothing(tmp_path: Path) -> None:
    arguments = ("--template", "university", *GIVEN, "--country", "AC")
    done = hotline(tmp_path, "init", str(tmp_path / "config"), *arguments)
    assert done.returncode == 2, done.stderr
    assert "no holidays are known for 'AC'" in done.stderr
    assert not list((tmp_path / "config").iterdir())


def test_on_a_terminal_questions_are_asked_until_the_answer_can_be_used(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        os.write(ours, b"bakery\nisp\nExample Net\n12\n+47 22 85 12 34\n\nnb\n")
        done = subprocess.run(
            [sys.executable, "-m", "hotline_ivr", "init", str(tmp_path / "config")],
            env=environment(tmp_path),
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0
    assert "Write one of university, isp" in done.stderr
    assert "too few digits" in done.stderr
    assert "name: Example Net\n" in (tmp_path / "config/hotline.yaml").read_text(encoding="utf-8")
    assert "time_zone: Europe/Oslo" in (tmp_path / "config/lines.yaml").read_text(encoding="utf-8")
