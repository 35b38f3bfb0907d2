"""What the break governor is told and what it answers. Times are seconds since 1970, UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

FOREVER = 2**40
"""An end that never comes: of a duty without a plan."""


@dataclass(frozen=True, slots=True)
class Person:
    """An operator who works, now or soon, and in which queues.

    Counts as ready from `start` until `end` unless on a break: in a call too, for it comes back from there.
    `free_at` is when the present call and wrap-up are forecast to end; None, or past, when there is none.
    """

    operator: str
    queues: frozenset[str]
    start: int
    end: int = FOREVER
    free_at: int | None = None


@dataclass(frozen=True, slots=True)
class Away:
    """A break that has been granted: it counts as away from `start` until `end`, forecast or planned."""

    operator: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class BreakWish:
    """A break that is owed or asked for.

    `due` orders the wishes: when it was asked for, or when the plan has it. It begins no earlier than
    `earliest`, and at `latest` it begins whatever the minimum says: nobody waits for ever. With `asked` false
    it is one that floats and that nobody has asked for yet: it is pushed only when it must begin.
    """

    operator: str
    id: str
    length: int
    due: int
    earliest: int
    latest: int
    asked: bool = True


@dataclass(frozen=True, slots=True)
class BreakLimits:
    """How many may be away at once and how many must be left, by queue; `away_in_all` None is no limit."""

    ready: Mapping[str, int] = field(default_factory=dict)
    away: Mapping[str, int] = field(default_factory=dict)
    away_in_all: int | None = None


class BreakVerdict(StrEnum):
    """What becomes of a wish."""

    GRANTED = "granted"
    """It begins now, or when the call under way and its wrap-up end."""
    WAITS = "waits"
    AHEAD = "ahead"
    """Nobody has asked for it; it begins by itself at `begins`, unless it is asked for before."""


@dataclass(frozen=True, slots=True)
class BreakAnswer:
    """The answer to one wish: when it is forecast to begin, and at which place it waits (1 is the next).

    `in_call` says that it is granted and begins when the call ends, so never in it. `forced` says that no
    moment in its time left enough operators, or kept the limits.
    """

    wish: BreakWish
    verdict: BreakVerdict
    begins: int
    place: int = 0
    in_call: bool = False
    forced: bool = False

    def minutes(self, now: int) -> int:
        """Whole minutes until it begins, rounded up."""
        return max(0, -(-(self.begins - now) // 60))
