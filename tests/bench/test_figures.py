"""Ratios of the bench, from arms as they could have been seen."""

from __future__ import annotations

import pytest

from bench.figures import Arm, Figures, deepest
from bench.load import Seen


def arm(
    name: str, *, per_second: float = 100, completed: int = 1000, asterisk: float = 2, ours: float = 0
) -> Arm:
    seen = Seen(1000, completed, per_second, 3, (4.0, 5.0, 90.0), 0.5)
    return Arm(name, seen, asterisk, ours, {0: 0.5, 1: 0.7})


def block(pure: tuple[float, float], ours: tuple[float, float]) -> list[Arm]:
    """Rates of the four arms, in the order in which they run."""
    return [
        arm("pure", per_second=pure[0]),
        arm("ours", per_second=ours[0], asterisk=3, ours=0.3),
        arm("ours", per_second=ours[1], asterisk=3, ours=0.3),
        arm("pure", per_second=pure[1]),
    ]


def test_a_drift_of_the_machine_within_a_block_does_not_touch_its_ratio() -> None:
    figures = Figures(100, [block((100, 40), (80, 60))])
    assert figures.completed.median == pytest.approx(1.0)


def test_the_worst_block_is_told_beside_the_median() -> None:
    blocks = [block((100, 100), (rate, rate)) for rate in (99, 80, 97)]
    completed = Figures(100, blocks).completed
    assert completed.median == pytest.approx(0.97)
    assert completed.worst == pytest.approx(0.80)


def test_our_cost_is_told_against_asterisk_with_us_and_without_us() -> None:
    figures = Figures(100, [block((100, 100), (100, 100))])
    assert figures.cost.median == pytest.approx(0.1)
    assert figures.cost_of_pure.median == pytest.approx(0.15)
    assert figures.asterisk.worst == pytest.approx(1.5)


def test_calls_that_never_ended_count_as_failed() -> None:
    arms = [arm("pure"), arm("ours", completed=990), arm("ours"), arm("pure")]
    assert Figures(100, [arms]).failed("ours") == pytest.approx(0.005)
    assert Figures(100, [arms]).failed("pure") == 0


def test_a_rate_that_falls_behind_is_not_sustained_even_if_no_call_failed_yet() -> None:
    assert arm("ours", per_second=99).sustained(100)
    assert not arm("ours", per_second=90).sustained(100)
    assert not arm("ours", completed=998).sustained(100)


def test_nobody_answered_is_no_short_wait() -> None:
    assert Seen(10, 0, 0, 0, (), 0).answer_percentile(0.5) == float("inf")


def test_the_deepest_task_processors_are_found_in_what_asterisk_says() -> None:
    said = """
Processor                     Processed   In Queue  Max Depth  Low water High water Low time(us) High time(us)
ast_msg_queue                         0          0          0        450        500          0          0
stasis/m:cel:aggregator-0000000c  61000          2       2551       2700       3000          0          0
taskpool/s:stasis-00000000         9000          0         26        450        500          0          0

3 taskprocessors
"""
    assert deepest(said, 2) == {"stasis/m:cel:aggregator-0000000c": 2551, "taskpool/s:stasis-00000000": 26}
