"""A service and a receiver of web hooks, each in a process of its own, that are killed as `kill -9` does."""

from __future__ import annotations

import asyncio
import json
import os
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from hotline_ivr.asterisk.spool_log import open_logs
from hotline_ivr.calls.calls_in_hand import Limits
from hotline_ivr.calls.record_keeper import RecordKeeper
from hotline_ivr.calls.webhook_sender import WebhookSender
from hotline_ivr.config.models import Plan
from hotline_ivr.launch.webhook_parts import DatabaseDeliveries, EventPost
from hotline_ivr.routing.webhooks import DeliveryState, Subscription
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.ledger import DatabaseLedger
from tests.calls.asterisk_files import NODE, AsteriskFiles
from tests.calls.lives import die_at
from tests.plans import a_plan

HOOK = "crm"


class Uncounted:
    def tried(self, hook: str, state: DeliveryState) -> None:
        pass

    def given_up(self, hook: str, count: int) -> None:
        pass


def told_plan(port: int, secret: Path) -> Plan:
    """A plan with one web hook on this machine."""
    hooks = {HOOK: {"url": f"http://127.0.0.1:{port}/hook", "secret": f"file:{secret}", "settle": "0"}}
    return a_plan(sections={"webhooks": hooks})


def receive(port: int, file: str) -> None:
    """Take messages, each on the disk before it is answered, until killed."""
    asyncio.run(_receive(port, Path(file)))


async def _receive(port: int, file: Path) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def take(request: web.Request) -> web.Response:
        body = await request.json()
        os.write(descriptor, (json.dumps(body) + "\n").encode())
        os.fsync(descriptor)
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


def serve_until_killed(url: str, folder: str, port: int, moment: int) -> None:
    """Keep the record and tell the web hook; the `moment`-th thing asked of the database is the last.

    Exits with 0 if nothing was left to do before that.
    """
    die_at(moment)
    asyncio.run(_serve(url, Path(folder), port))


async def _serve(url: str, folder: Path, port: int) -> None:
    store = open_store(url)
    plan = told_plan(port, folder / "secret")
    deliveries = DatabaseDeliveries(store, NODE)
    await deliveries.subscribe([Subscription.of(name, each) for name, each in plan.webhooks.items()])
    post = EventPost(lambda: plan, NODE, clock=_utc)
    sender = WebhookSender(deliveries, post, Uncounted(), draw=lambda: 0.5)
    sending = asyncio.create_task(sender.run(lambda: (HOOK,)))
    files = AsteriskFiles(folder)
    # The smallest pieces there are, so that there are many commits.
    logs = partial(open_logs, files.cel, files.queue_log, piece_bytes=1)
    ledger = DatabaseLedger(store, NODE, spooled=sender.wake)
    keeper = RecordKeeper(NODE, ledger, logs, limits=Limits(refresh=0))
    await keeper.catch_up()
    while (await deliveries.counts()).get(HOOK):
        await asyncio.sleep(0.02)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    keeper.close()
    await post.close()
    await store.close()


def _utc() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)
