"""What a queue does that delivers at once: first come, first served, by hand and exactly.

The yardstick of a real queue: the same arrivals, the same patience and the same conversations, and no time
lost between the end of one and the beginning of the next.
"""

from __future__ import annotations

import heapq
import random
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trace:
    """Seconds; `arrivals` from any zero, in order. The k-th to be served talks for the k-th of `services`."""

    arrivals: tuple[float, ...]
    patience: tuple[float, ...]
    services: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Waited:
    """One caller: until served, or until giving up."""

    seconds: float
    served: bool


@dataclass(frozen=True, slots=True)
class Day:
    """What is told of all callers of a trace."""

    mean_wait_s: float
    served_in_time: float
    abandoned: float


def at_random(
    dice: random.Random, count: int, arrivals_a_second: float, service_s: float, patience_s: float
) -> Trace:
    """Everything exponential; `patience_s` may be infinite."""
    now, arrivals = 0.0, []
    for _ in range(count):
        now += dice.expovariate(arrivals_a_second)
        arrivals.append(now)
    endless = patience_s == float("inf")
    patience = [float("inf") if endless else dice.expovariate(1 / patience_s) for _ in range(count)]
    services = [dice.expovariate(1 / service_s) for _ in range(count)]
    return Trace(tuple(arrivals), tuple(patience), tuple(services))


def serve(trace: Trace, operators: int) -> list[Waited]:
    """Each caller in the order of arrival, by the moments at which operators become free."""
    free = [float("-inf")] * operators
    services = iter(trace.services)
    found = []
    for arrived, patience in zip(trace.arrivals, trace.patience, strict=True):
        wait = max(0.0, free[0] - arrived)
        if wait > patience:
            found.append(Waited(patience, served=False))
            continue
        heapq.heapreplace(free, arrived + wait + next(services))
        found.append(Waited(wait, served=True))
    return found


def day(callers: Iterable[Waited], in_time_s: float) -> Day:
    """Sums over callers, given in any order. Raises ValueError if there are none."""
    all_of_them = list(callers)
    if not all_of_them:
        raise ValueError("nobody called")
    count = len(all_of_them)
    return Day(
        statistics.fmean(each.seconds for each in all_of_them),
        sum(each.served and each.seconds <= in_time_s for each in all_of_them) / count,
        sum(not each.served for each in all_of_them) / count,
    )


def middle_95(values: Sequence[float]) -> tuple[float, float]:
    """Between which 95 of 100 days lie."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return ordered[round(0.025 * last)], ordered[round(0.975 * last)]
