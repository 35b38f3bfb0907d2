"""The expected wait is nearer to the real one than app_queue's average, and says when it is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.waits import DAYS, Figures, measure


@pytest.fixture(scope="module")
def found() -> list[Figures]:
    return measure([replace(day, hours=16.0) for day in DAYS[1:3]])


def test_the_forecast_beats_the_average(found: list[Figures]) -> None:
    for each in found:
        assert each.ratio < 0.8, each


def test_a_range_holds_as_many_as_it_promises(found: list[Figures]) -> None:
    for each in found:
        assert 0.7 <= each.within <= 0.9, each


def test_it_is_told_to_some_and_not_to_all(found: list[Figures]) -> None:
    for each in found:
        assert 0.3 < each.told_share < 1, each
