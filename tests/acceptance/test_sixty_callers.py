"""Sixty callers at once on a line with four operators: everybody is answered, in order, and recorded once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline_ivr.testing.company import lonely
from hotline_ivr.testing.ears import Ears
from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sipp import Caller, Turn, callers, operator_phones
from hotline_ivr.testing.stack import HotlineStack, MakeStack

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

OPERATORS = ("anna", "bjorn", "chandra", "david")
CALLERS = 60
PHONES_PORT = free_port()


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    contacts = {name: f"sip:{name}@127.0.0.1:{PHONES_PORT}" for name in OPERATORS}
    made = make_stack(plan(contacts, now=datetime.now(UTC)))
    made.start()
    return made


async def test_sixty_callers_at_once_are_all_answered_in_order_and_recorded_once(
    stack: HotlineStack, tmp_path: Path
) -> None:
    wanted = [Caller(f"+47900300{index:02}", OPEN) for index in range(CALLERS)]
    port = stack.settings.sip_port
    async with (
        operator_phones(tmp_path, [Turn(ring_ms=200, talk_ms=600)], port=PHONES_PORT) as phones,
        Ears(each.number for each in wanted) as ears,
        callers(tmp_path, "127.0.0.1", port, wanted, per_second=40, ears=ears.ports) as calling,
    ):
        # All are up at the same time: the last has been answered before the first has gone.
        up = await calling.wait_for(lambda rows: sum(row.answered is not None for row in rows) == CALLERS, 20)
        assert sum(row.ended is None for row in up) == CALLERS
        ended = await calling.wait_ended(120)
        rung = phones.rows()

    assert all(row.code == 200 and row.ended is not None for row in ended)
    assert lonely(ears.heard(ended), stack.settings.cel_file) == []
    arrived = [row.number for row in ended]
    talked = [row.peer for row in rung if row.answered is not None]
    assert Counter(talked) == Counter(arrived), "everybody speaks with an operator, once"

    # Asterisk lets as many callers as there are free operators go at the same time, and which of those rings
    # first is a matter of their one-second ticks: so far, and no further, may somebody be overtaken.
    places = {number: place for place, number in enumerate(arrived)}
    overtaken = max(abs(places[number] - place) for place, number in enumerate(talked))
    assert overtaken < len(OPERATORS), f"somebody moved {overtaken} places: {[places[n] for n in talked]}"

    records = await stack.wait_calls(
        lambda records: sum(record["finished"] for record in records) >= CALLERS, 15, "sixty records"
    )
    assert Counter(record["caller"] for record in records) == Counter(arrived)
    assert {record["outcome"] for record in records} == {"answered"}
    assert Counter(record["operator"] for record in records).keys() == set(OPERATORS)
