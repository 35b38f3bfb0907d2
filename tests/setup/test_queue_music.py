"""Music of queues: own files, and words of comfort in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline_ivr.config.models import Plan
from hotline_ivr.config.waiting_music import music_class
from hotline_ivr.settings import Settings
from hotline_ivr.setup.audio import FORMATS, measure, sox
from hotline_ivr.setup.queue_music import build_queue_music, classes_conf, missing_music
from tests.plans import a_plan

COMFORT = {"prompts": ["still-waiting", "sorry"], "every": "15s"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A node with music of its own, a tone of 400 Hz, and prompts, tones of 1 s and 2 s."""
    config = tmp_path / "config"
    (config / "music").mkdir(parents=True)
    sox("-n", "-r", "44100", "-c", "2", config / "music" / "calm.wav", "synth", "4", "sine", "400")
    made = Settings.from_environment(
        {"HOTLINE_STATE": str(tmp_path / "state"), "HOTLINE_CONFIG": str(config)}
    )
    tone(made.music_dir / "hold.wav16", 3, 300)
    for language in ("nb", "en"):
        tone(made.sounds_dir / language / "still-waiting.wav16", 1, 1000)
        tone(made.sounds_dir / language / "sorry.wav16", 2, 1200)
    return made


def tone(target: Path, seconds: int, hertz: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    sox(
        "-n",
        "-r",
        "16000",
        "-c",
        "1",
        "-b",
        "16",
        "-t",
        "wav",
        target,
        "synth",
        str(seconds),
        "sine",
        str(hertz),
    )


def the_plan(**queue: object) -> Plan:
    return a_plan(queues={"main": {"operators": ["anna"], **queue}}, languages=["en"])


def loud_at(file: Path, hertz: int, start: float, seconds: float = 0.8) -> bool:
    """Whether a tone of this frequency is most of what is heard there."""
    part = file.with_name("part.wav")
    sox(file, part, "trim", str(start), str(seconds))
    whole = measure(part).rms_db
    band = file.with_name("band.wav")
    sox(part, band, "sinc", f"{hertz - 60}-{hertz + 60}")
    return measure(band).rms_db > whole - 3


def test_without_anything_of_its_own_a_queue_has_the_music_of_all(settings: Settings) -> None:
    plan = the_plan()
    assert music_class("main", plan.queues["main"], "nb") == ""
    assert build_queue_music(settings, plan) == ({}, ())


def test_own_music_is_made_once_for_all_languages(settings: Settings) -> None:
    ready, wrong = build_queue_music(settings, the_plan(music=["calm.wav"]))
    assert (list(ready), wrong) == (["main"], ())
    folder = settings.asterisk_dir / "moh-queues" / "main"
    assert sorted(path.suffix[1:] for path in folder.iterdir()) == sorted(FORMATS)
    assert measure(folder / "hold.wav").length_s == pytest.approx(4, abs=0.1)
    assert "[main]\nmode=files\n" in classes_conf(settings, ready)


def test_words_come_after_each_stretch_of_music_in_each_language(settings: Settings) -> None:
    plan = the_plan(music=["calm.wav"], comfort=COMFORT)
    ready, wrong = build_queue_music(settings, plan)
    assert (sorted(ready), wrong) == (["main.en", "main.nb"], ())
    assert music_class("main", plan.queues["main"], "en") == "main.en"
    made = settings.asterisk_dir / "moh-queues" / "main.nb" / "hold.wav"
    assert measure(made).length_s == pytest.approx(15 + 1 + 15 + 2, abs=0.2)
    for start, hertz in ((2, 400), (12, 400), (15.1, 1000), (20, 400), (31.1, 1200), (32.1, 1200)):
        assert loud_at(made, hertz, start), f"{hertz} Hz at {start} s"


def test_comfort_without_own_music_is_put_into_the_music_of_all(settings: Settings) -> None:
    build_queue_music(settings, the_plan(comfort=COMFORT))
    made = settings.asterisk_dir / "moh-queues" / "main.nb" / "hold.wav"
    assert loud_at(made, 300, 5)
    assert loud_at(made, 1000, 15.1)


def test_what_has_not_changed_is_kept_and_what_has_is_made_anew(settings: Settings) -> None:
    plan = the_plan(comfort=COMFORT)
    before, _ = build_queue_music(settings, plan)
    made = settings.asterisk_dir / "moh-queues" / "main.nb" / "hold.wav"
    first = made.stat().st_mtime_ns
    assert build_queue_music(settings, plan)[0] == before
    assert made.stat().st_mtime_ns == first
    tone(settings.sounds_dir / "nb" / "sorry.wav16", 3, 900)
    after, _ = build_queue_music(settings, plan)
    assert made.stat().st_mtime_ns > first
    assert classes_conf(settings, after) != classes_conf(settings, before), (
        "or Asterisk would not read it again"
    )


def test_what_is_missing_leaves_the_queue_with_the_music_of_all_and_is_told(settings: Settings) -> None:
    plan = the_plan(music=["calm.wav", "gone.ogg"])
    ready, (problem,) = build_queue_music(settings, plan)
    assert ready == {}
    assert "gone.ogg" in problem
    (remark,) = missing_music(settings, plan)
    assert remark.path == ("queues", "main", "music")
    assert "'gone.ogg'" in remark.message


def test_a_file_that_is_no_sound_is_told(settings: Settings) -> None:
    (settings.config / "music" / "calm.wav").write_text("no sound")
    ready, (problem,) = build_queue_music(settings, the_plan(music=["calm.wav"]))
    assert (ready, "main: " in problem) == ({}, True)


def test_music_that_no_queue_has_any_more_is_taken_away(settings: Settings) -> None:
    build_queue_music(settings, the_plan(music=["calm.wav"]))
    build_queue_music(settings, the_plan())
    assert not (settings.asterisk_dir / "moh-queues" / "main").exists()


def test_an_offer_is_heard_first_and_then_the_words_of_comfort(settings: Settings) -> None:
    offer = {"offer": {"after": "5s", "prompt": "sorry"}}
    plan = the_plan(music=["calm.wav"], comfort={**COMFORT, "prompts": ["still-waiting"]}, callbacks=offer)
    ready, wrong = build_queue_music(settings, plan)
    assert (sorted(ready), wrong) == (["main.en", "main.en.offer", "main.nb", "main.nb.offer"], ())
    assert music_class("main", plan.queues["main"], "en", offering=True) == "main.en.offer"
    made = settings.asterisk_dir / "moh-queues" / "main.nb.offer" / "hold.wav"
    assert measure(made).length_s == pytest.approx(5 + 2 + 15 + 1, abs=0.2)
    for start, hertz in ((2, 400), (5.1, 1200), (10, 400), (22.1, 1000)):
        assert loud_at(made, hertz, start), f"{hertz} Hz at {start} s"
