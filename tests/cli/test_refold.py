"""`hotline refold` on a terminal and as JSON."""

from __future__ import annotations

import asyncio
import json

import pytest
from typer.testing import CliRunner

from hotline_ivr.cli.main import app
from hotline_ivr.routing.fold import FOLD_VERSION
from tests.cli.test_balance import place
from tests.launch.place import Place

__all__ = ["place"]


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["refold", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_it_is_told_how_many_rows_change_and_in_which_columns(place: Place) -> None:
    assert f"2 calls looked at, version {FOLD_VERSION} of the fold\n0 rows changed" in run()
    asyncio.run(place.change("UPDATE call SET talk_ms = 1, wait_ms = 2 WHERE outcome = 'answered'"))
    dry = run("--dry-run", "--since", "2026-11-23")
    assert "1 rows would be changed, 0 would be made, 0 would be removed" in dry
    said = json.loads(run("--json"))
    assert (said["schema"], said["changed"]) == ("hotline/refold/1", 1)
    assert said["columns"] == {"wait_ms": 1, "talk_ms": 1}
    assert json.loads(run("--json"))["changed"] == 0


@pytest.mark.usefixtures("place")
def test_a_time_without_calls_has_nothing_to_do() -> None:
    assert "0 calls looked at" in run("--since", "2026-11-24", "--until", "2026-11-25")
