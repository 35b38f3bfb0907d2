"""Half an hour of measuring is not lost because one part of it cannot be measured here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import bench.__main__ as command


def test_a_part_that_fails_costs_only_its_own_figures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks() -> command.Found:
        raise RuntimeError("no phones here")

    monkeypatch.setattr(command, "_record", breaks)
    monkeypatch.setattr(command, "_waits", lambda: ({"p50": 1}, ["waits: one second"]))
    written = tmp_path / "figures.json"
    monkeypatch.setattr("sys.argv", ["bench", "record", "waits", "--json", str(written)])

    assert command.main() == 1

    said = capsys.readouterr().out
    assert "no phones here" in said
    assert "waits: one second" in said
    assert "no figures of: record" in said
    assert json.loads(written.read_text(encoding="utf-8"))["waits"] == {"p50": 1}
