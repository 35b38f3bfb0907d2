"""The waits of callers: who is before whom, who has talked for how long, what was forecast and what came.

Told of every change of the floor, with the time; it has no clock of its own. What it learns of forecasts is
kept in memory alone, so after a start nothing is told to callers until enough has been seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hotline_ivr.routing.expected_wait import (
    FEWEST_SERVICES,
    Calibration,
    Expected,
    Services,
    Serving,
    forecast,
)
from hotline_ivr.routing.floor import (
    CallerJoined,
    CallerLeft,
    Floor,
    FloorEvent,
    MemberSeen,
    OperatorState,
    is_engaged,
    state_of,
)
from hotline_ivr.routing.presence import WRAP_UP

# The wrap-up begins a moment after the call has ended, and is one service with it.
_SAME_SERVICE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class _Forecast:
    queue: str
    needed: int
    seconds: float
    since: datetime


class WaitWatch:
    """Forecasts of one node's queues."""

    def __init__(self) -> None:
        self._services: Mapping[str, Services] = {}
        self._calibrations: dict[str, Calibration] = {}
        self._forecasts: dict[str, _Forecast] = {}
        self._engaged_since: dict[str, datetime] = {}
        # When the service that was over last had begun, and ended.
        self._last: dict[str, tuple[datetime, datetime]] = {}
        # By queue, since when those wait who have hung up and will be rung back.
        self.places: Mapping[str, Sequence[datetime]] = {}

    def use(self, services: Mapping[str, Services]) -> None:
        """How long conversations take, by queue."""
        self._services = services

    def keep_places(self, places: Mapping[str, Sequence[datetime]]) -> None:
        """Who keeps a place without being there, by queue (aware)."""
        self.places = places

    def soon(self, floor: Floor, queue: str, now: datetime, within_s: float, wrap_up_s: float) -> int:
        """Operators who are free or will be within this time, as far as can be told."""
        services, ended, free = self._services.get(queue), 0.0, 0
        for seen in floor.of_queue(queue):
            if _in_wrap_up(seen) and not is_engaged(seen) and wrap_up_s <= within_s:
                free += 1
            elif _at_work(seen):
                if services is not None and len(services) >= FEWEST_SERVICES:
                    elapsed_s = self._elapsed(seen.operator, now)
                    ended += _share(floor, queue, seen.operator) * services.ends(elapsed_s, within_s)
            elif state_of(seen) is OperatorState.FREE:
                free += 1
        return free + int(ended)

    def happened(self, event: FloorEvent, floor: Floor, now: datetime) -> None:
        """An event has made the floor what it is."""
        if not self._services:
            # Nobody asks, or nothing is known: this is called for every event.
            return
        match event:
            case CallerJoined(queue, call):
                needed, seconds = self._forecast(floor, queue, now, without=call)
                if needed > 0 and seconds is not None:
                    self._forecasts.setdefault(call, _Forecast(queue, needed, seconds, now))
            case CallerLeft(_, call, abandoned):
                self._left(call, now, abandoned=abandoned)
            case MemberSeen(_, operator):
                self._operator_seen(operator, floor, now)
            case _:
                pass

    def begin_anew(self, floor: Floor) -> None:
        """After a gap: what was forecast for those who are gone is forgotten."""
        self._forecasts = {call: each for call, each in self._forecasts.items() if call in floor.waiting}

    def expected(self, floor: Floor, queue: str, now: datetime, head_start_s: int = 0) -> Expected | None:
        """How long somebody who joins now will wait; None where that is not known well enough to say."""
        needed, seconds = self._forecast(floor, queue, now, timedelta(seconds=head_start_s))
        if needed <= 0 or seconds is None:
            return None
        return self._calibrations.get(queue, Calibration()).expected(needed, seconds)

    def _operator_seen(self, operator: str, floor: Floor, now: datetime) -> None:
        seats = floor.of_operator(operator)
        if not any(map(_at_work, seats)):
            if (began := self._engaged_since.pop(operator, None)) is not None:
                self._last[operator] = began, now
        elif operator not in self._engaged_since:
            began, ended = self._last.get(operator, (now, now))
            goes_on = any(map(_in_wrap_up, seats)) and now - ended < _SAME_SERVICE
            self._engaged_since[operator] = began if goes_on else now

    def _left(self, call: str, now: datetime, *, abandoned: bool) -> None:
        made = self._forecasts.pop(call, None)
        if made is None:
            return
        known = self._calibrations.setdefault(made.queue, Calibration())
        waited_s = (now - made.since).total_seconds()
        (known.gave_up if abandoned else known.came)(made.needed, made.seconds, waited_s)

    def _forecast(
        self, floor: Floor, queue: str, now: datetime, head_start: timedelta = timedelta(), without: str = ""
    ) -> tuple[int, float | None]:
        """How many operators have to become free, and when they will have (s)."""
        services = self._services.get(queue)
        if services is None:
            return 0, None
        before = [
            each
            for each in floor.waiting.values()
            if each.queue == queue and each.call != without and (each.joined or now) <= now - head_start
        ]
        kept = sum(place <= now - head_start for place in self.places.get(queue, ()))
        members = serving(floor, queue)
        free = sum(state_of(seen) is OperatorState.FREE and not _at_work(seen) for seen in members)
        needed = len(before) + kept + 1 - free
        at_work = [
            Serving(self._elapsed(seen.operator, now), _share(floor, queue, seen.operator))
            for seen in members
        ]
        return needed, forecast(needed, at_work, services)

    def _elapsed(self, operator: str, now: datetime) -> float:
        since = self._engaged_since.get(operator)
        return 0.0 if since is None else (now - since).total_seconds()


def serving(floor: Floor, queue: str) -> list[MemberSeen]:
    """Operators of a queue who take its calls: free, or at work."""
    return list(filter(_serves, floor.of_queue(queue)))


def _at_work(seen: MemberSeen) -> bool:
    """With a caller, or in the wrap-up after one: both are part of a service."""
    return is_engaged(seen) or _in_wrap_up(seen)


def _in_wrap_up(seen: MemberSeen) -> bool:
    return seen.paused and seen.reason == WRAP_UP


def _serves(seen: MemberSeen) -> bool:
    return _at_work(seen) or state_of(seen) is OperatorState.FREE


def _share(floor: Floor, queue: str, operator: str) -> float:
    """How much of an operator's work is for this queue, by how many callers wait in each."""
    queues = [seen.queue for seen in floor.of_operator(operator)]
    if len(queues) == 1:
        return 1.0
    waiting = {name: 1 + sum(each.queue == name for each in floor.waiting.values()) for name in queues}
    return waiting[queue] / sum(waiting.values())
