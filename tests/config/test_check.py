"""The whole check: ten mistakes, files spoiled at random, versions, and reading again and again."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline_ivr.config.check import CheckResult, check, read_plan
from hotline_ivr.config.types import WeeklyHours
from hotline_ivr.errors import ConfigError

HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "config"
PROMPTS = ("greeting", "closed", "sorry", "technical")

Spoil = Callable[..., CheckResult]


def test_ten_mistakes_give_ten_messages_with_place_and_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    result = check(Path("ten_mistakes"), PROMPTS)
    assert result.text + "\n" == (HERE / "ten_mistakes" / "expected.txt").read_text(encoding="utf-8")
    assert len(result.errors) == 10
    assert all(problem.remedy and problem.line for problem in result.errors)
    assert result.plan is None


def test_a_refused_configuration_is_raised_with_its_whole_text() -> None:
    with pytest.raises(ConfigError) as caught:
        read_plan(HERE / "ten_mistakes")
    assert str(caught.value).endswith("10 errors")


def test_the_shipped_configuration_is_right() -> None:
    result = check(SHIPPED, PROMPTS)
    assert result.text == ""
    assert result.plan is not None
    assert {line_id: line.numbers for line_id, line in result.plan.lines.items()} == {
        "admission": ("+4722851234",),
        "demo": ("+4722851235",),
    }
    assert result.plan.lines["demo"].hours == WeeklyHours.all_week()
    assert result.plan.source == SHIPPED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("organisation:", "# a comment\norganisation:"),
        ("+47 22 85 12 34", "22851234"),
        ("08:00-12:00, 12:30-16:00", "[12:30-16:00, 8:00-10:00, 10:00-12:00]"),
        ("queue: main", "queue: main\n    max_wait: 5m"),
        (
            "  anna:\n    name: Anna Berg\n  bjorn:\n    name: Bjørn Dahl\n",
            "  bjorn:\n    name: Bjørn Dahl\n  anna: {name: Anna Berg}\n",
        ),
    ],
)
def test_the_version_names_the_content_and_not_how_it_is_written(spoil: Spoil, old: str, new: str) -> None:
    plain, rewritten = spoil().plan, spoil((old, new)).plan
    assert plain is not None
    assert rewritten is not None
    assert plain.version == rewritten.version
    assert len(plain.version) == 12
    assert int(plain.version, 16) >= 0


@pytest.mark.parametrize(
    ("old", "new"),
    [("12:30-16:00", "12:30-16:01"), ("[anna, bjorn]", "[bjorn, anna]"), ("Anna Berg", "Anna Bergh")],
)
def test_another_content_has_another_version(spoil: Spoil, old: str, new: str) -> None:
    plain, other = spoil().plan, spoil((old, new)).plan
    assert plain is not None
    assert other is not None
    assert plain.version != other.version


def test_a_check_leaves_nothing_behind(spoil: Spoil) -> None:
    """A service reads again after each change; a refused file must not colour the next reading."""
    before, wrong, after = spoil(), spoil(("queue: main", "queue: mian")), spoil()
    assert wrong.plan is None
    assert after == before


def test_warnings_leave_the_plan(spoil: Spoil) -> None:
    result = spoil(("[anna, bjorn]", "[anna]"))
    assert result.plan is not None
    assert [problem.message for problem in result.warnings] == ["operator 'bjorn' is in no queue"]
    assert result.errors == ()


PIECES = (
    "", " ", "  ", "\n", "\t", ":", "-", "- ", "[", "]", "{", "}", ",", "#", "'", '"', "|", ">", "? ", "&a ",
    "*a", "!x ", "~", "null", "always", "closed", "main", "mon", "24:00", "99", "-1", "1e9", "no", "é", "電",
    "\u202e", "\x85", "\ufeff", "<<: ", "---\n",
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), spots=st.integers(1, 4))
def test_a_spoiled_file_gives_a_plan_or_messages_and_never_a_traceback(
    tmp_path: Path, good: str, seed: int, spots: int
) -> None:
    rng = random.Random(seed)
    text = good
    for _ in range(spots):
        start = rng.randrange(len(text))
        text = text[:start] + rng.choice(PIECES) + text[start + rng.choice((0, 0, 1, 2, 5, 20)) :]
    (tmp_path / "hotline.yaml").write_text(text, encoding="utf-8")
    result = check(tmp_path, PROMPTS)
    assert (result.plan is None) == bool(result.errors), result.text
    assert all(problem.message and problem.remedy for problem in result.problems), result.text
    assert all(line.isprintable() for line in result.text.splitlines())
    jargon = ("Input should", "valid string", "valid dictionary", "pydantic", "[type=", "cannot stand here")
    assert not any(word in result.text for word in jargon), result.text


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=200))
def test_any_bytes_at_all_are_refused_with_a_message(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "hotline.yaml").write_bytes(raw)
    result = check(tmp_path)
    assert result.plan is None
    assert "error" in result.text


@pytest.mark.parametrize("value", ["~", "[]", "{}", "x", "[x]", "{x: y}", "''", "1"])
def test_every_value_replaced_by_every_shape_has_a_plain_message(
    tmp_path: Path, good: str, value: str
) -> None:
    lines = good.splitlines()
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        rest = lines[number + 1 :]
        while rest and len(rest[0]) - len(rest[0].lstrip()) > indent:
            rest.pop(0)
        text = "\n".join([*lines[:number], f"{line.partition(':')[0]}: {value}", *rest])
        (tmp_path / "hotline.yaml").write_text(text, encoding="utf-8")
        result = check(tmp_path, PROMPTS)
        assert (result.plan is None) == bool(result.errors)
        assert "cannot stand here" not in result.text, result.text
        assert all(problem.message and problem.remedy for problem in result.problems), result.text
