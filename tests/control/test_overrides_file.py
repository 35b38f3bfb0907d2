"""Overrides outlive processes, end by themselves, and never spoil one another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline_ivr.control import overrides_file
from hotline_ivr.control.overrides_file import KEEP, OverridesFile, new_id
from hotline_ivr.errors import OverrideError
from hotline_ivr.routing.overrides import Override, OverrideKind

NOON = datetime(2026, 9, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def override(
    kind: OverrideKind = OverrideKind.CLOSE,
    *,
    line: str = "info",
    since: datetime = NOON,
    until: datetime | None = NOON + HOUR,
) -> Override:
    return Override(new_id(), line, kind, since, until, "kari", prompt="storm")


@pytest.fixture
def file(tmp_path: Path) -> OverridesFile:
    return OverridesFile(tmp_path / "state" / "overrides.json")


def test_without_a_file_nothing_is_overridden(file: OverridesFile) -> None:
    assert file.standing(NOON) == ()


def test_an_override_is_read_back_as_it_was_set(file: OverridesFile) -> None:
    surge = Override("abc234", "info", OverrideKind.SURGE, NOON, None, "Kari «K» Å", "storm", True)
    file.add(surge, NOON)
    assert OverridesFile(file.path).standing(NOON) == (surge,)


def test_an_override_ends_by_itself(file: OverridesFile) -> None:
    file.add(override(), NOON)
    assert len(file.standing(NOON + HOUR - timedelta(seconds=1))) == 1
    assert file.standing(NOON + HOUR) == ()


def test_a_new_decision_ends_the_old_one_of_the_same_line(file: OverridesFile) -> None:
    first, other, second = override(), override(line="fees"), override(OverrideKind.OPEN)
    for each in (first, other, second):
        file.add(each, NOON)
    assert file.standing(NOON) == (other, second)
    assert file.all()[0].cleared_at == NOON


def test_an_information_goes_beside_a_closing(file: OverridesFile) -> None:
    closing, surge = override(), override(OverrideKind.SURGE)
    file.add(closing, NOON)
    file.add(surge, NOON)
    assert file.standing(NOON) == (closing, surge)


def test_a_route_goes_beside_a_closing_and_ends_another_route(file: OverridesFile) -> None:
    closing, outside, inside = override(), override(OverrideKind.OUTSIDE), override(OverrideKind.INSIDE)
    for each in (closing, outside, inside):
        file.add(each, NOON)
    assert file.standing(NOON) == (closing, inside)


def test_clearing_says_what_was_ended_and_by_whom(file: OverridesFile) -> None:
    first, other = override(), override(line="fees")
    file.add(first, NOON)
    file.add(other, NOON)
    assert file.clear(lambda each: each.line == "info", "ola", NOON) == (first,)
    assert file.standing(NOON) == (other,)
    assert file.all()[0].cleared_by == "ola"
    assert file.clear(lambda each: each.line == "info", "ola", NOON) == ()


def test_what_ended_long_ago_is_forgotten(file: OverridesFile) -> None:
    file.add(override(), NOON)
    later = NOON + HOUR + KEEP + timedelta(seconds=1)
    file.add(override(since=later, until=None), later)
    assert len(file.all()) == 1


def test_a_loop_in_a_script_meets_a_bound(file: OverridesFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overrides_file, "LIMIT", 3)
    for number in range(3):
        file.add(override(line=f"line-{number}"), NOON)
    with pytest.raises(OverrideError, match="3 overrides already"):
        file.add(override(line="one-more"), NOON)
    assert len(file.standing(NOON)) == 3


def test_two_who_set_at_once_both_have_their_way(file: OverridesFile) -> None:
    with ThreadPoolExecutor(8) as threads:
        for number in range(40):
            threads.submit(file.add, override(line=f"line-{number}"), NOON)
    assert {each.line for each in file.standing(NOON)} == {f"line-{number}" for number in range(40)}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"schema": "hotline/overrides/1", "overrides": [{"id": "x"}]}', '{"overrides": []}'],
)
def test_a_file_that_is_none_is_told_with_its_remedy(file: OverridesFile, text: str) -> None:
    file.path.parent.mkdir()
    file.path.write_text(text)
    with pytest.raises(OverrideError, match="Delete it and set them again"):
        file.all()


def test_a_file_of_a_later_version_is_left_alone(file: OverridesFile) -> None:
    file.path.parent.mkdir()
    file.path.write_text('{"schema": "hotline/overrides/9", "overrides": []}')
    with pytest.raises(OverrideError, match="another version"):
        file.add(override(), NOON)
    assert "overrides/9" in file.path.read_text()
