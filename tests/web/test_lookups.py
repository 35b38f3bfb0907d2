"""Another program is asked about digits, and answers well, badly or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from hotline_ivr.routing.steps import Call, LookUp
from hotline_ivr.web.lookups import LARGEST_ANSWER, HttpLookups, answer_in

CALL = Call("info", "+4722851234", "+4798765432", "v")
Answer = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def a_program(answer: Answer) -> AsyncIterator[LookUp]:
    """The question to a program that answers so."""
    application = web.Application()
    application.router.add_post("/lookup", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield LookUp("customer", f"http://{host}:{port}/lookup", 1, "4711")
    finally:
        await runner.cleanup()


@pytest.fixture
async def lookups() -> AsyncIterator[HttpLookups]:
    made = HttpLookups()
    yield made
    await made.close()


async def test_the_digits_are_sent_and_the_answer_comes_back(lookups: HttpLookups) -> None:
    asked: list[Any] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(await request.json())
        return web.json_response({"answer": "gold"})

    async with a_program(answer) as question:
        assert await lookups.ask(CALL, question) == "gold"
    assert asked == [{"line": "info", "collect": "customer", "digits": "4711", "caller": "+4798765432"}]


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_only_a_good_answer_counts_and_nobody_else_is_asked(lookups: HttpLookups, status: int) -> None:
    async def answer(_request: web.Request) -> web.Response:
        headers = {"Location": "http://127.0.0.1:9/elsewhere"}
        return web.json_response({"answer": "gold"}, status=status, headers=headers)

    async with a_program(answer) as question:
        assert await lookups.ask(CALL, question) is None


async def test_an_endless_answer_is_read_only_so_far(lookups: HttpLookups) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=b" " * LARGEST_ANSWER * 50)

    async with a_program(answer) as question:
        with pytest.raises(ValueError, match="Expecting value"):
            await lookups.ask(CALL, question)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b'{"answer": "gold"}', "gold"),
        (b'{"answer": 7}', None),
        (b'{"answer": "' + b"x" * 32 + b'"}', None),
        (b'{"other": "gold"}', None),
        (b"[]", None),
    ],
)
def test_only_a_short_word_is_an_answer(body: bytes, answer: str | None) -> None:
    assert answer_in(body) == answer
