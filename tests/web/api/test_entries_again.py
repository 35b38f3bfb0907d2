"""An entry that is asked for twice under one key is one entry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientResponse

from hotline_ivr.store.engine import Store
from hotline_ivr.store.register_privacy import Ids, erase_entries
from tests.web.api.house import NOW, Caller, House
from tests.web.api.register_house import ASKED, caller, change, house, store

__all__ = ["caller", "house", "store"]

KEY = {"Idempotency-Key": "console-7/entry-1"}

Keyed = Callable[..., Awaitable[ClientResponse]]


@pytest.fixture
def keyed(caller: Caller) -> Keyed:
    """Writes an entry under a key."""

    async def write(body: dict[str, Any], *, role: str = "control", key: str | None = None) -> ClientResponse:
        headers = KEY if key is None else {"Idempotency-Key": key}
        return await caller.ask("POST", "/entries", role, json=body, headers=headers)

    return write


async def test_who_tries_again_after_the_trail_failed_finds_the_entry_and_makes_no_second(
    caller: Caller, house: House, keyed: Keyed
) -> None:
    house.disk_full = True
    failed = await keyed(ASKED)
    assert failed.status == 503
    assert list(house.trail.entries()) == []
    house.disk_full = False
    answers = [await (await keyed(ASKED)).json() for _ in range(2)]
    (entry,) = (await caller.get("/entries", "control"))["entries"]
    assert [each["id"] for each in answers] == [entry["id"]] * 2
    assert [(each.action, each.subject) for each in house.trail.entries()] == [("entry.add", entry["id"])]


async def test_a_second_try_is_answered_with_the_entry_as_it_is_by_now(
    caller: Caller, house: House, keyed: Keyed, store: Store
) -> None:
    first = await keyed({**ASKED, "topic": "exams", "follow_up": {"due": "2026-12-01", "done": True}})
    entry = await first.json()
    await change(caller, entry, answer="15. april")
    # What has been retired since is no reason to refuse it now.
    house.use({"topics": {}})
    again = await keyed({**ASKED, "topic": "exams", "follow_up": {"due": "2026-12-01", "done": True}})
    shown = await again.json()
    assert (again.status, again.headers["Location"]) == (201, first.headers["Location"])
    assert (shown["id"], shown["version"], shown["answer"]) == (entry["id"], 2, "15. april")
    await store.write(lambda on: erase_entries(on, Ids([entry["id"]]), NOW, "admin"))
    erased = await (await keyed({**ASKED, "topic": "exams"})).json()
    assert (erased["id"], erased["question"]) == (entry["id"], "")


async def test_a_key_names_one_request_of_one_program(keyed: Keyed) -> None:
    entry = await (await keyed(ASKED)).json()
    other = await keyed({**ASKED, "question": "Hvor?"})
    problem = await other.json()
    assert other.status == 422
    assert problem["errors"][0]["where"] == "header.Idempotency-Key"
    assert entry["id"] in problem["detail"]
    assert (await (await keyed(ASKED, role="admin")).json())["id"] != entry["id"]
    for wrong in ("", " ", "x" * 201, "blå"):
        assert (await keyed(ASKED, key=wrong)).status == 422
