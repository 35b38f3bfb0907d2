"""Telephones with manners, as who rings them finds them."""

from __future__ import annotations

import time

import pytest

from hotline_ivr.testing.centre_desk import CentreDesk, Manners
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.raw_sip import RawCall

SENDER = b"<sip:+4790000001@127.0.0.1>"


@pytest.mark.parametrize(
    ("manners", "status"),
    [
        (Manners.BUSY, 486),
        (Manners.UNAVAILABLE, 480),
        (Manners.REFUSES, 603),
        (Manners.TALKS, 200),
        (Manners.RINGS, 0),
        (Manners.OFF, 0),
        (Manners.DIES, 0),
    ],
)
async def test_each_phone_answers_as_its_manners_are(manners: Manners, status: int) -> None:
    port = free_port()
    async with CentreDesk(port, {"anna": manners}) as desk:
        async with RawCall("127.0.0.1", port, "anna", SENDER) as call:
            assert await call.wait_final(5 if status else 0.3) == status
        (rung,) = desk.to("anna")
        assert rung.answered == (status == 200)


async def test_a_phone_that_drops_the_call_is_gone_within_a_tenth_of_a_second() -> None:
    port = free_port()
    async with CentreDesk(port, {"anna": Manners.DROPS}) as desk:
        async with RawCall("127.0.0.1", port, "anna", SENDER) as call:
            assert await call.wait_final(5) == 200
            answered = time.monotonic()
            await call.wait_ended(5)
            took = time.monotonic() - answered
        assert desk.to("anna")[0].ended.is_set()
    # A busy machine adds its own.
    assert took < 1
