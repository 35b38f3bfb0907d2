"""Two services by mistake on one node: one acts, the other says what is wrong, and nothing is done twice.

Real calls on a real Asterisk, whose ends a program is told by web hook; the second service is a real process,
which has the secrets of the first and so may log in to the same manager interface. What each asks of Asterisk
is written down on the way.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.testing.mailbox import HookReceiver
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import CLOSED, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.manager_wire import ManagerWire
from tests.acceptance.test_alerts import until
from tests.postgres import PostgresServer

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

SECRET = "a secret of this test"
HOOK_PORT = free_port()
EXITS_S = 40.0
# Asterisk's manager interface is at the same port of 127.0.0.1.
FIRST_HOST, COPY_HOST = "127.0.0.2", "127.0.0.3"


def configuration(secret: Path) -> dict[str, Any]:
    phone = f"sip:x@127.0.0.1:{free_port()}"
    made = plan({"anna": phone, "bjorn": phone}, now=datetime.now(UTC))
    made["webhooks"] = {"crm": {"url": f"http://127.0.0.1:{HOOK_PORT}/hook", "secret": f"file:{secret}"}}
    return made


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def stack(
    request: pytest.FixtureRequest, make_stack: MakeStack, tmp_path_factory: pytest.TempPathFactory
) -> HotlineStack:
    secret = tmp_path_factory.mktemp("secrets") / "hook"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    made = make_stack(configuration(secret))
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        made.variables["DATABASE_URL"] = server.new_database()
    else:
        made.variables["DATABASE_URL"] = f"sqlite:///{tmp_path_factory.mktemp('database') / 'hotline.db'}"
    made.start()
    return made


class Second:
    """Another `hotline serve`, and what it said."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self._log = process, log

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")

    async def code(self) -> int:
        """Its exit code, once it has ended of itself."""
        return await asyncio.to_thread(self.process.wait, EXITS_S)


@asynccontextmanager
async def second(stack: HotlineStack, folder: Path, **variables: str) -> AsyncIterator[Second]:
    """A service with all of the first, also its secrets, but its ports, its folder, and `variables`."""
    state = folder / "state"
    state.mkdir(parents=True, exist_ok=True)
    shutil.copy(stack.settings.secrets_file, state / stack.settings.secrets_file.name)
    ports = {name: str(free_port(socket.SOCK_STREAM)) for name in ("HOTLINE_AGI_PORT", "HOTLINE_HTTP_PORT")}
    log = folder / "second.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "hotline_ivr", "serve"],
            env={**stack.environment, **ports, "HOTLINE_STATE": str(state), **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield Second(process, log)
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        # What it says to Asterisk goes through this program.
        await asyncio.to_thread(process.wait, EXITS_S)


async def ring(stack: HotlineStack, telephones: Telephones, number: str) -> None:
    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(CLOSED)
    await call.wait_ended(30)


async def test_one_acts_and_the_other_says_what_is_wrong(
    stack: HotlineStack, telephones: Telephones, tmp_path: Path
) -> None:
    state = {"HOTLINE_STATE": str(stack.settings.state_dir)}
    async with (
        HookReceiver(SECRET, port=HOOK_PORT) as receiver,
        ManagerWire(COPY_HOST, stack.settings.ami_port, "127.0.0.1") as wire,
    ):
        # What is still to be told of calls before is told.
        await until(lambda: waiting(stack) == 0, 30, "all messages")
        receiver.hooks.clear()
        before = len(stack.calls())
        await ring(stack, telephones, "+4790000001")
        by_wire = {"HOTLINE_AMI_HOST": COPY_HOST}
        async with (
            second(stack, tmp_path / "same", **state, **by_wire) as same,
            second(stack, tmp_path / "copy", **by_wire) as copy,
        ):
            await ring(stack, telephones, "+4790000002")
            assert await same.code() != 0
            assert "already runs for the state folder" in same.said()
            assert await copy.code() != 0
        said = copy.said()
        assert "another service is node test of this database already" in said
        assert f"process {stack.pid('serve')} on" in said
        assert "HOTLINE_NODE" in said
        # Neither has so much as said a word to Asterisk.
        assert (wire.connections, wire.actions) == ([], [])
        await ring(stack, telephones, "+4790000003")
        await until(lambda: len(subjects(receiver)) >= 3, 30, "all three messages")
        await everybody_once(stack, receiver, before + 3)


async def test_a_service_that_was_stopped_for_long_finds_the_node_taken_and_ends(
    stack: HotlineStack, telephones: Telephones, tmp_path: Path
) -> None:
    port = stack.settings.ami_port
    async with (
        HookReceiver(SECRET, port=HOOK_PORT) as receiver,
        ManagerWire(FIRST_HOST, port, "127.0.0.1") as first,
        ManagerWire(COPY_HOST, port, "127.0.0.1") as wire,
    ):
        await asyncio.to_thread(stack.stop_service)
        stack.variables["HOTLINE_AMI_HOST"] = FIRST_HOST
        stack.start_service()
        await asyncio.to_thread(stack.wait_ready)
        assert "Login" in first.actions
        # What is still to be told of calls before is told.
        await until(lambda: waiting(stack) == 0, 30, "all messages")
        receiver.hooks.clear()
        before = len(stack.calls())
        stack.signal_service(signal.SIGSTOP)
        first.actions.clear()
        async with second(stack, tmp_path / "copy", HOTLINE_AMI_HOST=COPY_HOST) as copy:
            await ring(stack, telephones, "+4790000004")  # answered by the fallback
            await until(lambda: "this service is the one of its node" in copy.said(), 60, "the takeover")
            # With the secrets of the first the one that has the node now may do everything.
            await until(lambda: "QueueStatus" in wire.actions, 30, "the copy's look at the queues")
            stack.signal_service(signal.SIGCONT)
            assert await asyncio.to_thread(stack.ended, "serve", EXITS_S) != 0
            assert first.deeds() == [], "who has lost the node does nothing more"
            assert f"process {copy.process.pid} on" in stack.log_of("serve").read_text(encoding="utf-8")
        # The mistake is over: the first reads on from where it stood.
        stack.start_service()
        await asyncio.to_thread(stack.wait_ready)
        await stack.wait_calls(lambda records: len(records) > before, 20, "the call meanwhile")
        await until(lambda: receiver.hooks, 30, "its message")
        # It is nobody's but the first's: the copy wrote nothing of it.
        assert len(subjects(receiver)) == 1
        await everybody_once(stack, receiver, before + 1)


def waiting(stack: HotlineStack) -> float:
    """Messages on their way."""
    found = re.search(r'hotline_webhooks_waiting\{hook="crm"\} ([0-9.]+)', stack.get("/metrics")[1])
    return float(found[1]) if found else 0


def subjects(receiver: HookReceiver) -> set[str]:
    """Calls that were told; of one more may become known later, which is another version."""
    return {each.body["subject"] for each in receiver.hooks}


async def everybody_once(stack: HotlineStack, receiver: HookReceiver, calls: int) -> None:
    records = [record for record in stack.calls() if record["finished"]]
    numbers = Counter(record["caller"] for record in records)
    assert len(numbers) == calls
    assert set(numbers.values()) == {1}, numbers
    messages = Counter((each.body["subject"], each.body["version"]) for each in receiver.hooks)
    assert set(messages.values()) == {1}, messages
    print(  # noqa: T201
        f"R25 {calls} calls beside a second service: 0 rows double, {len(messages)} messages, each once"
    )
