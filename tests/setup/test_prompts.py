"""Texts and recordings become the files that Asterisk plays; only what changed is made again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from hotline_ivr.errors import SetupError
from hotline_ivr.settings import Settings
from hotline_ivr.setup.audio import FORMATS, SPEECH, measure, sox
from hotline_ivr.setup.prompts import build_prompts, read_sources
from hotline_ivr.setup.share import sounds_source

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


def test_all_mistakes_in_the_sources_are_told_at_once(source: Path) -> None:
    (source / "prompts.yaml").write_text(
        "Greeting!: {nb: Hei}\nclosed: {sv: Stängt}\nsorry: Sorry\ntechnical: {en: ''}\n"
    )
    (source / "nb/notes.txt").touch()
    (source / "en/a b.wav").touch()
    for ending in ("wav", "flac"):
        (source / f"en/hello.{ending}").touch()
    with pytest.raises(SetupError) as error:
        read_sources(source)
    told = str(error.value)
    for part in (
        "Greeting!",
        "'sv'",
        "sorry: must be texts",
        "the text for en",
        "notes.txt",
        "a b.wav",
        "another",
    ):
        assert part in told
    assert len(told.splitlines()) == 7


@pytest.mark.parametrize("text", ["- greeting", "greeting: [", "just words"])
def test_a_file_that_is_no_list_of_prompts_is_refused_with_its_place(source: Path, text: str) -> None:
    (source / "prompts.yaml").write_text(text)
    with pytest.raises(SetupError, match=r"prompts\.yaml"):
        read_sources(source)


def test_without_espeak_its_package_is_named(
    settings: Settings, source: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="sudo apt-get install espeak-ng"):
        build_prompts(settings, source)


def test_a_text_that_looks_like_an_option_is_spoken(settings: Settings, source: Path) -> None:
    (source / "prompts.yaml").write_text("greeting: {en: '--version and -w /nowhere are spoken'}")
    assert build_prompts(settings, source).built == ("en/greeting",)


def test_our_own_texts_hold_every_prompt_that_a_call_may_need_in_both_languages() -> None:
    ours = read_sources(sounds_source())
    prompts = ("greeting", "closed", "sorry", "technical")
    assert {f"{language}/{prompt}" for language in ("nb", "en") for prompt in prompts} <= set(ours)
