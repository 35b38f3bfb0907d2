"""What is kept of the shifts that run, so that a restart neither gives a break twice nor forgets one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DutyNote:
    """What has become of an operator's duty that begins at `start` (UTC)."""

    start: datetime
    #: Ids of its breaks that were granted, taken by hand, or missed.
    had: frozenset[str] = frozenset()
    #: Whether its end has been carried out.
    over: bool = False
    #: Whether a break was granted whose pause has not been seen yet.
    granted: bool = False
    #: When the pause began that was last counted as a break.
    counted: datetime | None = None


@dataclass(frozen=True, slots=True)
class BreakAsked:
    """Somebody asked for a break of a kind, at a moment (UTC)."""

    kind: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ShiftNotes:
    """By operator: their last duty, and the break they have asked for and wait for."""

    duties: Mapping[str, DutyNote] = field(default_factory=dict)
    asked: Mapping[str, BreakAsked] = field(default_factory=dict)
