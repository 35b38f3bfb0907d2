"""Two lists of the same events by two clocks: which of ours is which of theirs.

Three steps. First the best pairing that keeps the order of both lists: two clocks that are apart by some
seconds shift all, and swap few. Then what that has left, or paired with something that does not agree, looks
for a partner that does, whatever the order, others giving way where they find another (augmenting paths, as
of H. W. Kuhn, "The Hungarian method for the assignment problem", 1955). So wherever all can agree, all do.
What is left at last is paired in order again, whether it agrees or not.

One need not be paired if it is optional: its lack is no fault.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence

MOST_NEAR = 60
"""Of so many candidates of one event, the nearest in time, the first step chooses."""

MOST_LOOKS = 5_000_000
"""Pairs that the second step looks at in all: some seconds. Only lists that agree in nothing need so many."""

# A pair that agrees is worth more than one that does not; the nearer of two worth the same is taken.
_PAIRED = 0.25
_FARTHER = 1e-7

Faults = Callable[[int, int], float]


class Matching:
    """Pairs of two lists, each in the order of its times (seconds); `ours` and `theirs` hold the partners."""

    def __init__(
        self,
        ours_at: Sequence[float],
        theirs_at: Sequence[float],
        tolerance: float,
        *,
        faults: Faults,
        ours_optional: Sequence[bool],
        theirs_optional: Sequence[bool],
    ) -> None:
        """`faults` of ours and theirs, by their places: how many differences the pair has, 0 if it agrees."""
        self._at = (ours_at, theirs_at)
        self._tolerance = tolerance
        self._faults = faults
        self._optional = (ours_optional, theirs_optional)
        #: The place of each one's partner in the other list, or None.
        self.ours: list[int | None] = [None] * len(ours_at)
        self.theirs: list[int | None] = [None] * len(theirs_at)
        self._looks = MOST_LOOKS
        self._in_order(range(len(ours_at)), range(len(theirs_at)))
        for mine, their in enumerate(self.ours):
            if their is not None and faults(mine, their):
                self.ours[mine] = self.theirs[their] = None
        for side, partners in enumerate((self.ours, self.theirs)):
            for place, partner in enumerate(partners):
                if partner is None and not self._optional[side][place]:
                    self._find_agreeing(side, place)
        left = [[place for place, partner in enumerate(side) if partner is None] for side in self._sides]
        self._in_order(*left)

    @property
    def _sides(self) -> tuple[list[int | None], list[int | None]]:
        return self.ours, self.theirs

    def _worth(self, mine: int, their: int) -> float:
        """Differences that are spared by pairing these two; the nearer the better."""
        spared = (not self._optional[0][mine]) + (not self._optional[1][their])
        apart = abs(self._at[0][mine] - self._at[1][their])
        return spared + _PAIRED - self._faults(mine, their) - apart * _FARTHER

    def _in_order(self, mine: Sequence[int], their: Sequence[int]) -> None:
        """Pair some of both lists, in their order, so that the worth of all pairs is greatest.

        best[k] is the worth of the best pairing of ours until now with theirs before k. Only the window of
        one's own candidates can change it; windows only move onwards, so what lies before one is settled.
        """
        times = [self._at[1][place] for place in their]
        low, best = 0, [0.0]
        rows: list[tuple[int, bytearray]] = []
        for place in mine:
            first, end = self._window(times, self._at[0][place], low)
            best = [
                best[min(k - low, len(best) - 1)] for k in range(first, max(end, low + len(best) - 1) + 1)
            ]
            low, chosen = first, bytearray(len(best))
            fresh = best[:1]
            for k in range(1, len(best)):
                taken, how = best[k], 0
                if (
                    first + k <= end
                    and (with_it := best[k - 1] + self._worth(place, their[first + k - 1])) > taken
                ):
                    taken, how = with_it, 2
                if fresh[k - 1] >= taken:
                    taken, how = fresh[k - 1], 1
                fresh.append(taken)
                chosen[k] = how
            best = fresh
            rows.append((first, chosen))
        k = low + len(best) - 1
        for place, (first, chosen) in zip(reversed(mine), reversed(rows), strict=True):
            k = min(k, first + len(chosen) - 1)
            while k > first and chosen[k - first] == 1:
                k -= 1
            if k > first and chosen[k - first] == 2:
                k -= 1
                self.ours[place], self.theirs[their[k]] = their[k], place

    def _window(self, times: Sequence[float], at: float, low: int) -> tuple[int, int]:
        """First and end of the candidates of a moment, never before `low`."""
        first = bisect_left(times, at - self._tolerance, lo=low)
        end = bisect_right(times, at + self._tolerance, lo=first)
        if end - first > MOST_NEAR:
            nearest = bisect_left(times, at, lo=first, hi=end)
            first = max(first, nearest - MOST_NEAR // 2)
            end = min(end, first + MOST_NEAR)
        return first, end

    def _find_agreeing(self, side: int, start: int) -> None:
        """Pair one that has no partner with one that agrees, if others can give way to it."""
        partners, others = self._sides[side], self._sides[1 - side]
        came_from: dict[int, int] = {}
        waiting = deque([start])
        while waiting:
            place = waiting.popleft()
            for other in self._agreeing(side, place):
                if other in came_from:
                    continue
                came_from[other] = place
                holder = others[other]
                if holder is None or self._optional[side][holder]:
                    if holder is not None:
                        partners[holder] = None
                    self._pair_back(side, start, other, came_from)
                    return
                waiting.append(holder)

    def _pair_back(self, side: int, start: int, other: int, came_from: dict[int, int]) -> None:
        partners, others = self._sides[side], self._sides[1 - side]
        while True:
            place = came_from[other]
            before, partners[place], others[other] = partners[place], other, place
            if place == start or before is None:
                return
            other = before

    def _agreeing(self, side: int, place: int) -> Iterator[int]:
        """Those of the other list with which it agrees, by time; none once there were too many looks."""
        times, at = self._at[1 - side], self._at[side][place]
        for other in range(
            bisect_left(times, at - self._tolerance), bisect_right(times, at + self._tolerance)
        ):
            self._looks -= 1
            if self._looks < 0:
                return
            if not (self._faults(place, other) if side == 0 else self._faults(other, place)):
                yield other
