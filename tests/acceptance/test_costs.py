"""Four real calls and what they cost: by the record, in the month, and in a carrier's list of calls.

The carrier's list is written from the telephones' own ledger, and prices are reckoned by hand here.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.testing.centre_desk import CentreDesk, DeskCall, Manners
from hotline_ivr.testing.phone import PhoneCall, Telephones
from hotline_ivr.testing.plans import OPEN, closed_now, line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.callback_calls import A_TALK_S, calls_back
from tests.acceptance.test_promises import DEADLINE_S
from tests.acceptance.transfer_calls import House

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

DESK_PORT = free_port()
LATER, SHARED = "+4722851402", "+4722851403"
CENTRE, ABROAD, GLAD = "+4722850001", "+46812345678", "+4790041001"
MANNERS = {CENTRE: Manners.SILENT, ABROAD: Manners.TALKS, GLAD: Manners.PRESSES}
ORDINARY, HANDED_ON, OUTSIDE = "+4790070801", "+4790070802", "+4790070803"

# Each call lasts less than a minute, and steps are of whole ones, so that no busy machine changes a price:
# 0.49 + 0.39; half a minute at 0.90; a minute at 0.25 and the least of 0.70; 2.50 + 1.00.
CONTRACT = {
    "carrier": "Example Telecom",
    "currency": "NOK",
    "time_zone": "Europe/Oslo",
    "from": "2026-01-01",
    "numbers": [OPEN, LATER, SHARED],
    "trunks": ["carrier"],
    "channels": "10",
    "inbound": {"per_minute": "0.39", "setup_fee": "0.49", "increments": "60/60"},
    "outbound": {
        "domestic": {
            "prefixes": ["+47"], "per_minute": "0.25", "minimum_charge": "0.70", "increments": "60/60",
        },
        "mobile": {"prefixes": ["+474", "+479"], "per_minute": "0.90", "increments": "30/30"},
        "international": {"per_minute": "2.50", "setup_fee": "1.00", "increments": "60/60"},
    },
    "fees": {"monthly": "100.00"},
    "invoice": {"number": "B", "time": "T", "seconds": "S", "amount": "A", "time_zone": "UTC"},
}  # fmt: skip
INBOUND = "0.88"
PRICES = {CENTRE: ("domestic", "0.70"), GLAD: ("mobile", "0.45"), ABROAD: ("international", "3.50")}


@dataclass(frozen=True)
class Paid:
    """A connection as the telephones saw it: seconds since 1970, UTC."""

    number: str
    answered: float
    ended: float

    @property
    def kind(self) -> str:
        return PRICES[self.number][0] if self.number in PRICES else "inbound"

    @property
    def amount(self) -> str:
        return PRICES[self.number][1] if self.number in PRICES else INBOUND


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    now = datetime.now(UTC)
    made = plan(
        dict.fromkeys(("anna", "bjorn", "chandra")),
        now=now,
        extra_lines={
            "later": line("Line that calls back", LATER, hours=closed_now(now))
            | {"closed_to": {"callback": "main"}},
            "shared": line("Line of a centre", SHARED)
            | {"overflow": [{"name": "all", "share": "100", "to": {"centre": "night"}}]},
        },
    )
    made["queues"]["main"] |= {
        "operators": ["anna"],
        "wrap_up": "1s",
        "callbacks": {"hours": "always", "ring": "8s", "press_within": "2s", "press_tries": "1"},
    }
    made["trunks"]["carrier"]["outbound"] = f"127.0.0.1:{DESK_PORT}"
    made["outside"] = {"allowed": ["+46 8", "+47 22 85 00", "+47 900"], "transfers": True}
    target = {"desk": {"number": CENTRE, "ring": "5s"}}
    made["centres"] = {
        "night": {"name": "Night centre", "language": "en", "targets": target, "confirm": "no"}
    }
    made["contracts"] = {"telecom": CONTRACT}
    made["floor"] = {"code": "*81", "language": "en"}
    stack = make_stack(made)
    stack.start()
    return stack


def came_in(call: PhoneCall, to: str) -> Paid:
    row = call.row
    assert row.answered is not None
    assert row.ended is not None
    return Paid(to, row.answered, row.ended)


def went_out(call: DeskCall) -> Paid:
    return Paid(call.number, call.answered_at, call.ended_at)


async def ordinary(house: House) -> list[Paid]:
    caller, annas = await house.talk(ORDINARY)
    await annas.hang_up()
    await caller.wait_ended(5)
    return [came_in(caller, OPEN)]


async def handed_to_a_number_outside(house: House, desk: CentreDesk) -> list[Paid]:
    caller, annas = await house.talk(HANDED_ON)
    await annas.transfer(ABROAD.replace("+", "00"))
    there = await desk.answered(ABROAD, OPEN)
    await asyncio.sleep(A_TALK_S)
    desk.hang_up(there)
    await caller.wait_ended(5)
    return [came_in(caller, OPEN), went_out(there)]


async def at_a_centre(house: House, desk: CentreDesk) -> list[Paid]:
    phone = await house.telephones.caller(OUTSIDE, "127.0.0.1", house.stack.settings.sip_port)
    caller = await phone.dial(SHARED)
    await caller.wait_answered()
    there = await desk.answered(CENTRE, SHARED, DEADLINE_S)
    await asyncio.sleep(A_TALK_S)
    desk.hang_up(there)
    await caller.wait_ended(10)
    return [came_in(caller, SHARED), went_out(there)]


async def asks_for_a_call(house: House) -> list[Paid]:
    phone = await house.telephones.caller(GLAD, "127.0.0.1", house.stack.settings.sip_port)
    caller = await phone.dial(LATER)
    await caller.wait_ended(DEADLINE_S)
    return [came_in(caller, LATER)]


async def called_back(house: House, desk: CentreDesk) -> list[Paid]:
    rung = await house.phones["anna"].wait_rung(DEADLINE_S)
    await rung.answer()
    await asyncio.sleep(A_TALK_S)
    (there,) = desk.to(GLAD)
    await rung.hang_up()
    async with asyncio.timeout(DEADLINE_S):
        await there.ended.wait()
    return [went_out(there)]


async def explained(stack: HotlineStack, call_id: str) -> list[dict[str, Any]]:
    done = await asyncio.to_thread(stack.hotline, "costs", "explain", call_id, "--numbers", "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["connections"]
    return found


async def is_priced(stack: HotlineStack, call_id: str, paid: list[Paid]) -> None:
    """Each connection of the call, and no other, with its class, its seconds and its price."""
    found = await explained(stack, call_id)
    assert [(each["number"], each["class"], each["amount"]) for each in found] == [
        (each.number, each.kind, each.amount) for each in paid
    ]
    for told, seen in zip(found, paid, strict=True):
        # A second that has begun counts, and each side has its own moment of a message.
        assert 0 <= told["seconds"] - (seen.ended - seen.answered) < 1.5, (told, seen)


def as_the_carrier_bills(file: Path, paid: list[Paid]) -> None:
    rows = ["T,B,S,A"]
    for each in paid:
        began = datetime.fromtimestamp(each.answered, UTC)
        rows.append(f"{began:%Y-%m-%d %H:%M:%S},{each.number},{each.ended - each.answered:.0f},{each.amount}")
    file.write_text("\n".join([*rows, ""]), encoding="utf-8")


async def test_what_real_calls_cost_by_the_record_in_the_month_and_in_the_carriers_list(
    stack: HotlineStack, telephones: Telephones, tmp_path: Path
) -> None:
    house = await House(stack, telephones).begin()
    async with CentreDesk(DESK_PORT, MANNERS) as desk:
        first = await ordinary(house)
        await house.until("anna", "ready")
        handed_on = await handed_to_a_number_outside(house, desk)
        centre = await at_a_centre(house, desk)
        await house.until("anna", "ready")
        asked = await asks_for_a_call(house)
        back = await called_back(house, desk)

    for caller, paid in ((ORDINARY, first), (HANDED_ON, handed_on), (OUTSIDE, centre)):
        await is_priced(stack, (await stack.wait_call(caller))["id"], paid)
    both = await stack.wait_calls(
        lambda found: sum(each["caller"] == GLAD and each["finished"] for each in found) == 2, DEADLINE_S
    )
    (made,) = calls_back(stack, GLAD)
    (promised,) = (each for each in both if each["caller"] == GLAD and each["id"] != made["id"])
    await is_priced(stack, made["id"], back)
    await is_priced(stack, promised["id"], asked)

    everything = [*first, *handed_on, *centre, *asked, *back]
    done = stack.hotline("costs", "--json", "--contract", "telecom")
    (month,) = json.loads(done.stdout)["contracts"]
    calls = sum((Decimal(each.amount) for each in everything), Decimal(0))
    # 4 x 0.88 + 0.70 + 0.45 + 3.50, and the fee of the month.
    assert (calls, month["total"], month["unpriced"]) == (Decimal("8.17"), "108.17", 0)
    assert json.loads(done.stdout)["without_contract"] == {}

    used = json.loads(stack.hotline("costs", "channels", "--json").stdout)["channels"]
    counts = {each["name"]: each["calls"] for each in used}
    assert counts == {OPEN: 2, SHARED: 1, LATER: 1, "carrier": 3, "telecom": 7}

    file = tmp_path / "invoice.csv"
    as_the_carrier_bills(file, everything)
    done = stack.hotline("costs", "invoice", str(file), "--contract", "telecom", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["counts"], told["matched"], told["billed"]) == (0, {}, 7, "8.17"), told
