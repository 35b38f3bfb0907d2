"""CPU time of processes and cores, from /proc. Times are seconds since the process or machine started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads (proc(5), stat fields 14 and 15)."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS


def parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _stat(pid: int) -> list[str]:
    """Fields from the third on: the second is the program's name, which may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def descendants(pid: int) -> Iterator[int]:
    """The process itself and all that it started, directly or not."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            for child in (task / "children").read_text(encoding="ascii").split():
                yield from descendants(int(child))


def core_times() -> dict[int, tuple[float, float]]:
    """Busy and total seconds of each core since the machine started."""
    times = {}
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *values = line.split()
        if name.startswith("cpu") and name != "cpu":
            # user nice system idle iowait irq softirq steal; guest time is within user
            ticks = [int(value) for value in values[:8]]
            total = sum(ticks)
            times[int(name[3:])] = ((total - ticks[3] - ticks[4]) / _TICKS, total / _TICKS)
    return times
