"""Closing and opening from the terminal: what is said, what is kept, which exit code says what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_main import folder, hotline

__all__ = ["folder"]

pytestmark = pytest.mark.timeout(120)


def test_a_line_is_closed_listed_and_given_back_to_its_calendar(folder: Path) -> None:
    closed = hotline(folder, "close", "demo", "--for", "2h", "--message", "sorry", "--by", "kari")
    assert closed.returncode == 0, closed.stderr
    assert closed.stdout.startswith("demo: closed by hand until ")
    assert ", prompt sorry (set by kari " in closed.stdout

    listed = hotline(folder, "overrides")
    assert listed.stdout == closed.stdout

    cleared = hotline(folder, "clear", "demo")
    assert cleared.stdout == "demo: closed by hand has ended; its calendar decides again\n"
    assert hotline(folder, "overrides").stdout == "no overrides: the calendars decide\n"
    assert " cleared " in hotline(folder, "overrides", "--all").stdout


def test_programs_read_the_same(folder: Path) -> None:
    done = hotline(folder, "open", "admission", "--until-next-change", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)["set"]
    listed = json.loads(hotline(folder, "overrides", "--json").stdout)["overrides"]
    assert listed == [said]
    assert (said["line"], said["kind"]) == ("admission", "open")
    assert json.loads(hotline(folder, "clear", "--all", "--json").stdout)["ended"][0]["id"] == said["id"]


def test_an_information_up_front_may_ask_for_a_key(folder: Path) -> None:
    done = hotline(
        folder, "surge", "demo", "--message", "technical", "--must-press", "--for", "30m", "--json"
    )
    assert json.loads(done.stdout)["set"]["must_press_to_go_on"] is True


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("close", "dmeo"), "there is no line 'dmeo'; did you mean 'demo'?"),
        (("close", "demo", "--message", "clsoed"), "no prompt 'clsoed'; did you mean 'closed'?"),
        (("close", "demo", "--until", "soon"), "'soon' is no moment"),
        (("close", "demo", "--for", "long"), "is no length"),
        (("close", "demo", "--until-next-change"), "never changes by itself"),
        (("clear",), "say which"),
        (("clear", "demo"), "there is no override of line 'demo'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    folder: Path, arguments: tuple[str, ...], why: str
) -> None:
    done = hotline(folder, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1
