"""When Asterisk started, and which calls that cut off.

A call lives in one process of Asterisk. So what tells is the order of the files, which nothing disturbs: the
machine's clock may be an hour ahead as Asterisk starts, or be set back before it is killed. Only where the
order of the files leaves it open do the times decide.

Both files are read one after the other, so of each start two places in the file of channel events are kept:
what is before the first was written before the start, what is behind the second after it. What a call did in
between may have been before or after.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple

from hotline_ivr.routing.cel import QUEUE_LOG_RESOLUTION, CallEvent, QueueEvent

Place = tuple[int, int]
"""Generation of a log, and the byte in it."""

_A_DAY_US = 86_400_000_000
_MARKS = 4


class Restart(NamedTuple):
    """One start of Asterisk."""

    # Microseconds UTC, as its clock stood.
    at: int
    # Where queue_log has it; None where only its time is known.
    place: Place | None = None
    # Places in the file of channel events, see above; None where they are not known.
    before: Place | None = None
    after: Place | None = None

    def cuts(self, events: Sequence[CallEvent], lines: Sequence[QueueEvent]) -> bool:
        """Whether a call that has not ended was cut off, of which this is known, in order; at least one."""
        began_before = False
        if lines and self.place is not None and _in_files(lines):
            if _place(lines[-1]) > self.place:
                return False
            began_before = True
        if events and self.before is not None and self.after is not None and _in_files(events):
            if _place(events[-1]) >= self.after:
                return False
            began_before |= _place(events[0]) < self.before
        return began_before or last_moment(events, lines) < self.at + QUEUE_LOG_RESOLUTION


class Restarts:
    """Starts of one Asterisk, as far as they are known; those with a place in the order of the file."""

    def __init__(self, known: Iterable[Restart] = ()) -> None:
        known = list(known)
        self._by_time = sorted(known, key=attrgetter("at"))
        self._placed = [each for each in known if each.place is not None]
        self._timed = [each for each in self._by_time if each.place is None]

    def cutting(self, events: Sequence[CallEvent], lines: Sequence[QueueEvent]) -> Restart | None:
        """The first start that cut off a call which has not ended, of which this is known, in order."""
        firsts = (
            next((each for each in some if each.cuts(events, lines)), None)
            for some in (self._placed, self._timed)
        )
        return min((each for each in firsts if each is not None), key=attrgetter("at"), default=None)

    def next_after(self, moment: int) -> Restart | None:
        """The first start that was not surely before a moment (microseconds UTC), by the clock."""
        place = bisect_left(self._by_time, moment - QUEUE_LOG_RESOLUTION + 1, key=attrgetter("at"))
        return self._by_time[place] if place < len(self._by_time) else None


NEVER = Restarts()


def last_moment(events: Sequence[CallEvent], lines: Sequence[QueueEvent]) -> int:
    """When a call was last heard of: its latest event, or line of queue_log where there is no event."""
    return max(event.at for event in events or lines)


def marks(before: Place, after: Place) -> tuple[str, ...]:
    """The two places of a start, as they stand where a line of queue_log has its data."""
    return tuple(map(str, (*before, *after)))


def restart_of(at: int, place: Place, data: Sequence[str], *, now: int) -> Restart | None:
    """A start as it is kept; None for one that is told by its time alone, and by one that cannot be true.

    Half of a time before a whole one was once taken for a time in thousands of years. `at` and `now` in
    microseconds UTC.
    """
    numbers = [int(each) for each in data if each.isdecimal()]
    if len(numbers) != _MARKS:
        # By lines of queue_log it may be told all the same.
        return None if at > now + _A_DAY_US else Restart(at, place if place[0] > 0 else None)
    return Restart(at, place, (numbers[0], numbers[1]), (numbers[2], numbers[3]))


def _place(event: CallEvent | QueueEvent) -> Place:
    return event.generation, event.offset


def _in_files(events: Sequence[CallEvent | QueueEvent]) -> bool:
    """Whether all are of files that are followed: of archives nobody knows which came first."""
    return all(event.generation > 0 for event in events)
