"""Texts and recordings become the files that Asterisk plays; only what changed is made again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from hotline_ivr.errors import SetupError
from hotline_ivr.settings import Settings
from hotline_ivr.setup.audio import FORMATS, SPEECH, measure, sox
from hotline_ivr.setup.prompts import build_prompts

TEXTS = """
greeting:
  nb: Velkommen til oss. Vent litt, så svarer vi så snart vi kan.
  en: Welcome. Please hold the line, and we will answer as soon as we can.
closed:
  en: We are closed. Please call again during our opening hours.
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    for language in ("nb", "en"):
        (folder / language).mkdir(parents=True)
        (folder / language / ".gitkeep").touch()
    (folder / "prompts.yaml").write_text(TEXTS)
    return folder


def record(source: Path, name: str, hertz: int = 440) -> Path:
    file = source / name
    sox("-n", "-r", "44100", "-c", "1", file, "synth", "1.5", "sine", str(hertz), "gain", "-30")
    return file


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_each_text_becomes_a_placeholder_in_every_form(settings: Settings, source: Path) -> None:
    report = build_prompts(settings, source)
    assert report.built == report.placeholders == ("en/closed", "en/greeting", "nb/greeting")
    for name in report.built:
        for ending in FORMATS:
            assert (settings.sounds_dir / f"{name}.{ending}").stat().st_size > 3000
        measured = measure(settings.sounds_dir / f"{name}.wav")
        assert measured.rms_db == pytest.approx(SPEECH.rms_db, abs=1)
        assert measured.peak_db <= SPEECH.peak_db + 1


def test_the_same_text_gives_the_same_bytes(settings: Settings, source: Path, tmp_path: Path) -> None:
    build_prompts(settings, source)
    other = Settings.from_environment({"HOTLINE_STATE": str(tmp_path / "other")})
    build_prompts(other, source)
    assert contents(settings.sounds_dir) == contents(other.sounds_dir)


def test_a_second_build_touches_nothing(settings: Settings, source: Path) -> None:
    build_prompts(settings, source)
    before = {path: path.stat().st_mtime_ns for path in settings.sounds_dir.rglob("*.*")}
    report = build_prompts(settings, source)
    assert report.built == ()
    assert len(report.kept) == 3
    assert before == {path: path.stat().st_mtime_ns for path in settings.sounds_dir.rglob("*.*")}


def test_a_changed_text_is_spoken_anew_and_only_that(settings: Settings, source: Path) -> None:
    build_prompts(settings, source)
    (source / "prompts.yaml").write_text(TEXTS.replace("We are closed.", "We are closed today."))
    assert build_prompts(settings, source).built == ("en/closed",)


def test_a_recording_wins_over_the_text_and_is_levelled_like_it(settings: Settings, source: Path) -> None:
    build_prompts(settings, source)
    record(source, "nb/greeting.flac")
    report = build_prompts(settings, source)
    assert report.built == ("nb/greeting",)
    assert "nb/greeting" not in report.placeholders
    measured = measure(settings.sounds_dir / "nb/greeting.wav")
    assert measured.length_s == pytest.approx(1.8, abs=0.05)
    assert measured.rms_db == pytest.approx(SPEECH.rms_db, abs=1.5)


def test_a_better_recording_replaces_the_first_and_none_brings_the_text_back(
    settings: Settings, source: Path
) -> None:
    file = record(source, "en/closed.wav")
    build_prompts(settings, source)
    record(source, "en/closed.wav", hertz=880)
    assert build_prompts(settings, source).built == ("en/closed",)
    file.unlink()
    report = build_prompts(settings, source)
    assert report.built == ("en/closed",)
    assert "en/closed" in report.placeholders


def test_a_recording_needs_no_text(settings: Settings, source: Path) -> None:
    record(source, "nb/summer-greeting.wav")
    assert "nb/summer-greeting" in build_prompts(settings, source).built


def test_a_prompt_that_is_gone_leaves_no_files(settings: Settings, source: Path) -> None:
    build_prompts(settings, source)
    (source / "prompts.yaml").write_text("greeting: {nb: Hei, en: Welcome.}")
    assert build_prompts(settings, source).removed == ("en/closed",)
    assert not list(settings.sounds_dir.glob("en/closed.*"))


def test_a_lost_file_is_made_again(settings: Settings, source: Path) -> None:
    build_prompts(settings, source)
    (settings.sounds_dir / "nb/greeting.alaw").unlink()
    assert build_prompts(settings, source).built == ("nb/greeting",)


def test_a_build_that_died_in_the_middle_is_done_again(
    settings: Settings, source: Path, program: Callable[[str, str], Path]
) -> None:
    build_prompts(settings, source)
    whole = contents(settings.sounds_dir)
    (source / "prompts.yaml").write_text(TEXTS.replace("Welcome.", "Hello."))
    espeak = program("espeak-ng", "exit 1")
    with pytest.raises(SetupError, match="espeak-ng"):
        build_prompts(settings, source)
    espeak.unlink()
    # Back to the first text: what was begun in between must not pass for it.
    (source / "prompts.yaml").write_text(TEXTS)
    assert build_prompts(settings, source).built == ("en/greeting",)
    assert contents(settings.sounds_dir) == whole


def test_without_espeak_its_package_is_named(
    settings: Settings, source: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="sudo apt-get install espeak-ng"):
        build_prompts(settings, source)


def test_a_text_that_looks_like_an_option_is_spoken(settings: Settings, source: Path) -> None:
    (source / "prompts.yaml").write_text("greeting: {en: '--version and -w /nowhere are spoken'}")
    assert build_prompts(settings, source).built == ("en/greeting",)


PARTS = """
say-8: {nb: åtte, en: eight}
say-from: {nb: fra, en: from}
say-clock: {nb: klokka}
"""


def test_parts_of_sentences_are_made_together_in_every_form(settings: Settings, source: Path) -> None:
    (source / "parts.yaml").write_text(PARTS)
    build_prompts(settings, source)
    for name in ("nb/say-8", "nb/say-from", "nb/say-clock", "en/say-8", "en/say-from"):
        lengths = []
        for ending, samples in (("wav", 16_000), ("wav16", 32_000), ("ulaw", 8_000), ("alaw", 8_000)):
            file = settings.sounds_dir / f"{name}.{ending}"
            header = 44 if ending.startswith("wav") else 0
            lengths.append((file.stat().st_size - header) / samples)
        assert len(set(lengths)) == 1, f"{name} is equally long in every form"
        assert 0.15 < lengths[0] < 1
        assert measure(settings.sounds_dir / f"{name}.wav").rms_db > -30


def test_a_word_is_cut_where_it_ends(settings: Settings, source: Path) -> None:
    """Words stand one after the other while they are made: none may begin with the end of another."""
    (source / "parts.yaml").write_text(PARTS)
    build_prompts(settings, source)
    together = {
        name: (settings.sounds_dir / f"{name}.wav").stat().st_size for name in ("nb/say-8", "nb/say-from")
    }
    (source / "parts.yaml").write_text("say-8: {nb: åtte}")
    build_prompts(settings, source, again=True)
    assert (settings.sounds_dir / "nb/say-8.wav").stat().st_size == together["nb/say-8"]


def test_a_recorded_part_keeps_no_pause_around_it(settings: Settings, source: Path) -> None:
    (source / "parts.yaml").write_text(PARTS)
    record(source, "nb/say-8.wav")
    report = build_prompts(settings, source)
    assert "nb/say-8" not in report.placeholders
    assert measure(settings.sounds_dir / "nb/say-8.wav").length_s == pytest.approx(1.5 + 0.07, abs=0.02)


def test_all_prompts_are_made_again_when_asked(settings: Settings, source: Path) -> None:
    build_prompts(settings, source)
    assert build_prompts(settings, source, again=True).built == ("en/closed", "en/greeting", "nb/greeting")
