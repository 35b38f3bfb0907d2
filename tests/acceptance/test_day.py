"""A short day at random on real Asterisk: its waits are those of a queue that delivers at once.

`python -m bench day` plays a longer one, and holds it against Erlang C and Erlang A as well.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import day
from bench.nodes import shorten_greeting, wait_members
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import MakeStack

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

CALLS = 60
SEED = 21
"""Of days so short, one on which callers have to wait."""
CLOSE_S = 0.35
"""Nearer than the queue's own pace, which loses half a second with each caller who waits."""


async def test_callers_at_random_wait_as_long_as_operators_are_busy_and_no_longer(
    make_stack: MakeStack, tmp_path: Path
) -> None:
    ports = [free_port(), free_port()]
    node = make_stack(day.two_lines(ports))
    shorten_greeting(node.settings.sounds_dir)
    node.start()
    wait_members(node.console, 2 * day.OPERATORS)
    for line in await day.both_lines(node, tmp_path, ports, CALLS, SEED):
        assert line.calls == CALLS
        assert line.real.mean_wait_s > 0.2, f"{line}: nobody had to wait, so nothing was tried"
        assert line.real.mean_wait_s == pytest.approx(line.by_hand.mean_wait_s, abs=CLOSE_S), line
        assert line.differing <= CALLS // 20, line
