"""What was read from Asterisk's two files at once, each call's events together."""

from __future__ import annotations

from dataclasses import dataclass, field

from hotline_ivr.routing.cel import NO_CALL, STAGE_EVENT, CallEvent, QueueEvent, Source
from hotline_ivr.routing.fold import TRUNK_CHANNEL
from hotline_ivr.routing.kept import keep_events, keep_queue_events
from hotline_ivr.routing.ledger import KeptEvents, Position, Reading
from hotline_ivr.routing.log_clocks import LogClock


@dataclass(slots=True)
class Taken:
    """What was read at once, by call."""

    cel: Reading[CallEvent] | None
    queue_log: Reading[QueueEvent] | None
    events: dict[str, list[CallEvent]] = field(default_factory=dict)
    queue_events: dict[str, list[QueueEvent]] = field(default_factory=dict)
    # Queue events of no call.
    other: list[QueueEvent] = field(default_factory=list)
    kept: list[KeptEvents] = field(default_factory=list)
    # Calls whose first event is among these, and whose last.
    begun: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    # Where a file began to be written by another clock.
    clocks: list[LogClock] = field(default_factory=list)

    def touched(self) -> set[str]:
        return self.events.keys() | self.queue_events.keys()

    def oldest(self) -> int | None:
        """When the first of these events happened, microseconds UTC."""
        firsts = [r.events[0].at for r in (self.cel, self.queue_log) if r is not None and r.events]
        return min(firsts, default=None)

    def more(self) -> bool:
        """Whether more is waiting in either file."""
        return any(reading.more for reading in (self.cel, self.queue_log) if reading is not None)

    def moves(self) -> list[tuple[Position | None, Position]]:
        readings = (self.cel, self.queue_log)
        return [(reading.before, reading.after) for reading in readings if reading is not None]


# Channels remembered as those of calls that began with another one.
_MOST_ALIASES = 5_000


class Aliases:
    """Channels of calls that began with another channel, which queue_log nevertheless names the call by.

    Of who is called back, over a trunk: it is rung and answered before it waits in a queue. That the dialplan
    has spoken of it is too late to go by, since a busy Asterisk writes queue_log sooner than the other file.
    """

    def __init__(self) -> None:
        self._calls: dict[str, str] = {}

    def note(self, event: CallEvent) -> None:
        """Remember the channel if it is not the call's first, and may be one that waits in a queue."""
        waits = event.kind == STAGE_EVENT or event.channel_name.startswith(TRUNK_CHANNEL)
        if waits and event.channel != event.call:
            self._calls[event.channel] = event.call
            if len(self._calls) > _MOST_ALIASES:
                del self._calls[next(iter(self._calls))]

    def call_of(self, named: str) -> str:
        """The call that a name in queue_log means, as far as is known by now."""
        return self._calls.get(named, named)


def sort_by_call(
    node: str, cel: Reading[CallEvent] | None, queue_log: Reading[QueueEvent] | None, aliases: Aliases
) -> Taken:
    """What was read, each call's events together."""
    taken = Taken(cel, queue_log)
    if cel is not None:
        by_call = taken.events
        for event in cel.events:
            call = event.call
            if call in by_call:
                by_call[call].append(event)
            else:
                by_call[call] = [event]
            kind = event.kind
            if kind == "LINKEDID_END":
                taken.ended.add(call)
            elif event.channel == call:
                if kind == "CHAN_START":
                    taken.begun.add(call)
            else:
                aliases.note(event)
        for call, events in by_call.items():
            place = (events[0].generation, events[0].offset)
            taken.kept.append(KeptEvents(node, call, Source.CEL.value, *place, keep_events(events)))
    if queue_log is not None:
        _sort_queue_log(node, queue_log, aliases, taken)
    return taken


def _sort_queue_log(node: str, queue_log: Reading[QueueEvent], aliases: Aliases, taken: Taken) -> None:
    for queue_event in queue_log.events:
        if queue_event.call in NO_CALL:
            taken.other.append(queue_event)
        else:
            call = aliases.call_of(queue_event.call)
            taken.queue_events.setdefault(call, []).append(queue_event)
    for call, queue_events in taken.queue_events.items():
        place = (queue_events[0].generation, queue_events[0].offset)
        data = keep_queue_events(queue_events)
        taken.kept.append(KeptEvents(node, call, Source.QUEUE_LOG.value, *place, data))
