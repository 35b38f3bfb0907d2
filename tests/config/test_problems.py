"""How problems are shown: place, source line, caret, remedy; and nothing that a terminal obeys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hotline_ivr.config.problems import SHOWN_PROBLEMS, Problem, count_line, escape, render, render_all

PROBLEM = Problem(
    "config/queues.yaml",
    13,
    5,
    "queues.main.stategy",
    "unknown key 'stategy'; did you mean 'strategy'?",
    "known here: operators and strategy",
    source="    stategy: ringall",
)


def test_a_problem_shows_place_line_caret_and_remedy() -> None:
    message = "unknown key 'stategy'; did you mean 'strategy'?"
    assert render(PROBLEM).splitlines() == [
        f"config/queues.yaml:13:5: error: {message}  [queues.main.stategy]",
        "     13 |     stategy: ringall",
        "        |     ^",
        "        = known here: operators and strategy",
    ]


def test_a_problem_of_a_whole_folder_has_no_line() -> None:
    problem = Problem("config", None, None, "", "this folder holds no *.yaml file", "write one", "warning")
    assert render(problem) == "config: warning: this folder holds no *.yaml file\n        = write one"


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\r\nb", "a\\r\\nb"),
        ("\u202eevil", "\\u202eevil"),
        ("\x9b31m", "\\x9b31m"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
        ("blåbær 電話", "blåbær 電話"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(hostile: str, shown: str) -> None:
    assert escape(hostile) == shown
    problem = Problem(hostile, 1, 1, hostile, hostile, hostile, source=hostile)
    assert all(line.isprintable() for line in render(problem).splitlines())
    assert render(problem).encode("utf-8")


@pytest.mark.parametrize(
    ("source", "column", "under"),
    [
        ("name: x", 7, "x"),
        ("\tx", 2, "x"),
        ("navn: 電話 x", 10, "x"),
        ("a\u0301b x", 5, "x"),
        ("y" * 500 + "x" + "y" * 500, 501, "x"),
    ],
)
def test_the_caret_stands_under_the_character_it_means(source: str, column: int, under: str) -> None:
    _, line, caret, _ = render(replace(PROBLEM, source=source, column=column)).splitlines()
    assert len(line) <= 130
    # Wide characters take two cells and combining ones none: write them so before counting.
    cells = line.replace("電話", "====").replace("\u0301", "")
    assert cells[caret.index("^")] == under


def test_a_problem_goes_to_other_programs_field_by_field() -> None:
    assert PROBLEM.as_json() == {
        "file": "config/queues.yaml",
        "line": 13,
        "column": 5,
        "path": "queues.main.stategy",
        "message": "unknown key 'stategy'; did you mean 'strategy'?",
        "remedy": "known here: operators and strategy",
        "severity": "error",
        "source": "    stategy: ringall",
    }


def test_problems_come_in_the_order_of_the_files_with_their_number() -> None:
    later, other = replace(PROBLEM, line=20), replace(PROBLEM, file="config/lines.yaml", severity="warning")
    lines = render_all([later, other, PROBLEM]).splitlines()
    assert [line.split(" ")[0] for line in lines if line.startswith("config/")] == [
        "config/lines.yaml:13:5:",
        "config/queues.yaml:13:5:",
        "config/queues.yaml:20:5:",
    ]
    assert lines[-1] == "2 errors, 1 warning"
    assert render_all([]) == ""
    assert count_line([]) == "no problems"


def test_a_flood_of_problems_is_cut_and_says_so() -> None:
    flood = [replace(PROBLEM, line=number, severity="warning") for number in range(1, SHOWN_PROBLEMS + 51)]
    text = render_all([*flood, replace(PROBLEM, line=9999)])
    assert text.count("config/queues.yaml:") == SHOWN_PROBLEMS
    assert "config/queues.yaml:9999:5: error" in text, "warnings do not push an error off the list"
    assert text.endswith("1 error, 150 warnings, of which 51 are not shown")
