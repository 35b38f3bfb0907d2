"""Messages of callers in both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.ledger import Batch, Position
from hotline_ivr.routing.messages import CallOfRecording, Message, MessageState
from hotline_ivr.routing.steps import Outcome
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.messages import DatabaseMessages, MessageFilter
from hotline_ivr.store.migrate import upgrade
from tests.routing.call_tables import FOLDER, read_call

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FIRST = Message("main", "main-1.1", "box", NOON, 4000, 64_044)
SECOND = Message("main", "main-1.2", "other", NOON + MINUTE, 9000, 144_044)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """Calls 1.1 to 1.3 left a message, 1.4 was closed, and 1.5 is under way."""
    await upgrade(database_url)
    opened = open_store(database_url)
    like = fold(read_call(FOLDER / "closed_heard_in_full.txt").events, [], node="main")
    assert like is not None
    left = like._replace(outcome=Outcome.VOICEMAIL)
    records = [left._replace(id=f"main-1.{number}") for number in (1, 2, 3)]
    records += [like._replace(id="main-1.4"), left._replace(id="main-1.5", finished=False, outcome=None)]
    move = (None, Position(Source.CEL, 1, 1, 100, "1:a"))
    await DatabaseLedger(opened, "main").commit(Batch("main", moves=[move], records=records))
    yield opened
    await opened.close()


@pytest.fixture
async def messages(store: Store) -> DatabaseMessages:
    made = DatabaseMessages(store, "main")
    await made.add([FIRST, SECOND])
    return made


def ids(found: list[Message]) -> list[str]:
    return [each.call_id for each in found]


async def test_messages_are_listed_newest_first_with_their_call(messages: DatabaseMessages) -> None:
    newest, oldest = await messages.find(MessageFilter())
    assert (newest.call_id, oldest.call_id) == ("main-1.2", "main-1.1")
    assert oldest.line == "shut"
    assert oldest.caller
    assert replace(oldest, line="", caller="", caller_name="") == FIRST
    assert ids(await messages.find(MessageFilter(box="box"))) == ["main-1.1"]
    assert ids(await messages.find(MessageFilter(limit=1))) == ["main-1.2"]


async def test_who_heard_it_first_and_who_dealt_with_it_stays(messages: DatabaseMessages) -> None:
    await messages.heard("main-1.1", "anna", NOON)
    await messages.heard("main-1.1", "bjorn", NOON + MINUTE)
    assert ids(await messages.find(MessageFilter(state=MessageState.NEW))) == ["main-1.2"]
    (heard,) = await messages.find(MessageFilter(state=MessageState.HEARD))
    assert (heard.heard_by, heard.heard_at) == ("anna", NOON)
    await messages.done("main-1.1", "bjorn", NOON + MINUTE)
    await messages.done("main-1.1", "anna", NOON + 2 * MINUTE)
    assert ids(await messages.find(MessageFilter(state=MessageState.HEARD))) == []
    (done,) = await messages.find(MessageFilter(state=MessageState.DONE))
    assert (done.done_by, done.done_at) == ("bjorn", NOON + MINUTE)


async def test_a_message_that_is_found_again_stays_as_it_is(messages: DatabaseMessages) -> None:
    await messages.heard("main-1.1", "anna", NOON)
    await messages.add([replace(FIRST, length_ms=1)])
    found = await messages.one("main-1.1")
    assert found is not None
    assert (found.heard_by, found.length_ms) == ("anna", 4000)


async def test_what_is_to_be_told_comes_oldest_first_until_it_is_told(messages: DatabaseMessages) -> None:
    assert ids(await messages.untold(9)) == ["main-1.1", "main-1.2"]
    await messages.notified("main-1.1", NOON)
    assert ids(await messages.untold(9)) == ["main-1.2"]
    assert ids(await messages.untold(0)) == []


async def test_what_is_deleted_is_known_but_no_longer_listed(messages: DatabaseMessages) -> None:
    await messages.removed(["main-1.1"], NOON)
    assert ids(await messages.find(MessageFilter())) == ["main-1.2"]
    assert ids(await messages.find(MessageFilter(removed=True))) == ["main-1.2", "main-1.1"]
    assert await messages.with_file() == ["main-1.2"]
    assert await messages.known() == {"main-1.1", "main-1.2"}
    gone = await messages.one("main-1.1")
    assert gone is not None
    assert gone.removed_at == NOON


async def test_what_the_record_says_of_the_calls_of_files(messages: DatabaseMessages) -> None:
    many = [f"main-1.{number}" for number in range(1, 1200)]
    found = sorted(await messages.calls_of(many), key=lambda each: each.call_id)
    assert found[2:] == [
        CallOfRecording("main-1.3", over=True, left_message=True),
        CallOfRecording("main-1.4", over=True, left_message=False),
        CallOfRecording("main-1.5", over=False, left_message=False),
    ]


async def test_a_call_whose_message_nobody_knows_is_found(messages: DatabaseMessages) -> None:
    assert await messages.calls_without_message(NOON) == ["main-1.3"]
    assert await messages.calls_without_message(NOON - timedelta(days=2)) == []


async def test_another_node_sees_none_of_it(messages: DatabaseMessages, store: Store) -> None:
    other = DatabaseMessages(store, "other")
    assert await other.known() == frozenset()
    assert await other.find(MessageFilter()) == []
    assert await other.one("main-1.1") is None
    assert await other.calls_of(["main-1.1"]) == []
    await other.done("main-1.1", "eve", NOON)
    found = await messages.one("main-1.1")
    assert found is not None
    assert found.done_at is None
