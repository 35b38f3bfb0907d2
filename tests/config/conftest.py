"""A small configuration that is right, for tests that spoil it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hotline_ivr.config.check import CheckResult, check

GOOD = """\
organisation:
  name: Example University
lines:
  admission:
    name: Admission hotline
    numbers: [+47 22 85 12 34]
    time_zone: Europe/Oslo
    hours:
      mon-fri: 08:00-12:00, 12:30-16:00
    queue: main
queues:
  main:
    operators: [anna, bjorn]
operators:
  anna:
    name: Anna Berg
  bjorn:
    name: Bjørn Dahl
trunks:
  carrier:
    hosts: [192.0.2.10]
"""


@pytest.fixture
def good() -> str:
    return GOOD


@pytest.fixture
def spoil(tmp_path: Path) -> Callable[..., CheckResult]:
    """Checks the good configuration after replacements (old, new); each must have something to replace."""

    def checked(*changes: tuple[str, str], prompts: tuple[str, ...] | None = None) -> CheckResult:
        text = GOOD
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        file = tmp_path / "hotline.yaml"
        file.write_text(text, encoding="utf-8")
        return check(file, prompts)

    return checked
