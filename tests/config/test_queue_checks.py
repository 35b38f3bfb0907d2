"""What is wrong with queues: who is preferred, and by how much."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hotline_ivr.config.check import CheckResult

Spoil = Callable[..., CheckResult]

KNOWN = """\
known_callers:
  health: {name: Health, numbers: [+47 90 00 00 09], priority: 10m}
"""
MENU = """\
    menu: main
menus:
  main:
    prompt: menu
    keys: {1: {queue: main, priority: 5m}}
"""


def shown(result: CheckResult) -> list[str]:
    return [f"{p.severity} {p.line}: {p.message}" for p in result.problems]


def with_known(spoil: Spoil, *changes: tuple[str, str]) -> CheckResult:
    return spoil(("trunks:\n", KNOWN + "trunks:\n"), *changes)


def test_lists_of_known_callers_are_taken(spoil: Spoil) -> None:
    result = with_known(spoil)
    assert shown(result) == []
    assert result.plan is not None
    assert result.plan.known_callers["health"].priority == 600


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("priority: 10m}\n", "priority: 10m}\n  more: {name: More, numbers: [90000009], priority: 1m}\n", 21,
         "+4790000009 is in list 'health' already"),
        ("priority: 10m", "priority: 2h", 20, "1h"),
        ("priority: 10m", "priority: 0s", 20, "1s"),
        (", priority: 10m", "", 20, "priority"),
        ("numbers: [+47 90 00 00 09]", "numbers: [+47 9]", 20, "+47"),
    ],
)  # fmt: skip
def test_a_list_that_is_wrong_is_refused_with_its_place(
    spoil: Spoil, old: str, new: str, line: int, message: str
) -> None:
    (problem,) = with_known(spoil, (old, new)).errors
    assert message in problem.message + str(problem.remedy)
    assert problem.line == line
    assert problem.remedy


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("    number_priority: {+47 22 85 12 99: 5m}\n", "no number of this line"),
        ("    number_priority: {+47 22 85 12 34: 2h}\n", "more than an hour"),
        ("    number_priority: {+47 22 85 12 34: soon}\n", "not a duration"),
        ("    priority: 2h\n", "too long"),
    ],
)
def test_a_priority_of_a_line_that_is_wrong_is_refused(spoil: Spoil, written: str, message: str) -> None:
    result = spoil(("    queue: main\n", "    queue: main\n" + written))
    (problem,) = result.errors
    assert message in problem.message
    assert problem.line
    assert problem.remedy


def test_a_choice_may_give_a_priority(spoil: Spoil) -> None:
    result = spoil(("    queue: main\n", "    queue: main\n" + MENU))
    assert shown(result) == []
    assert result.plan is not None
    assert result.plan.menus["main"].keys["1"].priority == 300
