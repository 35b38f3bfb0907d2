"""What would change, taking it into use, and what was in use, over the interface."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hotline_ivr.config.check import read_plan
from hotline_ivr.errors import ConfigError, SetupError
from hotline_ivr.launch.plan_history import PlanHistory
from hotline_ivr.views.proposal import as_data
from tests.plans import DEMO
from tests.web.api.house import NOW, Caller, House


@pytest.fixture
def file(house: House) -> Path:
    """What is on disk is in use; the test changes it."""
    folder = house.folder / "config"
    folder.mkdir()
    path = folder / "hotline.yaml"
    path.write_text(DEMO)
    house.plan = read_plan(folder)
    return path


def shorten(file: Path) -> None:
    file.write_text(DEMO.replace("hours: always", "hours: {mon-fri: '08:00-14:00'}"))


def spoil(file: Path) -> None:
    file.write_text(DEMO.replace("queue: main", "queue: mian").replace("Anna", "Anna, nmae: x"))


async def test_what_would_change_is_told_as_the_command_does(
    caller: Caller, house: House, file: Path
) -> None:
    assert (await caller.get("/plan"))["differences"] == []
    shorten(file)
    told = await caller.get("/plan")
    expected = as_data(await house.propose())
    assert (told["running"], told["proposed"]) == (expected["running"], expected["proposed"])
    assert [each["text"] for each in told["differences"]] == [
        each["text"] for each in expected["differences"]
    ]
    assert told["differences"][0]["calls_last_year"] == 23


async def test_an_admin_takes_it_into_use_and_the_trail_says_so(
    caller: Caller, house: House, file: Path
) -> None:
    before = house.plan.version
    shorten(file)
    response = await caller.ask("POST", "/apply", "admin")
    assert response.status == 200
    assert await response.json() == {"version": house.plan.version, "before": before}
    assert house.plan.version != before
    (entry,) = [each for each in house.trail.entries() if each.action == "configuration.apply"]
    assert (entry.at, entry.by, entry.via, entry.details) == (
        NOW,
        "admin token",
        "rest",
        {"version": house.plan.version},
    )
    assert entry.request_id == response.headers["X-Request-ID"]
    assert (await caller.problem(409, "POST", "/apply", "admin"))["code"] == "unchanged"


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize("role", ["read", "control"])
async def test_nobody_below_an_admin_may_apply(caller: Caller, role: str) -> None:
    await caller.problem(403, "POST", "/apply", role)


@pytest.mark.parametrize(("method", "path"), [("POST", "/apply"), ("GET", "/plan")])
async def test_a_bad_configuration_is_refused_with_every_error(
    caller: Caller, house: House, file: Path, method: str, path: str
) -> None:
    before = house.plan.version
    spoil(file)
    problem = await caller.problem(422, method, path, "admin")
    assert problem["code"] == "refused"
    assert len(problem["errors"]) == len(house.check().errors) >= 2
    assert any(
        each["where"].endswith("hotline.yaml:9") and "mian" in each["message"] for each in problem["errors"]
    )
    assert house.plan.version == before
    assert not [each for each in house.trail.entries() if each.action == "configuration.apply"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(ConfigError("hotline.yaml:1"), 422, "refused"), (SetupError("/srv: full"), 503, "unavailable")],
)
async def test_what_goes_wrong_while_it_is_taken_is_a_problem(
    house: House, file: Path, error: Exception, status: int, code: str
) -> None:
    async def fail() -> str:
        raise error

    house.take = fail  # type: ignore[method-assign]
    shorten(file)
    async with TestClient(TestServer(house.app())) as client:
        problem = await Caller(client, house.secrets).problem(status, "POST", "/apply", "admin")
        assert problem["code"] == code
        assert "/srv" not in problem["detail"]


async def test_a_second_applying_at_the_same_time_is_sent_away(house: House, file: Path) -> None:
    begun, end = asyncio.Event(), asyncio.Event()
    take = house.take

    async def slow() -> str:
        begun.set()
        await end.wait()
        return await take()

    house.take = slow  # type: ignore[method-assign]
    shorten(file)
    async with TestClient(TestServer(house.app())) as client:
        caller = Caller(client, house.secrets)
        first = asyncio.ensure_future(caller.ask("POST", "/apply", "admin"))
        async with asyncio.timeout(10):
            await begun.wait()
        assert (await caller.problem(503, "POST", "/apply", "admin"))["code"] == "busy"
        end.set()
        assert (await first).status == 200


async def test_without_a_trail_nothing_is_applied(caller: Caller, house: House, file: Path) -> None:
    before = house.plan.version
    shorten(file)
    (house.folder / "audit.jsonl").unlink(missing_ok=True)
    (house.folder / "audit.jsonl").mkdir()
    await caller.problem(503, "POST", "/apply", "admin")
    assert house.plan.version == before


async def test_what_was_in_use_is_listed_newest_first(caller: Caller, house: House, file: Path) -> None:
    history = PlanHistory(house.folder / "history")
    history.note(file.parent, "aaaa", datetime(2026, 9, 1, tzinfo=UTC))
    history.note(file.parent, "bbbb", datetime(2026, 9, 2, tzinfo=UTC))
    told = (await caller.get("/history"))["configurations"]
    assert [(each["version"], each["taken_at"]) for each in told] == [
        ("bbbb", "2026-09-02T00:00:00Z"),
        ("aaaa", "2026-09-01T00:00:00Z"),
    ]
