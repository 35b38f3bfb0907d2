"""Operators and the floor at a terminal: what is shown, what is asked of the service, and the exit codes."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from hotline_ivr.cli.floor_view import length, status_view
from hotline_ivr.launch.local_client import LocalClient
from hotline_ivr.routing.break_floor import BreakAnswer, BreakVerdict, BreakWish
from hotline_ivr.routing.floor import CallerJoined, DeviceState, MemberSeen, fold_all
from hotline_ivr.routing.presence import Period, Standing
from hotline_ivr.settings import Settings
from tests.cli.terminal import Terminal, terminal_at
from tests.cli.test_main import folder, hotline
from tests.web.api.conftest import database, house, store
from tests.web.api.house import NOW, House

__all__ = ["database", "folder", "house", "store"]

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def terminal(house: House, tmp_path: Path) -> AsyncIterator[Terminal]:
    """A terminal at a service; anna's phone is free, one caller waits."""
    house.floor = fold_all(
        [
            MemberSeen("main", "anna", "PJSIP/anna", DeviceState.NOT_IN_USE, paused=False),
            CallerJoined("main", "m-1", NOW - timedelta(seconds=75)),
        ]
    )
    async with terminal_at(house, tmp_path) as terminal:
        yield terminal


async def test_an_operator_goes_on_a_break_and_comes_back(terminal: Terminal, house: House) -> None:
    paused = await terminal("operators", "pause", "anna", "--reason", "break")
    assert paused.returncode == 0, paused.stderr
    assert "paused break" in paused.stdout
    assert "on a pause: break" in paused.stdout
    assert house.staff.standing["anna"].standing is Standing.PAUSED
    assert "would be rung" in (await terminal("operators", "ready", "anna")).stdout
    assert "signed-out" in (await terminal("operators", "sign-out", "anna")).stdout
    listed = await terminal("operators", "--json")
    shown = json.loads(listed.stdout)
    assert shown["schema"] == "hotline/operators/1"
    assert [each["standing"] for each in shown["operators"]] == ["signed-out", "ready"]
    assert (await terminal("operators", "sign-in", "anna")).returncode == 0


async def test_a_break_in_a_call_is_said_to_begin_after_it(terminal: Terminal, house: House) -> None:
    house.staff.calls = {"anna"}
    assert "break begins when the call is over" in (await terminal("operators", "pause", "anna")).stdout


async def test_who_asks_for_a_break_is_told_when_it_begins(terminal: Terminal, house: House) -> None:
    house.use({"break_kinds": {"lunch": {"name": "Lunch", "length": "30m"}}})
    noon = int(NOW.timestamp())
    wish = BreakWish("anna", "lunch", 1800, noon, noon, noon + 3600)
    house.breaks.next["anna"] = BreakAnswer(wish, BreakVerdict.WAITS, noon + 330, place=2)
    told = await terminal("operators", "break", "anna", "--kind", "lunch")
    assert told.returncode == 0, told.stderr
    assert "lunch 12:35 (in 6 min, place 2)" in told.stdout
    assert told.stdout.endswith("lunch in 6 minutes, place 2\n")
    back = await terminal("operators", "break", "anna", "--take-back", "--json")
    assert json.loads(back.stdout)["operator"]["next_break"] is None
    assert "paused lunch" in (await terminal("operators", "break", "anna", "--kind", "lunch")).stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("pause", "anna", "--reason", "nap"), "no pause reason 'nap'. Reasons are: break"),
        (("break", "anna", "--kind", "nap"), "Kinds are: none; add break_kinds"),
        (("break", "anna", "--take-back"), "anna waits for no break"),
        (("ready", "cara"), "no operator 'cara'. Operators are: anna, bjorn"),
        (("ready", "../audit"), "Nothing can have that name"),
        (("periods", "--day", "yesterday"), "write 2026-12-24"),
    ],
)
async def test_what_makes_no_sense_is_told_with_a_remedy(
    terminal: Terminal, arguments: tuple[str, ...], why: str
) -> None:
    done = await terminal("operators", *arguments)
    assert done.returncode == 2
    assert why in done.stderr


async def test_the_pause_ledger_of_a_day(terminal: Terminal, house: House) -> None:
    house.periods = [
        Period("anna", Standing.PAUSED, "break", NOW, NOW + timedelta(minutes=12), "anna", "hotline"),
        Period("bjorn", Standing.READY, "", NOW, None, "bjorn", ""),
    ]
    shown = await terminal("operators", "periods", "--day", "2026-11-23")
    assert shown.returncode == 0, shown.stderr
    assert "(12:00)" in shown.stdout
    assert "anna, ended by hotline" in shown.stdout
    told = await terminal("operators", "periods", "--day", "2026-11-23", "--operator", "bjorn", "--json")
    assert [each["operator"] for each in json.loads(told.stdout)["periods"]] == ["bjorn"]
    assert (
        "nothing in the pause ledger"
        in (await terminal("operators", "periods", "--day", "2026-01-01")).stdout
    )


async def test_the_floor_at_a_glance(terminal: Terminal) -> None:
    shown = await terminal("status")
    assert shown.returncode == 0, shown.stderr
    for text in ("info", "open", "2026-11-23 15:00", "1:15", "anna (Anna Berg)", "would be rung"):
        assert text in shown.stdout
    assert json.loads((await terminal("status", "--json")).stdout)["schema"] == "hotline/status/1"


@pytest.mark.usefixtures("terminal")
async def test_watching_goes_on_while_the_service_is_restarted(tmp_path: Path) -> None:
    environment = {**os.environ, "HOTLINE_STATE": str(tmp_path / "state")}
    watching = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hotline_ivr", "status", "--watch", "--json"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=1_000_000,
    )
    assert watching.stdout is not None
    assert watching.stderr is not None
    try:
        async with asyncio.timeout(60):
            first = json.loads(await watching.stdout.readline())
            door = tmp_path / "state" / "service.sock"
            aside = door.rename(door.with_suffix(".aside"))
            assert b"no service runs" in await watching.stderr.readline()
            aside.rename(door)
            assert json.loads(await watching.stdout.readline())["queues"] == first["queues"]
    finally:
        watching.kill()
        await watching.wait()


def test_without_a_service_the_remedy_is_told(folder: Path) -> None:
    for arguments in (("operators",), ("operators", "ready", "anna"), ("status",), ("status", "--watch")):
        done = hotline(folder, *arguments)
        assert done.returncode == 4
        assert "start it with `hotline up`" in done.stderr


@pytest.mark.usefixtures("terminal")
async def test_a_narrow_terminal_folds_and_loses_nothing(tmp_path: Path, house: House) -> None:
    house.linked = False
    client = LocalClient(Settings.from_environment({"HOTLINE_STATE": str(tmp_path / "state")}))
    floor = await asyncio.to_thread(client.get, "/status")
    narrow = Console(width=50, record=True, file=io.StringIO())
    narrow.print(status_view(floor))
    text = narrow.export_text()
    assert max(len(line) for line in text.splitlines()) <= 50
    assert "no link to Asterisk" in text


@pytest.mark.parametrize(("seconds", "shown"), [(-1, "0 s"), (12.9, "12 s"), (75, "1:15"), (3723, "1:02:03")])
def test_lengths_are_read_at_a_glance(seconds: float, shown: str) -> None:
    assert length(seconds) == shown
