"""A terminal at a service that is not a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from hotline_ivr.settings import Settings
from hotline_ivr.web.api.local import LocalGate
from hotline_ivr.web.api.serving import api_app
from hotline_ivr.web.local_door import LocalDoor
from tests.cli.test_main import hotline
from tests.web.api.house import House

Terminal = Callable[..., Awaitable[subprocess.CompletedProcess[str]]]


@asynccontextmanager
async def terminal_at(house: House, folder: Path) -> AsyncIterator[Terminal]:
    """`hotline` with these words, in this folder, whose service is the house's."""
    settings = Settings.from_environment({"HOTLINE_STATE": str(folder / "state")})
    settings.state_dir.mkdir(exist_ok=True)
    door = LocalDoor(settings.door_file, api_app(house.routes(), LocalGate(), lambda: house.now))
    await door.open()

    async def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(hotline, folder, *arguments, TZ="UTC")

    yield run
    await door.close()
