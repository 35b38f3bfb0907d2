"""`hotline simulate`: a line walked through without Asterisk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_main import hotline

CONFIGURATION = """\
organisation: {name: Example}
lines:
  info:
    name: Information
    numbers: [+47 22 85 12 34]
    time_zone: Europe/Oslo
    language: en
    hours: {mon-fri: 08:00-16:00}
    queue: main
    menu: first
menus:
  first:
    prompt: greeting
    tries: 2
    keys:
      1: {queue: main}
      2: {message: closed}
      3: {callback: main}
queues: {main: {operators: [anna]}}
operators: {anna: {name: Anna Berg}}
trunks: {carrier: {hosts: [192.0.2.10]}}
"""
OPEN, SHUT = "2026-03-02T10:00", "2026-03-02T17:00"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "hotline.yaml").write_text(CONFIGURATION, encoding="utf-8")
    return tmp_path


def test_a_scripted_caller_walks_a_line_to_its_outcome(folder: Path) -> None:
    done = hotline(folder, "simulate", "info", "--at", OPEN, "--keys", "timeout 1 full")
    assert done.returncode == 0, done.stderr
    lines = [line.split(maxsplit=2)[:2] for line in done.stdout.splitlines()]
    assert lines == [
        ["decided", "open:hours"],
        ["answer"],
        ["prompt", "en/greeting"],
        ["prompt", "en/greeting"],
        ["caller", "timeout"],
        ["decided", "menu:first:no-input"],
        ["prompt", "en/greeting"],
        ["caller", "1"],
        ["decided", "menu:first:1"],
        ["queue", "main,"],
        ["caller", "full"],
        ["decided", "left-queue:full"],
        ["prompt", "en/sorry"],
        ["hang-up"],
        ["outcome", "full"],
    ]
    # What the prompt says stands beside it.
    assert "Welcome, and thank you for calling" in done.stdout


@pytest.mark.parametrize(
    ("at", "keys", "caller", "outcome"),
    [
        (SHUT, "", "", "closed"),
        (OPEN, "", "", "abandoned"),
        (OPEN, "2", "", "informed"),
        (OPEN, "1 answered", "", "answered"),
        (OPEN, "3", "+4798765432", "callback"),
        (OPEN, "3 timeout", "", "timed-out"),
    ],
)
def test_every_end_has_its_outcome_in_json_too(
    folder: Path, at: str, keys: str, caller: str, outcome: str
) -> None:
    done = hotline(folder, "simulate", "info", "--at", at, "--keys", keys, "--from", caller, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["schema"], told["line"], told["outcome"]) == ("hotline/simulation/1", "info", outcome)
    assert told["at"].endswith("Z")


def test_somebody_at_the_terminal_is_asked_what_the_caller_does(folder: Path) -> None:
    import os
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "hotline_ivr", "simulate", "info", "--at", OPEN],
        env={**os.environ, "HOTLINE_CONFIG": str(folder / "config"), "HOTLINE_STATE": str(folder / "state")},
        input="2\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "[first] key" in done.stdout
    assert done.stdout.rstrip().endswith("informed")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("gone",), "there is no line"), (("info", "--at", "yesterday"), "is no moment")],
)
def test_wrong_usage_is_told(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    done = hotline(folder, "simulate", *arguments)
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("x", "'x' is no answer to: [first] key"),
        ("12", "'12' is no answer"),
        ("1 perhaps", "'perhaps' is no"),
    ],
)
def test_an_answer_that_nobody_can_give_is_no_silent_timeout(folder: Path, keys: str, told: str) -> None:
    done = hotline(folder, "simulate", "info", "--at", OPEN, "--keys", keys)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_line_that_is_not_there_is_told_with_the_one_that_was_meant(folder: Path) -> None:
    done = hotline(folder, "simulate", "inof")
    assert (done.returncode, "did you mean 'info'" in done.stderr) == (2, True)
