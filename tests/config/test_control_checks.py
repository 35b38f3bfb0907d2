"""Control by telephone in the YAML: what is refused, and with which words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hotline_ivr.config.check import CheckResult
from hotline_ivr.config.control import CONTROL_PROMPTS
from hotline_ivr.config.floor import OPERATOR_PROMPTS

Spoil = Callable[..., CheckResult]
PROMPTS = ("greeting", "closed", "sorry", *CONTROL_PROMPTS)


def messages(spoil: Spoil, control: str, prompts: tuple[str, ...] = PROMPTS) -> list[str]:
    result = spoil(("queues:", f"control: {control}\nqueues:"), prompts=prompts)
    return [problem.message for problem in result.problems]


@pytest.mark.parametrize("control", ["{code: '*80'}", "{numbers: [+47 22 85 12 99], language: en}"])
def test_a_code_or_a_number_is_enough(spoil: Spoil, control: str) -> None:
    assert messages(spoil, control) == []


@pytest.mark.parametrize(
    ("control", "message"),
    [
        ("{language: en}", "can be reached by nobody"),
        ("{numbers: [+47 22 85 12 34]}", "+4722851234 already reaches line 'admission'"),
        ("{code: '80'}", "'80' is no code"),
        ("{code: '*80', lines: {nowhere: {}}}", "there is no line 'nowhere'"),
        ("{code: '*80', lines: {admission: {prompt: nome}}}", "there is no prompt 'nome'"),
        ("{code: '*80', lines: {admission: {key: 100}}}", "100"),
    ],
)
def test_a_mistake_is_named(spoil: Spoil, control: str, message: str) -> None:
    found = messages(spoil, control)
    assert len(found) == 1
    assert message in found[0]


def test_two_lines_never_have_one_key(spoil: Spoil) -> None:
    found = messages(spoil, "{code: '*80', lines: {admission: {key: 2}, other: {}}}")
    assert "key 2 already stands for line 'admission'" in found


def test_a_prompt_of_the_menu_that_is_missing_is_named(spoil: Spoil) -> None:
    found = messages(spoil, "{code: '*80'}", tuple(name for name in PROMPTS if name != "control-pin"))
    assert found == ["the menu's prompts are not there: control-pin"]


def test_the_operators_code_is_not_the_menus_and_says_nothing_that_nobody_has_written(spoil: Spoil) -> None:
    floor = (
        "trunks:\n",
        "floor: {code: '*80', pause_reasons: {lunch: {name: Lunch, prompt: nome}}}\ntrunks:\n",
    )
    control = ("trunks:\n", "control: {code: '*80'}\ntrunks:\n")
    spoken = (*PROMPTS, *(name for name in OPERATOR_PROMPTS if name != "operator-pause"))
    found = {problem.message for problem in spoil(floor, control, prompts=spoken).errors}
    assert found == {
        "*80 already reaches the control menu",
        "there is no prompt 'nome'",
        "there is no prompt 'operator-pause'; did you mean 'operator-is-paused'?",
    }


def test_a_code_that_can_be_heard_has_no_problem(spoil: Spoil) -> None:
    floor = ("trunks:\n", "floor: {code: '*81'}\ntrunks:\n")
    assert spoil(floor, prompts=(*PROMPTS, *OPERATOR_PROMPTS)).errors == ()
