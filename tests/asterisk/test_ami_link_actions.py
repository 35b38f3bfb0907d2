"""Actions over the manager link: answered, refused, late or cut off, and never sent twice."""

from __future__ import annotations

import asyncio

import pytest

from hotline_ivr.asterisk.ami_codec import AmiAction, AmiMessage
from hotline_ivr.asterisk.ami_link import AmiLink, LinkState
from hotline_ivr.asterisk.ami_panoramisk import MAX_PENDING
from hotline_ivr.errors import (
    AsteriskRefused,
    AsteriskUnreachable,
    LocalProtocolError,
    RemoteProtocolError,
)
from hotline_ivr.testing.fake_asterisk import FakeAsterisk, listing, message, refuse, succeed
from tests.asterisk.linking import ADD, ITEMS, STATUS, Floor, linked, reached


async def test_who_asks_does_not_wait_for_the_pause_in_which_events_gather() -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk, linked(asterisk, floor, ping_interval=3600, bundle=3600) as link:
        for first, second in (("1", "2"), ("3", "4"), ("5", "6")):
            # The answer comes behind the event, so both are read; after that nothing would be for an hour.
            asterisk.send_event("E", ("N", first))
            await link.send(AmiAction("Ping"))
            asterisk.send_event("E", ("N", second))
        await link.send(AmiAction("Ping"))
        await floor.until("6")
        assert floor.story == ["fetched", *"123456"]


async def test_an_answer_is_a_value_of_ours() -> None:
    async with FakeAsterisk() as asterisk, linked(asterisk, Floor()) as link:
        asterisk.answers["QueueAdd"] = succeed("Added interface to queue")
        answer = await link.send(ADD)
        (sent,) = await asterisk.received("QueueAdd")
    assert type(answer) is AmiMessage
    assert answer.get("Message") == "Added interface to queue"
    assert {name: sent[name] for name, _ in ADD.headers} == dict(ADD.headers)


async def test_a_refusal_is_an_error_that_says_why() -> None:
    async with FakeAsterisk() as asterisk, linked(asterisk, Floor()) as link:
        asterisk.answers["QueueAdd"] = refuse("Unable to add interface: Already there")
        with pytest.raises(AsteriskRefused, match="Already there"):
            await link.send(ADD)


async def test_text_outside_ascii_goes_out_and_comes_back_unchanged() -> None:
    async with FakeAsterisk() as asterisk, linked(asterisk, Floor()) as link:
        asterisk.answers["Say"] = lambda action: [[("Response", "Success"), ("Message", action["Text"])]]
        assert (await link.send(AmiAction("Say", (("Text", "José æøå 😀"),)))).get("Message") == "José æøå 😀"


async def test_a_list_is_collected_until_it_is_complete_and_is_no_event() -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk, linked(asterisk, floor) as link:
        asterisk.answers["QueueStatus"] = listing(ITEMS, name="QueueStatusComplete")
        first, second = await link.send_list(STATUS)
        assert (first.name, second.get("Name")) == ("QueueParams", "José")
    assert floor.story == ["fetched"]


@pytest.mark.parametrize("claimed", [1, 3])
async def test_a_list_with_items_missing_is_an_error(claimed: int) -> None:
    async with FakeAsterisk() as asterisk, linked(asterisk, Floor()) as link:
        asterisk.answers["QueueStatus"] = listing(ITEMS, name="QueueStatusComplete", claimed=claimed)
        with pytest.raises(RemoteProtocolError, match=f"instead of {claimed}"):
            await link.send_list(STATUS)


async def test_a_list_that_asterisk_refuses_or_cancels_is_an_error() -> None:
    async with FakeAsterisk() as asterisk, linked(asterisk, Floor()) as link:
        asterisk.answers["QueueStatus"] = refuse("No such queue")
        with pytest.raises(AsteriskRefused, match="No such queue"):
            await link.send_list(STATUS)
        cancelled = [[("Response", "Success")], [("Event", "X"), ("EventList", "Cancelled")]]
        asterisk.answers["QueueStatus"] = lambda _: cancelled
        with pytest.raises(RemoteProtocolError, match="cancelled"):
            await link.send_list(STATUS)


async def test_a_list_that_never_ends_is_given_up_and_its_late_items_are_counted() -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk, linked(asterisk, floor, deadline=0.2) as link:
        asterisk.answers["QueueStatus"] = lambda _: [[("Response", "Success"), ("EventList", "start")]]
        with pytest.raises(AsteriskUnreachable, match="no whole list"):
            await link.send_list(STATUS)
        action_id = (await asterisk.received("QueueStatus"))[0]["ActionID"]
        asterisk.send(message([("Event", "QueueParams"), ("Queue", "help"), ("ActionID", action_id)]))
        asterisk.send_event("E", ("N", "after"))
        await floor.until("after")
        assert link.counters.strays == 1


async def test_an_action_without_an_answer_ends_at_its_deadline_and_a_late_answer_harms_nobody() -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk, linked(asterisk, floor, deadline=0.2) as link:
        asterisk.answers["QueueAdd"] = lambda _: []
        with pytest.raises(AsteriskUnreachable, match="no answer within"):
            await link.send(ADD)
        action_id = (await asterisk.received("QueueAdd"))[0]["ActionID"]
        asterisk.send(message([("Response", "Success"), ("ActionID", action_id)]))
        asterisk.send_event("E", ("N", "after"))
        await floor.until("after")
        assert link.counters.strays == 1
        assert link.state is LinkState.CONNECTED


async def test_more_actions_than_the_bound_are_refused_and_not_queued() -> None:
    async with FakeAsterisk() as asterisk, linked(asterisk, Floor(), ping_interval=60) as link:
        asterisk.silent = True
        waiting = [asyncio.create_task(link.send(ADD)) for _ in range(MAX_PENDING)]
        await asterisk.received("QueueAdd", MAX_PENDING)
        with pytest.raises(AsteriskUnreachable, match=str(MAX_PENDING)):
            await link.send(ADD)
        asterisk.cut()
        errors = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(error, AsteriskUnreachable) for error in errors)


async def test_without_a_link_an_action_fails_at_once() -> None:
    floor = Floor()
    link = AmiLink("127.0.0.1", 1, "u", "s", on_connected=floor.on_connected, on_event=floor.on_event)
    with pytest.raises(AsteriskUnreachable, match="no link"):
        await link.send(ADD)
    with pytest.raises(AsteriskUnreachable, match="no link"):
        await link.send_list(STATUS)


@pytest.mark.parametrize(
    "value", ["lunch\r\n\r\nAction: Originate\r\nChannel: x", "lunch\nAction: Originate", "\0", "x" * 1_100]
)
async def test_an_action_that_asterisk_would_read_as_two_never_reaches_the_wire(value: str) -> None:
    async with FakeAsterisk() as asterisk, linked(asterisk, Floor()) as link:
        for header in (("Reason", value), (value, "lunch")):
            with pytest.raises(LocalProtocolError):
                await link.send(AmiAction("QueuePause", (header,)))
            with pytest.raises(LocalProtocolError):
                await link.send_list(AmiAction("QueueStatus", (header,)))
        await asterisk.received("Ping", 2)
        assert {action["Action"] for action in asterisk.actions} == {"Challenge", "Login", "Ping"}
        assert asterisk.wire.count(b"Action: ") == len(asterisk.actions)


async def test_actions_in_flight_fail_when_the_link_is_cut_and_are_never_sent_again() -> None:
    async with FakeAsterisk() as asterisk, linked(asterisk, Floor()) as link:
        asterisk.answers["QueueAdd"] = lambda _: []
        asterisk.answers["QueueStatus"] = lambda _: [[("Response", "Success"), ("EventList", "start")]]
        action = asyncio.create_task(link.send(ADD))
        listed = asyncio.create_task(link.send_list(STATUS))
        await asterisk.received("QueueAdd")
        await asterisk.received("QueueStatus")
        asterisk.cut()
        for task in (action, listed):
            with pytest.raises(AsteriskUnreachable):
                await task
        await asterisk.connected(2)
        await reached(link, LinkState.CONNECTED)
        await asterisk.received("Ping", 3)
        assert len(await asterisk.received("QueueAdd")) == 1
        assert link.counters.losses == 1


async def test_a_forged_answer_resolves_nothing() -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk, linked(asterisk, floor, deadline=0.3) as link:
        asterisk.answers["QueueAdd"] = lambda _: []
        action = asyncio.create_task(link.send(ADD))
        await asterisk.received("QueueAdd")
        for action_id in ("1", "hotline-1", "action/1/1"):
            asterisk.send(message([("Response", "Success"), ("ActionID", action_id)]))
        with pytest.raises(AsteriskUnreachable):
            await action
        assert link.counters.strays + link.counters.malformed == 3
