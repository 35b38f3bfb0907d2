"""Every request has its deadline, and there are never too many at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hotline_ivr.web.api.route import AnyRoute, Asked, Nothing, Route
from tests.web.api.house import Client, House, problem_of


class Waiting:
    """A handler that goes on when the test says so, or never."""

    def __init__(self) -> None:
        self.begun = asyncio.Semaphore(0)
        self.go_on = asyncio.Event()

    async def __call__(self, _asked: Asked[Nothing, Nothing, Nothing]) -> Nothing:
        self.begun.release()
        await self.go_on.wait()
        return Nothing()


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def route(waiting: Waiting) -> AnyRoute:
    return Route(
        method="POST",
        path="/waiting",
        role=None,
        summary="Waits",
        path_model=Nothing,
        query_model=Nothing,
        body_model=Nothing,
        answer_model=Nothing,
        handler=waiting,
    )


async def test_a_request_that_has_no_end_is_given_one(house: House, route: AnyRoute) -> None:
    read = replace(route, method="GET", path="/reading", deadline=0.05)
    app = house.app(replace(route, deadline=0.05), read)
    async with TestClient(TestServer(app)) as client:
        problem = await problem_of(await client.post("/api/v1/waiting"), 503)
        assert problem["code"] == "too-slow"
        assert "may be done all the same" in problem["detail"]
        problem = await problem_of(await client.get("/api/v1/reading"), 503)
        assert "may be done" not in problem["detail"]


async def test_more_than_so_many_at_once_are_sent_away_and_the_places_come_back(
    house: House, route: AnyRoute, waiting: Waiting
) -> None:
    async with TestClient(TestServer(house.app(route, at_once=2))) as client:
        held = [asyncio.ensure_future(client.post("/api/v1/waiting")) for _ in range(2)]
        for _ in held:
            await waiting.begun.acquire()
        response = await client.get("/api/v1/openapi.json")
        assert (await problem_of(response, 503))["code"] == "busy"
        assert response.headers["Retry-After"] == "1"
        assert (await client.get("/healthz")).status == 200, "health is not counted"
        waiting.go_on.set()
        assert [(await each).status for each in held] == [200, 200]
        await twice(client)


async def twice(client: Client) -> None:
    for _ in range(3):
        assert (await client.get("/api/v1/openapi.json")).status == 200
