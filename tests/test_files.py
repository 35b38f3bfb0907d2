"""Files appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

from hotline_ivr.files import write


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    assert write(tmp_path, {"a": "1", "b": "2"}) == ("a", "b")
    before = (tmp_path / "a").stat().st_mtime_ns
    assert write(tmp_path, {"a": "1", "b": "3"}) == ("b",)
    assert (tmp_path / "a").stat().st_mtime_ns == before
    assert (tmp_path / "b").read_text(encoding="utf-8") == "3"


def test_no_temporary_file_is_left(tmp_path: Path) -> None:
    write(tmp_path, {"a": "1"})
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_file_that_is_not_text_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff\xfe")
    assert write(tmp_path, {"a": "1"}) == ("a",)
