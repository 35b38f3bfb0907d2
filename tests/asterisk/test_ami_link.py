"""The manager link against a FakeAsterisk on loopback: up, up to date, in order, and never forged."""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import suppress
from pathlib import Path

import pytest

from hotline_ivr.asterisk import ami_link
from hotline_ivr.asterisk.ami_codec import AmiAction, AmiMessage
from hotline_ivr.asterisk.ami_link import DOUBTED_REFUSALS, AmiLink, LinkState, backoff
from hotline_ivr.errors import (
    AsteriskError,
    AsteriskRefused,
    AsteriskUnreachable,
)
from hotline_ivr.testing.fake_asterisk import FakeAsterisk, listing, message, succeed
from tests.asterisk.linking import ADD, ITEMS, SECRET, STATUS, Floor, linked, reached


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


async def test_a_link_that_is_closed_in_a_pause_is_not_read_again() -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk:
        async with linked(asterisk, floor, bundle=0.01) as link:
            asterisk.send_event("E", ("N", "1"))
            await floor.until("1")
        with pytest.raises(AsteriskUnreachable):
            await link.send(AmiAction("Ping"))


async def test_an_event_that_cannot_be_handled_costs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk, linked(asterisk, floor) as link:
        for name in ("one", "bad", "two"):
            asterisk.send_event("E", ("N", name))
        assert await floor.until("two") == ["fetched", "one", "bad", "two"]
        assert link.counters.handler_errors == 1
        assert link.counters.events == 3
    assert "an event could not be handled" in caplog.text


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


async def test_an_asterisk_that_refuses_while_it_stops_is_asked_again_soon(
    caplog: pytest.LogCaptureFixture,
) -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk, linked(asterisk, floor) as link:
        asterisk.shutting_down = True
        asterisk.cut()
        async with asyncio.timeout(5):
            await asterisk.connected(3)
        assert link.state is LinkState.DISCONNECTED
        asterisk.shutting_down = False
        await reached(link, LinkState.CONNECTED)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_service_that_starts_while_asterisk_stops_asks_again_soon() -> None:
    async with FakeAsterisk() as asterisk:
        asterisk.shutting_down = True
        async with linked(asterisk, Floor(), state=None) as link:
            await asterisk.connected(2)
            asterisk.shutting_down = False
            await reached(link, LinkState.CONNECTED)


async def test_an_account_that_was_taken_and_is_not_any_more_is_told_at_the_first_refusal() -> None:
    async with FakeAsterisk() as asterisk, linked(asterisk, Floor()) as link:
        asterisk.refuses_logins = True
        asterisk.cut()
        await reached(link, LinkState.REFUSED)
        assert link.counters.refused_logins == 1


async def test_an_asterisk_that_refuses_everything_for_long_is_no_longer_hammered() -> None:
    floor = Floor()
    async with FakeAsterisk() as asterisk, linked(asterisk, floor) as link:
        asterisk.shutting_down = True
        asterisk.cut()
        await reached(link, LinkState.REFUSED)
        assert link.counters.refused_logins == DOUBTED_REFUSALS + 1


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
