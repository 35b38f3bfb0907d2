"""Keeping the promise ledger: what is told is entered, whatever the database does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from hotline_ivr.calls import promise_keeper
from hotline_ivr.calls.promise_keeper import Place, PromiseKeeper
from hotline_ivr.errors import StoreError
from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.promises import PromisesNow
from hotline_ivr.routing.steps import Outcome
from tests.routing.call_tables import FOLDER, read_call

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


class Tables:
    """Notes what it is asked for; fails as often as it is told to."""

    def __init__(self) -> None:
        self.entered: list[str] = []
        self.pages, self.swept, self.expired, self.failures = 3, 0, 0, 0
        self.meanwhile: Callable[[], None] = lambda: None

    async def enter(self, ids: Sequence[str], now: datetime) -> None:
        del now
        if self.failures:
            self.failures -= 1
            raise StoreError("the database is away")
        self.entered += ids
        self.meanwhile()

    async def sweep(self, after: Place | None, now: datetime) -> Place | None:
        self.swept += 1
        number = 0 if after is None else int(after[1])
        return (now, str(number + 1)) if number + 1 < self.pages else None

    async def expire(self, now: datetime) -> None:
        del now
        self.expired += 1

    async def now(self) -> PromisesNow:
        return PromisesNow({"info": len(self.entered)}, NINE)


class Watch:
    """Whoever else observes the record."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def read(self, source: Source, events: int, rejected: int) -> None:
        self.heard.append(f"read {source} {events} {rejected}")

    def ended(self, record: CallRecord) -> None:
        self.heard.append(f"ended {record.id}")

    def amended(self, record: CallRecord) -> None:
        self.heard.append(f"amended {record.id}")

    def lag(self, seconds: float) -> None:
        self.heard.append(f"lag {seconds}")


def record(name: str, outcome: Outcome = Outcome.ABANDONED) -> CallRecord:
    table = read_call(FOLDER / "closed_heard_in_full.txt")
    made = fold(table.events, table.queue_events, node="main")
    assert made is not None
    return made._replace(id=name, outcome=outcome)


@asynccontextmanager
async def kept(keeper: PromiseKeeper) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(keeper.run())
        yield
        task.cancel()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_start_looks_through_all_calls_page_by_page() -> None:
    tables = Tables()
    keeper = PromiseKeeper(tables, lambda: NINE, Watch(), pace=0)
    async with kept(keeper):
        await until(lambda: tables.expired == 1)
        assert tables.swept == 3
        assert keeper.open == PromisesNow({"info": 0}, NINE)


async def test_ended_calls_that_may_matter_are_entered_and_all_is_passed_on() -> None:
    tables, watch = Tables(), Watch()
    keeper = PromiseKeeper(tables, lambda: NINE, watch, pace=0)
    async with kept(keeper):
        await until(lambda: tables.expired == 1)
        keeper.ended(record("a"))
        keeper.ended(record("b", Outcome.CLOSED))
        keeper.ended(record("c", Outcome.ANSWERED))
        keeper.read(Source.CEL, 2, 1)
        keeper.lag(0.5)
        await until(lambda: keeper.open.by_line["info"] == 2)
    assert tables.entered == ["a", "c"]
    assert tables.swept == 3, "not again before an hour is over"
    assert watch.heard == ["ended a", "ended b", "ended c", "read cel 2 1", "lag 0.5"]


async def test_what_was_told_while_the_database_was_away_is_entered_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(promise_keeper, "RETRY", 0.01)
    tables = Tables()
    tables.failures = 2
    keeper = PromiseKeeper(tables, lambda: NINE, Watch(), pace=0)
    keeper.ended(record("a"))
    async with kept(keeper):
        await until(lambda: tables.failures == 0)
        keeper.ended(record("b"))
        await until(lambda: tables.entered == ["a", "b"])


async def test_a_call_that_ended_as_closed_and_left_a_message_is_entered_when_that_is_known() -> None:
    """And one that mattered and no longer does is looked at as well: its entry has to go."""
    tables, watch = Tables(), Watch()
    keeper = PromiseKeeper(tables, lambda: NINE, watch, pace=0)
    async with kept(keeper):
        await until(lambda: tables.expired == 1)
        keeper.ended(record("a", Outcome.CLOSED))
        keeper.amended(record("a", Outcome.VOICEMAIL))
        keeper.amended(record("b", Outcome.CLOSED))
        await until(lambda: tables.entered == ["a", "b"])
    assert tables.swept == 3, "not only at the next look through all calls"
    assert watch.heard == ["ended a", "amended a", "amended b"]


async def test_what_is_told_of_a_call_while_it_is_being_entered_is_entered_after_that() -> None:
    tables = Tables()
    keeper = PromiseKeeper(tables, lambda: NINE, Watch(), pace=0)

    def amend() -> None:
        tables.meanwhile = lambda: None
        keeper.amended(record("a", Outcome.VOICEMAIL))

    tables.meanwhile = amend
    keeper.ended(record("a"))
    async with kept(keeper):
        await until(lambda: tables.entered == ["a", "a"])


async def test_every_hour_all_calls_are_looked_through_again() -> None:
    tables, clock = Tables(), [NINE]
    keeper = PromiseKeeper(tables, lambda: clock[0], Watch(), pace=0)
    async with kept(keeper):
        await until(lambda: tables.expired == 1)
        clock[0] += timedelta(hours=1)
        keeper.changed()
        await until(lambda: tables.swept == 6)


async def test_too_many_to_keep_in_mind_are_looked_for_in_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promise_keeper, "MOST_TOLD", 2)
    tables = Tables()
    keeper = PromiseKeeper(tables, lambda: NINE, Watch(), pace=0)
    async with kept(keeper):
        await until(lambda: tables.expired == 1)
        for name in ("a", "b", "c"):
            keeper.ended(record(name))
        await until(lambda: tables.swept == 6)
    assert tables.entered == []
