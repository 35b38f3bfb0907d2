"""The file that tells where operators stand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline_ivr.control.presence_file import PresenceFile
from hotline_ivr.errors import PresenceFileError
from hotline_ivr.routing.presence import Asked, Period, Presence, Standing
from hotline_ivr.routing.presence_kept import KeptPresences

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
KEPT = KeptPresences(
    {
        "anna": Presence(Standing.PAUSED, NOON, "anna", "lunch", LATER, returns=True, unanswered=2),
        "bjorn": Presence(Standing.READY, NOON, asked=Asked(Standing.SIGNED_OUT, "bjorn")),
    },
    (
        Period("anna", Standing.READY, "", NOON, LATER, "hotline", "anna"),
        Period("anna", Standing.PAUSED, "lunch", LATER, None, "anna", ""),
        # The clock was set since the ledger had it.
        Period("bjorn", Standing.READY, "", LATER, None, "hotline", "", NOON),
    ),
)


def test_what_was_saved_is_what_is_loaded(tmp_path: Path) -> None:
    file = PresenceFile(tmp_path / "operators.json")
    file.save(KEPT)
    assert file.load() == KEPT


def test_no_file_is_nobody(tmp_path: Path) -> None:
    assert PresenceFile(tmp_path / "operators.json").load() == KeptPresences({})


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"schema": "hotline/operators/1", "operators": {"anna": {}}, "unwritten": []}', "\0"],
)
def test_a_spoilt_file_is_told_with_its_remedy(tmp_path: Path, text: str) -> None:
    (tmp_path / "operators.json").write_text(text, encoding="utf-8")
    with pytest.raises(PresenceFileError, match=r"operators\.json: .*Delete it"):
        PresenceFile(tmp_path / "operators.json").load()


def test_a_file_of_another_version_is_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / "operators.json").write_text('{"schema": "hotline/operators/9"}', encoding="utf-8")
    with pytest.raises(PresenceFileError, match="another version"):
        PresenceFile(tmp_path / "operators.json").load()


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(PresenceFileError, match="cannot be written"):
        PresenceFile(tmp_path / "gone" / "operators.json").save(KEPT)
