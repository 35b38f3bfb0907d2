"""`hotline up`: one command, everything runs; Ctrl-C, everything is gone."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import CLOSED, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]


@pytest.fixture
def stack(make_stack: MakeStack) -> HotlineStack:
    return make_stack(plan({"anna": None}, now=datetime.now(UTC)))


def pid_of(stack: HotlineStack, process: str) -> int:
    """As the log of `up` says."""
    text = stack.log_of("up").read_text(encoding="utf-8")
    found = re.findall(rf'"process": "{process}", "pid": (\d+), "event": "process started"', text)
    return int(found[-1])


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def until_gone(*pids: int) -> None:
    async with asyncio.timeout(30):
        while any(alive(pid) for pid in pids):
            await asyncio.sleep(0.05)


async def test_a_newcomer_is_told_how_to_call_and_the_call_is_answered_and_recorded(
    stack: HotlineStack, telephones: Telephones
) -> None:
    await asyncio.to_thread(stack.start_up)
    said = stack.log_of("up").read_text(encoding="utf-8")
    assert f"sip:+4722851201@127.0.0.1:{stack.settings.sip_port}" in said
    assert stack.accounts()["anna"][0] in said
    assert stack.accounts()["anna"][1] not in said
    caller = await telephones.caller("+4790070001", "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(CLOSED)
    await call.wait_answered()
    await call.wait_ended(30)
    assert (await stack.wait_call("+4790070001"))["outcome"] == "closed"

    service, asterisk = pid_of(stack, "service"), pid_of(stack, "asterisk")
    os.kill(service, signal.SIGKILL)
    await until_gone(service)
    await asyncio.to_thread(stack.wait_ready)
    assert alive(asterisk)
    service = pid_of(stack, "service")
    await asyncio.to_thread(stack.stop)
    await until_gone(service, asterisk)
    assert "process stopped" in stack.log_of("up").read_text(encoding="utf-8")


async def test_a_second_up_on_the_same_folder_is_refused_and_told_why(stack: HotlineStack) -> None:
    await asyncio.to_thread(stack.start_up)
    done = await asyncio.to_thread(stack.hotline, "up")
    assert done.returncode == 1
    assert "already runs for the state folder" in done.stderr
    assert stack.is_ready()


SQUATTER = """
import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
time.sleep(60)
"""


async def test_a_port_in_use_is_named_with_the_variable_that_moves_it(stack: HotlineStack) -> None:
    port = stack.settings.http_port
    command = [sys.executable, "-c", SQUATTER, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as squatter:
        assert squatter.stdout is not None
        squatter.stdout.readline()
        done = await asyncio.to_thread(stack.hotline, "up")
        squatter.kill()
    assert done.returncode == 1
    assert f"TCP port {port} on 127.0.0.1 (HOTLINE_HTTP_PORT): in use" in done.stderr


async def test_an_asterisk_whose_supervisor_was_killed_is_found_and_replaced(stack: HotlineStack) -> None:
    await asyncio.to_thread(stack.start_up)
    orphan = pid_of(stack, "asterisk")
    service = pid_of(stack, "service")
    supervisor = stack.pid("up")
    os.kill(supervisor, signal.SIGKILL)
    # The service ends with its supervisor, since nobody would restart it; Asterisk and its calls go on.
    await until_gone(service)
    assert alive(orphan)
    started = time.time()
    await asyncio.to_thread(stack.start_up)
    await until_gone(orphan)
    assert stack.is_ready()
    assert time.time() - started < 60


def test_the_doctor_finds_nothing_wrong_with_a_node_that_runs(stack: HotlineStack) -> None:
    stack.start_up()
    done = stack.hotline("doctor", deadline=60)
    assert done.returncode == 0, done.stdout
    assert "✗" not in done.stdout
    assert "least rights" in done.stdout


def test_the_doctor_names_the_remedy_of_what_is_wrong(stack: HotlineStack) -> None:
    stack.write_config({"organisation": {"name": "X"}})
    done = stack.hotline("doctor", deadline=60)
    assert done.returncode == 1
    assert "✗ configuration" in done.stdout
    assert "→ hotline check" in done.stdout
    assert "✗ asterisk runs" in done.stdout
