"""The clock of calls, and the file that sets it for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline_ivr.calls.clock import clock_of_calls
from hotline_ivr.errors import SettingsError
from hotline_ivr.routing.steps import Call


def call_of(caller: str) -> Call:
    return Call("open", "+4722851201", caller, "")


def test_without_the_setting_it_is_now() -> None:
    assert abs(clock_of_calls()(call_of("+4790000001")) - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_caller_in_the_file_rings_at_its_moment_and_every_other_one_now(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    file.write_text('{"+4790000001": "2032-02-29T12:00:00+01:00"}')
    clock = clock_of_calls(file)
    assert clock(call_of("+4790000001")) == datetime(2032, 2, 29, 11, tzinfo=UTC)
    assert abs(clock(call_of("+4790000002")) - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"+4790000001": 7}',
        '{"+4790000001": "noon"}',
        '{"+4790000001": "2032-02-29T12:00:00"}',
        None,
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "clock.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(SettingsError, match=r"clock\.json"):
        clock_of_calls(file)
