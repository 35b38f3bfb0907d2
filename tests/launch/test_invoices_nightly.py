"""Carriers' new lists, compared with the nightly balance: told once, in its alert and its figure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from typing_extensions import override

from hotline_ivr.errors import AlertError
from hotline_ivr.launch.balance_nightly import NightlyBalance
from hotline_ivr.launch.invoice_files import InvoiceMemory
from hotline_ivr.launch.invoices_nightly import NightlyInvoices
from hotline_ivr.routing.alerts import Alert
from hotline_ivr.routing.invoice_found import InvoiceFound
from hotline_ivr.routing.ledger import Batch
from hotline_ivr.store.balance import Night, keep_night
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.writer import write_batch
from tests.calls.asterisk_files import a_call
from tests.plans import a_plan

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
YESTERDAY = date(2026, 11, 26)
SHOWN = '{"shown": [{"call": "main-1.1", "reason": "no-row", "text": "it arrived at line demo"}]}'
DIFFERS = InvoiceFound(
    "telecom",
    "november.csv",
    "a" * 64,
    "f",
    "2026-11-26",
    differences=12,
    shown=(("main-5.5", "missing, ours 0.60, theirs -"), ("row 7", "extra, ours -, theirs 1.20")),
)
UNREADABLE = InvoiceFound(
    "telecom", "december.csv", "b" * 64, "f", "2026-11-26", error="row 3 of the invoice: 'x' is no amount"
)


class Lists(NightlyInvoices):
    """With a process that finds what it is told to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.memory = InvoiceMemory(folder)
        self.days: list[date] = []
        self.new: list[InvoiceFound] = []
        self.why = ""

    @override
    async def compare(self, day: date) -> str:
        self.days.append(day)
        for found in self.new:
            self.memory.keep(found)
        self.new = []
        return self.why


class House:
    """A node's nights with its lists."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.now, self.differences, self.refused = store, NOON, 0, False
        self.lists = Lists(folder)
        self.told: list[Alert] = []
        self.figures: list[int] = []
        self.nightly = self.again()

    def again(self) -> NightlyBalance:
        """As after a restart of the service."""
        return NightlyBalance(
            "main",
            time(4, 30),
            self.store,
            plan=a_plan,
            duty=lambda _: None,
            tell=self.tell,
            observer=self,
            invoices=self.lists,
            prove=self.prove,
            clock=lambda: self.now,
        )

    def proved(self, night: Night) -> None:
        self.figures.append(night.differences)

    async def prove(self, day: date) -> str:
        even = not self.differences
        night = Night("main", day.isoformat(), self.now, 7, 0, 0, self.differences, even, SHOWN)
        await self.store.write(lambda connection: keep_night(connection, night))
        return ""

    async def tell(self, alert: Alert) -> None:
        if self.refused:
            raise AlertError("the disk is full")
        self.told.append(alert)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    await upgrade(url)
    store = open_store(url)
    old = a_call("answered_caller_hangs_up").row()._replace(arrived_at=0)
    await store.write(lambda connection: write_batch(connection, Batch("main", records=[old])))
    yield House(store, tmp_path / "invoices")
    await store.close()


async def test_new_lists_are_compared_once_a_night(house: House) -> None:
    await house.nightly.look()
    await house.nightly.look()
    await house.again().look()
    assert (house.lists.days, house.told) == ([YESTERDAY], [])


async def test_a_list_that_differs_is_told_once_by_call_and_counted_in_the_figure(house: House) -> None:
    house.lists.new = [DIFFERS]
    await house.nightly.look()
    await house.nightly.look()
    await house.again().look()
    (alert,) = house.told
    assert (alert.kind, alert.title) == ("balance", "The invoice and the record differ: telecom")
    assert alert.text.splitlines()[:4] == [
        "november.csv of telecom against the record: 12 differences",
        "- main-5.5: missing, ours 0.60, theirs -",
        "- row 7: extra, ours -, theirs 1.20",
        "... and 10 more: hotline costs invoice FILE --contract telecom",
    ]
    assert (alert.details["calls"], alert.details["invoice_differences"]) == ("main-5.5", "12")
    # Also after a restart.
    assert house.figures[-1] == 12


async def test_differences_of_a_list_stand_in_the_alert_of_the_uneven_night(house: House) -> None:
    house.differences, house.lists.new = 2, [DIFFERS]
    await house.nightly.look()
    (alert,) = house.told
    assert alert.id == "balance-main-2026-11-26"
    assert "main-1.1: it arrived at line demo" in alert.text
    assert "- main-5.5: missing, ours 0.60, theirs -" in alert.text
    assert alert.details["calls"] == "main-1.1 main-5.5"
    assert house.figures[-1] == 14


async def test_a_list_that_cannot_be_read_is_told_once_with_its_row(house: House) -> None:
    house.lists.new = [UNREADABLE]
    await house.nightly.look()
    await house.again().look()
    (alert,) = house.told
    assert (
        "december.csv of telecom could not be compared: row 3 of the invoice: 'x' is no amount" in alert.text
    )


async def test_a_service_that_was_killed_before_it_told_of_a_list_tells_when_it_is_back(house: House) -> None:
    house.lists.new, house.refused = [DIFFERS], True
    with pytest.raises(AlertError):
        await house.nightly.look()
    house.refused = False
    await house.again().look()
    assert [alert.details["invoices"] for alert in house.told] == ["november.csv"]


async def test_lists_that_could_not_be_compared_at_all_are_told_and_tried_again_the_next_night(
    house: House,
) -> None:
    house.lists.why = "exit code 4: the database is gone"
    await house.nightly.look()
    await house.nightly.look()
    (alert,) = house.told
    assert "the database is gone" in alert.text
    house.lists.why, house.now = "", NOON + timedelta(days=1)
    await house.nightly.look()
    assert (house.lists.days, len(house.told)) == ([YESTERDAY, date(2026, 11, 27)], 1)
