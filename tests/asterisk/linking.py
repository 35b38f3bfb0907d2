"""A manager link to a FakeAsterisk, and a floor that notes what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from hotline_ivr.asterisk.ami_actions import QueueAdd, QueueStatus
from hotline_ivr.asterisk.ami_codec import AmiMessage
from hotline_ivr.asterisk.ami_link import AmiLink, LinkState
from hotline_ivr.testing.fake_asterisk import FakeAsterisk, Headers

SECRET = "a secret of the test"
ADD = QueueAdd("help", "PJSIP/anna.k3v9", "anna").action()
STATUS = QueueStatus().action()
ITEMS: list[Headers] = [
    [("Event", "QueueParams"), ("Queue", "help")],
    [("Event", "QueueMember"), ("Name", "José")],
]


class Floor:
    """What the rest of the program does with a link: fetch the state, then follow events."""

    def __init__(self) -> None:
        self.story: list[str] = []
        self.fetch: Callable[[], None] = lambda: None
        # Set to hold every event back; whoever waits for the floor sees what it was told so far.
        self.gate = asyncio.Event()
        self.gate.set()
        self._news = asyncio.Event()

    async def on_connected(self) -> None:
        self.fetch()
        self._tell("fetched")

    async def on_event(self, event: AmiMessage) -> None:
        await self.gate.wait()
        self._tell(event.get("N") or event.name)
        if event.get("N") == "bad":
            raise ValueError("an event that the floor cannot handle")

    def _tell(self, what: str) -> None:
        self.story.append(what)
        self._news.set()

    async def until(self, what: str, count: int = 1) -> list[str]:
        async with asyncio.timeout(5):
            while self.story.count(what) < count:
                self._news.clear()
                await self._news.wait()
        return self.story


@asynccontextmanager
async def linked(
    asterisk: FakeAsterisk,
    floor: Floor,
    *,
    secret: str = SECRET,
    deadline: float = 2.0,
    ping_interval: float = 0.05,
    queue_size: int = 100,
    bundle: float = 0.001,
    refused_retry: float = 30.0,
    state: LinkState | None = LinkState.CONNECTED,
) -> AsyncIterator[AmiLink]:
    link = AmiLink(
        "127.0.0.1",
        asterisk.port,
        "hotline",
        secret,
        on_connected=floor.on_connected,
        on_event=floor.on_event,
        timeout=deadline,
        ping_interval=ping_interval,
        queue_size=queue_size,
        bundle=bundle,
        first_retry=0.01,
        longest_retry=0.05,
        refused_retry=refused_retry,
    )
    running = asyncio.create_task(link.run())
    try:
        if state is not None:
            await reached(link, state)
        yield link
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert link.state is LinkState.DISCONNECTED


async def reached(link: AmiLink, state: LinkState) -> None:
    async with asyncio.timeout(5):
        await link.wait_for(state)
