"""How the events of a call are kept: all that Asterisk wrote of them, without what only its JSON repeats.

One line an event, fields separated by tabs. Nothing read from the logs holds a control character (the readers
see to that), so nothing needs escaping. It takes a third of the space of the lines as Asterisk wrote them,
and the database's work goes by bytes (docs/record.md).

    channel events   microseconds, kind, channel ("" for the caller's own), channel's name ("" for the same
                     as the channel's name before, in this piece), extra
    queue events     microseconds, kind, queue, member, data
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hotline_ivr.routing.cel import CallEvent, QueueEvent


def keep_events(events: Iterable[CallEvent]) -> bytes:
    """Events of one call, in order."""
    lines = []
    names: dict[str, str] = {}
    for kind, at, channel, call, name, extra, _, _ in events:
        shown = "" if names.get(channel) == name else name
        names[channel] = name
        lines.append(f"{at}\t{kind}\t{'' if channel == call else channel}\t{shown}\t{extra}")
    return "\n".join(lines).encode()


def kept_events(data: bytes, call: str, generation: int, start: int) -> Sequence[CallEvent]:
    """The events again. Of their places in the file only the order is kept, from `start` on."""
    events = []
    names: dict[str, str] = {}
    for number, line in enumerate(data.decode().split("\n")):
        at, kind, channel, name, extra = line.split("\t")
        channel = channel or call
        name = names[channel] = name or names.get(channel, "")
        events.append(CallEvent(kind, int(at), channel, call, name, extra, generation, start + number))
    return events


def keep_queue_events(events: Iterable[QueueEvent]) -> bytes:
    """Queue events of one call, in order."""
    return "\n".join(
        f"{event.at}\t{event.kind}\t{event.queue}\t{event.member}\t{'|'.join(event.data)}" for event in events
    ).encode()


def kept_queue_events(data: bytes, call: str, generation: int, start: int) -> Sequence[QueueEvent]:
    """The queue events again; their places as with kept_events."""
    events = []
    for number, line in enumerate(data.decode().split("\n")):
        at, kind, queue, member, fields = line.split("\t")
        words = tuple(fields.split("|")) if fields else ()
        events.append(QueueEvent(kind, int(at), call, queue, member, words, generation, start + number))
    return events


def last_kept(pieces: Iterable[bytes]) -> int:
    """When the last of these events was (microseconds UTC), of either kind; there is at least one."""
    return max(int(line.split(b"\t", 1)[0]) for piece in pieces for line in piece.split(b"\n"))
