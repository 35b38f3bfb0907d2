"""A file that appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline_ivr.exports.placing import placed, workplace


def test_a_file_takes_its_place_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "calls.csv"
    target.write_text("old")
    with placed(target) as (draft, folder):
        draft.write_text("new")
        assert draft.stat().st_mode & 0o777 == 0o600
        assert target.read_text() == "old"
        assert folder.parent == tmp_path
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_what_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "calls.csv"
    target.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        _break_off(target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_export_left_is_taken_away_and_what_another_does_stays(tmp_path: Path) -> None:
    dead = tmp_path / ".hotline-export-dead.part"
    dead.mkdir()
    (dead / "draft").write_text("half")
    with workplace(tmp_path) as ours, workplace(tmp_path) as another:
        assert not dead.exists()
        assert ours.exists()
        assert another.exists()
    assert not list(tmp_path.iterdir())


def test_a_link_of_that_name_is_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / ".hotline-export-x.part").symlink_to(elsewhere)
    with workplace(folder):
        pass
    assert elsewhere.exists()


def _break_off(target: Path) -> None:
    with placed(target) as (draft, _folder):
        draft.write_text("half")
        raise KeyboardInterrupt
