"""A real call ends: a receiver is told, also one that was dead meanwhile, and the call is in the exports."""

from __future__ import annotations

import asyncio
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import openpyxl
import pytest

from hotline_ivr.testing.mailbox import HookReceiver
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import CLOSED, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.test_alerts import until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

SECRET = "a secret of this test"
PORT = free_port()
CALLER = "+4790000077"


def configuration(secret: Path) -> dict[str, Any]:
    phone = f"sip:x@127.0.0.1:{free_port()}"
    made = plan({"anna": phone, "bjorn": phone}, now=datetime.now(UTC))
    made["webhooks"] = {"crm": {"url": f"http://127.0.0.1:{PORT}/hook", "secret": f"file:{secret}"}}
    return made


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack, tmp_path_factory: pytest.TempPathFactory) -> HotlineStack:
    secret = tmp_path_factory.mktemp("secrets") / "hook"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    made = make_stack(configuration(secret))
    made.start()
    return made


async def command(stack: HotlineStack, *arguments: str) -> str:
    done = await asyncio.to_thread(stack.hotline, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def ring(stack: HotlineStack, telephones: Telephones) -> None:
    caller = await telephones.caller(CALLER, "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(CLOSED)
    await call.wait_ended(30)


async def test_a_call_is_told_to_a_receiver_that_comes_back_and_is_exported(
    stack: HotlineStack, telephones: Telephones
) -> None:
    await ring(stack, telephones)
    listed: dict[str, Any] = {}
    async with asyncio.timeout(30):
        while not any(each["tries"] for each in listed.get("deliveries", ())):
            listed = json.loads(await command(stack, "webhooks", "list", "--json"))
    # What became known of the call just after its end went with the first message.
    assert (listed["webhooks"][0]["id"], listed["webhooks"][0]["waiting"]) == ("crm", 1)
    async with HookReceiver(SECRET, port=PORT) as receiver:
        assert "messages are tried again" in await command(stack, "webhooks", "retry", "crm")
        await until(lambda: receiver.hooks, 20, "the message")
        hook = receiver.hooks[0]
        assert hook.genuine
        call = hook.body["data"]["call"]
        assert (call["outcome"], call["caller"]) == ("closed", "+47 •••• 077")
        await ring(stack, telephones)
        await until(
            lambda: len({each.body["subject"] for each in receiver.hooks}) == 2, 20, "the second call"
        )
        assert len(receiver.hooks) == 2, "each call is told once"
    exported = await command(stack, "export", "calls", "--format", "ndjson", "--numbers")
    assert [json.loads(line)["caller"] for line in exported.splitlines()] == [CALLER, CALLER]
    token = (await command(stack, "token", "create", "report", "--role", "read")).strip()
    base = f"http://127.0.0.1:{stack.settings.http_port}/api/v1/exports"
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.get(f"{base}/all?format=xlsx") as response:
            assert response.status == 200, await response.text()
            book = openpyxl.load_workbook(io.BytesIO(await response.read()))
        assert [row[0].value for row in book["Calls"].iter_rows(min_row=2)] == ["test", "test"]
