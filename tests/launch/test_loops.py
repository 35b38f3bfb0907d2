"""Loops start in order, drain in the reverse order, and fall together."""

from __future__ import annotations

import asyncio

import pytest

from hotline_ivr.launch.loops import Loop, running


class Diary:
    """Loops that write down what happens to them."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def loop(self, name: str) -> Loop:
        async def run() -> None:
            self.told.append(f"{name} runs")
            try:
                await asyncio.Event().wait()
            finally:
                self.told.append(f"{name} is over")

        async def drain() -> None:
            self.told.append(f"{name} drains")
            # Whoever was cancelled by now has its turn.
            await asyncio.sleep(0)

        return Loop(name, run, drain)


async def test_the_first_to_start_is_the_last_to_stop() -> None:
    diary = Diary()
    async with running([diary.loop("link"), diary.loop("keeper")]):
        await asyncio.sleep(0)
    assert diary.told == [
        "link runs",
        "keeper runs",
        "keeper drains",
        "link drains",
        "keeper is over",
        "link is over",
    ]


async def test_a_loop_that_fails_ends_the_others_and_is_told_of() -> None:
    diary = Diary()

    async def fail() -> None:
        raise OSError("no disk")

    with pytest.raises(ExceptionGroup) as caught:
        async with running([diary.loop("link"), Loop("keeper", fail)]):
            await asyncio.Event().wait()
    assert [str(error) for error in caught.value.exceptions] == ["no disk"]
    assert diary.told == ["link runs", "link is over"]
