"""The disk of all that we write ourselves is full: what cannot be kept is refused, and nothing stands half.

An ext4 under the state folder (without loop devices a tmpfs), with database, trail and the list of erasures.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from hotline_ivr.testing.plans import plan
from hotline_ivr.testing.stack import HotlineStack
from tests.acceptance.recording_calls import wait_until
from tests.acceptance.test_register import Client
from tests.small_disk import MIB, SmallDisk, journalled_disk_at

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

PERSON, OTHER = "+4790060077", "+4790060078"
BLOCK = 4096
# The prompts and the music take 50 MiB of it.
STATE_SIZE = 128 * MIB
NO_ROOM = "No space left on device"
REFUSED = "The database cannot be used now; nothing was written."
UNNOTED = "The entry is kept, but that could not be written into the trail."
MOST_TRIES = 1000


class Node(NamedTuple):
    stack: HotlineStack
    disk: SmallDisk


@pytest.fixture
def node(tmp_path: Path, asterisk_root: Path, texts: Path, sounds: Path) -> Iterator[Node]:
    folder = tmp_path / "node"
    with journalled_disk_at(folder / "state", tmp_path / "state.ext4", STATE_SIZE) as disk:
        stack = HotlineStack(
            folder,
            plan({"anna": None}, now=datetime.now(UTC)),
            sounds=sounds,
            asterisk_root=asterisk_root,
            variables={"HOTLINE_SOUNDS": str(texts)},
        )
        with stack:
            stack.start()
            yield Node(stack, disk)


def to_the_end_of_its_block(path: Path) -> bytes:
    """So that not even a short line fits any more; an empty line is none. What is there then."""
    with path.open("ab") as file:
        file.write(b" " * (-(path.stat().st_size + 1) % BLOCK) + b"\n")
    return path.read_bytes()


def save(console: Client, question: str, number: str | None = None) -> str:
    """Empty, or why an entry was refused."""
    given: dict[str, object] = {
        "line": "open",
        "question": question,
        "answer": "x" * 3500,
        "outcome": "answered",
    }
    if number:
        given["number"] = number
    status, said = console.ask("POST", "/entries", given)
    assert status in {201, 503}, said
    return "" if status == 201 else str(said["detail"])


def questions(stack: HotlineStack) -> list[str]:
    with closing(sqlite3.connect(stack.settings.state_dir / "hotline.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [
            each for (each,) in connection.execute("SELECT question FROM register_entry ORDER BY question")
        ]


def numbers(stack: HotlineStack) -> set[str | None]:
    with closing(sqlite3.connect(stack.settings.state_dir / "hotline.db")) as connection:
        return {each for (each,) in connection.execute("SELECT number FROM register_entry")}


def refused(done: subprocess.CompletedProcess[str], told: str) -> None:
    """In one sentence, and nothing is shown."""
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{told}\n")


async def test_what_finds_no_room_is_refused_in_one_sentence_and_works_when_there_is_some(node: Node) -> None:
    stack, disk = node
    print(f"R8 state on {disk.kind}")  # noqa: T201  for docs/faults.md
    console = Client(stack, "control")
    trail, erasures = stack.settings.audit_file, stack.settings.erasures_file
    assert save(console, "person", PERSON) == ""
    assert stack.hotline("privacy", "erase", OTHER).returncode == 0
    listed, noted = to_the_end_of_its_block(erasures), to_the_end_of_its_block(trail)
    await asyncio.to_thread(disk.fill)

    refused(stack.hotline("calls", "--numbers"), f"{trail}: {NO_ROOM}")
    refused(stack.hotline("privacy", "erase", PERSON), f"{erasures}: {NO_ROOM}")
    assert (erasures.read_bytes(), trail.read_bytes()) == (listed, noted)
    assert PERSON in numbers(stack)
    kept, said = ["person"], ""
    for number in range(MOST_TRIES):
        question = f"entry {number:04}"
        said = await asyncio.to_thread(save, console, question)
        if said == REFUSED:
            break
        # What SQLite has put by for its log takes some, and says so.
        assert said in {"", UNNOTED}
        kept.append(question)
    assert said == REFUSED, "the database took everything"
    print(f"R8 {len(kept) - 1} entries found room in what SQLite had put by, the next one was refused")  # noqa: T201
    assert trail.read_bytes() == noted

    disk.empty()
    await wait_until(stack.is_ready, 30, "the service to be well again")
    assert questions(stack) == sorted(kept)
    assert save(console, "after") == ""
    assert questions(stack) == sorted([*kept, "after"])
    assert stack.hotline("calls", "--numbers").returncode == 0
    erased = stack.hotline("privacy", "erase", PERSON)
    assert erased.returncode == 0, (erased.stdout, erased.stderr)
    assert PERSON not in numbers(stack)
    for path, before, more in ((erasures, listed, 1), (trail, noted, 3)):
        after = path.read_bytes()
        assert after.startswith(before)
        assert len([json.loads(line) for line in after[len(before) :].splitlines()]) >= more
