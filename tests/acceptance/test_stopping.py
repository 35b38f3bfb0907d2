"""A service that is told to stop ends before Docker would kill it, whoever holds on to it."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline_ivr.testing.cut_wire import CutWire, Wire
from hotline_ivr.testing.plans import plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

WIRE_HOST = "127.0.0.4"
COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"
HALF_A_REQUEST = (
    b"POST /api/v1/entries HTTP/1.1\r\nHost: door\r\n"
    b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
)


@pytest.fixture
def stack(make_stack: MakeStack) -> HotlineStack:
    phone = f"sip:x@127.0.0.1:{free_port()}"
    made = make_stack(plan({"anna": phone}, now=datetime.now(UTC)))
    made.variables["HOTLINE_AMI_HOST"] = WIRE_HOST
    made.start_service()
    made.start_part("asterisk")
    return made


@pytest.fixture
def half_a_request(stack: HotlineStack) -> Iterator[socket.socket]:
    """Somebody at the door has begun to say something and does not go on."""
    stack.wait_alive()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(stack.settings.door_file))
        client.sendall(HALF_A_REQUEST)
        yield client


def grace() -> float:
    """How long Docker waits by docker-compose.yml, seconds."""
    found = re.search(r"stop_grace_period: ([0-9]+)s", COMPOSE.read_text(encoding="utf-8"))
    assert found is not None
    return float(found[1])


async def test_it_ends_with_a_stalled_manager_link_and_half_a_request(
    stack: HotlineStack, half_a_request: socket.socket
) -> None:
    async with CutWire(WIRE_HOST, stack.settings.ami_port, "127.0.0.1") as wire:
        await asyncio.to_thread(stack.wait_ready)
        wire.be(Wire.STALLED)
        stack.signal_service(signal.SIGTERM)
        assert await asyncio.to_thread(stack.ended, "serve", grace()) == 0
        assert half_a_request.recv(100) == b""
    assert "Traceback" not in stack.log_of("serve").read_text(encoding="utf-8")
