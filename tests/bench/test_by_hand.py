"""The queue that delivers at once, by tables that a reader can check by eye."""

from __future__ import annotations

import math
import random

import pytest

from bench.by_hand import Trace, Waited, at_random, day, middle_95, serve
from hotline_ivr.routing.erlang_delay import ErlangC

ENDLESS = math.inf


def test_one_operator_serves_in_the_order_of_arrival() -> None:
    trace = Trace(arrivals=(0, 1, 2, 20), patience=(ENDLESS,) * 4, services=(5, 4, 3, 1))
    # The first talks until 5, the second until 9, the third until 12; the fourth finds nobody before it.
    assert [each.seconds for each in serve(trace, 1)] == [0, 4, 7, 0]


def test_who_gives_up_takes_nobodys_time() -> None:
    trace = Trace(arrivals=(0, 1, 2), patience=(ENDLESS, 2, ENDLESS), services=(5, 4))
    # The second leaves at 3, so the third is served at 5, for the second conversation of the list.
    assert serve(trace, 1) == [Waited(0, served=True), Waited(2, served=False), Waited(3, served=True)]


def test_two_operators_take_whoever_is_next() -> None:
    trace = Trace(arrivals=(0, 0, 1), patience=(ENDLESS,) * 3, services=(10, 4, 1))
    assert [each.seconds for each in serve(trace, 2)] == [0, 0, 3]


def test_a_day_is_told_over_all_callers() -> None:
    told = day([Waited(0, served=True), Waited(4, served=True), Waited(2, served=False)], in_time_s=2)
    assert told.mean_wait_s == 2
    assert told.served_in_time == pytest.approx(1 / 3)
    assert told.abandoned == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="nobody called"):
        day([], 2)


def test_long_days_are_as_erlang_c_says() -> None:
    trace = at_random(random.Random(3), 60_000, 1.0, 3.2, ENDLESS)
    assert day(serve(trace, 4), 2.0).mean_wait_s == pytest.approx(ErlangC(1.0, 3.2, 4).mean_wait_s, rel=0.1)


def test_the_middle_of_a_hundred_days() -> None:
    assert middle_95(range(101)) == (2, 98)
