"""What is recorded, what is missing, and how long and loud it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline_ivr.config.prompt_uses import Use
from hotline_ivr.setup.audio import sox
from hotline_ivr.setup.prompt_library import Prompt, heard, library, missing
from hotline_ivr.setup.prompt_sources import PromptSource, Recorded, Spoken

RECORDING = Path("own/nb/greeting.wav")
SOURCES: dict[str, PromptSource] = {
    "nb/greeting": Recorded(RECORDING, "Hei."),
    "en/greeting": Spoken("Hello.", "en-gb"),
    "nb/say-8": Spoken("åtte", "nb"),
}
USES = {
    "greeting": (Use("lines.desk.greeting", ("nb", "en")),),
    "summer": (Use("calendars.desk.message", ("nb",)),),
}


def test_each_prompt_says_what_it_is_and_who_uses_it() -> None:
    assert library(SOURCES, USES) == (
        Prompt("greeting", "en", "placeholder", "Hello.", ("lines.desk.greeting",)),
        Prompt("greeting", "nb", "recorded", "Hei.", ("lines.desk.greeting",), RECORDING),
        Prompt("summer", "nb", "missing", "", ("calendars.desk.message",)),
        Prompt("say-8", "nb", "placeholder", "åtte", ()),
    )


def test_missing_is_what_callers_cannot_hear_and_with_recordings_what_a_robot_says() -> None:
    prompts = library(SOURCES, USES)
    assert [one.name for one in missing(prompts)] == ["nb/summer"]
    assert [one.name for one in missing(prompts, recordings=True)] == ["en/greeting", "nb/summer"]


def test_length_and_loudness_are_of_what_callers_hear(tmp_path: Path) -> None:
    file = tmp_path / "tone.wav"
    sox("-n", "-r", "8000", "-b", "16", file, "synth", "2", "sine", "400", "gain", "-10", "pad", "1", "1")
    sound = heard(file)
    assert sound is not None
    assert sound.length_s == pytest.approx(4, abs=0.01)
    assert sound.rms_db == pytest.approx(-13, abs=0.1), "a sine has an RMS 3 dB below its peak"


def test_what_was_not_made_or_is_no_sound_has_none(tmp_path: Path) -> None:
    assert heard(tmp_path / "nowhere.wav") is None
    (tmp_path / "text.wav").write_text("no sound")
    assert heard(tmp_path / "text.wav") is None
