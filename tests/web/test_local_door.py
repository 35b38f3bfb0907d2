"""The door for the command line: who may come in, as whom, and what is told when nobody is there."""

from __future__ import annotations

import asyncio
import getpass
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hotline_ivr.errors import ArgumentError, AsteriskUnreachable, HotlineError
from hotline_ivr.launch.local_client import LocalClient
from hotline_ivr.settings import Settings
from hotline_ivr.sockets import LIMIT, socket_address
from hotline_ivr.web.api.local import LocalGate, user_name
from hotline_ivr.web.api.problems import ApiError
from hotline_ivr.web.api.serving import api_app
from hotline_ivr.web.local_door import LocalDoor
from tests.web.api.conftest import database, house, store
from tests.web.api.house import House

__all__ = ["database", "house", "store"]


@pytest.fixture(params=["short", "x" * LIMIT], ids=["short path", "path longer than a socket's address"])
def settings(tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    state = tmp_path / request.param
    state.mkdir()
    return Settings.from_environment({"HOTLINE_STATE": str(state)})


@pytest.fixture
async def door(house: House, settings: Settings) -> AsyncIterator[LocalDoor]:
    # As a service leaves it that was killed.
    with socket_address(settings.door_file) as address, socket.socket(socket.AF_UNIX) as stale:
        stale.bind(address)
    opened = LocalDoor(settings.door_file, api_app(house.routes(), LocalGate(), lambda: house.now))
    await opened.open()
    yield opened
    await opened.close()


@pytest.mark.usefixtures("door")
async def test_the_user_at_the_other_end_may_do_everything_and_stands_in_the_trail(
    house: House, settings: Settings
) -> None:
    client = LocalClient(settings)
    answer = await asyncio.to_thread(client.post, "/operators/anna/pause", {"reason": "break"})
    assert answer["by"] == getpass.getuser()
    (entry,) = house.trail.entries()
    assert (entry.by, entry.via, entry.action) == (getpass.getuser(), "command", "operator.pause")
    trail = await asyncio.to_thread(client.get, "/audit", limit="1")
    assert len(trail["entries"]) == 1


@pytest.mark.usefixtures("door")
async def test_only_the_owner_may_open_the_door(settings: Settings) -> None:
    assert stat.S_IMODE(settings.door_file.stat().st_mode) == 0o600


@pytest.mark.usefixtures("door")
async def test_what_the_service_refuses_is_told_in_its_own_words(settings: Settings) -> None:
    client = LocalClient(settings)
    with pytest.raises(ArgumentError, match="no operator 'cara'"):
        await asyncio.to_thread(client.get, "/operators/cara")
    with pytest.raises(ArgumentError, match="no pause reason 'nap'"):
        await asyncio.to_thread(client.post, "/operators/anna/pause", {"reason": "nap"})


@pytest.mark.usefixtures("door")
async def test_a_part_that_is_away_is_no_fault_of_the_user(house: House, settings: Settings) -> None:
    house.periods = None
    with pytest.raises(HotlineError, match="could not do it: The database is away"):
        await asyncio.to_thread(LocalClient(settings).get, "/operators/anna/periods")


async def test_a_door_that_is_closed_is_gone(door: LocalDoor, settings: Settings) -> None:
    await door.close()
    assert not settings.door_file.exists()
    with pytest.raises(AsteriskUnreachable, match=r"no service runs in .*hotline up"):
        LocalClient(settings).get("/status")


async def test_a_service_that_was_killed_leaves_a_door_at_which_nobody_is(settings: Settings) -> None:
    with socket_address(settings.door_file) as address, socket.socket(socket.AF_UNIX) as stale:
        stale.bind(address)
    with pytest.raises(AsteriskUnreachable, match="no service runs"):
        LocalClient(settings).get("/status")


async def test_a_service_that_hangs_is_given_up(settings: Settings) -> None:
    with socket_address(settings.door_file) as address, socket.socket(socket.AF_UNIX) as silent:
        silent.bind(address)
        silent.listen()
        with pytest.raises(AsteriskUnreachable, match="not answered within"):
            await asyncio.to_thread(LocalClient(settings, deadline=0.2).get, "/status")


async def test_a_folder_that_is_not_there_keeps_nothing_else_from_starting(
    house: House, tmp_path: Path
) -> None:
    door = LocalDoor(
        tmp_path / "gone" / "service.sock", api_app(house.routes(), LocalGate(), lambda: house.now)
    )
    await door.open()
    await door.close()


def test_the_door_is_for_users_of_this_machine_only() -> None:
    with pytest.raises(ApiError, match="users of this machine"):
        LocalGate().admit(None)


def test_a_user_without_a_name_is_told_by_number() -> None:
    assert user_name(4_000_000_001) == "uid 4000000001"
