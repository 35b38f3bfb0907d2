"""Alarms are kept over a restart."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline_ivr.control.alarms_file import AlarmsFile
from hotline_ivr.errors import AlertError
from hotline_ivr.routing.alarms import Alarm, AlarmKey

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    file = AlarmsFile(tmp_path / "alarms.json")
    assert file.load() == {}
    alarms = {AlarmKey("ghost-open", "main"): Alarm(NOON, NOON), AlarmKey("asterisk", "link"): Alarm(NOON)}
    file.save(alarms)
    assert file.load() == alarms


@pytest.mark.parametrize(
    "text", ["no json", "[]", '{"schema": "hotline/alarms/9"}', '{"schema": "hotline/alarms/1"}']
)
def test_another_file_is_refused_with_a_remedy(tmp_path: Path, text: str) -> None:
    (tmp_path / "alarms.json").write_text(text)
    with pytest.raises(AlertError, match=r"alarms\.json"):
        AlarmsFile(tmp_path / "alarms.json").load()
