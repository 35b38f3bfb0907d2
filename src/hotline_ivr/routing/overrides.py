"""What people have decided by hand, over all calendars: closed, open, or an information up front.

An override ends by itself. Who set it and when is part of it. Pure: keeping them is somebody else's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OverrideKind(StrEnum):
    CLOSE = "close"
    OPEN = "open"
    # An information prompt up front; who hangs up after it has been informed, not lost.
    SURGE = "surge"
    # Who takes the calls: own people, the line's centre, or both as its rules say.
    INSIDE = "inside"
    OUTSIDE = "outside"
    BOTH = "both"


ROUTES = frozenset({OverrideKind.INSIDE, OverrideKind.OUTSIDE, OverrideKind.BOTH})
HOURS = frozenset({OverrideKind.CLOSE, OverrideKind.OPEN})


def same_sort(one: OverrideKind, other: OverrideKind) -> bool:
    """Whether one takes the other's place: a line is closed or opened by hand, not both; an information
    and a route go beside either."""
    return any({one, other} <= sort for sort in (HOURS, ROUTES, {OverrideKind.SURGE}))


@dataclass(frozen=True, slots=True)
class Override:
    """One decision about one line; `since` and `until` are aware (UTC), `until` None is until cleared."""

    id: str
    line: str
    kind: OverrideKind
    since: datetime
    until: datetime | None
    by: str
    prompt: str | None = None
    #: SURGE only: the caller must press a key to go on to the queue; else the call ends after the prompt.
    must_press_to_go_on: bool = False

    def holds_at(self, moment: datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)
