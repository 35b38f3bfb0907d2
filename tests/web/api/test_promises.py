"""Promises over the interface: the list, one with its story, and what is done about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hotline_ivr.store.engine import open_store
from hotline_ivr.store.migrate import upgrade
from tests.store.test_promises import NINE, Node
from tests.web.api.house import Caller, House


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    """Three people who gave up, one of them twice, at nine; it is half past twelve now."""
    url = f"sqlite:///{tmp_path / 'promises.db'}"
    await upgrade(url)
    store = open_store(url)
    node = Node(store)
    callers = ["+4790000001", "+4790000002", "", "+4790000001"]
    await node.enter(*[await node.had(number, "abandoned", each) for number, each in enumerate(callers)])
    yield node
    await store.close()


@pytest.fixture
async def caller(node: Node, tmp_path: Path) -> AsyncIterator[tuple[Caller, House]]:
    house = House(tmp_path, node.store, now=NINE + timedelta(hours=3.5))
    async with TestClient(TestServer(house.app())) as client:
        yield Caller(client, house.secrets), house


Asked = tuple[Caller, House]


async def test_the_list_masks_numbers_and_tells_age_and_reasons(caller: Asked) -> None:
    page = await caller[0].get("/promises")
    assert [each["number"] for each in page["promises"]] == ["+47 •••• 001", "+47 •••• 002", ""]
    first = page["promises"][0]
    assert first["age_s"] == (3.5 * 60 - 1) * 60
    assert (first["reasons"], first["calls"], first["tries"]) == (["abandoned"], 2, 0)
    assert (first["owner"], first["state"], page["next"]) == (None, "open", None)


async def test_numbers_in_full_need_a_token_of_role_control(caller: Asked) -> None:
    await caller[0].problem(403, "GET", "/promises?numbers=true")
    await caller[0].problem(403, "GET", "/promises/main-0.0?numbers=true")
    page = await caller[0].get("/promises?numbers=true", "control")
    assert page["promises"][0]["number"] == "+4790000001"


async def test_pages_follow_one_another(caller: Asked) -> None:
    first = await caller[0].get("/promises?limit=2")
    second = await caller[0].get(f"/promises?limit=2&cursor={first['next']}")
    assert [each["id"] for each in (*first["promises"], *second["promises"])] == [
        "main-0.0",
        "main-1.0",
        "main-2.0",
    ]
    assert second["next"] is None
    await caller[0].problem(422, "GET", "/promises?cursor=bm9uZQ")


async def test_one_is_taken_tried_and_done_and_the_trail_knows(caller: Asked) -> None:
    asked, house = caller
    taken = await asked.ask("POST", "/promises/main-0.0/take", "control", json={"operator": "anna"})
    assert (await taken.json())["owner"] == "anna"
    assert [each["id"] for each in (await asked.get("/promises?owner=anna"))["promises"]] == ["main-0.0"]
    await asked.ask("POST", "/promises/main-0.0/take", "control", json={"operator": None})
    tried = await asked.ask("POST", "/promises/main-0.0/tried", "control", json={"note": "engaged\n"})
    assert (await tried.json())["tries"] == 1
    done = await asked.ask("POST", "/promises/main-0.0/done", "control", json={"note": "helped"})
    shown = await done.json()
    assert (shown["state"], shown["closed_by"], shown["owner"], shown["note"]) == (
        "done",
        "control token",
        None,
        "helped",
    )
    entries = list(house.trail.entries())
    assert [each.action for each in entries] == [
        "promise.take",
        "promise.give-back",
        "promise.tried",
        "promise.done",
    ]
    assert entries[2].details == {}
    assert "engaged" not in house.trail._path.read_text()
    assert house.told == 4
    story = await asked.get("/promises/main-0.0")
    assert [each["kind"] for each in story["acts"]] == ["taken", "given-back", "tried", "done"]
    assert [each["id"] for each in story["calls"]] == ["main-0.0", "main-3.0"]
    problem = await asked.problem(409, "POST", "/promises/main-0.0/drop", "control", json={})
    assert problem["detail"] == "Promise main-0.0 is closed already: done, by control token."
    assert len((await asked.get("/promises"))["promises"]) == 2
    assert len((await asked.get("/promises?all=true"))["promises"]) == 3
    assert len((await asked.get("/promises?state=done"))["promises"]) == 1


async def test_notes_about_persons_are_for_role_control(caller: Asked) -> None:
    note = {"note": "Mrs Hansen's knee"}
    await caller[0].ask("POST", "/promises/main-0.0/tried", "control", json=note)
    await caller[0].ask("POST", "/promises/main-0.0/done", "control", json=note)
    for role, told in (("read", None), ("control", "Mrs Hansen's knee")):
        story = await caller[0].get("/promises/main-0.0", role)
        assert [each["note"] for each in story["acts"]] == [told, told]
        assert story["promise"]["note"] == told
        (listed,) = (await caller[0].get("/promises?state=done", role))["promises"]
        assert listed["note"] == told


async def test_who_may_only_read_changes_nothing(caller: Asked) -> None:
    for action in ("take", "tried", "done", "drop"):
        await caller[0].problem(403, "POST", f"/promises/main-0.0/{action}", json={})


async def test_what_makes_no_sense_is_refused(caller: Asked) -> None:
    problem = await caller[0].problem(
        422, "POST", "/promises/main-0.0/take", "control", json={"operator": "cara"}
    )
    assert problem["detail"] == "There is no operator 'cara'. Operators are: anna, bjorn."
    await caller[0].problem(404, "POST", "/promises/main-77.0/done", "control", json={})
    await caller[0].problem(404, "GET", "/promises/main-77.0")
    long = {"note": "x" * 501}
    await caller[0].problem(422, "POST", "/promises/main-0.0/done", "control", json=long)


async def test_a_database_that_is_away_is_told(tmp_path: Path) -> None:
    away = open_store(f"sqlite:///{tmp_path / 'nowhere' / 'hotline.db'}")
    house = House(tmp_path, away)
    async with TestClient(TestServer(house.app())) as client:
        asked = Caller(client, house.secrets)
        await asked.problem(503, "GET", "/promises")
        await asked.problem(503, "POST", "/promises/main-0.0/done", "control", json={})
    await away.close()
