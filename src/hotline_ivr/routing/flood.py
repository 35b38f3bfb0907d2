"""Calls that come faster than people call: exact counts in a sliding window, in bounded memory.

Only calls that were let in count. So a flood is thinned to what is allowed, and whoever was part of it, or
shares a carrier with it, gets in again as soon as the window has moved on.
"""

from __future__ import annotations

from collections import OrderedDict, deque

MOST_KEYS = 10_000
"""Callers that are remembered; of more, those who have not called for longest are forgotten."""


class SlidingCount:
    """Moments at which something was let in, by key. Moments are seconds of a clock that never goes back."""

    def __init__(self, most_keys: int = MOST_KEYS) -> None:
        self._most_keys = most_keys
        self._moments: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._moments)

    def has_room(self, key: str, calls: int, within: float, at: float) -> bool:
        """Whether one more at `at` is one of at most `calls` in the `within` seconds up to then."""
        moments = self._moments.get(key)
        if moments is None:
            return True
        self._moments.move_to_end(key)
        while moments and moments[0] <= at - within:
            moments.popleft()
        return len(moments) < calls

    def let_in(self, key: str, at: float) -> None:
        """Remember one that was let in; ask `has_room` first, which also forgets what is over."""
        moments = self._moments.get(key)
        if moments is None:
            moments = self._moments[key] = deque()
            if len(self._moments) > self._most_keys:
                self._moments.popitem(last=False)
        moments.append(at)
