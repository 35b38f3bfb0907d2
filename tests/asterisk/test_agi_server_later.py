"""An ask whose answer takes somebody else's: other asks go on, and whatever comes of it, the session ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from hotline_ivr.asterisk.agi_protocol import AgiRequest
from hotline_ivr.asterisk.agi_server import SessionEnd
from hotline_ivr.testing.agi_caller import AgiCaller, whole_ask
from tests.asterisk.serving import HOST, serving


class Slow:
    """Answers `arrived` at once, and everything else when it is told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.fault: Exception | None = None

    def __call__(self, request: AgiRequest) -> str | Awaitable[str]:
        return "at once" if request.args == ("arrived",) else self._later()

    async def _later(self) -> str:
        self.asked.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        if self.fault is not None:
            raise self.fault
        return "later"


async def test_a_late_answer_is_given_and_others_do_not_wait_for_it() -> None:
    slow = Slow()
    async with serving(slow) as (server, ends):
        late = asyncio.create_task(whole_ask(HOST, server.port, "collected:4711"))
        await asyncio.wait_for(slow.asked.wait(), 5)
        assert await whole_ask(HOST, server.port, "arrived") == "at once"
        slow.go.set()
        assert await late == "later"
        assert await ends.until(2) == [SessionEnd.ANSWERED] * 2


async def test_a_fault_in_a_late_answer_ends_its_session_only(caplog: pytest.LogCaptureFixture) -> None:
    slow = Slow()
    slow.fault = RuntimeError("a fault in the decision")
    slow.go.set()
    async with serving(slow) as (server, ends):
        assert await whole_ask(HOST, server.port, "collected:4711") is None
        assert await whole_ask(HOST, server.port, "arrived") == "at once"
        assert await ends.until(2) == [SessionEnd.FAILED, SessionEnd.ANSWERED]
    assert "a fault in the decision" in caplog.text


@pytest.mark.parametrize("end", [SessionEnd.LOST, SessionEnd.TIMED_OUT])
async def test_a_session_that_is_over_stops_the_asking(end: SessionEnd) -> None:
    slow = Slow()
    async with serving(slow, session_timeout=0.3 if end is SessionEnd.TIMED_OUT else 5) as (server, ends):
        async with await AgiCaller.connect(HOST, server.port) as caller:
            asking = asyncio.create_task(caller.ask("collected:4711"))
            await asyncio.wait_for(slow.asked.wait(), 5)
            if end is SessionEnd.TIMED_OUT:
                await asyncio.wait_for(slow.cancelled.wait(), 5)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        await asyncio.wait_for(slow.cancelled.wait(), 5)
        assert await ends.until(1) == [end]
