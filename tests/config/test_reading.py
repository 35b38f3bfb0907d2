"""A folder of files to one mapping: what is joined, what collides, and what cannot be read at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hotline_ivr.config.reading import MAX_BYTES, MAX_FILE_BYTES, MAX_FILES, Reading, read

JOINED = frozenset({"lines", "queues"})


def read_files(folder: Path, **files: str) -> Reading:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return read(folder, JOINED)


def said(reading: Reading) -> list[str]:
    """Return the problems as `file:line:col message`, the file without its folder."""
    return [
        f"{Path(problem.file).name}:{problem.line}:{problem.column} {problem.message}"
        for problem in reading.problems
    ]


def test_mappings_of_ids_are_joined_over_files(tmp_path: Path) -> None:
    reading = read_files(tmp_path, a="lines:\n  x: {name: X}\n", b="lines:\n  y: {name: Y}\nqueues: {}\n")
    assert reading.problems == []
    assert reading.data == {"lines": {"x": {"name": "X"}, "y": {"name": "Y"}}, "queues": {}}
    assert str(reading.place_of(("lines", "y", "name"))) == f"{tmp_path}/b.yaml:2:13"


def test_the_same_id_in_two_files_is_told_with_both_places(tmp_path: Path) -> None:
    reading = read_files(tmp_path, a="lines:\n  x: {name: X}\n", b="lines:\n  x: {name: Other}\n")
    assert said(reading) == [f"b.yaml:2:3 'x' is here again; first at {tmp_path}/a.yaml:2:3"]
    assert reading.data == {"lines": {"x": {"name": "X"}}}, (
        "the first is kept, so that its own mistakes are told"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("organisation: {name: A}", "organisation: {name: B}"),
        ("organisation: {name: A}", "organisation:"),
        ("organisation:", "organisation: {name: B}"),
    ],
)
def test_a_key_that_is_not_joined_may_stand_in_one_file_only(tmp_path: Path, first: str, second: str) -> None:
    reading = read_files(tmp_path, a=first, b=second)
    assert said(reading) == [f"b.yaml:1:1 'organisation' is here again; first at {tmp_path}/a.yaml:1:1"]


def test_a_section_that_is_no_mapping_is_not_joined(tmp_path: Path) -> None:
    reading = read_files(tmp_path, a="lines: [x]\n", b="lines: {y: {}}\n")
    assert said(reading) == [f"b.yaml:1:1 'lines' is here again; first at {tmp_path}/a.yaml:1:1"]


@pytest.mark.parametrize(("empty", "filled"), [("a", "b"), ("b", "a")])
def test_an_empty_section_gives_way_to_a_filled_one(tmp_path: Path, empty: str, filled: str) -> None:
    reading = read_files(tmp_path, **{empty: "lines:\n", filled: "lines:\n  x: {name: X}\n"})
    assert reading.problems == []
    assert reading.data == {"lines": {"x": {"name": "X"}}}


def test_a_file_of_comments_adds_nothing(tmp_path: Path) -> None:
    reading = read_files(tmp_path, a="# nothing yet\n", b="lines: {}\n", c="")
    assert (reading.problems, reading.data, reading.complete) == ([], {"lines": {}}, True)


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbflines:\r\n  x:\r\n    name: X\r\n")
    reading = read(tmp_path, JOINED)
    assert reading.problems == []
    assert str(reading.place_of(("lines", "x", "name"))) == f"{tmp_path}/a.yaml:3:11"


def test_hidden_files_and_folders_are_passed_over_and_a_yml_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".a.yaml").write_text("lines: [")
    (tmp_path / "b.yml").write_text("lines: [")
    (tmp_path / "old").mkdir()
    reading = read_files(tmp_path, c="lines: {}\n")
    assert said(reading) == ["b.yml:None:None is not read"]
    assert reading.problems[0].severity == "warning"
    assert reading.complete


def test_bytes_that_are_not_utf_8_have_their_place(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("operators:\n  bjorn:\n    name: Bjørn Dahl\n".encode("latin-1"))
    reading = read(tmp_path, JOINED)
    assert said(reading) == ["a.yaml:3:13 the byte 0xF8 is not UTF-8"]
    assert reading.problems[0].source == "    name: Bjørn Dahl"


@pytest.mark.parametrize(
    "raw",
    [b"\xff\xfel\x00i\x00", b"\x80", b"a: \xc3", b"\xef\xbb", "a: \ud800".encode("utf-8", "surrogatepass")],
)
def test_no_bytes_break_the_reader(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "a.yaml").write_bytes(raw)
    reading = read(tmp_path, JOINED)
    assert "is not UTF-8" in said(reading)[0]
    assert not reading.complete


def test_a_broken_file_leaves_the_others_to_be_read(tmp_path: Path) -> None:
    reading = read_files(tmp_path, a="lines: [", b="queues: {}\n")
    assert reading.data == {"queues": {}}
    assert not reading.complete


@pytest.mark.parametrize(("text", "what"), [("- a\n", "a list"), ("hello\n", "'hello'"), ("''\n", "nothing")])
def test_a_file_must_hold_keys(tmp_path: Path, text: str, what: str) -> None:
    assert said(read_files(tmp_path, a=text)) == [f"a.yaml:1:1 the file holds {what}, not keys with values"]


def test_an_empty_folder_and_a_missing_one_are_told_apart(tmp_path: Path) -> None:
    assert "this folder holds no *.yaml file" in said(read(tmp_path, JOINED))[0]
    assert "there is no such file or folder" in said(read(tmp_path / "nowhere", JOINED))[0]


def test_what_is_not_a_file_is_never_opened(tmp_path: Path) -> None:
    """A pipe without a writer would hold the reader for ever."""
    os.mkfifo(tmp_path / "a.yaml")
    (tmp_path / "b.yaml").mkdir()
    (tmp_path / "c.yaml").symlink_to("c.yaml")
    (tmp_path / "d.yaml").symlink_to("nowhere")
    messages = said(read(tmp_path, JOINED))
    assert messages[:2] == ["a.yaml:None:None is not a file", "b.yaml:None:None is not a file"]
    assert messages[2].startswith("c.yaml:None:None cannot be read (")
    assert messages[3] == "d.yaml:None:None there is no such file or folder"


@pytest.mark.parametrize("name", ["nul\x00", "x" * 300])
def test_a_path_that_no_system_allows_is_a_problem(tmp_path: Path, name: str) -> None:
    reading = read(tmp_path / name, JOINED)
    assert len(reading.problems) == 1
    assert not reading.complete


def test_too_much_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("#" * (MAX_FILE_BYTES + 1))
    assert said(read(tmp_path, JOINED)) == [f"a.yaml:None:None is larger than {MAX_FILE_BYTES // 1024} KiB"]
    for number in range(MAX_BYTES // MAX_FILE_BYTES + 1):
        (tmp_path / f"{number}.yaml").write_text("#" * (MAX_FILE_BYTES - 1) + "\n")
    (tmp_path / "a.yaml").unlink()
    assert f"holds more than {MAX_BYTES // 1024} KiB" in said(read(tmp_path, JOINED))[0]
    for number in range(MAX_FILES):
        (tmp_path / f"x{number}.yaml").write_text("")
    assert f"more than {MAX_FILES} *.yaml files" in said(read(tmp_path, JOINED))[0]
