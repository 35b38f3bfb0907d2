"""Following a log: no byte lost, none read twice, whatever happens to the file."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_ivr.asterisk.spool_tail import Piece, Tail
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.ledger import Position, RejectedLine


class Follower:
    """Tails one log, remembers positions as the database would, and can be killed and started again."""

    def __init__(self, path: Path, **options: int) -> None:
        self.path = path
        self.options = options
        self.known: list[Position] = []
        self.lines: list[bytes] = []
        self.rejected: list[RejectedLine] = []
        self.tail = self.begin()

    def begin(self) -> Tail:
        return Tail(self.path, Source.CEL, self.known, **self.options)

    def restart(self) -> None:
        self.tail.close()
        self.tail = self.begin()

    def take(self, piece: Piece) -> None:
        if self.known and self.known[-1].generation == piece.after.generation:
            self.known[-1] = piece.after
        else:
            self.known.append(piece.after)
        self.lines += piece.data.splitlines()
        self.rejected += piece.rejected

    def catch_up(self) -> list[bytes]:
        before = len(self.lines)
        while (piece := self.tail.read()) is not None:
            self.take(piece)
        return self.lines[before:]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "hotline.json"


@pytest.fixture
def follower(log: Path) -> Iterator[Follower]:
    follower = Follower(log)
    yield follower
    follower.tail.close()


def append(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def rotate(path: Path, name: str) -> Path:
    rotated = path.with_name(f"{path.name}.{name}")
    path.rename(rotated)
    return rotated


def age(path: Path, seconds: int) -> None:
    """Rotated `seconds` before now."""
    then = path.stat().st_mtime_ns - seconds * 1_000_000_000
    os.utime(path, ns=(then, then))


def test_a_log_that_is_not_there_yet_is_waited_for(log: Path, follower: Follower) -> None:
    assert follower.catch_up() == []
    append(log, "first")
    assert follower.catch_up() == [b"first"]
    assert follower.catch_up() == []


def test_a_folder_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    log = tmp_path / "cel-custom" / "hotline.json"
    follower = Follower(log)
    assert follower.catch_up() == []
    log.parent.mkdir()
    append(log, "first")
    assert follower.catch_up() == [b"first"]
    follower.tail.close()


def test_half_a_line_waits_for_its_rest(log: Path, follower: Follower) -> None:
    append(log, "whole")
    with log.open("a") as file:
        file.write("ha")
    assert follower.catch_up() == [b"whole"]
    assert follower.known[-1].offset == 6
    with log.open("a") as file:
        file.write("lf\n")
    assert follower.catch_up() == [b"half"]


@given(
    text=st.lists(st.text("ab", max_size=9), min_size=1, max_size=20),
    cuts=st.lists(st.integers(1, 7), min_size=1, max_size=60),
    piece=st.integers(1, 40),
    restarts=st.sets(st.integers(0, 60)),
)
@settings(max_examples=120, deadline=None)
def test_a_log_that_grows_by_any_splits_gives_each_line_once(
    tmp_path_factory: pytest.TempPathFactory, text: list[str], cuts: list[int], piece: int, restarts: set[int]
) -> None:
    log = tmp_path_factory.mktemp("spool") / "log"
    follower = Follower(log, piece_bytes=piece, max_line=12)
    data, place = "".join(f"{line}\n" for line in text).encode(), 0
    for number, cut in enumerate([*cuts, len(data)]):
        with log.open("ab") as file:
            file.write(data[place : place + cut])
        place += cut
        if number in restarts:
            follower.restart()
        follower.catch_up()
    assert follower.lines == [line.encode() for line in text]
    assert follower.rejected == []
    follower.tail.close()


def test_a_restart_reads_on_where_the_last_commit_was(log: Path, follower: Follower) -> None:
    append(log, "one", "two")
    follower.catch_up()
    follower.restart()
    append(log, "three")
    assert follower.catch_up() == [b"three"]


def test_a_rotated_log_is_finished_before_the_new_one(log: Path, follower: Follower) -> None:
    append(log, "one")
    follower.catch_up()
    append(log, "two")
    rotate(log, "1")
    append(log, "three")
    assert follower.catch_up() == [b"two", b"three"]
    assert [position.generation for position in follower.known] == [1, 2]


def test_what_asterisk_writes_to_the_old_file_until_it_reopens_its_logs_is_not_lost(
    log: Path, follower: Follower
) -> None:
    """logrotate creates the new file empty; Asterisk goes on in the old one until it is told."""
    append(log, "one")
    follower.catch_up()
    old = rotate(log, "1")
    log.touch()
    assert follower.catch_up() == []
    append(old, "two")
    assert follower.catch_up() == [b"two"]
    append(old, "three")
    append(log, "four")
    assert follower.catch_up() == [b"three", b"four"]


def test_several_rotations_while_nobody_read_are_all_finished_in_order(log: Path, follower: Follower) -> None:
    append(log, "one", "two")
    follower.catch_up()
    append(log, "three")
    age(rotate(log, "3"), 300)
    append(log, "four")
    age(rotate(log, "2"), 200)
    append(log, "five")
    age(rotate(log, "1"), 100)
    append(log, "six")
    follower.restart()
    assert follower.catch_up() == [b"three", b"four", b"five", b"six"]
    assert follower.rejected == []


def test_the_first_start_ever_begins_with_the_oldest_file_there_is(log: Path, follower: Follower) -> None:
    append(log, "one")
    age(rotate(log, "2"), 200)
    append(log, "two")
    age(rotate(log, "1"), 100)
    append(log, "three")
    assert follower.catch_up() == [b"one", b"two", b"three"]


def test_a_rotated_file_is_never_read_again(log: Path, follower: Follower) -> None:
    append(log, "one")
    follower.catch_up()
    rotate(log, "1")
    append(log, "two")
    follower.catch_up()
    log.with_name("hotline.json.1").rename(log.with_name("hotline.json.2"))
    rotate(log, "1")
    append(log, "three")
    follower.restart()
    assert follower.catch_up() == [b"three"]
    assert follower.rejected == []


def test_other_files_in_the_folder_are_left_alone(log: Path, follower: Follower) -> None:
    append(log.with_name("hotline.json.1.gz"), "compressed")
    append(log.with_name("hotline.jsonx"), "another log")
    append(log.with_name("full"), "another log")
    log.with_name("hotline.json.d").mkdir()
    append(log, "one")
    assert follower.catch_up() == [b"one"]


def test_a_log_truncated_in_place_is_begun_anew_and_its_copy_finished(log: Path, follower: Follower) -> None:
    """logrotate's copytruncate."""
    append(log, "one")
    follower.catch_up()
    append(log, "two")
    shutil.copyfile(log, log.with_name("hotline.json.1"))
    os.truncate(log, 0)
    append(log, "three")
    assert follower.catch_up() == [b"two", b"three"]
    assert follower.rejected == []


def test_a_log_truncated_in_place_while_nobody_read_is_found_by_its_content(
    log: Path, follower: Follower
) -> None:
    append(log, "one")
    follower.catch_up()
    append(log, "two")
    shutil.copyfile(log, log.with_name("hotline.json.1"))
    os.truncate(log, 0)
    append(log, "three", "four", "five", "longer than it was before")
    follower.restart()
    assert follower.catch_up() == [b"two", b"three", b"four", b"five", b"longer than it was before"]


def test_a_log_truncated_without_a_copy_is_begun_anew_and_that_is_noted(
    log: Path, follower: Follower
) -> None:
    append(log, "one")
    follower.catch_up()
    os.truncate(log, 0)
    assert follower.catch_up() == []
    append(log, "two")
    assert follower.catch_up() == [b"two"]
    assert [aside.reason for aside in follower.rejected] == ["truncated"]
    assert [position.generation for position in follower.known] == [1, 2]


def test_a_new_file_with_the_inode_of_a_deleted_one_is_not_taken_for_it(
    log: Path, follower: Follower
) -> None:
    """File systems give the number to the next file; here the content is replaced under the same number."""
    append(log, "one", "two")
    follower.catch_up()
    follower.tail.close()
    with log.open("w") as file:
        file.write("other content, longer than before\n")
    follower.restart()
    assert follower.catch_up() == [b"other content, longer than before"]
    assert [aside.reason for aside in follower.rejected] == ["file-gone"]


def test_a_file_that_has_gone_is_noted_and_the_next_is_read(log: Path, follower: Follower) -> None:
    append(log, "one")
    follower.catch_up()
    append(log, "lost")
    old = rotate(log, "1")
    log.with_name("hotline.json.1.gz").write_bytes(gzip.compress(old.read_bytes()))
    old.unlink()
    append(log, "two")
    follower.restart()
    assert follower.catch_up() == [b"two"]
    assert [(aside.reason, aside.offset) for aside in follower.rejected] == [("file-gone", 4)]


def test_a_deleted_log_is_read_to_its_end_while_it_is_open(log: Path, follower: Follower) -> None:
    append(log, "one")
    follower.catch_up()
    append(log, "two")
    log.unlink()
    assert follower.catch_up() == [b"two"]
    append(log, "three")
    assert follower.catch_up() == [b"three"]


def test_a_log_moved_to_another_disk_is_known_by_its_content(log: Path, follower: Follower) -> None:
    append(log, "one")
    follower.catch_up()
    append(log, "two")
    copy = log.with_name("copy")
    shutil.copyfile(log, copy)
    follower.tail.close()
    log.unlink()
    copy.rename(log)
    follower.restart()
    assert follower.catch_up() == [b"two"]
    assert follower.known[-1].generation == 1


def test_a_line_without_its_end_in_a_finished_file_is_kept_aside(log: Path, follower: Follower) -> None:
    append(log, "one")
    with log.open("a") as file:
        file.write("cut by a cra")
    rotate(log, "1")
    append(log, "two")
    assert follower.catch_up() == [b"one", b"two"]
    (aside,) = follower.rejected
    assert (aside.reason, aside.data, aside.offset, aside.generation) == ("cut-off", b"cut by a cra", 4, 1)


def test_an_over_long_line_is_given_up_in_bounded_pieces_also_across_a_restart(log: Path) -> None:
    follower = Follower(log, piece_bytes=32, max_line=20)
    with log.open("w") as file:
        file.write("one\n" + "x" * 200)
    follower.catch_up()
    follower.restart()
    append(log, "|still the same line", "two")
    follower.catch_up()
    assert follower.lines == [b"one", b"two"]
    assert {aside.reason for aside in follower.rejected} == {"over-long"}
    assert sum(aside.length for aside in follower.rejected) == 200 + len("|still the same line\n")
    assert max(aside.length for aside in follower.rejected) <= 32
    follower.tail.close()


def test_no_piece_is_larger_than_asked_for_and_more_is_announced(log: Path) -> None:
    follower = Follower(log, piece_bytes=64, max_line=20)
    append(log, *(f"line {number:03}" for number in range(50)))
    pieces = []
    while (piece := follower.tail.read()) is not None:
        follower.take(piece)
        pieces.append(piece)
    assert max(len(piece.data) for piece in pieces) <= 64
    assert [piece.more for piece in pieces[:-1]] == [True] * (len(pieces) - 1)
    assert not pieces[-1].more
    assert len(follower.lines) == 50
    follower.tail.close()


def test_a_rotated_log_is_not_read_to_its_end_before_the_next_one_is(tmp_path: Path) -> None:
    """Whoever asks for the other log then would believe that all of this one is known."""
    path = tmp_path / "hotline.json"
    with Tail(path, Source.CEL) as tail:
        path.write_bytes(b"first\n")
        piece = tail.read()
        assert piece is not None
        assert not piece.more
        with path.open("ab") as file:
            file.write(b"second\n")
        path.rename(f"{path}.1")
        path.write_bytes(b"third\n")
        pieces = [tail.read(), tail.read()]
        assert [each and (each.data, each.more) for each in pieces] == [
            (b"second\n", True),
            (b"third\n", False),
        ]
