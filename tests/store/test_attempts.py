"""Attempts at calling back, in both databases: nobody is rung twice for one attempt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hotline_ivr.routing.call_record import CallKind
from hotline_ivr.routing.callback_wishes import Wish
from hotline_ivr.routing.callbacks import Dialling
from hotline_ivr.routing.promises import Act, ActKind, State
from hotline_ivr.store import attempts
from hotline_ivr.store.attempt_ledger import DatabaseAttempts
from hotline_ivr.store.attempts import Standing
from hotline_ivr.store.callback_candidates import Suits
from hotline_ivr.store.columns import to_micros
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import upgrade
from tests.routing.test_callbacks import CANDIDATE, rung
from tests.store.test_promises import MINUTE, NINE, Node

HOUR_LATER = NINE + timedelta(hours=1)
WAITS: dict[str, Any] = {"finished": False, "queued_at": to_micros(HOUR_LATER)}
MUCH_LATER = NINE + timedelta(days=1)
SOON = HOUR_LATER + timedelta(seconds=15)

REFUSED: dict[str, Any] = {"kind": CallKind.CALLBACK, "attempt": "main-0.0-1"}
"""A call of the attempt in which nobody was dialled, and one in which the person was."""
RUNG = REFUSED | {"outside_number": "+4790012345"}


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    await upgrade(database_url)
    opened = open_store(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def node(store: Store) -> Node:
    """A node with one person who was promised a call."""
    node = Node(store)
    await node.enter(await node.had(0, "callback"))
    return node


def attempt(number: int = 1) -> Dialling:
    (call,) = rung(CANDIDATE)
    return replace(call, id=f"main-0.0-{number}", promise_id="main-0.0", number=number)


def table(node: Node) -> DatabaseAttempts:
    return DatabaseAttempts(node.store, node.name)


# Whatever is open and not being rung, so that only the database says who is a candidate.
ANYBODY = Wish("main", ("info",), ("info",), ("callback",), 99, NINE - MINUTE, MUCH_LATER, MUCH_LATER)


async def stands(node: Node, wish: Wish = ANYBODY, suits: Suits = lambda _: True) -> Standing:
    return await table(node).standing("NO", HOUR_LATER, [wish], suits)


async def test_of_many_who_would_ring_at_once_one_does(node: Node) -> None:
    taken = await asyncio.gather(
        *(
            DatabaseAttempts(node.store, f"node{n}").claim(attempt(), "file", SOON, HOUR_LATER)
            for n in range(6)
        )
    )
    assert sorted(taken) == [False] * 5 + [True]
    assert (await stands(node)).candidates == ()


async def test_what_was_claimed_is_found_again_until_its_file_is_there(node: Node) -> None:
    assert await table(node).claim(attempt(), "the file", SOON, HOUR_LATER)
    (found,) = await table(node).claimed()
    assert (found.id, found.file, found.until) == ("main-0.0-1", "the file", SOON)
    assert await DatabaseAttempts(node.store, "other").claimed() == []
    await table(node).written("main-0.0-1")
    assert await table(node).claimed() == []
    standing = await stands(node)
    assert (standing.under_way, standing.standing, standing.dialled) == ({"main": 1},) * 3


async def test_who_spoke_with_somebody_a_moment_ago_is_not_rung(node: Node) -> None:
    await node.enter(await node.had(50, "answered"))
    assert not await table(node).claim(attempt(), "file", SOON, HOUR_LATER)


async def test_who_was_not_reached_is_tried_again(node: Node) -> None:
    await table(node).claim(attempt(), "file", SOON, HOUR_LATER)
    await table(node).written("main-0.0-1")
    called = await node.had(61, "not-reached", **RUNG)
    await node.enter(called)
    await node.enter(called)
    await node.sweep()
    (entry,) = await node.entries()
    assert (entry.state, entry.tries, entry.calls) == (State.OPEN, 1, 1)
    (candidate,) = (await stands(node)).candidates
    assert (candidate.attempts, candidate.tried_at) == (1, NINE + 62 * MINUTE)
    assert not await table(node).claim(attempt(), "file", SOON, HOUR_LATER), "the first is over"
    assert await table(node).claim(attempt(2), "file", SOON, HOUR_LATER)


async def test_a_file_that_asterisk_found_too_late_is_no_try_and_the_person_is_rung_soon(node: Node) -> None:
    await table(node).claim(attempt(), "file", SOON, HOUR_LATER)
    await table(node).written("main-0.0-1")
    await node.enter(await node.had(61, "not-reached", **REFUSED))
    (entry,) = await node.entries()
    assert (entry.state, entry.tries) == (State.OPEN, 0)
    at = NINE + 62 * MINUTE
    soon = replace(ANYBODY, attempts=1, tried_before=at - MINUTE, not_rung_before=at)
    (candidate,) = (await stands(node, soon)).candidates
    assert (candidate.not_rung, candidate.last_not_rung) == (1, True), "one attempt is left, and it is due"
    assert await table(node).claim(attempt(2), "file", SOON, HOUR_LATER)


async def test_a_call_that_was_cut_counts_though_its_file_was_refused_afterwards_and_told_of_first(
    node: Node,
) -> None:
    await table(node).claim(attempt(), "file", SOON, HOUR_LATER)
    refused, cut = await node.had(62, "not-reached", **REFUSED), await node.had(61, "not-reached", **RUNG)
    await node.enter(refused)
    await node.enter(cut)
    await node.enter(refused)
    (entry,) = await node.entries()
    assert entry.tries == 1
    (candidate,) = (await stands(node)).candidates
    assert (candidate.attempts, candidate.not_rung) == (1, 0)


async def test_a_conversation_that_we_began_keeps_the_promise(node: Node) -> None:
    await table(node).claim(attempt(), "file", SOON, HOUR_LATER)
    called = await node.had(61, "answered", kind=CallKind.CALLBACK, attempt="main-0.0-1")
    await node.enter(called)
    (entry,) = await node.entries()
    assert (entry.state, entry.closed_by, entry.tries) == (State.KEPT, called, 0)


async def test_who_was_reached_and_waited_in_vain_is_owed_the_same_promise(node: Node) -> None:
    await table(node).claim(attempt(), "file", SOON, HOUR_LATER)
    await node.enter(await node.had(61, "timed-out", **RUNG))
    (entry,) = await node.entries()
    assert (entry.calls, entry.tries, entry.reasons) == (1, 1, ("callback",))


async def test_who_is_in_a_call_with_us_is_no_candidate(node: Node) -> None:
    assert len((await stands(node)).candidates) == 1
    await node.had(59, "abandoned", finished=False)
    assert (await stands(node)).candidates == ()


async def test_what_nobody_will_hear_of_any_more_is_over(node: Node) -> None:
    await table(node).claim(attempt(), "file", SOON, HOUR_LATER)
    assert await table(node).give_up(SOON + attempts.GRACE) == []
    assert await table(node).give_up(SOON + attempts.GRACE + MINUTE) == ["main-0.0-1"]
    await table(node).claim(attempt(2), "file", SOON, HOUR_LATER)
    await table(node).written("main-0.0-2")
    assert await table(node).give_up(SOON + timedelta(hours=1)) == []
    assert await table(node).give_up(SOON + timedelta(hours=5)) == ["main-0.0-2"]


async def test_an_attempt_whose_time_was_past_was_not_made(node: Node) -> None:
    await table(node).claim(attempt(), "file", SOON, HOUR_LATER)
    await table(node).not_dialled("main-0.0-1", SOON)
    (entry,) = await node.entries()
    assert entry.tries == 0
    (candidate,) = (await stands(node)).candidates
    assert (candidate.attempts, candidate.not_rung, candidate.last_not_rung) == (1, 1, True)


async def test_a_closed_promise_is_no_candidate(node: Node) -> None:
    await node.ledger.act("main-0.0", Act(HOUR_LATER, ActKind.DROPPED, "web"), HOUR_LATER)
    assert (await stands(node)).candidates == ()


async def test_who_waits_after_the_call_back_needs_an_operator_whatever_the_queue_says(node: Node) -> None:
    await table(node).claim(attempt(), "file", SOON, HOUR_LATER)
    await node.had(61, "no-operator", kind=CallKind.CALLBACK, attempt="main-0.0-1", **WAITS)
    assert (await stands(node)).under_way == {"main": 1}


async def test_who_talks_after_the_call_back_needs_no_other_operator(node: Node) -> None:
    await table(node).claim(attempt(), "file", SOON, HOUR_LATER)
    await node.had(61, "answered", kind=CallKind.CALLBACK, attempt="main-0.0-1", **WAITS)
    standing = await stands(node)
    assert (standing.under_way, standing.standing) == ({}, {"main": 1})


async def test_a_call_is_void_while_the_person_is_in_another_or_after_they_spoke(node: Node) -> None:
    await table(node).claim(attempt(), "file", SOON, HOUR_LATER)
    waits = await node.had(61, "no-operator", kind=CallKind.CALLBACK, attempt="main-0.0-1", finished=False)
    assert (await stands(node)).void == ()
    await node.had(62, "abandoned", finished=False)
    assert (await stands(node)).void == ((waits, "main"),)
    await node.enter(await node.had(63, "answered"))
    assert (await stands(node)).void == ((waits, "main"),)


async def test_a_conversation_at_the_other_number_keeps_the_promise_of_who_rang(node: Node) -> None:
    other = "+4790054321"
    begun = str(int(NINE.timestamp()))
    await node.enter(
        await node.had(2, "callback", "+4790077777", promised="main", call_at=other, since=begun)
    )
    (call,) = [each for each in (await stands(node)).candidates if each.rings == other]
    assert (call.person, call.keeps_place, call.joined_at) == ("+4790077777", True, NINE)
    made = replace(attempt(), id="x-1", promise_id=call.promise.id, person=call.person, rings=call.rings)
    await table(node).claim(made, "file", SOON, HOUR_LATER)
    await node.enter(await node.had(61, "answered", other, kind=CallKind.CALLBACK, attempt="x-1"))
    entry = next(each for each in await node.entries() if each.id == call.promise.id)
    assert entry.state is State.KEPT


async def test_an_attempt_that_no_operator_came_for_counts_for_nothing(node: Node) -> None:
    await table(node).claim(attempt(), "file", SOON, HOUR_LATER)
    await node.enter(await node.had(61, "no-operator", kind=CallKind.CALLBACK, attempt="main-0.0-1"))
    (entry,) = await node.entries()
    assert (entry.tries, entry.state) == (0, State.OPEN)
    (candidate,) = (await stands(node)).candidates
    assert (candidate.attempts, candidate.not_rung, candidate.last_not_rung) == (1, 1, True)
    assert await table(node).claim(attempt(2), "file", SOON, HOUR_LATER)
