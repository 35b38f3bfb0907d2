"""Serving the routes: who asks, what they ask, and the answer, each within its bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from aiohttp import web

from hotline_ivr.web.api.auth import Gate
from hotline_ivr.web.api.local import LocalGate
from hotline_ivr.web.api.openapi import PREFIX
from hotline_ivr.web.api.piped import PipedResponse
from hotline_ivr.web.api.problems import ApiError, Kind
from hotline_ivr.web.api.reading import read_body, read_key, read_path, read_query
from hotline_ivr.web.api.route import NOTHING, AnyRoute, Asked, FileShown, JsonShown, StreamShown, Who
from hotline_ivr.web.guard import REQUEST_ID, TOKEN_NAME

AT_ONCE = 32
"""Requests that are worked on at the same time. More are sent away: callers' asks share the processor."""

_JSON = "application/json"


def api_app(
    routes: Iterable[AnyRoute],
    gate: Gate | LocalGate,
    clock: Callable[[], datetime],
    *,
    at_once: int = AT_ONCE,
) -> web.Application:
    """The interface as an application of its own, to be put below /api/v1. `clock` tells UTC."""
    places = _Places(at_once)
    app = web.Application()
    for route in routes:
        handler = _handler(route, gate, clock, places)
        if route.method == "GET":
            app.router.add_get(route.path, handler)
        else:
            app.router.add_route(route.method, route.path, handler)
    return app


class _Places:
    """So many requests at once, and no waiting line."""

    def __init__(self, free: int) -> None:
        self._free = free

    def __enter__(self) -> None:
        if self._free <= 0:
            detail = "Too many requests are under way: try again in a second."
            raise ApiError(Kind.BUSY, detail, headers={"Retry-After": "1"})
        self._free -= 1

    def __exit__(self, *_: object) -> None:
        self._free += 1


def _handler(
    route: AnyRoute, gate: Gate | LocalGate, clock: Callable[[], datetime], places: _Places
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        with places:
            try:
                async with asyncio.timeout(route.deadline):
                    return await _answer(route, gate, clock, request)
            except TimeoutError:
                detail = f"There was no end within {route.deadline:g} s."
                if request.method not in {"GET", "HEAD"}:
                    detail += " What you asked for may be done all the same: look before you try again."
                raise ApiError(Kind.TOO_SLOW, detail) from None

    return handle


async def _answer(
    route: AnyRoute, gate: Gate | LocalGate, clock: Callable[[], datetime], request: web.Request
) -> web.StreamResponse:
    who = await _who(route, gate, clock(), request)
    request[TOKEN_NAME] = who.name
    asked = Asked(
        path=read_path(request, route.path_model),
        query=read_query(request, route.query_model),
        body=await read_body(request, route.body_model) if route.has_body else NOTHING,
        who=who,
        request_id=request[REQUEST_ID],
        now=clock(),
        key=read_key(request) if route.keyed else "",
    )
    answer = await route.handler(asked)
    headers = {"Location": PREFIX + route.location(answer)} if route.location else {}
    if route.role is None:
        headers["Cache-Control"] = "no-cache"
    if isinstance(answer, StreamShown):
        # The same: what it needs is let go of when the last of it is sent, or nobody takes it any more.
        return PipedResponse(answer)
    if isinstance(answer, FileShown):
        # Sent piece by piece, after this returns; a part of it where the client asks for one.
        return web.FileResponse(answer.path, headers={"Content-Type": route.media})
    body = answer.body if isinstance(answer, JsonShown) else answer.model_dump_json(by_alias=True).encode()
    return web.Response(body=body, status=route.status, content_type=_JSON, headers=headers)


async def _who(route: AnyRoute, gate: Gate | LocalGate, now: datetime, request: web.Request) -> Who:
    if route.role is None:
        return Who("", None)
    if isinstance(gate, LocalGate):
        return gate.admit(request.transport)
    headers = request.headers.getall("Authorization", [])
    return await gate.admit(headers, request.remote or "", route.role, now)
