"""Numbers in the manuscript: short, the same for ever, and never another prompt's."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline_ivr.errors import SetupError
from hotline_ivr.setup.prompt_numbers import prompt_numbers


def test_numbers_stay_when_prompts_come_and_go(tmp_path: Path) -> None:
    file = tmp_path / "numbers.json"
    assert prompt_numbers(file, ["say-one", "greeting", "closed"]) == {
        "closed": 1,
        "greeting": 2,
        "say-one": 3,
    }
    assert prompt_numbers(file, ["aaa", "greeting"]) == {"aaa": 4, "greeting": 2}
    assert prompt_numbers(file, ["closed", "new"]) == {"closed": 1, "new": 5}


def test_a_spoilt_file_is_told_and_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "numbers.json"
    file.write_text("[]")
    with pytest.raises(SetupError, match="holds no numbers"):
        prompt_numbers(file, ["greeting"])
    assert file.read_text() == "[]"
