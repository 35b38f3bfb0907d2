"""Asterisk's logs are rotated in the middle of calls, and the record does not notice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hotline_ivr.launch.control import AsteriskControl
from hotline_ivr.launch.rotating import Rotation, rotated_logs
from hotline_ivr.setup.asterisk_program import find_asterisk
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import MakeStack
from hotline_ivr.testing.stage_events import wait_event

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(90)]


async def test_calls_under_way_at_a_rotation_are_recorded_once_and_whole(
    make_stack: MakeStack, telephones: Telephones
) -> None:
    stack = make_stack(plan({"anna": f"sip:anna@127.0.0.1:{free_port()}"}, now=datetime.now(UTC)))
    stack.start()
    settings = stack.settings
    control = AsteriskControl(settings, find_asterisk(settings))
    rotation = Rotation(rotated_logs(settings), control, limit=1)

    caller = await telephones.caller("+4790021001", "127.0.0.1", settings.sip_port)
    call = await caller.dial(OPEN)
    await wait_event(settings.cel_file, "+4790021001", "wait", 20)
    # Three times, so that the middle of the call is in files of its own.
    for _ in range(3):
        await rotation.look()
        await stack.wait_calls(
            lambda records: any(record["caller"] == "+4790021001" for record in records), 10
        )
    second = await telephones.caller("+4790021002", "127.0.0.1", settings.sip_port)
    other = await second.dial(OPEN)
    await wait_event(settings.cel_file, "+4790021002", "wait", 20)
    await rotation.look()
    await call.hang_up()
    await other.hang_up()

    for number in ("+4790021001", "+4790021002"):
        record = await stack.wait_call(number)
        assert (record["outcome"], record["queue"]) == ("abandoned", "main")
        assert record["wait_ms"] is not None
    for log in (settings.cel_file, settings.queue_log_file):
        assert len(list(log.parent.glob(f"{log.name}.*Z"))) >= 2, list(log.parent.iterdir())
        assert log.stat().st_size > 0
