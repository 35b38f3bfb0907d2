"""Erlang's loss formula against the tables that are printed everywhere."""

from __future__ import annotations

from math import factorial

import pytest

from hotline_ivr.routing.erlang import blocking, channels_needed, offered_from_carried


@pytest.mark.parametrize(
    ("channels", "offered"),
    [(1, 0.0101), (2, 0.1526), (5, 1.3608), (10, 4.4612), (20, 12.0306), (100, 84.0642)],
)
def test_the_table_of_one_percent(channels: int, offered: float) -> None:
    assert blocking(offered, channels) == pytest.approx(0.01, rel=1e-3)
    assert channels_needed(offered * 0.999) == channels
    assert channels_needed(offered * 1.001) == channels + 1


@pytest.mark.parametrize(("offered", "channels"), [(0.5, 3), (7.0, 5), (2.0, 0)])
def test_the_recurrence_is_the_formula(offered: float, channels: int) -> None:
    terms = [offered**k / factorial(k) for k in range(channels + 1)]
    assert blocking(offered, channels) == pytest.approx(terms[-1] / sum(terms))


def test_no_traffic_needs_no_channel_and_heavy_traffic_is_no_trouble() -> None:
    assert channels_needed(0) == 0
    assert blocking(0, 5) == 0
    assert 5000 < channels_needed(5000) < 5200


def test_what_was_carried_came_of_more_where_channels_were_busy() -> None:
    offered = 8.0
    carried = offered * (1 - blocking(offered, 6))
    assert offered_from_carried(carried, 6) == pytest.approx(offered)
    assert offered_from_carried(3.0, 0) == 3.0
    assert offered_from_carried(6.0, 6) == 6.0


@pytest.mark.parametrize(("offered", "wanted"), [(-1.0, 0.01), (5.0, 0.0), (5.0, 1.5), (1e9, 0.01)])
def test_what_means_nothing_is_refused(offered: float, wanted: float) -> None:
    with pytest.raises(ValueError, match="offered traffic"):
        channels_needed(offered, wanted)
