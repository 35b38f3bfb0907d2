"""Liveness and readiness, which are not the same: a sick Asterisk must not make anybody kill the service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from hotline_ivr.web import public_hours
from hotline_ivr.web.api.openapi import PREFIX
from hotline_ivr.web.guard import guard
from hotline_ivr.web.metrics import CONTENT_TYPE, Metrics


@dataclass(frozen=True, slots=True)
class Part:
    """One thing the service needs; `detail` says in words how it is."""

    ok: bool
    detail: str


Check = Callable[[], Awaitable[Part]]


def build_app(
    checks: Mapping[str, Check],
    metrics: Metrics,
    api: web.Application | None = None,
    hours: web.Application | None = None,
) -> web.Application:
    """The HTTP application: /healthz, /readyz, /metrics, the REST interface, and hours for web sites."""

    async def healthz(_: web.Request) -> web.Response:
        """The loop turns; nothing else is asked, so that this never waits."""
        return web.json_response({"status": "ok"})

    async def readyz(_: web.Request) -> web.Response:
        """Every part, and 503 if one is not as it should be."""
        parts = {name: await check() for name, check in checks.items()}
        ready = all(part.ok for part in parts.values())
        body = {
            "schema": "hotline/ready/1",
            "ready": ready,
            "parts": {name: {"ok": part.ok, "detail": part.detail} for name, part in parts.items()},
        }
        return web.json_response(body, status=200 if ready else 503)

    async def show_metrics(_: web.Request) -> web.Response:
        return web.Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    app = web.Application(middlewares=[guard])
    app.add_routes(
        [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", show_metrics)]
    )
    if api is not None:
        app.add_subapp(PREFIX, api)
    if hours is not None:
        app.add_subapp(public_hours.PREFIX, hours)
    return app
