"""How long asks wait: the probe against our own server, and the figures of what it saw."""

from __future__ import annotations

import asyncio

import pytest

from bench.latency import probing, waits
from hotline_ivr.asterisk.agi_protocol import AgiRequest
from hotline_ivr.asterisk.agi_server import AgiServer
from hotline_ivr.testing.agi_caller import environment

ASK = environment(("arrived", "line-q00", "+4722851000", "+4791234567", "", "0"))


def test_one_slow_ask_in_a_thousand_is_in_the_tail_and_not_in_the_middle() -> None:
    seen = waits([0.0002] * 998 + [0.009, 0.009], [0.00005] * 3)
    assert (seen.asks, round(seen.p50), round(seen.p99), round(seen.p999)) == (1000, 200, 200, 9000)
    assert seen.tail == pytest.approx(1)
    assert seen.trips == pytest.approx(2)


def test_no_ask_is_no_figure() -> None:
    with pytest.raises(ValueError, match="no ask"):
        waits([], [0.1])


async def test_the_probe_asks_the_server_and_tells_what_it_waited() -> None:
    enough = asyncio.Event()
    asks: list[AgiRequest] = []

    def answer(request: AgiRequest) -> str:
        asks.append(request)
        if len(asks) == 3:
            enough.set()
        return "1|end"

    server = AgiServer(answer)
    await server.start("127.0.0.1", 0)
    try:
        with probing(server.port, ASK) as probe:
            await enough.wait()
            seen = await asyncio.to_thread(probe.figures)
    finally:
        await server.stop(1)
    assert asks[0].args[1] == "line-q00"
    assert 3 <= seen.asks == len(asks)
    assert 0 < seen.p50 <= seen.p999


async def test_an_ask_without_an_answer_is_an_error_and_not_a_short_wait() -> None:
    failed = asyncio.Event()

    def say_nothing(_: AgiRequest) -> None:
        failed.set()

    server = AgiServer(say_nothing)
    await server.start("127.0.0.1", 0)
    try:
        with probing(server.port, ASK) as probe:
            await failed.wait()
            with pytest.raises((RuntimeError, OSError)):
                await asyncio.to_thread(probe.figures)
    finally:
        await server.stop(1)
