"""The file that tells which breaks were had and asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline_ivr.control.breaks_file import BreaksFile
from hotline_ivr.errors import PresenceFileError
from hotline_ivr.routing.shift_notes import BreakAsked, DutyNote, ShiftNotes

EIGHT = datetime(2026, 3, 2, 8, tzinfo=UTC)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOTES = ShiftNotes(
    {
        "anna": DutyNote(EIGHT, frozenset({"lunch", "early"}), over=True, granted=True, counted=NOON),
        "bjorn": DutyNote(EIGHT),
    },
    {"bjorn": BreakAsked("short", NOON, "bjørn's token")},
)


def test_what_was_saved_is_what_is_loaded(tmp_path: Path) -> None:
    file = BreaksFile(tmp_path / "breaks.json")
    file.save(NOTES)
    assert file.load() == NOTES


def test_no_file_is_no_break_yet(tmp_path: Path) -> None:
    assert BreaksFile(tmp_path / "breaks.json").load() == ShiftNotes()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"schema": "hotline/breaks/9"}',
        '{"schema": "hotline/breaks/1", "duties": {"anna": {"start": "noon"}}, "asked": {}}',
        '{"schema": "hotline/breaks/1", "duties": {}, "asked": {"anna": {"kind": "short"}}}',
    ],
)
def test_a_file_that_is_none_of_ours_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "breaks.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PresenceFileError, match=r"breaks\.json"):
        BreaksFile(path).load()


def test_a_folder_in_its_place_can_neither_be_read_nor_written(tmp_path: Path) -> None:
    file = BreaksFile(tmp_path)
    with pytest.raises(PresenceFileError):
        file.load()
    with pytest.raises(PresenceFileError):
        BreaksFile(tmp_path / "none" / "breaks.json").save(NOTES)
