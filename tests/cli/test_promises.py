"""Promises at a terminal: what is shown, what is asked of the service, and the exit codes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from hotline_ivr.cli.promises_view import age_text
from tests.cli.terminal import Terminal, terminal_at
from tests.cli.test_main import folder
from tests.store.test_promises import NINE, Node
from tests.web.api.house import House
from tests.web.api.test_promises import node

__all__ = ["folder", "node"]

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def terminal(node: Node, tmp_path: Path) -> AsyncIterator[Terminal]:
    """A terminal at a service with three promises of nine o'clock; it is half past twelve."""
    house = House(tmp_path, node.store, now=NINE + timedelta(hours=3.5))
    async with terminal_at(house, tmp_path) as terminal:
        yield terminal


async def test_who_is_owed_a_call(terminal: Terminal) -> None:
    listed = await terminal("promises")
    assert listed.returncode == 0, listed.stderr
    _, first, _, third = listed.stdout.splitlines()
    assert first.split() == (
        "main-0.0 +47 •••• 001 info main 2026-11-23 09:01:00 3 h abandoned 2 0".split()  # noqa: SIM905
    )
    assert "withheld" in third
    assert "+4790000001" in (await terminal("promises", "--numbers")).stdout
    shown = json.loads((await terminal("promises", "list", "--owner", "anna", "--json")).stdout)
    assert (shown["schema"], shown["promises"]) == ("hotline/promises/1", [])
    more = await terminal("promises", "list", "--limit", "1")
    assert "--limit shows up to 500" in more.stderr


async def test_one_is_taken_tried_and_done(terminal: Terminal) -> None:
    taken = await terminal("promises", "take", "main-0.0", "anna")
    assert taken.returncode == 0, taken.stderr
    assert "anna" in taken.stdout
    await terminal("promises", "tried", "main-0.0", "--note", "engaged")
    done = json.loads((await terminal("promises", "done", "main-0.0", "--note", "helped", "--json")).stdout)
    assert (done["schema"], done["promise"]["state"]) == ("hotline/promise/1", "done")
    story = (await terminal("promises", "show", "main-0.0")).stdout
    for word in ("done 2026-11-23 12:30:00 by", "helped", "taken", "engaged", "main-3.0"):
        assert word in story
    assert "nobody is owed" in (await terminal("promises", "list", "--line", "elsewhere")).stdout
    assert "main-0.0" in (await terminal("promises", "list", "--all")).stdout
    assert (await terminal("promises", "take", "main-1.0", "anna")).returncode == 0
    assert "anna" not in (await terminal("promises", "take", "main-1.0", "--back")).stdout
    assert "dropped" in (await terminal("promises", "drop", "main-1.0")).stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("take", "main-0.0"), "name the operator who takes it"),
        (("take", "main-0.0", "cara"), "no operator 'cara'. Operators are: anna, bjorn"),
        (("show", "main-77.0"), "no promise main-77.0"),
        (("done", "../audit"), "Nothing can have that name"),
    ],
)
async def test_what_makes_no_sense_is_told_with_a_remedy(
    terminal: Terminal, arguments: tuple[str, ...], why: str
) -> None:
    done = await terminal("promises", *arguments)
    assert done.returncode == 2
    assert why in done.stderr


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (7_199, "1 h"), (180_000, "2 d")]
)
def test_an_age_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert age_text(seconds) == said
