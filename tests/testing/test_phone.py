"""Two phones of one process, talking to each other without an Asterisk."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sipp import Turn, operator_phones

pytestmark = pytest.mark.skipif(
    shutil.which("sipp") is None, reason="sipp is not installed (Debian: sip-tester)"
)


async def test_a_call_to_nobody_is_told_from_an_answer_that_is_late(tmp_path: Path) -> None:
    port = free_port()
    async with operator_phones(tmp_path, [Turn(60_000)], port=port), Telephones() as telephones:
        caller = await telephones.caller("+4790000001", "127.0.0.1", port)
        call = await caller.dial("anna")
        with pytest.raises(TimeoutError, match=r"waited 0.2 s for an answer"):
            await call.wait_answered(0.2)
        await call.hang_up()
        with pytest.raises(ConnectionError, match="not answered"):
            await call.wait_answered(1)
        await call.hang_up()
    (row,) = telephones.ledger()
    assert row.answered is None
    assert row.code == 487


async def test_leaving_hangs_up_what_is_still_up(tmp_path: Path) -> None:
    port = free_port()
    async with operator_phones(tmp_path, [Turn(1)], port=port) as phones:
        async with Telephones() as telephones:
            caller = await telephones.caller("+4790000002", "127.0.0.1", port)
            call = await caller.dial("anna")
            await call.wait_answered(5)
        (row,) = await phones.wait_for(lambda rows: all(row.ended for row in rows), 5)
    assert row.answered is not None


async def test_nobody_calls_within_the_deadline() -> None:
    async with Telephones() as telephones:
        phone = await telephones.caller("+4790000003", "127.0.0.1", free_port())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(phone.wait_rung(0.05), 1)
