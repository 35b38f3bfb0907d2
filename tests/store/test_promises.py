"""The promise ledger in both databases: from rows of the record to entries, each call once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.cel import STAGE_EVENT, CallEvent, Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.kept import keep_events
from hotline_ivr.routing.ledger import Batch, KeptEvents, Position
from hotline_ivr.routing.owed import Rules
from hotline_ivr.routing.promises import Act, ActKind, Promise, State
from hotline_ivr.routing.steps import Outcome
from hotline_ivr.store.columns import to_micros
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.promise_ledger import PAGE, DatabasePromises
from hotline_ivr.store.promise_list import PromiseFilter
from tests.routing.call_tables import FOLDER, read_call

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = Rules(timedelta(seconds=5), timedelta(days=7), "NO")
EVERYTHING = PromiseFilter(state=None, limit=1000)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    await upgrade(database_url)
    opened = open_store(database_url)
    yield opened
    await opened.close()


class Node:
    """A node with a record of made-up calls."""

    def __init__(self, store: Store, name: str = "main") -> None:
        self.name, self.store = name, store
        self.record = DatabaseLedger(store, name)
        self.ledger = DatabasePromises(store, name, lambda: RULES)
        self._numbers, self._places = count(), count(1)
        table = read_call(FOLDER / "closed_heard_in_full.txt")
        made = fold(table.events, table.queue_events, node=name)
        assert made is not None
        self._like: CallRecord = made

    async def had(
        self,
        minutes: float,
        outcome: str,
        caller: str = "+4790012345",
        *,
        id_: str | None = None,
        promised: str | None = None,
        call_at: str | None = None,
        since: str = "",
        connected: float | None = None,
        **more: Any,
    ) -> str:
        """A call that arrived so many minutes past nine; answered ones were connected half a minute later."""
        begun = NINE + minutes * MINUTE
        spoke = minutes + 0.5 if connected is None else connected
        row = self._like._replace(
            id=id_ or f"{self.name}-{next(self._numbers)}.0",
            caller=caller,
            outcome=Outcome(outcome),
            arrived_at=to_micros(begun),
            connected_at=to_micros(NINE + spoke * MINUTE) if outcome == "answered" else None,
            ended_at=to_micros(NINE + (spoke + 0.5) * MINUTE),
            queue="main",
            wait_ms=30_000,
            line="info",
            **more,
        )
        events = []
        if promised is not None:
            extra = f'{{"extra":"promise|{promised}|{call_at or caller}|{since}"}}'
            said = CallEvent(STAGE_EVENT, to_micros(begun), row.id, row.id, "PJSIP/trunk-a-0", extra, 1, 0)
            events.append(KeptEvents(self.name, row.id, "cel", 1, 0, keep_events([said])))
        opened = [] if row.finished else [row.id]
        place = next(self._places)
        move = (None, Position(Source.CEL, place, place, 100, f"{place}:a"))
        await self.record.commit(Batch(self.name, moves=[move], records=[row], events=events, opened=opened))
        return row.id

    async def enter(self, *ids: str, at: float = 60) -> None:
        await self.ledger.enter(ids, NINE + at * MINUTE)

    async def sweep(self, at: float = 60) -> None:
        place = await self.ledger.sweep(None, NINE + at * MINUTE)
        while place is not None:
            place = await self.ledger.sweep(place, NINE + at * MINUTE)

    async def entries(self) -> list[Promise]:
        return [each.promise for each in await self.ledger.find(EVERYTHING)]


@pytest.fixture
def node(store: Store) -> Node:
    return Node(store)


async def test_a_call_that_is_told_of_twice_counts_once(node: Node) -> None:
    lost = await node.had(0, "abandoned")
    await node.enter(lost)
    await node.enter(lost, lost)
    await node.sweep()
    (entry,) = await node.entries()
    assert (entry.id, entry.calls, entry.state) == (lost, 1, State.OPEN)


async def test_the_number_in_another_form_is_the_same_person(node: Node) -> None:
    ids = [await node.had(0, "abandoned", "+4790012345"), await node.had(5, "timed-out", "90012345")]
    await node.enter(*ids)
    (entry,) = await node.entries()
    assert (entry.calls, entry.reasons) == (2, ("abandoned", "timed-out"))


async def test_a_conversation_closes_the_entry_and_only_then_is_kept(node: Node) -> None:
    other = await node.had(0, "answered", "+4791111111")
    lost, spoken = await node.had(1, "abandoned"), await node.had(9, "answered")
    await node.enter(other, lost)
    await node.enter(spoken)
    (entry,) = await node.entries()
    assert (entry.state, entry.closed_by, entry.closed_at) == (State.KEPT, spoken, NINE + 9.5 * MINUTE)
    story = await node.ledger.story(lost)
    assert story is not None
    assert [each.call for each in story.calls] == [lost, spoken]


async def test_a_conversation_that_was_entered_too_early_closes_all_the_same(node: Node) -> None:
    lost, spoken = await node.had(1, "abandoned"), await node.had(9, "answered")
    await node.enter(spoken)
    await node.enter(lost)
    (entry,) = await node.entries()
    assert (entry.state, entry.closed_by) == (State.KEPT, spoken)


async def test_a_start_finds_whatever_was_never_told(node: Node) -> None:
    """As after a kill: nothing but the record is left, over several pages."""
    waited_long = await node.had(-90, "answered", connected=7)
    for number in range(PAGE + 20):
        await node.had(number / 100, "abandoned" if number % 50 == 0 else "closed", f"+479000{number:04}")
    lost = await node.had(5, "abandoned")
    await node.had(8, "answered")
    await node.sweep()
    entries = await node.entries()
    assert len(entries) == 1 + len(range(0, PAGE + 20, 50))
    assert next(each for each in entries if each.id == lost).closed_by == waited_long
    await node.sweep()
    assert await node.entries() == entries


async def test_what_is_older_than_an_entry_lasts_is_left_alone(node: Node) -> None:
    await node.had(0, "abandoned")
    await node.sweep(at=7 * 24 * 60 + 1)
    assert await node.entries() == []


async def test_a_call_that_is_folded_otherwise_corrects_the_ledger(node: Node) -> None:
    lost = await node.had(0, "abandoned")
    await node.enter(lost)
    await node.had(0, "closed", id_=lost)
    await node.sweep()
    assert await node.entries() == []
    await node.had(0, "voicemail", id_=lost)
    await node.sweep()
    (entry,) = await node.entries()
    assert entry.reasons == ("voicemail",)


async def test_the_queue_of_a_promise_is_the_one_that_promised(node: Node) -> None:
    await node.enter(await node.had(0, "callback", promised="sales"))
    (entry,) = await node.entries()
    assert entry.queue == "sales"


async def test_each_withheld_caller_has_an_entry_and_no_number(node: Node) -> None:
    await node.enter(await node.had(0, "voicemail", ""), await node.had(1, "voicemail", ""))
    found = await node.ledger.find(EVERYTHING)
    assert [each.number for each in found] == ["", ""]


async def test_what_people_do_is_kept_and_a_closed_entry_is_left_alone(node: Node) -> None:
    lost = await node.had(0, "abandoned")
    await node.enter(lost)
    now = NINE + 61 * MINUTE
    taken = await node.ledger.act(lost, Act(now, ActKind.TAKEN, "web", "anna"), now)
    assert taken is not None
    assert taken.owner == "anna"
    done = await node.ledger.act(lost, Act(now, ActKind.DONE, "web", note="helped"), now)
    assert done is not None
    assert (done.state, done.closed_by, done.note, done.owner) == (State.DONE, "web", "helped", "anna")
    with pytest.raises(ArgumentError, match="is closed already: done, by web"):
        await node.ledger.act(lost, Act(now, ActKind.TRIED, "web"), now)
    assert await node.ledger.act("main-9.9", Act(now, ActKind.TRIED, "web"), now) is None
    await node.sweep()
    story = await node.ledger.story(lost)
    assert story is not None
    assert [each.kind for each in story.acts] == [ActKind.TAKEN, ActKind.DONE]


async def test_somebody_whose_clock_is_behind_closes_what_they_see(node: Node) -> None:
    lost = await node.had(0, "abandoned")
    await node.enter(lost)
    done = await node.ledger.act(lost, Act(NINE - MINUTE, ActKind.DONE, "web"), NINE + 60 * MINUTE)
    assert done is not None
    assert done.state is State.DONE


async def test_an_entry_expires(node: Node) -> None:
    await node.enter(await node.had(0, "abandoned"))
    await node.ledger.expire(NINE + timedelta(days=6))
    assert (await node.entries())[0].is_open
    await node.ledger.expire(NINE + timedelta(days=8))
    (entry,) = await node.entries()
    assert (entry.state, entry.closed_by) == (State.EXPIRED, "hotline")


async def test_nodes_have_one_list(store: Store) -> None:
    one, two = Node(store, "one"), Node(store, "two")
    lost, again = await one.had(0, "abandoned"), await two.had(3, "abandoned")
    await one.enter(lost)
    await two.enter(again)
    (entry,) = await two.entries()
    assert (entry.node, entry.id, entry.calls) == ("one", lost, 2)
    assert (await one.ledger.now()).by_line == {"info": 1}
    assert (await two.ledger.now()).by_line == {}
    await two.enter(await two.had(9, "answered"))
    assert (await one.entries())[0].state is State.KEPT


async def test_two_services_at_once_make_one_entry(store: Store) -> None:
    node = Node(store)
    ids = [await node.had(minute, "abandoned") for minute in range(8)]
    await asyncio.gather(*(node.enter(each) for each in ids * 3))
    (entry,) = await node.entries()
    assert (entry.calls, entry.id) == (8, ids[0])


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (PromiseFilter(), [1, 2]),
        (PromiseFilter(state="kept"), [0]),
        (PromiseFilter(owner="anna"), [2]),
        (PromiseFilter(owner=""), [1]),
        (PromiseFilter(line="elsewhere"), []),
        (PromiseFilter(limit=1), [1]),
        (PromiseFilter(state=None, after=(NINE + MINUTE, "main-0.0")), [1, 2]),
    ],
)
async def test_entries_are_found_the_oldest_first(
    node: Node, wanted: PromiseFilter, found: list[int]
) -> None:
    callers = ["+4790000001", "+4790000002", "+4790000003"]
    ids = [await node.had(number, "abandoned", caller) for number, caller in enumerate(callers)]
    await node.enter(*ids, await node.had(5, "answered", callers[0]))
    now = NINE + 60 * MINUTE
    await node.ledger.act(ids[2], Act(now, ActKind.TAKEN, "web", "anna"), now)
    assert [each.promise.id for each in await node.ledger.find(wanted)] == [ids[each] for each in found]


B = "+4790054321"
SINCE = str(int((NINE - MINUTE).timestamp()))


async def test_a_promise_keeps_the_number_that_was_agreed_on_and_the_place(node: Node) -> None:
    await node.enter(await node.had(0, "callback", promised="main", call_at=B, since=SINCE))
    (owed,) = await node.ledger.find(EVERYTHING)
    assert (owed.number, owed.promise.number, owed.promise.place_at) == (B, B, NINE - MINUTE)
    await node.enter(await node.had(3, "abandoned"))
    (entry,) = await node.entries()
    assert (entry.number, entry.place_at, entry.calls) == (B, NINE - MINUTE, 2)


async def test_who_wants_to_be_rung_elsewhere_may_speak_with_us_from_either_number(node: Node) -> None:
    await node.enter(await node.had(0, "callback", promised="main", call_at=B, since=SINCE))
    await node.enter(await node.had(5, "answered", B))
    (entry,) = await node.entries()
    assert entry.state is State.KEPT
    await node.sweep()
    assert [each.state for each in await node.entries()] == [State.KEPT]
    await node.enter(await node.had(10, "callback", promised="main", call_at=B, since=SINCE))
    await node.enter(await node.had(15, "answered"))
    assert [each.state for each in await node.entries()] == [State.KEPT, State.KEPT]


async def test_a_withheld_number_that_has_typed_one_is_that_person(node: Node) -> None:
    await node.enter(await node.had(0, "callback", "", promised="main", call_at=B, since=SINCE))
    (owed,) = await node.ledger.find(EVERYTHING)
    assert owed.number == B
    await node.enter(await node.had(5, "answered", B))
    assert [each.state for each in await node.entries()] == [State.KEPT]
