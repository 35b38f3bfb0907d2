"""What a centre has had, and what it asks money for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.settlement import Invoice, Settlement, read_invoice, settle
from hotline_ivr.store.outside import HandedOver

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def test_a_month_is_summed_up_with_who_had_to_ring_again() -> None:
    handed = [
        HandedOver(START, "+471", 4_000, 61_000),
        HandedOver(START + timedelta(hours=1), "+472", 6_000, 30_000),
        HandedOver(START + timedelta(hours=2), "+473", 40_000, None),
        HandedOver(START + timedelta(hours=3), "", 2_000, 1_000),
    ]
    arrivals = [(each.arrived_at, each.caller) for each in handed if each.caller]
    arrivals += [(START + timedelta(hours=20), "+471"), (START + timedelta(hours=26), "+472")]
    found = settle(handed, arrivals)
    assert found == Settlement(4, 3, 1, ring_s=52.0, talk_s=92.0, started_minutes=4, repeats=1)


@pytest.mark.parametrize(
    "text",
    ["date,minutes\n1,1.5\n2,0.5\n", "date;Seconds\n1;90\n2;30\n", "\ufeffminutes;x\n1,5;a\n0,5;b\n"],
)
def test_invoices_are_read_as_centres_write_them(text: str) -> None:
    assert read_invoice(text) == Invoice(2, 2.0)


@pytest.mark.parametrize(
    "text", ["", "date,price\n1,2\n", "minutes\nmany\n", "minutes\n-3\n", "minutes\nnan\n"]
)
def test_what_is_no_invoice_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError):
        read_invoice(text)
