"""What prompts are made of, and what wins: an upgrade brings new texts and never loses a recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline_ivr.errors import SetupError
from hotline_ivr.settings import Settings
from hotline_ivr.setup.prompt_sources import Recorded, Spoken, prompt_folders, read_sources
from hotline_ivr.setup.share import sounds_source


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for language in ("nb", "en"):
        (tmp_path / "shipped" / language).mkdir(parents=True)
        (tmp_path / "shipped" / language / ".gitkeep").touch()
    (tmp_path / "shipped/prompts.yaml").write_text("greeting: {nb: Hei., en: Hello.}\nclosed: {en: Closed.}")
    return tmp_path / "shipped"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "own/nb").mkdir(parents=True)
    return tmp_path / "own"


def test_without_an_own_folder_the_shipped_texts_are_spoken(source: Path, own: Path) -> None:
    assert read_sources(source, own)["nb/greeting"] == Spoken("Hei.", "nb")


def test_an_own_text_wins_and_the_others_stay(source: Path, own: Path) -> None:
    (own / "prompts.yaml").write_text("greeting: {nb: God dag.}\nsummer: {nb: God sommer.}")
    sources = read_sources(source, own)
    assert sources["nb/greeting"] == Spoken("God dag.", "nb")
    assert sources["nb/summer"] == Spoken("God sommer.", "nb")
    assert sources["en/greeting"] == Spoken("Hello.", "en-gb")


def test_a_recording_knows_the_words_it_should_say(source: Path, own: Path) -> None:
    (own / "nb/greeting.wav").touch()
    assert read_sources(source, own)["nb/greeting"] == Recorded(own / "nb/greeting.wav", "Hei.")


def test_an_own_text_wins_over_a_shipped_recording(source: Path, own: Path) -> None:
    """Else changed words would never be heard."""
    (source / "nb/greeting.wav").touch()
    (own / "prompts.yaml").write_text("greeting: {nb: God dag.}")
    assert read_sources(source, own)["nb/greeting"] == Spoken("God dag.", "nb")


def test_what_an_upgrade_ships_appears_beside_the_own_recordings(source: Path, own: Path) -> None:
    (own / "nb/greeting.wav").touch()
    (source / "prompts.yaml").write_text("greeting: {nb: Hallo.}\nqueue-place: {nb: Du er nummer}")
    sources = read_sources(source, own)
    assert isinstance(sources["nb/greeting"], Recorded)
    assert isinstance(sources["nb/queue-place"], Spoken)


def test_own_prompts_lie_beside_the_configuration_unless_a_folder_is_chosen(tmp_path: Path) -> None:
    config = tmp_path / "config"
    beside = Settings.from_environment({"HOTLINE_CONFIG": str(config)})
    assert prompt_folders(beside) == (sounds_source(),)
    (config / "prompts").mkdir(parents=True)
    assert prompt_folders(beside) == (sounds_source(), config / "prompts")
    chosen = Settings.from_environment({"HOTLINE_CONFIG": str(config), "HOTLINE_SOUNDS": str(tmp_path)})
    assert prompt_folders(chosen) == (sounds_source(), tmp_path)


def test_a_configuration_of_one_file_has_its_prompts_beside_it(tmp_path: Path) -> None:
    (tmp_path / "hotline.yaml").touch()
    settings = Settings.from_environment({"HOTLINE_CONFIG": str(tmp_path / "hotline.yaml")})
    assert settings.own_sounds == tmp_path / "prompts"


def test_a_chosen_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    settings = Settings.from_environment({"HOTLINE_SOUNDS": str(tmp_path / "nowhere")})
    with pytest.raises(SetupError, match="HOTLINE_SOUNDS="):
        prompt_folders(settings)


def test_the_shipped_folder_may_be_chosen() -> None:
    settings = Settings.from_environment({"HOTLINE_SOUNDS": str(sounds_source())})
    assert prompt_folders(settings) == (sounds_source(),)


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


def test_our_own_texts_hold_every_prompt_that_a_call_may_need_in_both_languages() -> None:
    ours = read_sources(sounds_source())
    prompts = ("greeting", "closed", "sorry", "technical")
    assert {f"{language}/{prompt}" for language in ("nb", "en") for prompt in prompts} <= set(ours)
