"""Liveness, readiness and metrics over real HTTP on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from hotline_ivr.asterisk.agi_server import SessionEnd
from hotline_ivr.routing.floor import CallerJoined, DeviceState, MemberSeen, fold_all
from hotline_ivr.web.health import Part, build_app
from hotline_ivr.web.metrics import Metrics
from hotline_ivr.web.observers import AskObserver

Client = TestClient[Request, Application]


class Parts:
    """Parts of a service whose health a test sets."""

    def __init__(self) -> None:
        self.manager = Part(ok=True, detail="logged in")

    async def check_manager(self) -> Part:
        return self.manager

    async def check_asks(self) -> Part:
        return Part(ok=True, detail="listening")


@pytest.fixture
def parts() -> Parts:
    return Parts()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def client(parts: Parts, metrics: Metrics) -> AsyncIterator[Client]:
    app = build_app({"manager": parts.check_manager, "asks": parts.check_asks}, metrics)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_a_service_is_ready_when_all_its_parts_are(client: Client) -> None:
    response = await client.get("/readyz")
    assert response.status == 200
    body = await response.json()
    assert body["ready"] is True
    assert body["parts"]["manager"] == {"ok": True, "detail": "logged in"}


async def test_a_sick_asterisk_makes_it_unready_but_not_dead(client: Client, parts: Parts) -> None:
    parts.manager = Part(ok=False, detail="no link to Asterisk")
    ready = await client.get("/readyz")
    assert ready.status == 503
    assert (await ready.json())["parts"]["manager"]["detail"] == "no link to Asterisk"
    assert (await client.get("/healthz")).status == 200


async def test_metrics_count_asks_by_how_they_ended(client: Client, metrics: Metrics) -> None:
    observer = AskObserver(metrics)
    observer.session_ended(SessionEnd.ANSWERED, 0.003)
    observer.session_ended(SessionEnd.TIMED_OUT, 5.0)
    text = await (await client.get("/metrics")).text()
    assert 'hotline_asks_total{end="answered"} 1.0' in text
    assert 'hotline_asks_total{end="timed-out"} 1.0' in text
    assert 'hotline_ask_seconds_bucket{le="0.005"} 1.0' in text


async def test_metrics_show_the_floor_as_it_is_when_asked(client: Client, metrics: Metrics) -> None:
    floor = fold_all(
        [
            MemberSeen("main", "anna", "PJSIP/anna.k3v9", DeviceState.NOT_IN_USE, paused=False),
            MemberSeen("main", "bjorn", "PJSIP/bjorn.x2m4", DeviceState.IN_USE, paused=False),
            CallerJoined("main", "main-1.1"),
        ]
    )
    metrics.watch_floor(lambda: floor)
    text = await (await client.get("/metrics")).text()
    assert 'hotline_operators{state="free"} 1.0' in text
    assert 'hotline_operators{state="talking"} 1.0' in text
    assert 'hotline_calls_waiting{queue="main"} 1.0' in text


async def test_metrics_show_how_operators_stand(client: Client, metrics: Metrics) -> None:
    metrics.watch_standings(lambda: {"paused": 2, "ready": 1})
    text = await (await client.get("/metrics")).text()
    assert 'hotline_operators_standing{standing="paused"} 2.0' in text
    assert 'hotline_operators_standing{standing="ready"} 1.0' in text
