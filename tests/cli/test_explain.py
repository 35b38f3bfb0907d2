"""`hotline explain` as people and programs read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_main import folder, hotline

__all__ = ["folder"]


def test_people_read_the_rule_the_steps_and_the_next_change(folder: Path) -> None:
    done = hotline(folder, "explain", "--line", "admission", "--at", "2026-09-30 12:15")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "Admission hotline (admission, +4722851234) at Wednesday 2026-09-30 12:15 CEST\n\nclosed, by "
    )
    assert "  1. counts as closed\n" in done.stdout
    assert "next change: Wednesday 2026-09-30 12:30, opens by " in done.stdout


def test_programs_read_the_same_by_the_number_that_is_dialled(folder: Path) -> None:
    done = hotline(
        folder, "explain", "--number", "22 85 12 34", "--at", "2026-09-30 10:00", "--state", "empty", "--json"
    )
    found = json.loads(done.stdout)
    assert (found["schema"], found["line"], found["open"]) == ("hotline/explain/1", "admission", True)
    assert found["next_change"] == {"at": "2026-09-30T12:00:00+02:00", "open": False}
    assert [part["because"] for part in found["parts"]] == [
        "the call arrives",
        "no operator of queue main can be reached",
    ]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--line", "admision"), "there is no line 'admision'; did you mean 'admission'?"),
        (("--number", "22 00 00 00"), "+4722000000 reaches no line: such a call is refused"),
        (("--number", "abc"), "'abc' is no telephone number"),
        (("--line", "demo", "--at", "soon"), "'soon' is no moment"),
    ],
)
def test_what_cannot_be_explained_is_told_in_one_line(
    folder: Path, arguments: tuple[str, ...], why: str
) -> None:
    done = hotline(folder, "explain", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1
