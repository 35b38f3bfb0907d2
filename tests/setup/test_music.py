"""Music on hold: made once, soft, without a click where it begins anew."""

from __future__ import annotations

import array
import hashlib
import wave
from pathlib import Path

import pytest

from hotline_ivr.settings import Settings
from hotline_ivr.setup.audio import BACKGROUND, FORMATS, measure
from hotline_ivr.setup.music import build_music, frequency


def test_music_is_made_once_half_a_minute_long_and_soft(settings: Settings) -> None:
    assert build_music(settings)
    assert not build_music(settings)
    measured = measure(settings.music_dir / "hold.wav")
    assert measured.length_s == pytest.approx(30, abs=0.01)
    assert measured.rms_db == pytest.approx(BACKGROUND.rms_db, abs=0.5)
    assert measured.peak_db < BACKGROUND.peak_db


def test_asterisk_finds_one_piece_of_music_in_the_folder_and_nothing_else(settings: Settings) -> None:
    build_music(settings)
    seen = sorted(path.name for path in settings.music_dir.iterdir() if not path.name.startswith("."))
    assert seen == sorted(f"hold.{ending}" for ending in FORMATS)


def test_it_loops_without_a_click(settings: Settings) -> None:
    build_music(settings)
    with wave.open(str(settings.music_dir / "hold.wav")) as sound:
        samples = array.array("h", sound.readframes(sound.getnframes()))
    # 0.3 % of full scale on both sides of the seam: -50 dBFS.
    assert max(abs(sample) for sample in (*samples[:8], *samples[-8:])) < 100


def test_two_machines_make_the_same_bytes(settings: Settings, tmp_path: Path) -> None:
    other = Settings.from_environment({"HOTLINE_STATE": str(tmp_path / "other")})
    hashes = []
    for each in (settings, other):
        build_music(each)
        hashes.append([hashlib.sha256((each.music_dir / f"hold.{e}").read_bytes()).digest() for e in FORMATS])
    assert hashes[0] == hashes[1]


def test_a_lost_form_is_made_again(settings: Settings) -> None:
    build_music(settings)
    (settings.music_dir / "hold.alaw").unlink()
    assert build_music(settings)
    assert (settings.music_dir / "hold.alaw").is_file()


def test_concert_pitch_is_440_hertz() -> None:
    assert frequency(69) == 440
    assert frequency(81) == 880
