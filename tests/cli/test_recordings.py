"""Recordings at a terminal: listed, opened with a key, and what is wrong said in one sentence."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest

from hotline_ivr.control.recording_seal import HashingWriter, make_key, seal, wav_head
from hotline_ivr.routing.recordings import Found
from tests.cli.terminal import Terminal
from tests.cli.test_main import folder, hotline
from tests.cli.test_operators import terminal
from tests.web.api.conftest import database, house, store
from tests.web.api.house import House
from tests.web.api.test_recordings import RECORDING

__all__ = ["database", "folder", "house", "store", "terminal"]

pytestmark = pytest.mark.timeout(120)

SOUND = wav_head(64_000) + b"\1\2" * 32_000
PRIVATE, PUBLIC = make_key()


@pytest.fixture
def kept(house: House, tmp_path: Path) -> Path:
    """A folder with the right key and another one; one recording is kept."""
    target = BytesIO()
    seal(BytesIO(SOUND), HashingWriter(target), [PUBLIC])
    house.kept.keep(RECORDING, target.getvalue())
    (tmp_path / "right").write_text(PRIVATE, encoding="ascii")
    (tmp_path / "wrong").write_text(make_key()[0], encoding="ascii")
    return tmp_path


@pytest.mark.usefixtures("kept")
async def test_recordings_are_listed(terminal: Terminal) -> None:
    told = (await terminal("recordings", "list")).stdout
    assert told.startswith("main-1.1  part 1  2026-11-23 ")
    assert told.endswith("  0:04  info  main  anna  +47 •••• 345\n")
    shown = json.loads((await terminal("recordings", "list", "--json", "--numbers", "--line", "info")).stdout)
    assert (shown["schema"], shown["recordings"][0]["caller"]) == ("hotline/recordings/1", "+4790012345")
    assert (await terminal("recordings", "list", "--line", "other")).stdout == "no recordings\n"


async def test_the_right_key_opens_and_the_trail_says_who_heard(
    terminal: Terminal, house: House, kept: Path
) -> None:
    out = kept / "talk.wav"
    done = await terminal("recordings", "export", "main-1.1", "--out", str(out), "--key", str(kept / "right"))
    assert (done.returncode, out.read_bytes()) == (0, SOUND), done.stderr
    assert [(each.action, each.via) for each in house.trail.entries()] == [("recording.play", "command")]
    sealed = kept / "talk.age"
    done = await terminal("recordings", "export", "main-1.1", "--out", str(sealed))
    assert done.returncode == 0, done.stderr
    assert sealed.read_bytes().startswith(b"age-encryption.org/v1\n")


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [
        ("wrong", 1, "main-1.1.1: this private key does not open it; another one does\n"),
        ("none", 1, "{kept}/none: cannot be read (No such file or directory)\n"),
        ("", 2, "main-1.1.1 is encrypted: name the file of its private key with --key\n"),
    ],
)
async def test_what_does_not_open_is_one_sentence_and_leaves_no_file(
    terminal: Terminal, kept: Path, key: str, code: int, said: str
) -> None:
    options = ("--key", str(kept / key)) if key else ()
    out = kept / "talk.wav"
    done = await terminal("recordings", "export", "main-1.1", "--out", str(out), *options)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", said.format(kept=kept))
    assert {path.name for path in kept.iterdir() if "talk" in path.name or "hotline-" in path.name} == set()


async def test_what_is_not_there_is_a_wrong_argument(terminal: Terminal, kept: Path) -> None:
    done = await terminal("recordings", "export", "main-9.9", "--out", str(kept / "talk.age"))
    assert (done.returncode, (kept / "talk.age").exists()) == (2, False)
    assert "There is no recording main-9.9.1" in done.stderr


async def test_strays_are_findings(terminal: Terminal, house: House) -> None:
    assert (await terminal("recordings", "verify")).returncode == 0
    house.kept.astray = Found(gone=("main-1.1.1",))
    done = await terminal("recordings", "verify", "--thorough")
    assert (done.returncode, done.stdout) == (1, "main-1.1.1: its file is gone, and nobody deleted it here\n")
    assert house.kept.asked_thoroughly


@pytest.mark.usefixtures("kept")
async def test_pausing_resuming_and_deleting(terminal: Terminal, house: House) -> None:
    assert "main-1.1: paused until 2026-11-23 " in (await terminal("recordings", "pause", "main-1.1")).stdout
    assert (await terminal("recordings", "resume", "main-1.1")).stdout == "main-1.1: on\n"
    refused = await terminal("recordings", "pause", "main-1.2")
    assert (refused.returncode, refused.stderr) == (2, "call main-1.2 is not being recorded now.\n")
    assert (await terminal("recordings", "delete", "main-1.1")).stdout == "main-1.1: 1 deleted\n"
    assert house.kept.files.path(RECORDING.id) is None


def test_a_pair_of_keys_is_made_once(folder: Path) -> None:
    out = folder / "key"
    made = hotline(folder, "recordings", "keygen", "--out", str(out))
    assert made.stdout.startswith("age1")
    assert f"# public key: {made.stdout}AGE-SECRET-KEY-1" in out.read_text(encoding="ascii")
    assert out.stat().st_mode & 0o077 == 0
    again = hotline(folder, "recordings", "keygen", "--out", str(out))
    assert (again.returncode, again.stderr) == (2, f"{out}: cannot be made (File exists)\n")
