"""A shift as it runs on a real Asterisk: people come, go on breaks one after the other, and go home."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.callers import dial
from tests.acceptance.test_operators import Desk, can_be_rung, stands

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(400)]

# Of the first break, in seconds; no kind of break may be shorter.
BREAK_S = 60
# From the start of the service to the shift's end, at least: longer than a break and what leads to it.
SHIFT_S = 130


def whole_minute_after(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)


@pytest.fixture(scope="module")
def shift_end() -> datetime:
    return whole_minute_after(datetime.now(UTC) + timedelta(seconds=SHIFT_S))


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack, shift_end: datetime) -> HotlineStack:
    now = datetime.now(UTC)
    config: dict[str, Any] = plan({"anna": None, "bjorn": None}, now=now)
    config["organisation"]["time_zone"] = "UTC"
    config["queues"]["main"] |= {"strategy": "linear", "minimum_ready": 1}
    for operator in config["operators"].values():
        operator["sign_in"] = "shift"
    hours = f"{now - timedelta(minutes=2):%H:%M}-{shift_end:%H:%M}"
    config["break_kinds"] = {"short": {"name": "Break", "length": f"{BREAK_S}s"}}
    config["shifts"] = {"now": {"hours": hours}}
    config["shift_plans"] = {"all": {"operators": ["anna", "bjorn"], "week": {"mon-sun": "now"}}}
    made = make_stack(config)
    made.start()
    return made


async def test_a_shift_with_breaks_in_turn_and_a_call_that_outlasts_it(
    stack: HotlineStack, telephones: Telephones, shift_end: datetime
) -> None:
    desk = Desk(stack)
    phones = {
        name: await telephones.operator(*account, "127.0.0.1", stack.settings.sip_port)
        for name, account in stack.accounts().items()
    }
    for name in phones:
        found = await desk.until(name, can_be_rung, 20)
        assert found["by"] == "shift"

    # A break that is asked for in a call follows it; the other one waits for her to come back.
    first = await dial(stack, telephones, "+4790040001")
    anna = await phones["anna"].wait_rung(15)
    await anna.answer()
    asked = (await desk("break", "anna", "--kind", "short"))["operator"]
    assert (asked["standing"], asked["asked"]) == ("ready", "short")
    waits = (await desk("break", "bjorn", "--kind", "short"))["operator"]
    assert (waits["standing"], waits["next_break"]["place"]) == ("ready", 1)
    assert first.row.ended is None
    await first.hang_up()
    paused = await desk.until("anna", stands("paused", "short"), 10)
    length = datetime.fromisoformat(paused["until"]) - datetime.fromisoformat(paused["since"])
    assert length == timedelta(seconds=BREAK_S)

    # Somebody is there all the time.
    second = await dial(stack, telephones, "+4790040002")
    bjorn = await phones["bjorn"].wait_rung(15)
    await bjorn.answer()
    await second.hang_up()
    assert (await desk.of("bjorn"))["standing"] == "ready"

    # She comes back without a word, and it is his turn.
    await desk.until("anna", can_be_rung, BREAK_S + 5)
    await desk.until("bjorn", stands("paused", "short"), 5)
    third = await dial(stack, telephones, "+4790040003")
    anna = await phones["anna"].wait_rung(15)
    await anna.answer()

    # The shift ends in her call, which goes on; nobody new is offered to her.
    left = (shift_end - datetime.now(UTC)).total_seconds()
    await desk.until("bjorn", stands("signed-out"), max(0.0, left) + 10)
    talking = await desk.of("anna")
    assert (talking["standing"], talking["asked"]) == ("ready", "signing-out")
    assert third.row.ended is None
    await third.hang_up()
    await desk.until("anna", stands("signed-out"), 10)
    assert (await desk.ledger("anna"))[-4:] == ["ready", "paused short", "ready", "signed-out"]
