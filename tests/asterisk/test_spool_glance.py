"""A glance tells that a call's end waits to be read, whatever happens to the file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_ivr.asterisk import spool_glance
from hotline_ivr.asterisk.spool import CALL_ENDED, MAX_LINE
from hotline_ivr.asterisk.spool_log import open_logs
from hotline_ivr.asterisk.spool_tail import Tail
from hotline_ivr.routing.cel import Source


def line(kind: str, number: int = 0) -> bytes:
    """As Asterisk writes it by our rendering."""
    return (
        f'{{"eventtype":"{kind}","eventenum":"{kind}","eventtime":"1785578400.{number:06}","uniqueid":"main-1.0",'
        f'"linkedid":"main-1.0","channame":"PJSIP/carrier-00000001","eventextra":""}}\n'
    ).encode()


END, OTHER = line("LINKEDID_END"), line("CHAN_START")


class Watched:
    """A log, its tail and the glance at it; counts what the glance reads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tail = Tail(path, Source.CEL)
        self.glance = spool_glance.Glance(path, self.tail, CALL_ENDED)

    def add(self, data: bytes, path: Path | None = None) -> None:
        with (path or self.path).open("ab") as file:
            file.write(data)

    def look(self) -> bytes:
        """As the keeper of the record does: read to the end."""
        read = b""
        while (piece := self.tail.read()) is not None:
            read += piece.data
        return read

    def finds(self) -> bool:
        return self.glance.finds()

    def rotate(self) -> Path:
        return self.path.rename(self.path.with_name(f"{self.path.name}.1"))


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "hotline.json")
    yield watched
    watched.tail.close()


@pytest.fixture
def begun(log: Watched) -> Watched:
    """A log that was read to its end, and is known to the glance."""
    log.add(OTHER + END)
    log.look()
    assert not log.finds()
    return log


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each reading of a glance was of."""
    counted: list[int] = []
    real = os.pread

    def pread(descriptor: int, count: int, offset: int) -> bytes:
        counted.append(count)
        return real(descriptor, count, offset)

    monkeypatch.setattr(os, "pread", pread)
    return counted


def test_only_the_end_of_a_call_is_found(begun: Watched) -> None:
    begun.add(OTHER)
    assert not begun.finds()
    begun.add(OTHER + END + OTHER)
    assert begun.finds()
    assert begun.look() == OTHER + OTHER + END + OTHER
    assert not begun.finds()


def test_what_a_caller_sends_is_no_end(begun: Watched) -> None:
    forged = CALL_ENDED.decode().replace('"', '\\"')
    begun.add(OTHER.replace(b'"eventextra":""', f'"eventextra":"{forged}"'.encode()))
    assert not begun.finds()


@pytest.mark.parametrize("cut", range(1, len(END)))
def test_a_mark_across_two_glances_is_found_once_its_line_can_be_read(begun: Watched, cut: int) -> None:
    begun.add(OTHER + END[:cut])
    assert not begun.finds()
    begun.look()
    assert not begun.finds()
    begun.add(END[cut:])
    assert begun.finds()
    assert begun.look() == END


def test_a_cut_last_line_is_not_looked_at_again_until_it_goes_on(begun: Watched, reads: list[int]) -> None:
    begun.add(END[:-1])
    assert not begun.finds()
    del reads[:]
    assert not begun.finds()
    assert reads == []


def test_idle_costs_no_reading(begun: Watched, reads: list[int]) -> None:
    assert [begun.finds() for _ in range(50)] == [False] * 50
    assert reads == []


def test_only_new_bytes_are_read(begun: Watched, reads: list[int]) -> None:
    for _ in range(3):
        begun.add(OTHER)
        assert not begun.finds()
    assert reads == [len(OTHER)] * 3


def test_where_much_is_new_it_is_not_searched(begun: Watched, reads: list[int]) -> None:
    begun.add(OTHER * (MAX_LINE // len(OTHER) + 1))
    assert begun.finds()
    assert reads == []
    begun.look()
    assert not begun.finds()


def test_a_line_that_never_ends_is_doubted_once(begun: Watched) -> None:
    begun.add(b"x" * (MAX_LINE + 1))
    assert begun.finds()
    begun.look()
    assert not begun.finds()
    begun.add(b"\n" + END)
    assert begun.finds()


def test_a_log_that_is_not_there_yet_is_found_when_it_is(log: Watched) -> None:
    log.finds()
    log.look()
    assert not log.finds()
    log.add(OTHER)
    assert log.finds()
    log.look()
    assert not log.finds()
    log.add(END)
    assert log.finds()


def test_rotation_between_two_glances_is_looked_into(begun: Watched) -> None:
    begun.add(END)
    begun.rotate()
    begun.add(OTHER)
    assert begun.finds()
    assert begun.look() == END + OTHER
    assert not begun.finds()
    begun.add(END)
    assert begun.finds()


def test_how_far_a_rotated_file_was_searched_says_nothing_of_its_successor(begun: Watched) -> None:
    begun.add(OTHER * 4)
    assert not begun.finds()
    begun.rotate()
    begun.add(OTHER)
    begun.look()
    begun.add(END + OTHER * 10)
    assert begun.finds()


def test_while_asterisk_writes_on_in_the_rotated_file_both_are_watched(begun: Watched) -> None:
    rotated = begun.rotate()
    assert begun.finds()
    begun.look()
    assert not begun.finds()
    begun.add(END, rotated)
    assert begun.finds()
    assert begun.look() == END
    begun.finds()
    assert not begun.finds()
    begun.add(END)
    assert begun.finds()
    assert begun.look() == END


def test_a_look_that_finishes_a_rotated_file_and_leaves_its_successor_is_followed_by_another(
    begun: Watched,
) -> None:
    begun.add(OTHER)
    begun.rotate()
    begun.add(END)
    assert begun.finds()
    piece = begun.tail.read()
    assert piece is not None
    assert piece.data == OTHER
    assert begun.finds()
    assert begun.look() == END


def test_a_file_that_vanishes_is_doubted_once(begun: Watched, reads: list[int]) -> None:
    begun.path.unlink()
    assert begun.finds()
    begun.look()
    del reads[:]
    assert [begun.finds() for _ in range(20)] == [False] * 20
    assert reads == []
    begun.add(END)
    assert begun.finds()
    assert begun.look() == END


def test_a_log_emptied_in_place_is_looked_into(begun: Watched) -> None:
    shutil.copy2(begun.path, begun.path.with_name("hotline.json.1"))
    os.truncate(begun.path, 0)
    assert begun.finds()
    begun.look()
    begun.finds()
    assert not begun.finds()
    begun.add(END)
    assert begun.finds()
    assert begun.look() == END


def test_a_log_cut_to_what_was_read_is_searched_from_there(begun: Watched) -> None:
    read = begun.path.stat().st_size
    begun.add(OTHER * 4)
    assert not begun.finds()
    os.truncate(begun.path, read)
    assert begun.finds()
    begun.look()
    begun.add(OTHER)
    assert not begun.finds()
    begun.add(END)
    assert begun.finds()


def test_a_log_that_cannot_be_looked_at_is_a_doubt(begun: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def stat(path: Path) -> os.stat_result:
        raise PermissionError(path)

    monkeypatch.setattr(Path, "stat", stat)
    assert begun.finds()
    assert begun.finds()


@given(
    kinds=st.lists(st.booleans(), min_size=1, max_size=12),
    cuts=st.lists(st.integers(1, 400), min_size=1, max_size=40),
    rotations=st.sets(st.integers(0, 40)),
)
@settings(max_examples=150, deadline=None)
def test_however_a_log_grows_an_end_is_found_when_its_line_is_whole_and_nothing_else_is(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[bool], cuts: list[int], rotations: set[int]
) -> None:
    """Where it is rotated, between two lines, a look too many may be made, and none too few."""
    log = Watched(tmp_path_factory.mktemp("spool") / "log")
    rest = b"".join(line("LINKEDID_END" if ends else "CHAN_START", n) for n, ends in enumerate(kinds))
    log.add(b"")
    log.look()
    unread, number = b"", 0
    while rest:
        size = cuts[number % len(cuts)]
        doubtful = number in rotations and not unread and log.path.stat().st_size > 0
        if doubtful:
            log.path.rename(log.path.with_name(f"log.{number:02}"))
        log.add(rest[:size])
        unread, rest, number = unread + rest[:size], rest[size:], number + 1
        whole = unread[: unread.rfind(b"\n") + 1]
        new = log.tail.descriptor is None or doubtful
        found = log.finds()
        assert found or CALL_ENDED not in whole
        if not new:
            assert found == (CALL_ENDED in whole)
        if found:
            assert log.look() == whole
            unread = unread[len(whole) :]
    log.tail.close()


def test_of_both_logs_the_channel_events_tell_the_end(tmp_path: Path) -> None:
    cel, queue_log = tmp_path / "hotline.json", tmp_path / "queue_log"
    cel.write_bytes(OTHER)
    queue_log.write_bytes(b"")
    logs = open_logs(cel, queue_log, {})
    logs.cel.read()
    assert not logs.call_ended()
    queue_log.write_bytes(b"1785578400|main-1.0|sales|NONE|ABANDON|1|1|9\n")
    assert not logs.call_ended()
    with cel.open("ab") as file:
        file.write(END)
    assert logs.call_ended()
    logs.close()
