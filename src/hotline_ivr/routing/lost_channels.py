"""Channels of which nothing was written: Asterisk numbers its SIP channels, and a number is missing. Pure.

Asterisk says nothing when a line of its call events does not fit on the disk. But each SIP channel of a
caller or a telephone is called PJSIP/<account>-<number>, counted up from 0 at each start, and leaves events.
So where numbers are missing between two that are there, so many channels were lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

_NUMBERED = re.compile(r"PJSIP/.*-([0-9a-f]{8})\Z")

# A number that is so far below the highest is of another start of Asterisk, whose first line may be lost too.
_ANOTHER_START = 1_000
# More channels than this a second are no loss: the numbers are not Asterisk's.
_MOST_A_SECOND = 100
_A_SECOND = 1_000_000


class Seen(NamedTuple):
    """A SIP channel, when it was first written of (microseconds UTC), and in which run of Asterisk."""

    at: int
    number: int
    run: int


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


def lost_channels(seen: Iterable[Seen]) -> Iterator[LostChannels]:
    """What is missing among these, which are in the order of the file: the clock may have been set."""
    for numbered in _runs(seen):
        for (number, at), (later, later_at) in pairwise(sorted(numbered.items())):
            missing, lasted = later - number - 1, later_at - at
            if 0 < missing <= _MOST_A_SECOND * (1 + lasted / _A_SECOND):
                yield LostChannels(number + 1, later - 1, at, later_at)


def _runs(seen: Iterable[Seen]) -> Iterator[dict[int, int]]:
    """Numbers and their first moments, of each run of Asterisk."""
    numbered: dict[int, int] = {}
    highest, known = -1, None
    for at, number, run in seen:
        if run != known or number in numbered or number + _ANOTHER_START < highest:
            yield numbered
            numbered, highest, known = {}, -1, run
        numbered[number] = at
        highest = max(highest, number)
    yield numbered
