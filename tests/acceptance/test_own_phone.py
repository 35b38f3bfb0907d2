"""Operators sign in and out, pause and are ready at the code of their own phone, on a real Asterisk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_ivr.testing.audio import Audio
from hotline_ivr.testing.phone import Phone, Telephones
from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.control_calls import Dialogue
from tests.acceptance.killed_service import dead

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

CODE = "*81"
Prompts = Callable[[str], Audio]


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    config = plan({"anna": None, "bjorn": None}, now=datetime.now(UTC))
    config["operators"]["anna"]["sign_in"] = "self"
    config["floor"] = {
        "code": CODE,
        "language": "en",
        "pause_reasons": {"errand": {"name": "Errand"}, "lunch": {"name": "Lunch"}},
    }
    made = make_stack(config)
    made.start()
    return made


async def standing(stack: HotlineStack, operator: str) -> tuple[str, str]:
    done = await asyncio.to_thread(stack.hotline, "operators", "--json")
    found: dict[str, Any] = next(
        each for each in json.loads(done.stdout)["operators"] if each["id"] == operator
    )
    return found["standing"], found["reason"]


async def rings_the_code(phone: Phone, prompt: Prompts) -> Dialogue:
    call = await phone.dial(CODE)
    await call.wait_answered()
    return Dialogue(call, prompt, "en")


async def test_keys_at_the_own_phone_sign_in_pause_make_ready_and_sign_out(
    stack: HotlineStack, anna: Phone, telephones: Telephones, prompt: Prompts
) -> None:
    bjorn = await standing(stack, "bjorn")
    assert await standing(stack, "anna") == ("signed-out", "")

    talk = await rings_the_code(anna, prompt)
    await talk.hears("operator-is-signed-out")
    await talk.answers("operator-ready", "1")
    await talk.hears("operator-is-ready")
    await talk.call.wait_ended(10)
    assert await standing(stack, "anna") == ("ready", "")

    # She is in the queue, and a caller's call comes to the same phone.
    caller = await telephones.caller("+4790009001", "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(OPEN)
    ringing = await anna.wait_rung(20)
    await ringing.answer()
    await call.hang_up()
    await ringing.wait_ended(5)

    talk = await rings_the_code(anna, prompt)
    await talk.answers("operator-pause", "2")
    await talk.answers("operator-which-pause", "2")
    await talk.hears("operator-is-paused")
    await talk.call.wait_ended(10)
    assert await standing(stack, "anna") == ("paused", "lunch")

    talk = await rings_the_code(anna, prompt)
    await talk.answers("operator-sign-out", "3")
    await talk.hears("operator-is-signed-out")
    await talk.call.wait_ended(10)
    assert await standing(stack, "anna") == ("signed-out", "")
    assert await standing(stack, "bjorn") == bjorn

    noted = [json.loads(each) for each in stack.settings.audit_file.read_text("utf-8").splitlines()]
    assert [(each["action"], each["by"], each["via"]) for each in noted] == [
        (f"operator.{action}", "anna", "telephone") for action in ("sign-in", "pause", "sign-out")
    ]
    # A call of hers to the code is no caller's.
    assert [record["caller"] for record in stack.calls()] == ["+4790009001"]


async def test_a_caller_does_not_reach_the_code_and_without_the_service_it_says_so(
    stack: HotlineStack, anna: Phone, telephones: Telephones, prompt: Prompts
) -> None:
    caller = await telephones.caller("+4790009002", "127.0.0.1", stack.settings.sip_port)
    refused = await caller.dial(CODE)
    with pytest.raises(ConnectionError):
        await refused.wait_answered()
    assert refused.row.code == 404
    async with dead(stack):
        talk = await rings_the_code(anna, prompt)
        await talk.hears("technical")
        await talk.call.wait_ended(15)
