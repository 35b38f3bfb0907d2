"""A saved configuration is noticed once, when its writer has finished."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hotline_ivr.launch.saving import saves


async def test_each_save_is_noticed_once_and_other_files_never(tmp_path: Path) -> None:
    (tmp_path / "lines.yaml").write_text("a")
    noticed = asyncio.Queue[int]()

    async def watch() -> None:
        number = 0
        async for _ in saves(tmp_path, poll=0.01):
            number += 1
            noticed.put_nowait(number)

    watching = asyncio.create_task(watch())
    try:
        async with asyncio.timeout(20):
            # Until the first look is taken a change may still be part of what it found.
            while noticed.empty():
                (tmp_path / "lines.yaml").write_text("b" * (1 + (tmp_path / "lines.yaml").stat().st_size))
                await asyncio.sleep(0.1)
            first = await noticed.get()
            (tmp_path / "notes.txt").write_text("nothing of ours")
            (tmp_path / "queues.yaml").write_text("new")
            assert await noticed.get() == first + 1
            (tmp_path / "queues.yaml").unlink()
            assert await noticed.get() == first + 2
    finally:
        watching.cancel()
