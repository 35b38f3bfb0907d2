"""Callers who get into a queue."""

from __future__ import annotations

import re

from hotline_ivr.testing.phone import PhoneCall, Telephones
from hotline_ivr.testing.plans import OPEN
from hotline_ivr.testing.stack import HotlineStack

QUEUED_S = 30.0


async def dial(stack: HotlineStack, telephones: Telephones, number: str, called: str = OPEN) -> PhoneCall:
    """A call of this number that has been answered."""
    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(called)
    await call.wait_answered()
    return call


async def wait_queued(stack: HotlineStack, count: int, queue: str = "main") -> list[str]:
    """The channels of those who wait there live, head first, once there are so many."""

    def channels(said: str) -> list[str]:
        return re.findall(r"^ +\d+\. (PJSIP/\S+) ", said, re.MULTILINE)

    said, _ = await stack.wait_console(
        f"queue show {queue}", lambda said: len(channels(said)) == count, QUEUED_S
    )
    return channels(said)
