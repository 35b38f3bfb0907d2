"""Messages at a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hotline_ivr.routing.messages import Message, Strays
from tests.cli.terminal import Terminal
from tests.cli.test_main import folder, hotline
from tests.cli.test_operators import terminal
from tests.web.api.conftest import database, house, store
from tests.web.api.house import House
from tests.web.api.test_voicemail import MESSAGE, SOUND, message

__all__ = ["database", "folder", "house", "message", "store", "terminal"]

pytestmark = pytest.mark.timeout(120)


async def test_a_message_is_listed_heard_and_done(
    terminal: Terminal, house: House, message: Message, tmp_path: Path
) -> None:
    row = "main-1.1  box  2026-11-23 12:30  0:04  info  +47 •••• 345  new\n"
    assert (await terminal("voicemail", "list")).stdout == row
    shown = await terminal("voicemail", "list", "--numbers", "--box", "box", "--state", "new", "--json")
    listed = json.loads(shown.stdout)
    assert (listed["schema"], listed["messages"][0]["caller"]) == ("hotline/voicemail/1", message.caller)
    file = tmp_path / "message.wav"
    played = await terminal("voicemail", "play", "main-1.1", "--out", str(file))
    assert (played.returncode, file.read_bytes()) == (0, SOUND)
    done = await terminal("voicemail", "done", "main-1.1")
    assert done.stdout.startswith("main-1.1: done by ")
    assert [(each.action, each.via) for each in house.trail.entries()] == [
        ("numbers.read", "command"),
        ("voicemail.play", "command"),
        ("voicemail.done", "command"),
    ]
    assert (await terminal("voicemail", "list", "--state", "new")).stdout == "no messages\n"


async def test_what_is_not_there_is_a_wrong_argument(terminal: Terminal) -> None:
    done = await terminal("voicemail", "play", "main-9.9")
    assert (done.returncode, done.stdout) == (2, "")
    assert "main-9.9 has left no message here" in done.stderr


async def test_strays_are_findings(terminal: Terminal, house: House) -> None:
    assert (await terminal("voicemail", "check")).returncode == 0
    house.strays = Strays((), (MESSAGE.call_id,), ())
    done = await terminal("voicemail", "check")
    assert (done.returncode, done.stdout) == (1, "main-1.1: left a message, and there is no recording\n")


def test_messages_need_the_service(folder: Path) -> None:
    assert hotline(folder, "voicemail", "list").returncode == 4
