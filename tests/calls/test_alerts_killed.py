"""`kill -9` at any moment: everything arrives, and what comes twice is known by its id."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from pathlib import Path

import pytest

from hotline_ivr.testing.mailbox import Mailbox
from tests.calls.lives import live
from tests.calls.sender_process import ALERTS, send_until_killed

# A life without a kill asks some 30 things of the system.
MOMENTS = (*range(1, 30, 2), 100_000)


@pytest.mark.timeout(300)
async def test_alerts_of_a_sender_that_is_killed_at_any_moment_arrive(tmp_path: Path) -> None:
    codes: Counter[int] = Counter()
    doubled = 0
    for moment in MOMENTS:
        folder = tmp_path / str(moment)
        async with Mailbox() as mailbox:
            codes[await asyncio.to_thread(live, send_until_killed, str(folder), mailbox.port, moment)] += 1
            assert await asyncio.to_thread(live, send_until_killed, str(folder), mailbox.port, 1_000_000) == 0
            arrived = Counter(str(each.message["X-Hotline-Alert"]) for each in mailbox.mails)
            ids = {str(each.message["Message-ID"]) for each in mailbox.mails}
        assert set(arrived) == {f"a-{number}" for number in range(ALERTS)}, moment
        # One kill falls between one answer and its note at most.
        assert sum(arrived.values()) <= ALERTS + 1, moment
        assert len(ids) == ALERTS
        doubled += sum(arrived.values()) - ALERTS
        assert not list((folder / "queue").glob("*.json")), moment
    assert codes[-signal.SIGKILL] >= 10, codes
    assert codes[0] >= 1
    assert doubled <= codes[-signal.SIGKILL]
