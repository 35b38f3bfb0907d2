"""One of the calls that are under way, as it is held between one reading and the next."""

from __future__ import annotations

from dataclasses import dataclass, field

from hotline_ivr.routing.cel import CallEvent, QueueEvent


@dataclass(slots=True)
class HeldCall:
    """One call in hand."""

    events: list[CallEvent] = field(default_factory=list)
    queue_events: list[QueueEvent] = field(default_factory=list)
    # Whether the database has it among the open ones.
    noted_open: bool = False
    # Whether its row says that it is over.
    settled: bool = False
    # Whether its end has been told to the observer.
    told: bool = False
    # Whether it may have a row already.
    written: bool = False
