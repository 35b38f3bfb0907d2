"""Waking callers: what is sent, what is not, and what a refusal does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hotline_ivr.calls.waker import Waker
from hotline_ivr.errors import AsteriskRefused, AsteriskUnreachable, HotlineError
from hotline_ivr.routing.floor import DeviceState
from hotline_ivr.routing.turn_events import CallerIn, CallerOut, SeatSeen
from tests.plans import a_plan

ANNA = SeatSeen("main", "PJSIP/anna.k3v9", DeviceState.NOT_IN_USE, paused=False, in_call=False, last_call=0)
BUSY = SeatSeen("main", "PJSIP/anna.k3v9", DeviceState.BUSY, paused=False, in_call=True, last_call=0)
FIRST = CallerIn("main", "main-1.1", "PJSIP/trunk-x-1", 1)


class Queues:
    """Keeps what was woken; a link that may be away, and may refuse."""

    def __init__(self) -> None:
        self.woken: asyncio.Queue[str] = asyncio.Queue()
        self.answers: list[str] = []
        self.error: HotlineError | None = None
        self.up = asyncio.Event()
        self.up.set()

    async def wake(self, channel: str) -> None:
        self.woken.put_nowait(channel)
        if self.error is not None:
            raise self.error

    async def ready(self) -> None:
        await self.up.wait()

    def sent(self) -> None:
        self.answers.append("sent")

    def refused(self) -> None:
        self.answers.append("refused")


@pytest.fixture
def queues() -> Queues:
    return Queues()


@pytest.fixture
async def waker(queues: Queues) -> AsyncIterator[Waker]:
    made = Waker(queues, a_plan(), queues, per_second=20, ready=queues.ready)
    running = asyncio.create_task(made.run())
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def next_woken(queues: Queues) -> str:
    async with asyncio.timeout(5):
        return await queues.woken.get()


async def test_a_caller_is_woken_when_the_operator_is_free_again_until_it_helps(
    waker: Waker, queues: Queues
) -> None:
    waker.renewed([BUSY, FIRST])
    assert waker.hurried
    waker.happened(ANNA)
    assert [await next_woken(queues) for _ in range(2)] == ["PJSIP/trunk-x-1"] * 2
    waker.happened(CallerOut("main", "main-1.1"))
    assert not waker.hurried


@pytest.mark.parametrize("error", [AsteriskRefused("Channel not found"), AsteriskUnreachable("no link")])
async def test_a_refusal_is_counted_and_nothing_else_comes_of_it(
    waker: Waker, queues: Queues, error: HotlineError
) -> None:
    queues.error = error
    waker.renewed([ANNA, FIRST])
    await next_woken(queues)
    queues.error = None
    await next_woken(queues)
    await next_woken(queues)
    assert queues.answers[:2] == ["refused", "sent"]


async def test_while_the_link_is_away_nobody_is_woken_and_then_by_the_new_picture(
    waker: Waker, queues: Queues
) -> None:
    queues.up.clear()
    waker.renewed([ANNA, FIRST])
    waker.renewed([ANNA, CallerIn("main", "main-2.1", "PJSIP/trunk-x-2", 1)])
    queues.up.set()
    assert await next_woken(queues) == "PJSIP/trunk-x-2"
    assert "PJSIP/trunk-x-1" not in [await next_woken(queues) for _ in range(2)]


async def test_the_rules_of_another_plan_are_used_at_once(waker: Waker, queues: Queues) -> None:
    waker.renewed([ANNA, FIRST])
    waker.use(a_plan())
    assert await next_woken(queues) == "PJSIP/trunk-x-1"
