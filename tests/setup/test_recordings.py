"""A bad recording is told before callers hear it, with what to do about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hotline_ivr.errors import SetupError
from hotline_ivr.setup.audio import sox
from hotline_ivr.setup.recordings import Recording, inspect, judge
from hotline_ivr.setup.spoken_parts import say

GOOD = Recording(1, 48_000, 5.0, 0.2, 0.3, -20.0, -3.0, -60.0, 0.0)


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A calm voice, 48 kHz mono, peaks at -6 dBFS."""
    folder = tmp_path_factory.mktemp("voice")
    spoken = say("Velkommen til oss. Vent litt, så svarer vi så snart vi kan.", "nb", folder / "raw.wav")
    sox(spoken, "-r", "48000", folder / "voice.wav", "gain", "-n", "-6")
    return folder / "voice.wav"


def changed(voice: Path, tmp_path: Path, *effects: str) -> Recording:
    sox(voice, tmp_path / "changed.wav", *effects)
    return inspect(tmp_path / "changed.wav")


def test_a_good_recording_has_nothing_to_be_said(voice: Path) -> None:
    assert judge(inspect(voice), 6.0) == ()


@pytest.mark.parametrize(
    ("effects", "bad", "message"),
    [
        (["gain", "-n", "6"], True, "is clipped"),
        (["gain", "-30"], True, "is too quiet"),
        (["gain", "-14"], False, "is quiet"),
        (["rate", "4000"], True, "less than a telephone"),
        (["rate", "8000"], False, "sounds dull"),
        (["pad", "3", "0"], False, "3.0 s of silence before"),
        (["pad", "0", "2"], False, "s of silence after"),
        (["remix", "1", "1v-1"], True, "cancel each other"),
        (["remix", "1", "1"], False, "is stereo"),
        (["remix", "1", "1", "1"], True, "has 3 channels"),
        (["trim", "0", "0.2"], True, "of sound"),
        (["gain", "-120"], True, "is silent"),
        (["repeat", "60"], True, "at most 180"),
        (["repeat", "5"], False, "its text takes about 6 s"),
    ],
)
def test_what_is_wrong_is_heard_and_told(
    voice: Path, tmp_path: Path, effects: list[str], bad: bool, message: str
) -> None:
    found = judge(changed(voice, tmp_path, *effects), 6.0)
    assert [one.bad for one in found if message in one.message] == [bad]
    assert all(one.remedy for one in found if one.bad)


def test_a_voice_over_music_is_noticed(voice: Path, tmp_path: Path) -> None:
    sox("-n", "-r", "48000", tmp_path / "hum.wav", "synth", "8", "sine", "200", "gain", "-14")
    sox("-m", voice, tmp_path / "hum.wav", tmp_path / "both.wav")
    assert any("noise or music" in one.message for one in judge(inspect(tmp_path / "both.wav")))


def test_a_stereo_recording_with_one_dead_channel_is_as_loud_as_the_other(
    voice: Path, tmp_path: Path
) -> None:
    found = changed(voice, tmp_path, "remix", "1", "0")
    assert found.rms_db == pytest.approx(inspect(voice).rms_db, abs=0.5)
    assert not any(one.bad for one in judge(found))


def test_the_worst_comes_first() -> None:
    assert [one.bad for one in judge(replace(GOOD, channels=2, flat=20.0))] == [True, False]


@pytest.mark.parametrize("name", ["notes.wav", "notes.mp4"])
def test_a_file_that_is_no_sound_is_refused_in_plain_words(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("meeting notes")
    with pytest.raises(SetupError, match="export it as WAV or FLAC"):
        inspect(tmp_path / name)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="there is no such file"):
        inspect(tmp_path / "nowhere.wav")


@pytest.mark.parametrize("law", ["a-law", "u-law"])
@pytest.mark.parametrize(("gain", "clipped"), [(-20, False), (-6, False), (0, False), (3, True), (9, True)])
def test_clipping_is_found_in_what_a_telephone_sends(
    voice: Path, tmp_path: Path, law: str, gain: int, clipped: bool
) -> None:
    """`gain` is in dB over the highest peak that a telephone can send."""
    sent, heard = tmp_path / "sent.wav", tmp_path / "heard.wav"
    sox(voice, "-r", "8000", "-e", law, sent, "rate", "8000", "gain", "-n", "0", "gain", str(gain))
    sox(sent, "-b", "16", "-e", "signed-integer", heard)
    found = inspect(heard)
    print(found)  # noqa: T201
    assert any("is clipped" in one.message for one in judge(found)) == clipped
