"""Files appear whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hotline_ivr.files import append, copy, replace, write
from tests.small_disk import SmallDisk, journalled_disk_at, small_disk_at


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """With a line of a trail on it, and no room for another block."""
    with journalled_disk_at(tmp_path / "disk", tmp_path / "disk.ext4") as disk:
        append(disk.folder / "trail", "before")
        disk.fill()
        yield disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk_at(tmp_path / "disk", 2**16) as disk:
        yield disk.folder


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


def test_two_who_copy_over_the_same_file_at_once_leave_one_of_the_two_whole(tmp_path: Path) -> None:
    sources = [tmp_path / name for name in ("one", "two")]
    for number, source in enumerate(sources):
        source.write_bytes(bytes([number]) * 2_000_000)
    target = tmp_path / "target"
    with ThreadPoolExecutor(2) as both:
        for _ in range(20):
            list(both.map(lambda source: copy(source, target), sources))
            assert target.read_bytes() in [source.read_bytes() for source in sources]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "target", "two"]


def test_after_half_a_line_the_next_one_stands_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "trail"
    path.write_text('{"at": "2026', encoding="utf-8")
    append(path, "whole")
    append(path, "another")
    assert path.read_text(encoding="utf-8").splitlines() == ['{"at": "2026', "whole", "another"]


def test_what_does_not_fit_leaves_the_old_file_and_no_draft(small_disk: Path) -> None:
    path = small_disk / "a"
    replace(path, "old")
    with pytest.raises(OSError, match="No space"):
        replace(path, "x" * 2**20)
    assert path.read_text(encoding="utf-8") == "old"
    assert [each.name for each in small_disk.iterdir()] == ["a"]
    with pytest.raises(OSError, match="No space"):
        append(path, "y" * 2**20)
    path.write_text("", encoding="utf-8")
    append(path, "whole")
    assert path.read_text(encoding="utf-8") == "whole\n"


@pytest.mark.parametrize("line", ["x" * 5000, "x" * 4089], ids=["piece fits", "nothing fits"])
def test_a_line_for_which_there_is_no_room_leaves_no_piece_and_is_told_by_name(
    full_disk: SmallDisk, line: str
) -> None:
    path = full_disk.folder / "trail"
    if len(line) < 4096:
        append(path, line[:-1])
    before = path.read_bytes()
    with pytest.raises(OSError, match="No space left on device") as told:
        append(path, line)
    assert (told.value.filename, path.read_bytes()) == (str(path), before)
    full_disk.empty()
    append(path, "after")
    assert path.read_bytes() == before + b"after\n"


def test_a_file_for_which_there_is_no_room_is_told_by_name_and_leaves_no_draft(
    full_disk: SmallDisk, tmp_path: Path
) -> None:
    path, source = full_disk.folder / "a", tmp_path / "source"
    source.write_bytes(b"x" * 100_000)
    with pytest.raises(OSError, match="No space left on device") as replacing:
        replace(path, "x" * 100_000)
    with pytest.raises(OSError, match="No space left on device") as copying:
        copy(source, path)
    assert (replacing.value.filename, copying.value.filename) == (str(path), str(path))
    assert {each.name for each in full_disk.folder.iterdir()} == {"trail", "ballast", "lost+found"}
    full_disk.empty()
    replace(path, "x" * 100_000)
    copy(source, path)
    assert path.read_bytes() == source.read_bytes()
