"""The doctor on a machine where nothing runs yet: what is wrong, each with its remedy.

What it sees of a running Asterisk stands in tests/acceptance/test_up.py.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from pathlib import Path

import pytest

from hotline_ivr.cli.doctor import show
from hotline_ivr.launch.doctor import examine
from hotline_ivr.launch.doctor_machine import clock, ports
from hotline_ivr.launch.finding import Finding
from hotline_ivr.settings import Settings
from hotline_ivr.setup.prompt_sources import prompt_folders, read_sources
from hotline_ivr.testing.ports import free_port

SHIPPED = Path(__file__).parents[2] / "config"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The shipped configuration, every prompt made, and no Asterisk."""
    shutil.copytree(SHIPPED, tmp_path / "config", ignore=shutil.ignore_patterns("examples"))
    made = Settings(
        config=tmp_path / "config",
        state=tmp_path / "state",
        asterisk=str(tmp_path / "none"),
        sip_port=free_port(),
        ami_port=free_port(socket.SOCK_STREAM),
        agi_port=free_port(socket.SOCK_STREAM),
        http_port=free_port(socket.SOCK_STREAM),
    )
    make_prompts(made)
    return made


def make_prompts(settings: Settings) -> None:
    for name in read_sources(*prompt_folders(settings)):
        file = settings.sounds_dir / f"{name}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


async def finding(settings: Settings, name: str) -> Finding:
    (found,) = [each for each in await examine(settings) if each.name == name]
    return found


async def test_whatever_is_not_well_has_a_remedy(settings: Settings) -> None:
    found = await examine(settings)
    assert [each.name for each in found if not each.ok] == ["database", "asterisk"]
    assert all(each.remedy for each in found if not each.ok)
    assert {each.name for each in found} >= {"configuration", "prompts", "own name", "clock", "disk"}


async def test_a_prompt_without_words_in_a_language_of_its_callers_is_found(settings: Settings) -> None:
    """Also one that only a menu plays: `hotline check` warns of it, and callers would hear nothing."""
    (settings.config / "prompts").mkdir(exist_ok=True)
    texts = settings.config / "prompts" / "prompts.yaml"
    texts.write_text("choices: {en: Press one.}\n", encoding="utf-8")
    (settings.config / "menus.yaml").write_text(
        "menus: {main: {prompt: choices, keys: {1: operator}}}\n", encoding="utf-8"
    )
    lines = settings.config / "lines.yaml"
    written = lines.read_text(encoding="utf-8").replace("queue: main", "queue: main\n    menu: main", 1)
    lines.write_text(written, encoding="utf-8")
    make_prompts(settings)

    found = await finding(settings, "prompts")
    assert (found.ok, found.seen) == (False, "nobody has written nb/choices")
    assert "hotline prompts missing" in found.remedy
    told = await finding(settings, "configuration")
    assert told.ok
    assert told.seen.endswith("2 lines, 1 warning")
    assert "→ hotline check tells them" in show([told], as_json=False)


async def test_a_prompt_that_asterisk_cannot_play_yet_is_found(settings: Settings) -> None:
    (settings.sounds_dir / "en" / "greeting.wav").unlink()
    found = await finding(settings, "prompts")
    assert (found.ok, found.seen, found.remedy) == (
        False,
        "not made: en/greeting",
        "hotline prompts generate",
    )


async def test_texts_that_cannot_be_read_are_a_finding_and_no_fault(settings: Settings) -> None:
    (settings.config / "prompts").mkdir(exist_ok=True)
    (settings.config / "prompts" / "prompts.yaml").write_text("choices: [", encoding="utf-8")
    found = await examine(settings)
    assert {each.name for each in found if not each.ok} >= {"configuration", "prompts"}
    assert all(each.remedy for each in found if not each.ok)


async def test_a_clock_that_was_set_back_is_told_by_what_was_written_last(settings: Settings) -> None:
    assert (await clock(settings)).ok
    settings.cel_file.parent.mkdir(parents=True)
    settings.cel_file.touch()
    tomorrow = time.time() + 86_400
    os.utime(settings.cel_file, (tomorrow, tomorrow))
    found = await clock(settings)
    assert not found.ok
    assert "set back" in found.remedy


async def test_a_port_that_somebody_else_holds_is_told_with_its_variable(settings: Settings) -> None:
    found = await ports(settings, asterisk=True, service=True)
    assert (found.ok, found.seen) == (True, "those of Asterisk and the service are free")
    with socket.create_server(("127.0.0.1", settings.http_port)):
        found = await ports(settings, asterisk=True, service=True)
    assert not found.ok
    assert found.seen == f"TCP port {settings.http_port} on 127.0.0.1 (HOTLINE_HTTP_PORT): in use"
    assert "another port" in found.remedy


def test_findings_can_be_read_by_programs() -> None:
    found = [Finding("clock", ok=True, seen="12:00"), Finding("disk", ok=False, seen="full", remedy="x")]
    told = json.loads(show(found, as_json=True))
    assert told["schema"] == "hotline/doctor/1"
    assert [(each["name"], each["ok"], each["remedy"]) for each in told["findings"]] == [
        ("clock", True, ""),
        ("disk", False, "x"),
    ]
