"""Saying who takes the calls of a line from the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_main import folder, hotline

__all__ = ["folder"]

pytestmark = pytest.mark.timeout(120)

CENTRES = """\
centres:
  night:
    name: Night centre
    targets:
      desk: {number: +47 22 85 00 00}
"""


def with_a_centre(folder: Path) -> None:
    config = folder / "config"
    trunks = config / "hotline.yaml"
    text = trunks.read_text(encoding="utf-8")
    place = text.index("hosts:")
    trunks.write_text(f"{text[:place]}outbound: 192.0.2.10:5060\n    {text[place:]}", encoding="utf-8")
    (config / "centres.yaml").write_text(CENTRES, encoding="utf-8")
    lines = config / "lines.yaml"
    lines.write_text(
        lines.read_text(encoding="utf-8").replace("queue: main\n", "queue: main\n    centre: night\n", 1),
        encoding="utf-8",
    )


def test_a_route_is_set_listed_and_cleared(folder: Path) -> None:
    with_a_centre(folder)
    done = hotline(folder, "route", "admission", "outside", "--for", "2h", "--by", "kari")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("admission: calls to the centre until ")
    shown = json.loads(hotline(folder, "route", "--json").stdout)["routes"]
    assert [(each["line"], each["route"], each["by"]) for each in shown] == [
        ("admission", "outside", "kari"),
        ("demo", "both", None),
    ]
    # Closing a line by hand goes beside it.
    assert hotline(folder, "close", "admission", "--for", "1h").returncode == 0
    assert "admission: outside, by kari" in hotline(folder, "route", "admission").stdout
    assert hotline(folder, "route", "admission", "inside").returncode == 0
    assert hotline(folder, "overrides").stdout.count("calls to") == 1
    assert hotline(folder, "clear", "admission").returncode == 0
    assert "admission: both, by the plan" in hotline(folder, "route").stdout
    trail = (folder / "state").rglob("audit*")
    assert any("outside" in path.read_text(encoding="utf-8") for path in trail)


def test_a_line_without_a_centre_has_nowhere_to_send_callers(folder: Path) -> None:
    done = hotline(folder, "route", "demo", "outside")
    assert done.returncode == 2
    assert "line 'demo' has no centre to send callers to" in done.stderr


def test_a_month_that_is_none_and_a_centre_that_is_none_are_refused(folder: Path) -> None:
    with_a_centre(folder)
    assert "is no month" in hotline(folder, "centres", "settle", "night", "--month", "2026-13").stderr
    assert "Centres are: night" in hotline(folder, "centres", "settle", "nigt", "--month", "2026-11").stderr
