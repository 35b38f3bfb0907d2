"""A service that stands by does nothing until it is told, and ends with whoever would tell it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from hotline_ivr.launch.standby import stand_by
from hotline_ivr.settings import Settings


@pytest.mark.parametrize(("said", "begins"), [("go\n", True), ("", False)])
def test_it_begins_when_it_is_told_and_not_when_nobody_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, *, begins: bool
) -> None:
    (tmp_path / "config").mkdir()
    settings = Settings(config=tmp_path / "config", state=tmp_path / "state")
    monkeypatch.setattr("sys.stdin", io.StringIO(said))
    assert stand_by(settings) is begins, "also beside a configuration that is refused"
    assert not (tmp_path / "state").exists()
