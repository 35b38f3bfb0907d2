"""Asterisk loads what has changed, and says when it has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hotline_ivr.errors import AsteriskUnreachable
from hotline_ivr.launch.reloading import Reloader, fingerprint, wait_until_loaded

TIMEOUT = 10


class FakeControl:
    """Asterisk's control socket: remembers the commands it was given."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.up = True
        self.told = asyncio.Event()

    async def running(self) -> bool:
        return self.up

    async def command(self, text: str) -> str:
        if not self.up:
            raise AsteriskUnreachable("not running")
        self.commands.append(text)
        self.told.set()
        return ""


@asynccontextmanager
async def reloading(folder: Path, control: FakeControl) -> AsyncIterator[None]:
    running = asyncio.create_task(Reloader(folder, control).run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running], timeout=TIMEOUT)


async def test_what_asterisk_started_with_counts_as_loaded(tmp_path: Path) -> None:
    (tmp_path / "queues.conf").write_text("[main]\n")
    async with reloading(tmp_path, FakeControl()):
        assert await wait_until_loaded(tmp_path, TIMEOUT)
    assert (tmp_path / "loaded").read_text().strip() == fingerprint(tmp_path)


async def test_a_changed_file_is_loaded_by_its_own_command_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "queues.conf").write_text("[main]\n")
    (tmp_path / "pjsip.conf").write_text("[anna]\n")
    control = FakeControl()
    async with reloading(tmp_path, control):
        assert await wait_until_loaded(tmp_path, TIMEOUT)
        (tmp_path / "queues.conf").write_text("[main]\n[second]\n")
        assert await wait_until_loaded(tmp_path, TIMEOUT)
    assert control.commands == ["queue reload parameters all"]


async def test_a_change_while_asterisk_is_away_is_loaded_when_it_is_back(tmp_path: Path) -> None:
    (tmp_path / "queues.conf").write_text("[main]\n")
    control = FakeControl()
    async with reloading(tmp_path, control):
        assert await wait_until_loaded(tmp_path, TIMEOUT)
        control.up = False
        (tmp_path / "queues.conf").write_text("[main]\n[second]\n")
        assert not await wait_until_loaded(tmp_path, 1.5)
        control.up = True
        assert await wait_until_loaded(tmp_path, TIMEOUT)
    assert control.commands == ["queue reload parameters all"]


async def test_waiting_for_an_asterisk_that_never_loads_ends(tmp_path: Path) -> None:
    assert not await wait_until_loaded(tmp_path, 0.1)
