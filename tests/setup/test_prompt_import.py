"""A recording finds its prompt by its name, and comes whole or not at all into the own folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline_ivr.errors import SetupError
from hotline_ivr.setup.audio import SPEECH, measure, sox
from hotline_ivr.setup.prompt_import import name_of, take
from hotline_ivr.setup.prompt_library import Prompt
from hotline_ivr.setup.spoken_parts import say

KNOWN = {"nb/greeting": Prompt("greeting", "nb", "placeholder", "Hei.", ())}


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return say("Velkommen til oss. Vent litt, så svarer vi.", "nb", tmp_path / "voice.wav")


@pytest.mark.parametrize("file", ["nb/greeting.wav", "greeting.nb.flac", "takes/Greeting.nb.WAV"])
def test_language_and_prompt_are_seen_in_the_name(file: str) -> None:
    assert name_of(Path(file), KNOWN, language=None, prompt=None) == "nb/greeting"


def test_what_is_asked_for_wins_over_the_name() -> None:
    assert name_of(Path("nb/take 3.wav"), KNOWN, language="en", prompt="summer-1") == "en/summer-1"


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("greeting.wav", "--language nb"),
        ("nb/greting.wav", "did you mean 'greeting'"),
        ("nb/xyz.wav", "--as ID"),
    ],
)
def test_a_name_that_says_too_little_is_refused_with_the_remedy(file: str, message: str) -> None:
    with pytest.raises(SetupError, match=message):
        name_of(Path(file), KNOWN, language=None, prompt=None)


@pytest.mark.parametrize("prompt", ["Summer!", "../../etc/passwd", ""])
def test_an_id_cannot_lead_out_of_the_folder(prompt: str) -> None:
    with pytest.raises(SetupError, match="no id of a prompt"):
        name_of(Path("nb/greeting.wav"), KNOWN, language=None, prompt=prompt)


def test_a_good_recording_is_cut_levelled_and_put_in_place(voice: Path, tmp_path: Path) -> None:
    stereo = tmp_path / "stereo.flac"
    sox(voice, "-r", "44100", "-c", "2", stereo, "gain", "-12", "pad", "2", "2")
    taken = take(stereo, "nb/greeting", "", tmp_path / "own")
    assert taken.target == tmp_path / "own/nb/greeting.wav"
    measured = measure(taken.target)
    assert measured.rms_db == pytest.approx(SPEECH.rms_db, abs=1)
    assert measured.length_s < measure(stereo).length_s - 3
    assert [path.name for path in taken.target.parent.iterdir()] == ["greeting.wav"]


def test_a_new_recording_takes_the_place_of_one_of_another_form(voice: Path, tmp_path: Path) -> None:
    (tmp_path / "own/nb").mkdir(parents=True)
    (tmp_path / "own/nb/greeting.flac").touch()
    take(voice, "nb/greeting", "", tmp_path / "own")
    assert [path.name for path in (tmp_path / "own/nb").iterdir()] == ["greeting.wav"]


def test_a_bad_one_changes_nothing_unless_it_is_forced(voice: Path, tmp_path: Path) -> None:
    quiet = tmp_path / "quiet.wav"
    sox(voice, quiet, "gain", "-36")
    own = tmp_path / "own"
    refused = take(quiet, "nb/greeting", "", own)
    assert refused.target is None
    assert "too quiet" in refused.verdicts[0].message
    assert not own.exists()
    assert take(quiet, "nb/greeting", "", own, force=True).target == own / "nb/greeting.wav"


def test_a_folder_that_cannot_be_written_is_told(voice: Path, tmp_path: Path) -> None:
    (tmp_path / "own").touch()
    with pytest.raises(SetupError, match="cannot be written"):
        take(voice, "nb/greeting", "", tmp_path / "own")
