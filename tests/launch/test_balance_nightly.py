"""The nightly proof: once a day, told once, tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from hotline_ivr.errors import AlertError
from hotline_ivr.launch.balance_nightly import RETRY, TOLD_AFTER, NightlyBalance
from hotline_ivr.routing.alerts import Alert, AlertState
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


class NoInvoices:
    """No contract says where its lists are; see test_invoices_nightly.py for those that do."""

    async def compare(self, _day: date) -> str:
        return ""

    async def untold(self) -> list[InvoiceFound]:
        return []

    async def note_told(self, found: InvoiceFound) -> None:
        raise AssertionError(found)

    async def wrong_of(self, _day: str) -> int:
        return 0


class Nights:
    """A node's nights, with a process that finds what it is told to."""

    def __init__(self, store: Store) -> None:
        self.store, self.now = store, NOON
        self.days: list[date] = []
        self.told: list[Alert] = []
        self.newest: list[str] = []
        self.why, self.differences, self.refused = "", 0, False
        self.invoices = NoInvoices()
        self.nightly = self.again()

    def again(self, at: time | None = time(4, 30)) -> NightlyBalance:
        """As after a restart of the service."""
        return NightlyBalance(
            "main",
            at,
            self.store,
            plan=a_plan,
            duty=lambda _: None,
            tell=self.tell,
            observer=self,
            invoices=self.invoices,
            prove=self.prove,
            clock=lambda: self.now,
        )

    def proved(self, night: Night) -> None:
        self.newest.append(night.day)

    async def prove(self, day: date) -> str:
        self.days.append(day)
        if not self.why:
            even = not self.differences
            night = Night("main", day.isoformat(), self.now, 7, 0, 0, self.differences, even, SHOWN)
            await self.store.write(lambda connection: keep_night(connection, night))
        return self.why

    async def tell(self, alert: Alert) -> None:
        if self.refused:
            raise AlertError("the disk is full")
        self.told.append(alert)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Nights]:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    await upgrade(url)
    store = open_store(url)
    old = a_call("answered_caller_hangs_up").row()._replace(arrived_at=0)
    await store.write(lambda connection: write_batch(connection, Batch("main", records=[old])))
    yield Nights(store)
    await store.close()


async def test_a_day_is_proved_once_also_after_a_restart(place: Nights) -> None:
    await place.nightly.look()
    await place.nightly.look()
    await place.again().look()
    assert place.days == [YESTERDAY]
    assert place.newest[0] == "2026-11-26"
    assert place.told == []
    place.now += timedelta(days=1)
    await place.nightly.look()
    assert place.days == [YESTERDAY, date(2026, 11, 27)]


async def test_never_is_never(place: Nights) -> None:
    await place.again(None).look()
    assert place.days == []


async def test_an_uneven_day_is_told_once_with_the_calls_that_break_it(place: Nights) -> None:
    place.differences = 12
    await place.nightly.look()
    await place.nightly.look()
    await place.again().look()
    (alert,) = place.told
    assert (alert.id, alert.kind, alert.state) == ("balance-main-2026-11-26", "balance", AlertState.TOLD)
    assert "main-1.1: it arrived at line demo" in alert.text
    assert "... and 11 more: hotline balance --day 2026-11-26" in alert.text
    assert alert.details["calls"] == "main-1.1"


async def test_a_service_that_was_killed_before_it_told_tells_when_it_is_back(place: Nights) -> None:
    place.differences, place.refused = 1, True
    with pytest.raises(AlertError):
        await place.nightly.look()
    place.refused = False
    await place.again().look()
    assert [alert.id for alert in place.told] == ["balance-main-2026-11-26"]
    assert place.days == [YESTERDAY]


async def test_a_proof_that_cannot_be_made_is_tried_again_and_told_after_a_while(place: Nights) -> None:
    place.why = "exit code 4: the disk is gone"
    for _ in range(TOLD_AFTER + 2):
        await place.nightly.look()
        await place.nightly.look()
        place.now += timedelta(seconds=RETRY)
    assert place.days == [YESTERDAY] * (TOLD_AFTER + 2)
    (alert,) = place.told
    assert alert.id == "balance-main-2026-11-26-failed"
    assert "the disk is gone" in alert.text
    place.why = ""
    await place.nightly.look()
    assert place.newest == ["2026-11-26"]
