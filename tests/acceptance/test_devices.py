"""An operator with several telephones, and phones that refuse, on a real Asterisk."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_ivr.testing.audio import Audio
from hotline_ivr.testing.phone import Phone, PhoneCall, Telephones
from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance import lone_phone
from tests.acceptance.control_calls import Dialogue
from tests.acceptance.operators import operator_of

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

CODE, QUIET = "*81", "*78"
RING_S = 5
Prompts = Callable[[str], Audio]


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    config = plan({"anna": None}, now=datetime.now(UTC), ring_time=RING_S)
    config["operators"]["anna"]["devices"] = {"desk": {"name": "Desk phone"}, "soft": {"name": "Softphone"}}
    config["queues"]["main"]["wrap_up"] = "2s"
    config["floor"] = {
        "code": CODE,
        "do_not_disturb_code": QUIET,
        "language": "en",
        "unanswered_pause": "10s",
    }
    made = make_stack(config)
    made.start()
    return made


async def telephone(stack: HotlineStack, telephones: Telephones, device: str) -> Phone:
    return await operator_of(stack, telephones, f"anna.{device}")


async def anna(stack: HotlineStack) -> dict[str, Any]:
    done = await asyncio.to_thread(stack.hotline, "operators", "--json")
    found: dict[str, Any] = json.loads(done.stdout)["operators"][0]
    return found


async def until(
    stack: HotlineStack, condition: Callable[[dict[str, Any]], bool], deadline: float = 40
) -> float:
    """Seconds until the operator is shown so."""
    begun = time.monotonic()
    while not condition(now := await anna(stack)):
        assert time.monotonic() < begun + deadline, now
        await asyncio.sleep(0.1)
    return time.monotonic() - begun


def rung(shown: dict[str, Any]) -> list[str]:
    return [each["id"] for each in shown["devices"] if each["rung"]]


def there(shown: dict[str, Any]) -> list[str]:
    return [each["id"] for each in shown["devices"] if each["there"]]


def would_be_rung(shown: dict[str, Any]) -> bool:
    return shown["standing"] == "ready" and not shown["why_not_rung"]


async def calls(stack: HotlineStack, telephones: Telephones, number: str) -> PhoneCall:
    phone = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    call = await phone.dial(OPEN)
    await call.wait_answered()
    return call


async def talks(caller: PhoneCall, phone: Phone) -> None:
    call = await phone.wait_rung(20)
    await call.answer()
    await asyncio.sleep(1)
    await caller.hang_up()
    await call.wait_ended(5)


async def told_legs(stack: HotlineStack, number: str) -> tuple[str | None, list[dict[str, Any]]]:
    """Who answered, and each telephone that was rung, by the record."""
    record = await stack.wait_call(number)
    done = await asyncio.to_thread(stack.hotline, "calls", "show", record["id"], "--json")
    return record["operator"], json.loads(done.stdout)["legs"]


async def told_device(stack: HotlineStack, number: str) -> tuple[str | None, list[str | None]]:
    """Who answered, and at which telephones, by the record."""
    operator, legs = await told_legs(stack, number)
    return operator, [each["device"] for each in legs if each["result"] == "answered"]


async def is_ready_at(phone: Phone, prompt: Prompts) -> None:
    code = await phone.dial(CODE)
    await code.wait_answered()
    talk = Dialogue(code, prompt, "en")
    await talk.answers("operator-ready", "1")
    await talk.hears("operator-is-ready")
    await code.wait_ended(10)


async def wrap_ups(stack: HotlineStack) -> int:
    """How often the operator was alone after a call, by the ledger: once for each, at whichever telephone."""
    done = await asyncio.to_thread(stack.hotline, "operators", "periods", "--operator", "anna", "--json")
    return sum(each["standing"] == "wrap-up" for each in json.loads(done.stdout)["periods"])


async def test_one_person_is_rung_at_the_telephone_that_is_there(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts
) -> None:
    # Asterisk may still be telling of a telephone of the test before.
    await until(stack, lambda now: there(now) == [])
    before = await wrap_ups(stack)
    soft = await telephone(stack, telephones, "soft")
    took = await until(stack, lambda now: there(now) == ["soft"] and rung(now) == ["soft"])
    print(f"known to be there {took:.2f} s after it registered, and rung")  # noqa: T201
    caller = await calls(stack, telephones, "+4790080001")
    await talks(caller, soft)
    assert await told_device(stack, "+4790080001") == ("anna", ["soft"])

    # The first of the list comes; calls find her there after the wrap-up, which is hers.
    desk = await telephone(stack, telephones, "desk")
    await until(stack, lambda now: rung(now) == ["desk"] and would_be_rung(now))
    caller = await calls(stack, telephones, "+4790080002")
    await talks(caller, desk)
    assert await told_device(stack, "+4790080002") == ("anna", ["desk"])
    await until(stack, would_be_rung)
    assert await wrap_ups(stack) - before == 2

    # She is ready at the softphone: calls come there, also while the desk phone is there.
    await is_ready_at(soft, prompt)
    await until(stack, lambda now: rung(now) == ["soft"] and would_be_rung(now))
    assert there(await anna(stack)) == ["desk", "soft"]
    caller = await calls(stack, telephones, "+4790080003")
    await talks(caller, soft)
    assert await told_device(stack, "+4790080003") == ("anna", ["soft"])
    await until(stack, would_be_rung)

    # Who talks at one of them is not rung at the other.
    own = await desk.dial(CODE)
    await own.wait_answered()
    await until(stack, lambda now: [each["code"] for each in now["why_not_rung"]] == ["in-call"])
    caller = await calls(stack, telephones, "+4790080004")
    with pytest.raises(TimeoutError):
        await soft.wait_rung(6)
    await own.hang_up()
    await talks(caller, soft)
    await until(stack, would_be_rung)

    # It goes off: the other stands in, without a caller who is lost or a pause that nobody took.
    begun = time.monotonic()
    await soft.unregister()
    caller = await calls(stack, telephones, "+4790080005")
    await talks(caller, desk)
    print(f"rung at the other {time.monotonic() - begun:.2f} s after the first had gone, greeting included")  # noqa: T201
    assert await told_device(stack, "+4790080005") == ("anna", ["desk"])
    await until(stack, would_be_rung)
    shown = await asyncio.to_thread(stack.hotline, "status")
    assert "*desk, soft (off)" in shown.stdout, shown.stdout

    # For whatever test comes next she is at the desk phone again.
    await is_ready_at(desk, prompt)
    await desk.unregister()
    await until(stack, lambda now: [each["code"] for each in now["why_not_rung"]] == ["unreachable"])
    assert not there(await anna(stack))


async def test_a_code_keeps_callers_away_until_it_is_rung_again(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts
) -> None:
    desk = await telephone(stack, telephones, "desk")
    await until(stack, lambda now: there(now) == ["desk"])

    async def dials(said: str) -> None:
        call = await desk.dial(QUIET)
        await call.wait_answered()
        await Dialogue(call, prompt, "en").hears(said)
        await call.wait_ended(10)

    await dials("operator-is-undisturbed")
    shown = await anna(stack)
    assert (shown["standing"], shown["reason"], shown["until"]) == ("paused", "do-not-disturb", None)
    assert "do not disturb" in shown["why_not_rung"][0]["text"]
    await dials("operator-is-ready")
    await until(stack, would_be_rung)
    await desk.unregister()


async def test_a_phone_that_declines_is_told_apart_from_one_that_nobody_hears(
    stack: HotlineStack, telephones: Telephones
) -> None:
    desk = await telephone(stack, telephones, "desk")
    await until(stack, would_be_rung)
    caller = await calls(stack, telephones, "+4790080101")
    reasons = []
    for after_s in (0.0, 2.5, None):
        call = await desk.wait_rung(25)
        if after_s is not None:
            await asyncio.sleep(after_s)
            await call.hang_up()
        await until(stack, lambda now: now["standing"] == "paused")
        reasons.append((await anna(stack))["reason"])
    await caller.hang_up()
    assert reasons == ["do-not-disturb", "declined", "no-answer"]


async def test_of_two_telephones_on_one_account_the_later_is_rung_and_the_other_is_out(
    stack: HotlineStack, telephones: Telephones
) -> None:
    first, second = [await telephone(stack, telephones, "desk") for _ in range(2)]
    await until(stack, would_be_rung)
    caller = await calls(stack, telephones, "+4790080201")
    await talks(caller, second)
    with pytest.raises(TimeoutError):
        await first.wait_rung(0.1)
    _, legs = await told_legs(stack, "+4790080201")
    assert [each["device"] for each in legs] == ["desk"], "one is rung, and counted"
    # The first believes that it is registered, and is out until it renews that.
    await second.unregister()
    await until(stack, lambda now: there(now) == [])
    await first.agent.register(timeout=10)
    await until(stack, lambda now: there(now) == ["desk"])
    await first.unregister()


async def test_a_telephone_whose_process_was_killed_costs_a_caller_the_ring_time_and_no_pause(
    stack: HotlineStack, telephones: Telephones
) -> None:
    soft = await telephone(stack, telephones, "soft")
    desk = await lone_phone.start(*stack.accounts()["anna.desk"], stack.settings.sip_port)
    await until(stack, lambda now: rung(now) == ["desk"] and would_be_rung(now))
    desk.kill()
    await desk.wait()
    caller = await calls(stack, telephones, "+4790080301")
    await talks(caller, soft)
    operator, legs = await told_legs(stack, "+4790080301")
    assert (operator, [each["device"] for each in legs]) == ("anna", ["desk", "soft"])
    offered, again = (datetime.fromisoformat(each["started_at"]) for each in legs)
    took = (again - offered).total_seconds()
    print(f"offered at the other telephone {took:.2f} s after the dead one")  # noqa: T201
    assert took <= RING_S + 1
    await until(stack, would_be_rung)
    # Asterisk has asked the dead one meanwhile, or does so now.
    await until(stack, lambda now: there(now) == ["soft"], 25)
    assert rung(await anna(stack)) == ["soft"]
    done = await asyncio.to_thread(stack.hotline, "operators", "periods", "--operator", "anna", "--json")
    last = [each["standing"] for each in json.loads(done.stdout)["periods"]][-3:]
    assert "paused" not in last, last
    await soft.unregister()
