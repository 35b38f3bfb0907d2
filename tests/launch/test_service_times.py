"""When the record is asked how long conversations take."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import pytest

from hotline_ivr.launch.service_times import FIRST_REFRESH, REFRESH, ServiceTimes, wanted
from hotline_ivr.routing.expected_wait import FEWEST_SERVICES, Services
from hotline_ivr.store.engine import Store
from tests.plans import a_plan


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ({}, False),
        ({"expected_wait": "yes"}, True),
        ({"closing": {"drain": "5m"}}, True),
        ({"closing": {"last_call": "no"}}, False),
        ({"overflow": [{"name": "long", "expected_wait": "5m", "to": {"callback": "main"}}]}, True),
    ],
)
def test_the_record_is_asked_only_where_something_depends_on_the_expected_wait(
    line: dict[str, Any], *, asked: bool
) -> None:
    assert wanted(a_plan(**line)) is asked


@pytest.mark.parametrize(("talks", "rests"), [(3, FIRST_REFRESH), (FEWEST_SERVICES, REFRESH)])
async def test_the_record_is_asked_often_until_enough_is_known(
    monkeypatch: pytest.MonkeyPatch, talks: int, rests: float
) -> None:
    slept: list[float] = []
    used: list[Mapping[str, Services]] = []

    class Kept:
        async def read(self, _query: object) -> Mapping[str, list[float]]:
            return {"main": [60.0] * talks, "gone": [1.0] * 100}

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        raise asyncio.CancelledError

    monkeypatch.setattr(asyncio, "sleep", sleep)
    times = ServiceTimes(cast("Store", Kept()), lambda: a_plan(expected_wait="yes"), used.append)
    with pytest.raises(asyncio.CancelledError):
        await times.run()
    assert slept == [rests]
    assert {name: len(each) for name, each in used[0].items()} == {"main": talks}
