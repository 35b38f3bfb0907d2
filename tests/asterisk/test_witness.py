"""Which run of Asterisk a call was in, and whether the next one cut it off, whatever the clock showed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hotline_ivr.asterisk.witness import read_witness
from hotline_ivr.routing.balance_sides import Written

START = 1_795_451_000
HOUR = 3_600
_BEGINNING, _FOREVER = 0, 1 << 60


class Files:
    """Asterisk's two files, as a machine writes them whose clock may be set."""

    def __init__(self, folder: Path) -> None:
        self._cel, self._queue_log = folder / "hotline.json", folder / "queue_log"
        self._cel.touch()
        self.ahead, self._number = 0, 0

    def start(self, at: int) -> None:
        """Asterisk starts; it numbers its channels anew."""
        self._number = 0
        self._line(at, "NONE|NONE|NONE|QUEUESTART|")

    def call(self, at: int, *, queued: bool = False, ended: bool = False) -> str:
        ident = f"main-{START + self.ahead + at}.{self._number}"
        self._number += 1
        self.event(ident, at, "CHAN_START")
        if queued:
            self.line(ident, at)
        if ended:
            self.event(ident, at + 1, "LINKEDID_END")
        return ident

    def event(self, ident: str, at: int, kind: str) -> None:
        record = {
            "eventtype": kind,
            "eventenum": kind,
            "eventtime": f"{START + self.ahead + at}.000000",
            "uniqueid": ident,
            "linkedid": ident,
            "channame": f"PJSIP/trunk-demo-{self._number:08x}",
            "eventextra": "",
        }
        with self._cel.open("a") as file:
            file.write(json.dumps(record, separators=(",", ":")) + "\n")

    def line(self, ident: str, at: int) -> None:
        self._line(at, f"{ident}|main|NONE|ENTERQUEUE||+4798765432|1")

    def _line(self, at: int, text: str) -> None:
        with self._queue_log.open("a") as file:
            file.write(f"{START + self.ahead + at}|{text}\n")

    def read(self) -> Written:
        return read_witness(self._cel, self._queue_log, _BEGINNING, _FOREVER)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    made = Files(tmp_path)
    made.start(0)
    return made


def cut(files: Files, call: str) -> bool:
    written = files.read()
    return written.cut_off(written.calls[call])


@pytest.mark.parametrize("set_by", [0, -HOUR, HOUR])
def test_a_call_is_cut_off_by_the_next_start(files: Files, set_by: int) -> None:
    first = files.call(10)
    files.ahead += set_by
    files.start(60)
    second = files.call(70)
    assert cut(files, first)
    assert not cut(files, second)


def test_before_the_next_run_has_a_call_the_time_of_its_start_tells(files: Files) -> None:
    first = files.call(10)
    assert not cut(files, first)
    files.start(60)
    assert cut(files, first)


@pytest.mark.parametrize("queued", [False, True], ids=["greeted", "waiting"])
def test_a_start_with_the_clock_an_hour_ahead_cuts_none_of_its_own_calls(
    tmp_path: Path, *, queued: bool
) -> None:
    files = Files(tmp_path)
    files.ahead = HOUR
    files.start(0)
    files.ahead = 0
    other = files.call(5, queued=True)
    call = files.call(10, queued=queued)
    assert not cut(files, call)
    assert not cut(files, other)


def test_two_channels_that_are_written_in_the_other_order_are_of_one_run(files: Files) -> None:
    files.call(1)
    files._number = 2
    late = files.call(2)
    files._number = 1
    call = files.call(2)
    assert not cut(files, late)
    assert not cut(files, call)
    assert files.read().last_run == 0


def test_a_run_whose_first_channels_were_lost_is_another_all_the_same(files: Files) -> None:
    files._number = 5_000
    call = files.call(10)
    files.start(-HOUR)
    files._number = 30
    files.call(-HOUR + 10)
    assert cut(files, call)
