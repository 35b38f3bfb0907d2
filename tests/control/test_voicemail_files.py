"""The recordings in Asterisk's folder."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline_ivr.control.voicemail_files import VoicemailFiles
from hotline_ivr.routing.messages import Recording


def record(folder: Path, name: str, size: int = 16_044, at: int = 1_800_000_000) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\0" * size)
    os.utime(path, (at, at))


def test_every_recording_is_found_and_nothing_else(tmp_path: Path) -> None:
    assert VoicemailFiles(tmp_path / "none").scan() == ()
    record(tmp_path, "box/main-1.1.wav")
    record(tmp_path, "other/main-1.2.wav", size=44)
    for other in ("box/readme.txt", "box/.hidden.wav", "Not A Box/main-1.3.wav", "lost.wav", "box/a b.wav"):
        record(tmp_path, other)
    at = datetime.fromtimestamp(1_800_000_000, UTC)
    first, second = VoicemailFiles(tmp_path).scan()
    assert first == Recording("box", "main-1.1", 16_044, at)
    assert (first.length_ms, second.length_ms) == (1000, 0)


def test_a_recording_is_deleted_once(tmp_path: Path) -> None:
    record(tmp_path, "box/main-1.1.wav")
    files = VoicemailFiles(tmp_path)
    (found,) = files.scan()
    files.remove(found)
    files.remove(found)
    assert files.scan() == ()


@pytest.mark.parametrize(("box", "call"), [("box", "../x"), ("../etc", "passwd"), ("box", ""), ("box", ".x")])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, box: str, call: str) -> None:
    with pytest.raises(ValueError, match="no recording is named like this"):
        VoicemailFiles(tmp_path).path(box, call)
