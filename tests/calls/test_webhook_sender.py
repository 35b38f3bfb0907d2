"""Receivers that fail, hang, are gone, or are slow: each holds up itself alone."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from aiohttp import web

from hotline_ivr.calls import webhook_sender
from hotline_ivr.calls.webhook_sender import WebhookSender
from hotline_ivr.launch.webhook_parts import DatabaseDeliveries, EventPost
from hotline_ivr.routing.ledger import Batch
from hotline_ivr.routing.webhooks import DeliveryState, Subscription
from hotline_ivr.store.engine import Store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.testing.ports import free_port
from tests.exports.records import answered
from tests.plans import a_plan

Answer = Callable[[dict[str, Any]], Awaitable[int]]


class Counted:
    def __init__(self) -> None:
        self.results: Counter[tuple[str, str]] = Counter()

    def tried(self, hook: str, state: DeliveryState) -> None:
        self.results[hook, state.value] += 1

    def given_up(self, hook: str, count: int) -> None:
        self.results[hook, "given up"] += count


class Receiver:
    """An HTTP server on this machine whose answers a test decides."""

    def __init__(self) -> None:
        self.port = free_port()
        self.arrived: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.came = asyncio.Event()
        self.answer: Answer = self._well

    async def _well(self, _body: dict[str, Any]) -> int:
        return 200

    async def take(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        self.arrived.append(body)
        self.headers.append(dict(request.headers))
        self.came.set()
        return web.Response(status=await self.answer(body))

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.arrived) < count:
                self.came.clear()
                await self.came.wait()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", receiver.port).start()
    try:
        yield receiver
    finally:
        await runner.cleanup()


class House:
    """A sender with these web hooks, over a real database."""

    def __init__(self, store: Store, folder: Path, ports: dict[str, int], **more: Any) -> None:
        (folder / "secret").write_text("s3cret")
        place = f"file:{folder / 'secret'}"
        hooks = {
            name: {"url": f"http://127.0.0.1:{port}/hook", "secret": place, "settle": "0", **more}
            for name, port in ports.items()
        }
        self.plan = a_plan(sections={"webhooks": hooks})
        self.late = timedelta()
        self.store, self.counted = store, Counted()
        self.deliveries = DatabaseDeliveries(store, "main")
        self.post = EventPost(lambda: self.plan, "main", self.now, deadline=0.3)
        self.sender = WebhookSender(
            self.deliveries, self.post, self.counted, draw=lambda: 0.5, clock=self.now
        )
        self.ledger = DatabaseLedger(store, "main", spooled=self.sender.wake)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.late

    async def __aenter__(self) -> Self:
        hooks = [Subscription.of(name, each) for name, each in self.plan.webhooks.items()]
        await self.deliveries.subscribe(hooks)
        self.task = asyncio.create_task(self.sender.run(lambda: tuple(self.plan.webhooks)))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.post.close()

    async def end(self, *numbers: int, **changes: Any) -> None:
        await self.ledger.commit(Batch("main", records=[answered(number, **changes) for number in numbers]))

    async def settled(self, hook: str = "crm") -> None:
        """Nothing waits any more."""
        async with asyncio.timeout(20):
            while (seen := (await self.deliveries.counts()).get(hook)) and seen.waiting:
                await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries that a test can wait for."""
    monkeypatch.setattr(webhook_sender, "pause_after", lambda tries, _draw: timedelta(seconds=0.02 * tries))


async def test_each_call_arrives_with_its_id_and_version(store: Store, tmp_path: Path) -> None:
    async with receiving() as receiver, House(store, tmp_path, {"crm": receiver.port}) as house:
        await house.end(1, 2, 3)
        await receiver.until(3)
        await house.settled()
        ids = {headers["Hotline-Event-Id"] for headers in receiver.headers}
        assert ids == {body["id"] for body in receiver.arrived}
        assert len(ids) == 3
        assert {headers["Hotline-Event-Version"] for headers in receiver.headers} == {"1"}
        assert all(headers["Hotline-Signature"].startswith("t=") for headers in receiver.headers)


async def test_a_version_waits_for_the_one_before_it(store: Store, tmp_path: Path) -> None:
    """The first try of the first version fails while the second is there already."""
    async with receiving() as receiver, House(store, tmp_path, {"crm": receiver.port}) as house:
        failing = 4

        async def answer(_body: dict[str, Any]) -> int:
            nonlocal failing
            failing -= 1
            return 500 if failing >= 0 else 200

        receiver.answer = answer
        await house.end(1)
        await house.end(1, talk_ms=1)
        await house.end(1, talk_ms=2)
        await receiver.until(7)
        await house.settled()
        assert [body["version"] for body in receiver.arrived] == [1, 1, 1, 1, 1, 2, 3]
        assert house.counted.results["crm", "waiting"] == 4


async def test_what_becomes_known_late_leaves_with_the_first_message(store: Store, tmp_path: Path) -> None:
    async with receiving() as receiver, House(store, tmp_path, {"crm": receiver.port}, settle="2s") as house:
        await house.end(1)
        await house.end(1, talk_ms=1)
        await house.end(1, talk_ms=2)
        assert receiver.arrived == []
        await receiver.until(1)
        await house.settled()
        (told,) = receiver.arrived
        assert (told["version"], told["data"]["call"]["talk_ms"]) == (3, 2)


async def test_one_that_hangs_holds_up_nobody_else(store: Store, tmp_path: Path) -> None:
    async with receiving() as slow, receiving() as quick_one:
        hanging = asyncio.Event()

        async def answer(_body: dict[str, Any]) -> int:
            await hanging.wait()
            return 200

        slow.answer = answer
        ports = {"slow": slow.port, "quick": quick_one.port}
        async with House(store, tmp_path, ports) as house:
            await house.end(*range(20))
            await quick_one.until(20)
            await house.settled("quick")
            seen = (await house.deliveries.counts())["slow"]
            assert seen.waiting == 20
            hanging.set()
            await house.settled("slow")


async def test_one_that_is_not_there_is_asked_by_one_message_and_gets_all_when_it_comes(
    store: Store, tmp_path: Path
) -> None:
    port = free_port()
    async with House(store, tmp_path, {"crm": port}) as house:
        await house.end(*range(30))
        async with asyncio.timeout(20):
            while house.counted.results["crm", "waiting"] < 8:
                await asyncio.sleep(0.01)
        # Four at the first look, then one at a time.
        tries = [each.tries for each in await house.deliveries.newest(None, 100)]
        assert sum(tries) <= 4 + 8
        receiver = Receiver()
        receiver.port = port
        app = web.Application()
        app.router.add_post("/hook", receiver.take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            await receiver.until(30)
            await house.settled()
        finally:
            await runner.cleanup()
        assert len({body["subject"] for body in receiver.arrived}) == 30


async def test_a_receiver_that_says_gone_is_not_asked_for_that_again(store: Store, tmp_path: Path) -> None:
    async with receiving() as receiver, House(store, tmp_path, {"crm": receiver.port}) as house:

        async def answer(body: dict[str, Any]) -> int:
            return 410 if body["subject"].endswith(".10") else 200

        receiver.answer = answer
        await house.end(1, 2, 3)
        await house.settled()
        failed = await house.deliveries.newest(DeliveryState.FAILED, 10)
        assert [(each.subject[-3:], each.reason) for each in failed] == [(".10", "given up: status 410")]
        assert len(receiver.arrived) == 3
        receiver.answer = receiver._well
        (hook,) = (Subscription.of(name, each) for name, each in house.plan.webhooks.items())
        assert await house.deliveries.retry(hook, house.now()) == 1
        house.sender.retry("crm")
        await house.settled()
        assert [body["subject"][-3:] for body in receiver.arrived[3:]] == [".10"]


async def test_a_message_that_is_never_taken_does_not_hold_up_others(store: Store, tmp_path: Path) -> None:
    async with receiving() as receiver, House(store, tmp_path, {"crm": receiver.port}) as house:

        async def answer(body: dict[str, Any]) -> int:
            return 400 if body["subject"].endswith(".10") else 200

        receiver.answer = answer
        await house.end(*range(1, 9))
        async with asyncio.timeout(20):
            while (await house.deliveries.counts())["crm"].waiting > 1:
                await asyncio.sleep(0.01)
        house.late = timedelta(days=4)
        await house.settled()
        (failed,) = await house.deliveries.newest(DeliveryState.FAILED, 10)
        assert failed.reason == "given up: status 400"


async def test_what_waits_is_tried_once_however_long_the_service_was_dead(
    store: Store, tmp_path: Path
) -> None:
    async with receiving() as receiver:
        house = House(store, tmp_path, {"crm": receiver.port})
        hooks = [Subscription.of(name, each) for name, each in house.plan.webhooks.items()]
        await house.deliveries.subscribe(hooks)
        await house.end(1, 2)
        house.late = timedelta(days=20)
        async with house:
            await receiver.until(2)
            await house.settled()


async def test_a_dead_receiver_does_not_slow_the_record(store: Store, tmp_path: Path) -> None:
    """A commit waits for no receiver: all of them are in while the first request hangs still."""
    async with receiving() as receiver:
        held = asyncio.Event()

        async def answer(_body: dict[str, Any]) -> int:
            await held.wait()
            return 200

        receiver.answer = answer
        async with House(store, tmp_path, {"crm": receiver.port}) as house:
            house.post._post._deadline = 60
            await house.end(0)
            await receiver.until(1)
            for number in range(1, 30):
                await house.end(number)
            seen = (await house.deliveries.counts())["crm"]
            assert (seen.waiting, len(receiver.arrived)) == (30, 1)
            held.set()
            await house.settled()
