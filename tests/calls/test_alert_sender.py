"""Alerts leave: each once, in order, one target beside the other, and again until they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline_ivr.calls.alert_sender import AlertSender
from hotline_ivr.control.alert_spool import AlertSpool
from hotline_ivr.routing.alerts import (
    Alert,
    AlertState,
    Channel,
    Delivery,
    QueuedAlert,
    Result,
    Told,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Post:
    """Takes alerts, unless a target is out of order or hangs."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, str]] = []
        self.tried: list[tuple[str, str]] = []
        self.out_of_order: set[str] = set()
        self.hangs: set[str] = set()

    async def send(self, alert: Alert, target: str) -> Told:
        self.tried.append((alert.id, target))
        if target in self.hangs:
            await asyncio.Event().wait()
        if target in self.out_of_order:
            return Told(arrived=False, reason="out of order")
        self.arrived.append((alert.id, target))
        return Told(arrived=True)


class Counted:
    def __init__(self) -> None:
        self.results: list[tuple[Channel, Result]] = []

    def tried(self, channel: Channel, result: Result) -> None:
        self.results.append((channel, result))


class Place:
    """A sender with a clock that is set by hand."""

    def __init__(self, folder: Path) -> None:
        self.now, self.post, self.counted = NOON, Post(), Counted()
        self.spool = AlertSpool(folder)
        self.sender = AlertSender(
            self.spool,
            {Channel.MAIL: self.post, Channel.WEBHOOK: self.post},
            self.counted,
            clock=lambda: self.now,
            draw=lambda: 0.5,
            give_up=lambda: timedelta(hours=1),
        )

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.01)

    async def later(self, **time: float) -> None:
        """The clock goes on; the sender looks at it."""
        self.now += timedelta(**time)
        self.sender._wake.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.sender.run())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def queued(
    name: str,
    *mails: str,
    hooks: tuple[str, ...] = (),
    state: AlertState = AlertState.RAISED,
    about: str = "",
) -> QueuedAlert:
    at = NOON + timedelta(seconds=int(name[-1]))
    alert = Alert(name, "record", state, about or name, at, "T", "Text")
    to = [(Channel.MAIL, mail) for mail in mails] + [(Channel.WEBHOOK, hook) for hook in hooks]
    return QueuedAlert(alert, tuple(Delivery(*target, NOON) for target in to))


async def test_everybody_is_told_once(place: Place) -> None:
    async with place.running():
        assert await place.sender.tell(queued("a-1", "ops", "kari", hooks=("chat",)))
        assert not await place.sender.tell(queued("a-1", "ops"))
        await place.until(lambda: place.spool.queued() == ())
        await place.later(hours=2)
        await place.until(lambda: place.sender.waiting == 0)
    assert sorted(place.post.arrived) == [("a-1", "chat"), ("a-1", "kari"), ("a-1", "ops")]
    assert len(place.counted.results) == 3


async def test_what_does_not_arrive_is_tried_again_and_only_that(place: Place) -> None:
    place.post.out_of_order = {"kari"}
    async with place.running():
        await place.sender.tell(queued("a-1", "ops", "kari"))
        await place.until(lambda: len(place.counted.results) == 2)
        await place.later(seconds=4)
        place.post.out_of_order = set()
        await place.later(seconds=2)
        await place.until(lambda: place.spool.queued() == ())
    assert place.post.tried == [("a-1", "ops"), ("a-1", "kari"), ("a-1", "kari")]
    (done,) = place.spool.past(1)
    assert [(each.result, each.tries) for each in done.deliveries] == [(Result.SENT, 1), (Result.SENT, 2)]


async def test_after_an_hour_it_is_given_up(place: Place) -> None:
    place.post.out_of_order = {"ops"}
    async with place.running():
        await place.sender.tell(queued("a-1", "ops"))
        await place.until(lambda: len(place.counted.results) == 1)
        await place.later(hours=1)
        await place.until(lambda: place.spool.queued() == ())
    (done,) = place.spool.past(1)
    assert done.deliveries[0].result is Result.FAILED
    assert done.deliveries[0].reason == "out of order"


async def test_a_target_that_hangs_holds_up_nobody_else(place: Place) -> None:
    place.post.hangs = {"slow"}
    async with place.running():
        await place.sender.tell(queued("a-1", hooks=("slow",)))
        await place.until(lambda: ("a-1", "slow") in place.post.tried)
        await place.sender.tell(queued("a-2", "ops", hooks=("slow", "chat")))
        await place.until(lambda: len(place.post.arrived) == 2)
    assert sorted(place.post.arrived) == [("a-2", "chat"), ("a-2", "ops")]


async def test_an_all_clear_never_comes_before_its_alarm(place: Place) -> None:
    place.post.out_of_order = {"ops"}
    async with place.running():
        await place.sender.tell(queued("a-1", "ops", about="main"))
        await place.until(lambda: len(place.counted.results) == 1)
        place.post.out_of_order = set()
        await place.sender.tell(queued("a-2", "ops", about="main", state=AlertState.OVER))
        await place.sender.tell(queued("a-3", "ops", about="other"))
        await place.until(lambda: ("a-3", "ops") in place.post.arrived)
        assert ("a-2", "ops") not in place.post.tried
        await place.later(seconds=10)
        await place.until(lambda: place.spool.queued() == ())
    assert place.post.arrived == [("a-3", "ops"), ("a-1", "ops"), ("a-2", "ops")]


async def test_what_was_left_is_sent_by_the_next_process(place: Place, tmp_path: Path) -> None:
    await place.sender.tell(queued("a-1", "ops"))
    after = Place(tmp_path)
    async with after.running():
        await after.until(lambda: after.spool.queued() == ())
    assert after.post.arrived == [("a-1", "ops")]


async def test_a_sender_that_stops_leaves_nothing_behind(place: Place) -> None:
    place.post.hangs = {"slow"}
    async with place.running():
        await place.sender.tell(queued("a-1", hooks=("slow",)))
        await place.until(lambda: ("a-1", "slow") in place.post.tried)
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("alerts")] == []
    assert len(place.spool.queued()) == 1
