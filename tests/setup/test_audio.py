"""Loudness, silence and forms of what callers hear, measured by sox on tones that sox makes."""

from __future__ import annotations

import math
import wave
from pathlib import Path

import pytest

from hotline_ivr.errors import SetupError
from hotline_ivr.setup.audio import BACKGROUND, SPEECH, levelled, measure, sox, speech, write_formats


def make(path: Path, *effects: str, rate: int = 16000) -> Path:
    sox("-n", "-r", str(rate), "-c", "1", path, *effects)
    return path


def test_a_sound_is_measured_in_seconds_and_dbfs(tmp_path: Path) -> None:
    tone = make(tmp_path / "tone.wav", "synth", "2", "sine", "440", "gain", "-20")
    measured = measure(tone)
    assert measured.length_s == pytest.approx(2, abs=0.001)
    assert measured.peak_db == pytest.approx(-20, abs=0.1)
    assert measured.rms_db == pytest.approx(-20 - 10 * math.log10(2), abs=0.1)


@pytest.mark.parametrize("gain", ["-50", "-30", "-3"])
@pytest.mark.parametrize("level", [SPEECH, BACKGROUND])
def test_quiet_and_loud_sources_come_out_alike(tmp_path: Path, gain: str, level: object) -> None:
    assert level in (SPEECH, BACKGROUND)
    wanted = SPEECH if level is SPEECH else BACKGROUND
    source = make(tmp_path / "in.wav", "synth", "2", "brownnoise", "gain", "-n", gain)
    measured = measure(levelled(source, tmp_path, wanted))
    assert measured.rms_db == pytest.approx(wanted.rms_db, abs=0.5)
    assert measured.peak_db <= wanted.peak_db + 0.1


def test_silence_at_both_ends_is_cut_to_a_short_pause(tmp_path: Path) -> None:
    source = make(tmp_path / "in.wav", "synth", "1", "sine", "440", "gain", "-12", "pad", "3", "4")
    result = speech(source, tmp_path)
    assert measure(result).length_s == pytest.approx(1.3, abs=0.05)
    sox(result, tmp_path / "head.wav", "trim", "0", "0.08")
    assert measure(tmp_path / "head.wav").peak_db < -60


def test_a_pause_within_a_sentence_stays(tmp_path: Path) -> None:
    word = make(tmp_path / "word.wav", "synth", "0.5", "sine", "440", "pad", "0", "1.5")
    sox(word, word, tmp_path / "two.wav")
    assert measure(speech(tmp_path / "two.wav", tmp_path)).length_s == pytest.approx(2.8, abs=0.1)


def test_a_stereo_recording_becomes_one_channel(tmp_path: Path) -> None:
    sox("-n", "-r", "44100", "-c", "2", tmp_path / "in.wav", "synth", "1", "sine", "440", "sine", "660")
    write_formats(speech(tmp_path / "in.wav", tmp_path), tmp_path / "out")
    with wave.open(str(tmp_path / "out.wav")) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (1, 8000, 2)


def test_silence_is_no_prompt(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"holds only 0\.00 s"):
        speech(make(tmp_path / "in.wav", "trim", "0", "2"), tmp_path)


def test_a_file_that_is_no_sound_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "letter.wav").write_text("Dear hotline")
    with pytest.raises(SetupError, match=r"letter\.wav"):
        speech(tmp_path / "letter.wav", tmp_path)


def test_all_four_forms_last_equally_long(tmp_path: Path) -> None:
    source = make(tmp_path / "in.wav", "synth", "1", "sine", "440", "gain", "-12")
    write_formats(source, tmp_path / "out")
    assert (tmp_path / "out.ulaw").stat().st_size == (tmp_path / "out.alaw").stat().st_size == 8000
    with wave.open(str(tmp_path / "out.wav16")) as wide:
        assert (wide.getframerate(), wide.getnframes()) == (16000, 16000)
    assert not list(tmp_path.glob(".*partial"))


def test_without_sox_its_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="sudo apt-get install sox"):
        measure(tmp_path / "in.wav")
