"""Channels of which nothing was written: Asterisk numbers its SIP channels, and a number is missing. Pure.

Asterisk says nothing when a line of its call events does not fit on the disk. But each SIP channel of a
caller or a telephone is called PJSIP/<account>-<number>, counted up from 0 at each start, and leaves events.
So where numbers are missing between two that are there, so many channels were lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

_NUMBERED = re.compile(r"PJSIP/.*-([0-9a-f]{8})\Z")

# A number that is so far below the highest is of another start of Asterisk, whose first line may be lost too.
_ANOTHER_START = 1_000
# More channels than this a second are no loss: the numbers are not Asterisk's.
_MOST_A_SECOND = 100
_A_SECOND = 1_000_000


class LostChannels(NamedTuple):
    """Numbers from `first` to `last` are missing, between two moments (microseconds since 1970 UTC)."""

    first: int
    last: int
    after: int
    before: int

    @property
    def channels(self) -> int:
        return self.last - self.first + 1


def number_of(channel_name: str) -> int | None:
    """Of a SIP channel."""
    found = _NUMBERED.match(channel_name)
    return None if found is None else int(found[1], 16)


def lost_channels(seen: Iterable[tuple[int, int]], restarts: Sequence[int]) -> Iterator[LostChannels]:
    """What is missing among these moments and numbers; `restarts` are when Asterisk started."""
    for numbered in _starts(sorted(seen), sorted(restarts)):
        for (number, at), (later, later_at) in pairwise(sorted(numbered.items())):
            missing, lasted = later - number - 1, later_at - at
            if 0 < missing <= _MOST_A_SECOND * (1 + lasted / _A_SECOND):
                yield LostChannels(number + 1, later - 1, at, later_at)


def _starts(seen: Sequence[tuple[int, int]], restarts: Sequence[int]) -> Iterator[dict[int, int]]:
    """Numbers and their first moments, of each run of Asterisk."""
    numbered: dict[int, int] = {}
    highest, before, left = -1, 0, list(reversed(restarts))
    for at, number in seen:
        restarted = False
        while left and left[-1] <= at:
            restarted |= left.pop() > before
        if (restarted and number <= highest) or number + _ANOTHER_START < highest:
            yield numbered
            numbered, highest = {}, -1
        numbered.setdefault(number, at)
        highest, before = max(highest, number), at
    yield numbered
