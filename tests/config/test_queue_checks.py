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


SKILLS = (
    ("    name: Anna Berg\n", "    name: Anna Berg\n    skills: {billing: 1, english: 2}\n"),
    ("    name: Bjørn Dahl\n", "    name: Bjørn Dahl\n    skills: [english]\n"),
)
QUEUE = "    operators: [anna, bjorn]\n"


def skilled(spoil: Spoil, queue: str, *changes: tuple[str, str]) -> CheckResult:
    return spoil(*SKILLS, (QUEUE, queue), *changes)


def test_a_queue_may_say_what_it_needs_instead_of_who_serves_it(spoil: Spoil) -> None:
    result = skilled(spoil, "    needs: [english]\n    relax: {2: 30s}\n", ("billing: 1, ", ""))
    assert shown(result) == []
    assert result.plan is not None
    assert result.plan.queues["main"].operators == ("anna", "bjorn")


@pytest.mark.parametrize(
    ("queue", "place", "message"),
    [
        (
            "    needs: [englisch]\n",
            "englisch",
            "no operator has the skill 'englisch'; did you mean 'english'?",
        ),
        (
            "    operators: [anna, bjorn]\n    needs: [billing]\n",
            "bjorn",
            "'bjorn' lacks what this",
        ),
        ("    relax: {2: 30s}\n    operators: [anna]\n", "main", "has `relax` and no `needs`"),
        ("    needs: [english]\n    relax: {2: 30s, 3: 30s}\n", "main", "do not grow with the level"),
        ("    needs: [english]\n    relax: {2: 2h}\n", "main", "do not grow"),
        ("    needs: [english]\n    relax: {1: 30s}\n", "1", "2"),
        ("    strategy: random\n", "main", "has neither `operators` nor `needs`"),
        ("    operators: []\n", "main", "has neither"),
    ],
)
def test_a_queue_that_nobody_can_serve_or_not_so_is_refused_with_its_place(
    spoil: Spoil, queue: str, place: str, message: str
) -> None:
    (problem,) = skilled(spoil, queue).errors
    assert message in problem.message + str(problem.remedy)
    assert place in problem.source
    assert problem.remedy


def test_skills_that_no_operator_has_together_leave_a_queue_without_anybody(spoil: Spoil) -> None:
    swedish = ("skills: [english]", "skills: [swedish]")
    (problem,) = skilled(spoil, "    needs: [billing, swedish]\n", swedish).errors
    assert problem.message == "nobody can serve this queue: no operator has all of billing, swedish"


def test_a_level_that_is_never_rung_and_a_skill_nobody_needs_are_told(spoil: Spoil) -> None:
    result = skilled(spoil, "    needs: [english]\n    relax: {3: 30s}\n")
    assert [problem.message for problem in result.warnings if "level" in problem.message] == [
        "operators of a level that is never rung for this queue: anna"
    ]
    assert any("no queue needs the skill 'billing'" in problem.message for problem in result.warnings)


@pytest.mark.parametrize("skills", ["{english: 0}", "{english: 10}", "{english: best}", "{BAD!: 1}", "en"])
def test_skills_that_are_wrong_are_refused(spoil: Spoil, skills: str) -> None:
    result = spoil(("    name: Anna Berg\n", f"    name: Anna Berg\n    skills: {skills}\n"))
    assert result.errors
    assert all(problem.line and problem.remedy for problem in result.errors)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("    music: [../calm.ogg]\n", "is not the name of a file of music"),
        ("    music: [calm.mp3]\n", "is not the name of a file of music"),
        ("    comfort: {prompts: [still-wating]}\n", "did you mean 'still-waiting'"),
        ("    comfort: {prompts: []}\n", "at least one"),
        ("    comfort: {prompts: [sorry], every: 5s}\n", "15s"),
        ("    comfort: {every: 1m}\n", "prompts"),
    ],
)
def test_music_and_words_that_are_wrong_are_refused(spoil: Spoil, more: str, message: str) -> None:
    prompts = ("greeting", "closed", "sorry", "still-waiting")
    (problem,) = spoil((QUEUE, QUEUE + more), prompts=prompts).errors
    assert message in problem.message + str(problem.remedy)
    assert problem.line
    assert problem.remedy


def test_what_operators_are_told_must_be_there(spoil: Spoil) -> None:
    line = "    queue: main\n"
    told = line + "    operator_announcement: for-admision\n"
    prompts = ("greeting", "closed", "sorry", "for-admission")
    (problem,) = spoil((line, told), prompts=prompts).errors
    assert "did you mean 'for-admission'" in problem.message
