"""Checking what is on disk over the interface."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hotline_ivr.config.check import CheckResult
from hotline_ivr.errors import SetupError
from hotline_ivr.web.api.checking import MOST_PROBLEMS
from tests.plans import DEMO
from tests.web.api.house import Caller, Client, House


@pytest.fixture
def file(house: House) -> Path:
    folder = house.folder / "config"
    folder.mkdir()
    path = folder / "hotline.yaml"
    path.write_text(DEMO)
    return path


@pytest.mark.usefixtures("file")
async def test_a_good_configuration_has_a_version_beside_the_one_in_use(caller: Caller, house: House) -> None:
    answer = await (await caller.ask("POST", "/check", "control")).json()
    assert (answer["good"], answer["errors"], answer["problems"]) == (True, 0, [])
    assert answer["version_in_use"] == house.plan.version
    assert answer["version"] not in {None, house.plan.version}


async def test_a_bad_one_has_every_mistake_with_its_place_and_remedy(caller: Caller, file: Path) -> None:
    file.write_text(DEMO.replace("queue: main", "queue: mian").replace("hours: always", "huors: always"))
    answer = await (await caller.ask("POST", "/check", "control")).json()
    assert (answer["good"], answer["version"]) == (False, None)
    assert answer["errors"] == len(answer["problems"]) >= 2
    misspelt = next(each for each in answer["problems"] if "huors" in each["message"])
    assert (misspelt["line"], misspelt["severity"]) == (8, "error")
    assert misspelt["file"].endswith("hotline.yaml")


async def test_many_warnings_hide_no_error(caller: Caller, file: Path) -> None:
    crowd = "".join(f"  a{number:03}: {{operators: [anna]}}\n" for number in range(MOST_PROBLEMS + 10))
    queues = DEMO.replace(
        "queues: {main: {operators: [anna]}}", "queues:\n  main: {operators: [anna]}\n" + crowd
    )
    file.write_text(queues.replace('["127.0.0.1"]', "[nowhere]"))
    answer = await (await caller.ask("POST", "/check", "control")).json()
    assert answer["warnings"] > MOST_PROBLEMS
    assert len(answer["problems"]) == MOST_PROBLEMS
    assert [each["path"] for each in answer["problems"] if each["severity"] == "error"] == [
        "trunks.carrier.hosts.0"
    ]


class SlowCheck:
    """A check whose end the test decides."""

    def __init__(self, result: CheckResult) -> None:
        self._result = result
        self.begun = threading.Event()
        self.end = threading.Event()

    def __call__(self) -> CheckResult:
        self.begun.set()
        assert self.end.wait(10)
        return self._result


async def test_a_second_check_at_the_same_time_is_sent_away(house: House) -> None:
    slow = SlowCheck(CheckResult(None, ()))
    house.check = slow  # type: ignore[method-assign]
    async with TestClient(TestServer(house.app())) as client:
        caller = Caller(client, house.secrets)
        first = asyncio.ensure_future(caller.ask("POST", "/check", "control"))
        assert await asyncio.to_thread(slow.begun.wait, 10)
        response = await caller.ask("POST", "/check", "admin")
        assert (response.status, response.headers["Retry-After"]) == (503, "5")
        slow.end.set()
        assert (await first).status == 200
        assert (await caller.ask("POST", "/check", "control")).status == 200


@pytest.fixture
async def without_prompts(house: House) -> AsyncIterator[Client]:
    def fail() -> CheckResult:
        raise SetupError("/srv/sounds/prompts.yaml: cannot be read")

    house.check = fail  # type: ignore[method-assign]
    async with TestClient(TestServer(house.app())) as client:
        yield client


async def test_a_check_that_cannot_be_made_is_our_trouble(without_prompts: Client, house: House) -> None:
    problem = await Caller(without_prompts, house.secrets).problem(503, "POST", "/check", "control")
    assert "/srv/sounds" not in problem["detail"]
