"""The file by which Asterisk is told to make a call, and its folders."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from hotline_ivr.asterisk.call_file import CallSpool, call_file
from hotline_ivr.errors import LocalProtocolError
from hotline_ivr.routing.callbacks import Dialling
from tests.routing.test_callbacks import CANDIDATE, book, rung

CALL: Dialling = rung(CANDIDATE, rules=book())[0]


@pytest.fixture
def spool(tmp_path: Path) -> CallSpool:
    for name in ("drafts", "outgoing", "outgoing_done"):
        (tmp_path / name).mkdir()
    return CallSpool(tmp_path)


def test_the_file_names_the_attempt_and_dials_through_the_dialplan_alone() -> None:
    lines = call_file(CALL, 1_795_451_000).splitlines()
    assert lines[0] == "Channel: Local/s@hotline-callback-leg/n"
    assert {"MaxRetries: 0", "Archive: yes", "Context: hotline-callback"} <= set(lines)
    assert "Setvar: __HOTLINE_PERSON=+4790012345" in lines
    assert "Setvar: __HOTLINE_UNTIL=1795451000" in lines
    assert "Setvar: __HOTLINE_PRESS=nb/callback-call~5~2" in lines
    assert "Setvar: __HOTLINE_ATTEMPT=main-1.0-1" in lines


def test_an_operator_who_is_rung_first_is_told_the_number() -> None:
    (call,) = rung(CANDIDATE, rules=book(first="operator"))
    lines = call_file(call, 1_795_451_000).splitlines()
    assert lines[0] == "Channel: Local/s@hotline-callback-person/n"
    assert "Context: hotline-callback-operator" in lines
    said = "+".join(f"say-{digit}" for digit in "90012345")
    assert f"Setvar: __HOTLINE_TOLD=callback-operator+{said}" in lines
    assert "Setvar: __HOTLINE_LONGEST=3600" in lines


def test_nothing_can_add_a_line_to_it() -> None:
    with pytest.raises(LocalProtocolError):
        call_file(replace(CALL, rings="+4790012345\nApplication: System"), 0)


def test_a_file_is_known_wherever_asterisk_has_put_it(spool: CallSpool, tmp_path: Path) -> None:
    assert not spool.knows("main-1.0-1")
    spool.leave("main-1.0-1", "text")
    outgoing = tmp_path / "outgoing" / "main-1.0-1.call"
    assert outgoing.read_text() == "text"
    assert list((tmp_path / "drafts").iterdir()) == [], "Asterisk would read a draft"
    assert spool.knows("main-1.0-1")
    outgoing.rename(tmp_path / "outgoing_done" / outgoing.name)
    assert spool.knows("main-1.0-1")


def test_old_files_of_the_archive_are_removed(spool: CallSpool, tmp_path: Path) -> None:
    for name, at in (("old", 1000.0), ("new", 3000.0)):
        path = tmp_path / "outgoing_done" / f"{name}.call"
        path.write_text("text")
        os.utime(path, (at, at))
    spool.tidy(2000.0)
    assert not spool.knows("old")
    assert spool.knows("new")
