"""What a decision may know beyond the plan and the call: the floor, and what centres have had today."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from hotline_ivr.routing.expected_wait import Expected
from hotline_ivr.routing.floor import Floor, OperatorState, state_of


@dataclass(frozen=True, slots=True)
class QueueSeen:
    """One queue at a moment."""

    waiting: int
    #: Operators whose telephones can be reached, on a break or not.
    present: int
    #: Of these, who could be rung at once.
    free: int


def _nobody_knows(_queue: str, _head_start_s: int) -> Expected | None:
    return None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """As somebody sees them. What is not known is None, and no rule that asks for it applies."""

    floor: Floor | None = None
    #: Minutes of conversation that each centre has had today.
    minutes: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    #: Whether this is decided now, or written down for later: then no clock and no share counts.
    ahead: bool = False
    #: Queues where nobody has been ready for long: there, as if nobody could be reached.
    deserted: frozenset[str] = frozenset()
    #: How long a caller with this head start (s) will wait in a queue; None where that is not known well.
    expected: Callable[[str, int], Expected | None] = _nobody_knows
    #: By queue, since when those wait (aware) who have hung up, keep the place and will be rung back.
    kept: Mapping[str, Sequence[datetime]] = field(default_factory=lambda: MappingProxyType({}))

    def queue(self, name: str) -> QueueSeen | None:
        """A queue as it is; None where nobody looks."""
        if self.floor is None:
            return None
        states = [state_of(member) for member in self.floor.of_queue(name)]
        present = [state for state in states if state is not OperatorState.UNREACHABLE]
        if name in self.deserted:
            present = []
        waiting = sum(each.queue == name for each in self.floor.waiting.values())
        return QueueSeen(waiting, len(present), present.count(OperatorState.FREE))

    def place(self, name: str, now: datetime, head_start_s: int) -> int | None:
        """The place of a caller who joins now, 1 being the next; None where nobody looks, or waits at all."""
        seen = self.queue(name)
        if self.floor is None or seen is None:
            return None
        since = now - timedelta(seconds=head_start_s)
        waiting = (each for each in self.floor.waiting.values() if each.queue == name)
        before = sum((each.joined or now) <= since for each in waiting)
        before += sum(place <= since for place in self.kept.get(name, ()))
        return before + 1 if before >= seen.free else None


NOTHING_SEEN = Surroundings()
AHEAD = Surroundings(ahead=True)


def expected_wait(waiting: int, operators: int, free: int, talk_s: float) -> float | None:
    """Seconds until a caller who joins now is answered; None when nobody is there to answer.

    With n operators busy for `talk_s` seconds on average one becomes free every talk_s / n seconds (the mean
    of the smallest of n exponential times), and the newcomer needs as many of these as wait before, plus one.
    """
    if operators <= 0:
        return None
    if free > waiting:
        return 0.0
    return (waiting - free + 1) * talk_s / operators
