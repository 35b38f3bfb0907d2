"""By which clock Asterisk's files were written, and a call's events put on the one by which it began.

Asterisk writes the machine's time of day, which may be set in the middle of a call: by hand, by NTP after a
start with a wrong clock, or for a leap second. What nobody can set is the time since the machine's start
(CLOCK_BOOTTIME of clock_gettime(2)), and how far the time of day is ahead of that changes only when it is
set. So the reader of the files notes from which line on which of these distances holds, and the time between
two events of a call is counted as if nobody had touched the clock. Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

from hotline_ivr.routing.cel import CallEvent, QueueEvent, Source
from hotline_ivr.routing.restarts import Place

SET_US = 500_000
"""A clock that is put by less is left as it is: each time may be off by as much at most."""

_AnyEvent = TypeVar("_AnyEvent", CallEvent, QueueEvent)


class Clock(NamedTuple):
    """How a machine's clock stands."""

    #: Which start of the machine it is (boot_id of Linux).
    boot: str
    #: Time of day (since 1970 UTC) less the time since that start, microseconds.
    ahead_us: int

    def ahead_of(self, other: Clock) -> int:
        """How much further ahead it is, microseconds; 0 where that cannot be told, as after a new start."""
        return self.ahead_us - other.ahead_us if self.boot == other.boot else 0

    def set_since(self, other: Clock) -> int:
        """As `ahead_of`, and 0 where it was not set: the two may be some microseconds apart all the same."""
        ahead = self.ahead_of(other)
        return ahead if abs(ahead) >= SET_US else 0


class LogClock(NamedTuple):
    """From this line of a file on it was written by this clock."""

    source: Source
    place: Place
    clock: Clock


class ClockOfLog:
    """By which clock one file is written, told while it is read.

    `clock` is that of the last line that was read before, `last_at` its time; None if that is not known.
    """

    def __init__(self, source: Source, clock: Clock | None, last_at: int | None = None) -> None:
        self._source, self._clock = source, clock
        # Of the event that was read last, and when the file was last read to its end (since the machine's
        # start), microseconds.
        self._last_at = last_at
        self._looked_at: int | None = None
        #: By how much the clock was set at the last turn, microseconds.
        self.set_by_us = 0

    def read(
        self, events: Sequence[CallEvent] | Sequence[QueueEvent], now: int, clock: Clock, *, more: bool
    ) -> LogClock | None:
        """Where the clock became another one, if that is among the events that were read.

        `now` (microseconds UTC) and `clock` are those after the reading. `more` is whether there was more to
        be read. Where the file was not looked at for longer than the clock was put, its own times tell: they
        are in order but for the place where it was put.
        """
        since_start = now - clock.ahead_us
        unread = None if self._looked_at is None else since_start - self._looked_at
        if not more:
            self._looked_at = since_start
        if not events:
            return None
        found = self._first_by(events, now, clock, unread)
        self._last_at = events[-1].at
        if found is None:
            return None
        self.set_by_us = 0 if self._clock is None else clock.ahead_of(self._clock)
        self._clock = clock
        return LogClock(self._source, (found.generation, found.offset), clock)

    def _first_by(
        self,
        events: Sequence[CallEvent] | Sequence[QueueEvent],
        now: int,
        clock: Clock,
        unread: int | None,
    ) -> CallEvent | QueueEvent | None:
        """The first of these events that was written by this clock; None if the old one goes on."""
        if self._clock is None or self._clock.boot != clock.boot:
            return events[0]
        by = clock.ahead_of(self._clock)
        if abs(by) < SET_US:
            return None
        fresh = unread is not None and unread < abs(by)
        before = self._last_at
        for event in events:
            leap = 0 if before is None else event.at - before
            if by > 0 and (event.at > now - by or (not fresh and leap >= by - SET_US // 2)):
                # The old clock has not been there yet; or so much time at once.
                return event
            if by < 0 and (leap <= by // 2 or (fresh and event.at <= now)):
                # By the new clock all other lines are of the future.
                return event
            before = event.at
        return None


class LogClocks:
    """All that is known of the clocks by which one Asterisk's files were written."""

    def __init__(self, known: Iterable[LogClock] = ()) -> None:
        self._known: dict[Source, list[LogClock]] = {source: [] for source in Source}
        for each in sorted(known, key=lambda one: one.place):
            self._known[each.source].append(each)
        self._was_set = any(
            later.clock.set_since(earlier.clock)
            for some in self._known.values()
            for earlier, later in pairwise(some)
        )

    def straightened(
        self, events: Sequence[CallEvent], lines: Sequence[QueueEvent]
    ) -> tuple[Sequence[CallEvent], Sequence[QueueEvent], Ahead]:
        """A call's events, in order and one at least, as by the clock of the first; how far others are ahead.

        Events of archives, of which nobody knows when they were written, are left as they are.
        """
        if not self._was_set:
            return events, lines, EVEN
        began = self._at(Source.CEL, events[0]) if events else self._at(Source.QUEUE_LOG, lines[0])
        if began is None:
            return events, lines, EVEN
        straight = self._moved(Source.CEL, events, began), self._moved(Source.QUEUE_LOG, lines, began)
        last = (events[-1].at - straight[0][-1].at) if events else (lines[-1].at - straight[1][-1].at)
        moved = straight[0] != list(events) or straight[1] != list(lines)
        return *straight, Ahead(last, self._newest().set_since(began), was_set=moved)

    def ahead_us(self, source: Source, event: CallEvent | QueueEvent) -> int:
        """How far its time of day is ahead of a clock that nobody sets, the same for all events."""
        own = self._known[source]
        if (clock := self._at(source, event)) is not None:
            return clock.ahead_us
        return next((each.clock.ahead_us for each in (*own, *self._known[Source.CEL])), 0)

    def _moved(self, source: Source, events: Sequence[_AnyEvent], began: Clock) -> Sequence[_AnyEvent]:
        straight = []
        for event in events:
            clock = self._at(source, event)
            by = 0 if clock is None else clock.set_since(began)
            straight.append(event._replace(at=event.at - by) if by else event)
        return straight

    def _at(self, source: Source, event: CallEvent | QueueEvent) -> Clock | None:
        known = self._known[source]
        found = bisect_right(known, (event.generation, event.offset), key=lambda each: each.place)
        return known[found - 1].clock if found and event.generation > 0 else None

    def _newest(self) -> Clock:
        return max((some[-1] for some in self._known.values() if some), key=_cel_first).clock


class Ahead(NamedTuple):
    """How much further ahead the clock was than as the call began, microseconds; negative for behind."""

    #: At the last event of the call.
    at_last: int
    #: Where the files have been read to.
    now: int
    #: Whether it was set at all in the middle of the call.
    was_set: bool = True


EVEN = Ahead(0, 0, was_set=False)
ONE_CLOCK = LogClocks()


def _cel_first(known: LogClock) -> bool:
    """That file has something to tell all the time."""
    return known.source is Source.CEL
