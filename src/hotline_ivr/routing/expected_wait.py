"""How long a caller who joins a queue now will wait: a forecast, and how good such forecasts have been.

A caller is served when as many operators have become free as callers stand before, and one more. Each
operator who talks has talked for a known time, and how long conversations take is known from the recent ones;
so the forecast is the moment by which that many ends are to be expected, all operators together. Its error is
not reckoned but measured: forecasts are compared with what came of them, by the number of callers before
(nobody can say well when one conversation ends; when twenty have ended is known much better), and a range is
given only where enough have been seen and the range is narrow enough to be of use.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

FEWEST_SERVICES = 20
"""Conversations that must be known before anything is forecast."""

FEWEST_FORECASTS = 20
"""Forecasts of a kind whose outcome must be known before one is told."""

KEPT_FORECASTS = 200
WIDEST = 3.0
"""A range is told if its longer end is at most so many times the shorter ..."""

SHORT_S = 180.0
"""... or at most this: `less than three minutes` is good to know, however uncertain."""

_LOW, _MIDDLE, _HIGH = 0.1, 0.5, 0.9
_ROUNDS = 30
_LONGEST_S = 4 * 3600.0


class Services:
    """How long an operator was taken up by a caller, from one caller to the next (s)."""

    def __init__(self, seconds: Iterable[float]) -> None:
        self._sorted = sorted(each for each in seconds if each > 0)
        self._sums = [0.0, *accumulate(self._sorted)]

    def __len__(self) -> int:
        return len(self._sorted)

    @property
    def mean_s(self) -> float:
        return self._sums[-1] / len(self._sorted)

    def ends(self, elapsed_s: float, within_s: float) -> float:
        """Services that an operator will end within this time who has been at one for `elapsed_s`."""
        mean = self.mean_s
        longer = bisect_right(self._sorted, elapsed_s)
        left = len(self._sorted) - longer
        if not left:
            # Longer than any that is known: it may end at any moment.
            return within_s / mean
        ended = bisect_right(self._sorted, elapsed_s + within_s)
        count, total = ended - longer, self._sums[ended] - self._sums[longer]
        # The one under way, and those that begin after it.
        return (count * (1 + (within_s + elapsed_s) / mean) - total / mean) / left


@dataclass(frozen=True, slots=True)
class Serving:
    """An operator who has been at a caller for so long, and how much of the work is for this queue."""

    elapsed_s: float
    share: float = 1.0


def forecast(needed: int, serving: Sequence[Serving], services: Services) -> float | None:
    """Seconds until so many operators have become free; None where nobody can know.

    `needed` is who waits before, plus one, less operators who are free.
    """
    if needed <= 0:
        return 0.0
    if len(services) < FEWEST_SERVICES or not sum(each.share for each in serving):
        return None
    low, high = 0.0, services.mean_s

    def ended(within_s: float) -> float:
        return sum(each.share * services.ends(each.elapsed_s, within_s) for each in serving)

    while ended(high) < needed:
        low, high = high, high * 2
        if high > _LONGEST_S:
            return None
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if ended(middle) < needed else (low, middle)
    return high


@dataclass(frozen=True, slots=True)
class Expected:
    """A range in which four of five such callers were answered, and its middle (s)."""

    low_s: float
    middle_s: float
    high_s: float

    @property
    def told(self) -> bool:
        """Whether it is narrow enough to be told to a caller."""
        return self.high_s <= SHORT_S or self.high_s <= WIDEST * self.low_s


@dataclass(slots=True)
class Calibration:
    """What came of forecasts: by how much the real waits were longer or shorter, by the number needed."""

    _ratios: dict[int, deque[float]] = field(default_factory=dict)

    def came(self, needed: int, forecast_s: float, waited_s: float) -> None:
        """A caller of whom this was forecast has been answered after so long."""
        if forecast_s > 0:
            kept = self._ratios.setdefault(needed.bit_length(), deque(maxlen=KEPT_FORECASTS))
            kept.append(waited_s / forecast_s)

    def gave_up(self, needed: int, forecast_s: float, waited_s: float) -> None:
        """A caller has gone: nothing is known, unless the forecast was passed already."""
        if waited_s > forecast_s:
            self.came(needed, forecast_s, waited_s)

    def expected(self, needed: int, forecast_s: float) -> Expected | None:
        """The range of a forecast; None while too little is known of such forecasts."""
        ratios = sorted(self._ratios.get(needed.bit_length(), ()))
        if len(ratios) < FEWEST_FORECASTS:
            return None
        low, middle, high = (ratios[int(part * (len(ratios) - 1) + 0.5)] for part in (_LOW, _MIDDLE, _HIGH))
        return Expected(forecast_s * low, forecast_s * middle, forecast_s * high)
