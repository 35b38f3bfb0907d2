"""Whoever may not see numbers sees none, in no form and in no column: exports, web hooks, the interface.

The record holds every kind of call by one person, calls back to them among these, and what people wrote.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import insert, select

from hotline_ivr.control.tokens import Role
from hotline_ivr.exports.columns import Wanted
from hotline_ivr.exports.kinds import KINDS
from hotline_ivr.exports.writing import Order, export
from hotline_ivr.routing.entries import FollowUp
from hotline_ivr.routing.number_forms import NumberForms
from hotline_ivr.routing.webhooks import Subscription
from hotline_ivr.store import streaming
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.register_book import DatabaseRegister
from hotline_ivr.store.tables import call, promise, promise_act
from hotline_ivr.store.webhook_deliveries import newest
from hotline_ivr.store.webhook_spool import subscribe
from tests.calls.asterisk_files import a_call
from tests.exports.records import EVERYTHING
from tests.launch.privacy.persons import CALLED_AT, PERSON, a_node, by, every_call
from tests.plans import a_plan
from tests.store.register_entries import an_entry
from tests.web.api.house import Caller, House

NATIONAL = PERSON[3:]
FORMS = NumberForms(PERSON)
NOTE = f"Mrs Hansen's knee; ring 0047 {NATIONAL[:3]} {NATIONAL[3:]}"


@pytest.fixture
async def store(tmp_path: Path, database_url: str) -> AsyncIterator[Store]:
    place = a_node(tmp_path, database_url)
    await upgrade(database_url)
    store = open_store(database_url)
    told = Subscription(
        "crm", frozenset({"call-ended", "entry-saved"}), frozenset(), False, timedelta(days=9)
    )
    await store.write(lambda on: subscribe(on, "main", [told]))
    # Carriers send numbers without a country code too.
    sent = [by(a_call(name, 900 + n, 9_000 + 100 * n), NATIONAL) for n, name in enumerate(("called_back",))]
    place.write(*every_call(), *sent)
    await place.keep()
    todo = FollowUp(date(2026, 11, 25), "anna", NOTE)
    entry = an_entry(f"It is {PERSON}", NOTE, f"tel-{NATIONAL}", number=PERSON, follow_up=todo)
    await DatabaseRegister(store).add(entry)
    owed: dict[str, Any] = {
        "node": "main",
        "line": "demo",
        "queue": "main",
        "state": "open",
        "owner": "",
        "closed_by": "",
    }
    owed |= {"id": "main-1.1", "person": PERSON, "opened_at": CALLED_AT, "last_at": CALLED_AT, "calls": 1}
    owed |= {"tries": 1, "reasons": "voicemail", "note": NOTE, "number": NATIONAL}
    act: dict[str, Any] = {
        "node": "main",
        "person": PERSON,
        "at": CALLED_AT,
        "kind": "tried",
        "by": "x",
        "operator": "",
    }
    await store.write(lambda on: on.execute(insert(promise).values(**owed)))
    await store.write(lambda on: on.execute(insert(promise_act).values(**act, note=NOTE)))
    yield store
    await store.close()


def of_the_person(data: bytes) -> list[bytes]:
    """What tells who it is, or what was written down of them, with what stands beside it."""
    found = [data[max(0, at - 60) : at + 40] for at in FORMS.find_in_text(data)]
    return found + [word for word in (b"Hansen", "Kåre".encode()) if word in data]


async def test_no_column_of_a_masked_export_tells_the_number(store: Store, database_url: str) -> None:
    """Of a call back the number outside is the person's."""
    calls = await store.read(lambda on: list(on.execute(select(call.c.kind, call.c.outside_number))))
    assert ("callback", PERSON) in [tuple(row) for row in calls]
    for kind in KINDS:
        data = await asyncio.to_thread(exported, database_url, kind)
        assert of_the_person(data) == [], kind
        assert data or kind in {"costs", "pauses"}, kind


def exported(url: str, kind: str) -> bytes:
    file, asked = io.BytesIO(), Order(kind=kind, format="ndjson", wanted=Wanted(None, EVERYTHING.until))
    folder = Path("/nowhere")
    streaming.read_at_length(
        url, lambda on: export(asked, on, a_plan(), file, folder=folder, told=lambda *_: None)
    )
    return file.getvalue()


async def test_no_message_of_a_web_hook_that_is_told_no_numbers_has_it(store: Store) -> None:
    told = await store.read(lambda on: newest(on, "main", None, 1_000))
    assert len([each for each in told if '"callback"' in each.body]) > 2
    for each in told:
        assert of_the_person(each.body.encode()) == [], each.body


async def test_nothing_that_role_read_may_ask_for_tells_it(store: Store, tmp_path: Path) -> None:
    ids = await store.read(lambda on: list(on.scalars(select(call.c.id))))
    house = House(tmp_path, store, now=CALLED_AT + timedelta(hours=1))
    lists = [
        route.path
        for route in house.routes()
        if route.method == "GET" and route.role == Role.READ and "{" not in route.path
    ]
    assert {"/calls", "/legs", "/promises", "/entries"} <= set(lists)
    async with TestClient(TestServer(house.app())) as client:
        caller = Caller(client, house.secrets)
        stories = [f"/calls/{each}" for each in ids]
        for path in (*lists, *stories, "/promises/main-1.1", "/calls?limit=500", "/legs?limit=500"):
            answer = await caller.ask("GET", path)
            assert of_the_person(await answer.read()) == [], path
