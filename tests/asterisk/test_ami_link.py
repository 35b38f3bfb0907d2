"""The manager link against a FakeAsterisk on loopback: up, up to date, in order, and never forged."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from hotline_ivr.asterisk import ami_link
from hotline_ivr.asterisk.ami_actions import QueueAdd, QueueStatus
from hotline_ivr.asterisk.ami_codec import AmiAction, AmiMessage
from hotline_ivr.asterisk.ami_link import AmiLink, LinkState, backoff
from hotline_ivr.asterisk.ami_panoramisk import MAX_PENDING
from hotline_ivr.errors import (
    AsteriskError,
    AsteriskRefused,
    AsteriskUnreachable,
    LocalProtocolError,
    RemoteProtocolError,
)
from hotline_ivr.testing.fake_asterisk import FakeAsterisk, Headers, listing, message, refuse, succeed

SECRET = "a secret of the test"
ADD = QueueAdd("help", "PJSIP/anna.k3v9", "anna").action()
STATUS = QueueStatus().action()
ITEMS: list[Headers] = [
    [("Event", "QueueParams"), ("Queue", "help")],
    [("Event", "QueueMember"), ("Name", "José")],
]


class Floor:
    """What the rest of the program does with a link: fetch the state, then follow events."""

    def __init__(self) -> None:
        self.story: list[str] = []
        self.fetch: Callable[[], None] = lambda: None
        # Set to hold every event back; whoever waits for the floor sees what it was told so far.
        self.gate = asyncio.Event()
        self.gate.set()
        self._news = asyncio.Event()

    async def on_connected(self) -> None:
        self.fetch()
        self._tell("fetched")

    async def on_event(self, event: AmiMessage) -> None:
        await self.gate.wait()
        self._tell(event.get("N") or event.name)
        if event.get("N") == "bad":
            raise ValueError("an event that the floor cannot handle")

    def _tell(self, what: str) -> None:
        self.story.append(what)
        self._news.set()

    async def until(self, what: str, count: int = 1) -> list[str]:
        async with asyncio.timeout(5):
            while self.story.count(what) < count:
                self._news.clear()
                await self._news.wait()
        return self.story


@asynccontextmanager
async def linked(
    asterisk: FakeAsterisk,
    floor: Floor,
    *,
    secret: str = SECRET,
    deadline: float = 2.0,
    ping_interval: float = 0.05,
    queue_size: int = 100,
    refused_retry: float = 30.0,
    state: LinkState | None = LinkState.CONNECTED,
) -> AsyncIterator[AmiLink]:
    link = AmiLink(
        "127.0.0.1",
        asterisk.port,
        "hotline",
        secret,
        on_connected=floor.on_connected,
        on_event=floor.on_event,
        timeout=deadline,
        ping_interval=ping_interval,
        queue_size=queue_size,
        first_retry=0.01,
        longest_retry=0.05,
        refused_retry=refused_retry,
    )
    running = asyncio.create_task(link.run())
    try:
        if state is not None:
            await reached(link, state)
        yield link
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert link.state is LinkState.DISCONNECTED


async def reached(link: AmiLink, state: LinkState) -> None:
    async with asyncio.timeout(5):
        await link.wait_for(state)


async def test_the_link_logs_in_by_challenge_and_the_secret_is_never_on_the_wire() -> None:
    async with FakeAsterisk() as asterisk, linked(asterisk, Floor()):
        (login,) = await asterisk.received("Login")
    assert login["Username"] == "hotline"
    assert login["Events"] == "agent,system"
    assert SECRET.encode() not in asterisk.wire


async def test_the_state_is_fetched_before_the_first_event_is_told() -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk:
        # These arrive in the same segment as the greeting of the login, before anything was fetched.
        asterisk.answers["Events"] = succeed("never asked")
        floor.fetch = lambda: asterisk.send_event("Early", ("N", "early"))
        async with linked(asterisk, floor):
            asterisk.send_event("Late", ("N", "late"))
            assert await floor.until("late") == ["fetched", "early", "late"]


async def test_events_come_in_order_and_whole_at_every_split() -> None:
    floor = Floor()
    events = [[("Event", "E"), ("Privilege", "agent,all"), ("N", f"José {n}")] for n in range(20)]
    stream = b"".join(map(message, events))
    async with FakeAsterisk() as asterisk, linked(asterisk, floor):
        for size in (1, 2, 7, len(stream)):
            floor.story.clear()
            await asterisk.send_split(stream, size)
            assert await floor.until("José 19") == [f"José {n}" for n in range(20)]


async def test_an_event_that_cannot_be_handled_costs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk, linked(asterisk, floor) as link:
        for name in ("one", "bad", "two"):
            asterisk.send_event("E", ("N", name))
        assert await floor.until("two") == ["fetched", "one", "bad", "two"]
        assert link.counters.handler_errors == 1
        assert link.counters.events == 3
    assert "an event could not be handled" in caplog.text


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


async def test_a_cut_in_the_middle_of_a_message_leaves_nothing_behind() -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk, linked(asterisk, floor) as link:
        asterisk.send(b"Event: E\r\nPrivilege: agent,all\r\nN: ha")
        asterisk.send_event("E", ("N", "swallowed"))
        asterisk.send(b"Event: E\r\nPrivilege: agent,all\r\nN: half")
        await asyncio.sleep(0)
        asterisk.cut()
        await floor.until("fetched", 2)
        asterisk.send_event("E", ("N", "whole"))
        assert (await floor.until("whole"))[-2:] == ["fetched", "whole"]
        assert link.counters.logins == 2


async def test_twenty_cuts_are_twenty_returns_each_with_the_state_fetched_again() -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk, linked(asterisk, floor) as link:
        for number in range(2, 22):
            asterisk.cut()
            await asterisk.connected(number)
            await floor.until("fetched", number)
        await reached(link, LinkState.CONNECTED)
        assert link.counters.logins == 21


async def test_a_half_open_link_is_found_by_the_ping_and_left() -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk, linked(asterisk, floor, deadline=0.2) as link:
        asterisk.freeze()
        await reached(link, LinkState.DISCONNECTED)
        with pytest.raises(AsteriskUnreachable):
            await link.send(ADD)
        asterisk.thaw()
        await floor.until("fetched", 2)
        await reached(link, LinkState.CONNECTED)


async def test_a_link_comes_up_when_asterisk_does() -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk:
        pass
    async with linked(asterisk, floor, state=None) as link:
        assert link.state is LinkState.DISCONNECTED
        async with asterisk:
            await reached(link, LinkState.CONNECTED)
            assert floor.story == ["fetched"]


async def test_a_wrong_secret_is_an_alarm_and_not_hammered(caplog: pytest.LogCaptureFixture) -> None:
    floor = Floor()
    async with (
        FakeAsterisk() as asterisk,
        linked(asterisk, floor, secret="wrong horse", state=LinkState.REFUSED) as link,
    ):
        assert link.counters.refused_logins == 1
        with pytest.raises(AsteriskUnreachable):
            await link.send(ADD)
        # Many times the longest back-off, and still the one attempt.
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await asterisk.connected(2)
    assert floor.story == []
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors == ["Asterisk refuses our manager account: Login: Authentication failed"]
    assert "wrong horse" not in caplog.text


async def test_a_mended_account_is_taken_at_the_next_rare_try() -> None:
    async with FakeAsterisk() as asterisk:
        asterisk.refuses_logins = True
        async with linked(asterisk, Floor(), refused_retry=0.05, state=LinkState.REFUSED) as link:
            asterisk.refuses_logins = False
            await reached(link, LinkState.CONNECTED)


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"x" * 300, b""])
async def test_who_is_not_asterisk_is_told_nothing(greeting: bytes) -> None:
    async with FakeAsterisk() as asterisk:
        asterisk.greeting = greeting
        async with linked(asterisk, Floor(), deadline=0.1, state=None) as link:
            await asterisk.connected(2)
            assert link.counters.logins == 0
    assert asterisk.wire == b""


async def test_a_message_without_an_end_costs_the_connection_and_not_the_memory() -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk, linked(asterisk, floor) as link:
        asterisk.send(b"Event: " + b"x" * 100_000)
        await floor.until("fetched", 2)
        await reached(link, LinkState.CONNECTED)
        assert link.counters.losses == 1


FORGED = {
    "a doubled header": b"Event: E\r\nPrivilege: agent,all\r\nN: forged\r\nN: forged\r\n\r\n",
    "no Privilege": b"Event: E\r\nN: forged\r\n\r\n",
    "Privilege out of place": b"Event: E\r\nN: forged\r\nPrivilege: agent,all\r\n\r\n",
    "the rest of a cut event": b"CallerIDName: x\r\nN: forged\r\n\r\n",
    "a cut channel": b"Event: E\r\nPrivilege: a\r\nChannel: c\r\nChannelState: 6\r\nN: forged\r\n\r\n",
    "garbage": b"\x00\xff\xfe garbage\r\n\r\n",
}


@pytest.mark.parametrize("data", FORGED.values(), ids=FORGED.keys())
async def test_a_forged_event_is_dropped_and_counted_and_the_state_is_fetched_again(data: bytes) -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk, linked(asterisk, floor) as link:
        asterisk.send(data)
        asterisk.send_event("E", ("N", "true"))
        await floor.until("fetched", 2)
        assert "forged" not in floor.story
        assert link.counters.malformed == 1
        assert link.counters.resyncs == 1
        assert link.counters.logins == 1


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


async def test_events_beyond_the_queue_are_counted_and_the_state_is_fetched_again() -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk, linked(asterisk, floor, queue_size=10) as link:
        floor.gate.clear()
        asterisk.send(message([("Event", "E"), ("Privilege", "agent,all"), ("N", "old")]) * 50)
        # Its answer comes behind all of these.
        await link.send(AmiAction("Ping"))
        floor.gate.set()
        await floor.until("fetched", 2)
        asterisk.send_event("E", ("N", "new"))
        await floor.until("new")
        assert floor.story[-1] == "new"
        assert link.counters.dropped + link.counters.events == 51
        assert link.counters.dropped >= 39
        assert link.counters.resyncs == 1


async def test_a_state_that_cannot_be_fetched_is_a_link_that_is_not_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    floor = Floor()
    faults = [AsteriskRefused("the queues are not loaded yet"), KeyError("a fault of ours")]

    def fetch() -> None:
        if faults:
            raise faults.pop(0)

    floor.fetch = fetch
    async with FakeAsterisk() as asterisk, linked(asterisk, floor) as link:
        assert link.counters.logins == 3
        assert link.counters.refused_logins == 0
        assert floor.story == ["fetched"]
    assert "the queues are not loaded yet" in caplog.text


async def test_the_floor_may_ask_asterisk_while_it_fetches_the_state() -> None:
    seen: list[int] = []
    async with FakeAsterisk() as asterisk:
        asterisk.answers["QueueStatus"] = listing(ITEMS, name="QueueStatusComplete")

        async def on_connected() -> None:
            seen.append(len(await link.send_list(STATUS)))

        async def on_event(_: AmiMessage) -> None:
            raise AssertionError("there is no event")

        link = AmiLink(
            "127.0.0.1", asterisk.port, "hotline", SECRET, on_connected=on_connected, on_event=on_event
        )
        running = asyncio.create_task(link.run())
        await reached(link, LinkState.CONNECTED)
        assert seen == [2]
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_a_cancelled_link_closes_and_fails_who_waits() -> None:
    async with FakeAsterisk() as asterisk:
        asterisk.answers["QueueAdd"] = lambda _: []
        async with linked(asterisk, Floor()) as link:
            action = asyncio.create_task(link.send(ADD))
            await asterisk.received("QueueAdd")
        with pytest.raises(AsteriskError):
            await action


async def test_a_stop_in_the_moment_of_a_loss_is_not_forgotten() -> None:
    async with FakeAsterisk() as asterisk:
        for _ in range(5):
            async with linked(asterisk, Floor(), ping_interval=60) as link:
                action = asyncio.create_task(link.send(ADD))
                asterisk.cut()
                # The reset is here, and the tasks that it ends have not run yet.
                with suppress(AsteriskError):
                    await action
            assert link.state is LinkState.DISCONNECTED


def test_the_back_off_grows_from_half_a_second_to_thirty_and_is_spread() -> None:
    longest = [backoff(attempt, 0.999999) for attempt in range(100)]
    assert [round(delay, 1) for delay in longest[:8]] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert max(longest) <= 30
    assert [backoff(attempt, 0) for attempt in range(3)] == [0.25, 0.5, 1.0]


def test_a_credential_in_what_panoramisk_logs_is_taken_out(caplog: pytest.LogCaptureFixture) -> None:
    action = {"Action": "Login", "Secret": SECRET, "Key": "0123abcd"}
    logging.getLogger("panoramisk").warning("Fail to send %r", action)
    assert SECRET not in caplog.text
    assert "0123abcd" not in caplog.text
    assert "'Action': 'Login'" in caplog.text


def test_panoramisk_says_nothing_below_a_warning() -> None:
    assert not logging.getLogger("panoramisk.manager").isEnabledFor(logging.INFO)


def test_one_file_alone_knows_panoramisk() -> None:
    package = Path(ami_link.__file__).parent.parent
    knowing = [
        path.name
        for path in package.rglob("*.py")
        if re.search(r"^\s*(from|import) panoramisk\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert knowing == ["ami_panoramisk.py"]
