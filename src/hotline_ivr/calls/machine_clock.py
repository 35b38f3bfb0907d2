"""The machine's clock: what time it shows, and how far it is ahead of the time since the machine's start."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path

from hotline_ivr.routing.log_clocks import SET_US, Clock

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Also counts while the machine sleeps, as the time of day does.
_SINCE_START = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

MachineClock = Callable[[], tuple[int, Clock]]
"""The time of day (microseconds since 1970 UTC), and how the clock stands."""


def machine_clock() -> tuple[int, Clock]:
    """By this machine's own clocks. Between the two readings some microseconds may pass."""
    now, since_start = time.time_ns() // 1_000, time.clock_gettime_ns(_SINCE_START) // 1_000
    return now, Clock(_boot(), now - since_start)


class SetClock:
    """Whether the machine's clock was set, by half a second or more, since that was last asked."""

    def __init__(self, machine: MachineClock = machine_clock) -> None:
        self._machine = machine
        self._before = machine()[1]

    def put(self) -> timedelta:
        """How much further ahead it is; nothing where it was not set."""
        clock = self._machine()[1]
        ahead_us = clock.ahead_of(self._before)
        if abs(ahead_us) < SET_US:
            return timedelta()
        self._before = clock
        return timedelta(microseconds=ahead_us)


@cache
def _boot() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        # Where it cannot be told, each start of the service is taken for one of the machine.
        return f"unknown-{time.time_ns()}"
