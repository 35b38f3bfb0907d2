"""`hotline prompts`: what is printed, what is written, and which exit code says what."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hotline_ivr.setup.spoken_parts import say
from hotline_ivr.testing.verbs import run_verb

SHIPPED = Path(__file__).parents[2] / "config"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SHIPPED, tmp_path / "config")
    return tmp_path


def prompts(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    environment.update(
        HOTLINE_STATE=str(folder / "state"), HOTLINE_CONFIG=str(folder / "config"), **variables
    )
    return run_verb(("prompts", *arguments), environment, 110)


def greet(folder: Path, prompt: str) -> None:
    lines = folder / "config/lines.yaml"
    text = lines.read_text(encoding="utf-8").replace("queue: main", f"queue: main\n    greeting: {prompt}", 1)
    lines.write_text(text, encoding="utf-8")


def listed(folder: Path) -> dict[str, dict[str, object]]:
    shown = json.loads(prompts(folder, "list", "--json").stdout)
    assert shown["schema"] == "hotline/prompts/1"
    return {f"{one['language']}/{one['prompt']}": one for one in shown["prompts"]}


def test_before_anything_is_made_all_prompts_are_listed(folder: Path) -> None:
    found = listed(folder)
    assert found["nb/greeting"]["state"] == "placeholder"
    assert found["nb/greeting"]["used_by"] == ["lines.admission.greeting"]
    assert found["nb/greeting"]["length_s"] is None
    assert not any("say-" in name for name in found)
    assert "en/say-8" in prompts(folder, "list", "--parts", "--language", "en").stdout


def test_nothing_is_missing_from_what_is_shipped_but_recordings_are(folder: Path) -> None:
    assert prompts(folder, "missing").returncode == 0
    done = prompts(folder, "missing", "--recordings")
    assert done.returncode == 1
    assert "nb/greeting" in done.stdout


def test_a_prompt_without_words_in_the_language_of_its_line_is_missing(folder: Path) -> None:
    greet(folder, "summer")
    (folder / "config/prompts").mkdir()
    (folder / "config/prompts/prompts.yaml").write_text("summer: {en: Happy holidays.}")
    done = prompts(folder, "missing")
    assert done.returncode == 1
    assert done.stdout.split()[:3] == ["nb/summer", "missing", "lines.admission.greeting"]
    assert "prompts.yaml" in done.stderr


def test_a_recording_comes_from_the_studio_to_the_callers_ear(folder: Path) -> None:
    (folder / "takes/nb").mkdir(parents=True)
    voice = say(
        "Velkommen til oss. Vent litt, så svarer vi så snart vi kan.", "nb", folder / "takes/nb/greeting.wav"
    )
    noise = folder / "takes/nb/closed.wav"
    noise.write_text("no sound")
    done = prompts(folder, "import", str(voice), str(noise))
    assert done.returncode == 1, "one of two was refused"
    assert "taken as" in done.stdout
    assert "closed.wav: is no sound" in done.stderr
    found = listed(folder)["nb/greeting"]
    assert found["state"] == "recorded"
    assert found["recording"] == str(folder / "config/prompts/nb/greeting.wav")
    assert found["length_s"]
    assert "nb/greeting" not in prompts(folder, "script").stdout


def test_one_id_for_two_files_is_wrong_usage(folder: Path) -> None:
    assert prompts(folder, "import", "a.wav", "b.wav", "--as", "greeting").returncode == 2


def test_the_manuscript_can_be_had_for_one_language(folder: Path) -> None:
    done = prompts(folder, "script", "--language", "nb", "--format", "markdown", "--parts")
    assert "| `nb/greeting.wav` |" in done.stdout
    assert "| `nb/say-8.wav` | åtte |" in done.stdout
    assert "en/" not in done.stdout


def test_a_prompt_is_played_by_what_the_machine_has_or_its_place_is_told(folder: Path) -> None:
    assert prompts(folder, "play", "greeting").returncode == 1, "it has not been made"
    made = folder / "state/asterisk/sounds/nb/greeting.wav"
    made.parent.mkdir(parents=True)
    made.touch()
    programs = folder / "programs"
    programs.mkdir()
    assert prompts(folder, "play", "greeting", PATH=str(programs)).stdout == f"{made}\n"
    (programs / "play").write_text('#!/bin/sh\necho "heard $2"\n')
    (programs / "play").chmod(0o755)
    assert prompts(folder, "play", "greeting", PATH=str(programs)).stdout == f"heard {made}\n"
