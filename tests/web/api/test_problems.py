"""Every error is a problem document, whoever made it; none tells what is nobody's business."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import ValidationError
from structlog.testing import capture_logs

from hotline_ivr.web.api.problems import MOST_ERRORS, invalid
from hotline_ivr.web.api.reading import MOST_BODY
from hotline_ivr.web.api.route import Asked, Given, Nothing, Route
from hotline_ivr.web.api.values import Moment
from tests.web.api.house import Caller, Client, House, problem_of


async def break_down(_asked: Asked[Nothing, Nothing, Nothing]) -> Nothing:
    raise RuntimeError("the secret is xyzzy")


BROKEN = Route(
    method="POST",
    path="/broken",
    role=None,
    summary="Breaks",
    path_model=Nothing,
    query_model=Nothing,
    body_model=Nothing,
    answer_model=Nothing,
    handler=break_down,
)


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with TestClient(TestServer(house.app(BROKEN))) as client:
        yield client


async def test_a_fault_of_ours_shows_its_request_id_and_nothing_else(client: Client) -> None:
    with capture_logs() as logs:
        response = await client.post("/api/v1/broken", headers={"Accept": "text/html"})
    problem = await problem_of(response, 500)
    assert problem["code"] == "fault"
    assert "xyzzy" not in await response.text()
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == [
        "a fault while a request was answered"
    ]


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/api/v1/", "/api/v1", "/nowhere", "/api/v2/calls"])
async def test_a_page_that_is_not_there(client: Client, path: str) -> None:
    assert (await problem_of(await client.get(path), 404))["code"] == "not-found"


async def test_a_method_that_is_not_there_names_those_that_are(client: Client) -> None:
    response = await client.put("/api/v1/overrides")
    assert (await problem_of(response, 405))["code"] == "no-such-method"
    assert set(response.headers["Allow"].split(",")) == {"GET", "HEAD"}
    await problem_of(await client.post("/healthz"), 405)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_large_is_refused_with_or_without_its_length(
    caller: Caller, *, chunked: bool
) -> None:
    body = b'{"kind": "close", "until": "' + b"x" * MOST_BODY + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        yield body

    problem = await caller.problem(
        413,
        "POST",
        "/lines/info/overrides",
        "control",
        data=pieces() if chunked else body,
        headers={"Content-Type": "application/json"},
    )
    assert problem["code"] == "too-large"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"kind": "\\ud800"}', 400),
        (b'{"kind": "close", "until": "\x01"}', 400),
        (b"[" * 5000, 400),
        (b'{"kind": ' + b"[" * 17 + b"]" * 17 + b"}", 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"close"', 422),
        (b'{"kind": ' + b"[" * 8 + b"]" * 8 + b"}", 422),
        (b'{"kind": "close", "prompt": "' + b"[" * 100 + b'"}', 422),
        (b'{"kind": "close", "seconds": "60"}', 422),
        (b'{"kind": "close", "seconds": 1e400}', 422),
        (b'{"kind": "close", "seconds": ' + b"9" * 5000 + b"}", 400),
        (b'{"kind": "close", "must_press_to_go_on": 1}', 422),
    ],
)
async def test_a_body_that_makes_no_sense_is_refused_and_changes_nothing(
    caller: Caller, house: House, body: bytes, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    await caller.problem(status, "POST", "/lines/info/overrides", "control", data=body, headers=headers)
    assert house.overrides.all() == ()
    assert list(house.trail.entries()) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
async def test_only_plain_json_is_read(caller: Caller, headers: dict[str, str]) -> None:
    body = b'{"kind": "close"}'
    problem = await caller.problem(
        415, "POST", "/lines/info/overrides", "control", data=body, headers=headers
    )
    assert problem["code"] == "no-json"


async def test_each_wrong_value_is_named_with_its_place(caller: Caller) -> None:
    problem = await caller.problem(
        422, "POST", "/lines/info/overrides", "control", json={"kind": "shut", "secnds": 5}
    )
    assert {each["where"] for each in problem["errors"]} == {"body.kind", "body.secnds"}


def test_a_thousand_wrong_values_are_told_by_the_first_ones() -> None:
    class Few(Given):
        at: Moment

    with pytest.raises(ValidationError) as refused:
        Few.model_validate({f"key {number}" + "x" * 500: 1 for number in range(1000)})
    problem = invalid("query", refused.value)
    assert len(problem.errors) == MOST_ERRORS
    assert max(len(each.where) for each in problem.errors) < 80


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/nowhere", "/api/v1/openapi.json", "/api/v1/calls"])
async def test_every_answer_keeps_browsers_out(client: Client, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Server"] == "hotline"
    assert "Access-Control-Allow-Origin" not in headers


async def test_private_answers_are_kept_by_nobody_on_the_way(caller: Caller) -> None:
    assert (await caller.ask("GET", "/lines")).headers["Cache-Control"] == "no-store"
    assert (await caller.ask("GET", "/lines", None)).headers["Cache-Control"] == "no-store"
    assert (await caller.ask("GET", "/openapi.json", None)).headers["Cache-Control"] == "no-cache"


async def test_a_requests_id_is_in_its_answer_its_problem_and_the_log(caller: Caller) -> None:
    headers = {"X-Request-ID": "client-7.a_B"}
    with capture_logs(processors=[_merge]) as logs:
        problem = await caller.problem(404, "DELETE", "/overrides/zzz", "control", headers=headers)
    assert problem["request_id"] == "client-7.a_B"
    requests = [entry for entry in logs if entry["event"] == "request"]
    assert [(each["request_id"], each["status"], each["token"]) for each in requests] == [
        ("client-7.a_B", 404, "control token")
    ]
    assert requests[0]["route"] == "/api/v1/overrides/{id}"


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "id\tforged", "æ", '"><script>', "${jndi:x}"])
async def test_an_id_that_is_not_sane_is_replaced(client: Client, given: str) -> None:
    first, second = [
        (await client.get("/healthz", headers={"X-Request-ID": given})).headers["X-Request-ID"]
        for _ in range(2)
    ]
    assert re.fullmatch(r"[0-9a-f]{16}", first)
    assert first != second


async def test_ids_do_not_stay_with_a_connection(client: Client) -> None:
    """The next request on the same connection has no id of its own: it must not take its predecessor's."""
    await client.get("/healthz", headers={"X-Request-ID": "mine"})
    with capture_logs(processors=[_merge]) as logs:
        await client.post("/api/v1/broken")
    assert {entry["request_id"] for entry in logs}.isdisjoint({"mine"})


def _merge(logger: Any, method: str, event: Any) -> Any:
    from structlog.contextvars import merge_contextvars

    return merge_contextvars(logger, method, event)


async def test_what_aiohttp_refuses_otherwise_is_a_problem_too(house: House) -> None:
    app = house.app()

    async def refuse(_: web.Request) -> web.Response:
        raise web.HTTPRequestURITooLong

    app.router.add_get("/long", refuse)
    async with TestClient(TestServer(app)) as client:
        assert (await problem_of(await client.get("/long"), 414))["code"] == "http-414"
