"""How far the expected wait is from the real one, beside app_queue's average, on simulated queues.

Callers come at random at a rate that rises and falls over the day, conversations are log-normal, callers give
up after a time of their own. Both estimates are asked for at the moment in which a caller who has to wait
joins. app_queue's is its hold time: of each answered caller's wait a quarter, of the old value three.
Everything is drawn from a seed, so the figures are the same on every machine.
"""

from __future__ import annotations

import heapq
import math
import random
import statistics
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hotline_ivr.routing.expected_wait import Services
from hotline_ivr.routing.floor import (
    CallerJoined,
    CallerLeft,
    DeviceState,
    Floor,
    FloorEvent,
    MemberSeen,
    fold,
)
from hotline_ivr.routing.wait_watch import WaitWatch

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SPREAD = 0.8
"""Standard deviation of a conversation over its mean."""


@dataclass(frozen=True, slots=True)
class Day:
    """One queue: calls come for `hours` at `load` of what its operators can do, more at its middle."""

    name: str
    operators: int
    load: float
    hours: float = 40.0
    talk_s: float = 180.0
    patience_s: float = 900.0


DAYS = (
    Day("2 operators", 2, 0.95),
    Day("6 operators", 6, 1.0),
    Day("15 operators", 15, 1.0),
    Day("15 operators, too many calls", 15, 1.15),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of callers who had to wait and were answered. Errors are means of absolute differences (s)."""

    name: str
    callers: int
    mean_wait_s: float
    told_share: float
    error_s: float
    """Of those to whom a range could be told, from its middle."""
    average_error_s: float
    """Of the same callers, by app_queue's average."""
    within: float
    """Of those, who waited as long as the range says."""

    @property
    def ratio(self) -> float:
        return self.error_s / self.average_error_s


@dataclass(slots=True)
class _Caller:
    name: str
    joined: float
    patience: float
    expected: tuple[float, float, float] | None
    average: float


@dataclass(slots=True)
class _Queue:
    """A queue as Asterisk would run it, and the watch that is told of it."""

    day: Day
    draws: random.Random
    watch: WaitWatch = field(default_factory=WaitWatch)
    floor: Floor = field(default_factory=Floor)
    average: float = 0.0
    waiting: deque[_Caller] = field(default_factory=deque)
    free: list[str] = field(default_factory=list)
    ends: list[tuple[float, str]] = field(default_factory=list)
    seen: list[tuple[_Caller, float]] = field(default_factory=list)

    def run(self) -> list[tuple[_Caller, float]]:
        self.watch.use({"main": Services(self._talk() for _ in range(500))})
        for number in range(self.day.operators):
            self._free(f"op{number}", 0.0)
        for number, at in enumerate(self._arrivals()):
            self._until(at)
            self._join(f"c{number}", at)
        self._until(math.inf)
        return self.seen

    def _arrivals(self) -> Iterator[float]:
        end = self.day.hours * 3600
        most = 1.3 * self.day.load * self.day.operators / self.day.talk_s
        at = 0.0
        while (at := at + self.draws.expovariate(most)) < end:
            # A day of eight hours, its middle the busiest; the mean is the load.
            busy = 0.7 + 0.6 * math.sin(math.pi * (at % 28_800) / 28_800)
            if self.draws.random() < busy / 1.3:
                yield at

    def _talk(self) -> float:
        sigma = math.sqrt(math.log(1 + SPREAD**2))
        return self.draws.lognormvariate(math.log(self.day.talk_s) - sigma**2 / 2, sigma)

    def _tell(self, event: FloorEvent, at: float) -> None:
        self.floor = fold(self.floor, event)
        self.watch.happened(event, self.floor, _moment(at))

    def _member(self, operator: str, at: float, *, talks: bool) -> None:
        device = DeviceState.IN_USE if talks else DeviceState.NOT_IN_USE
        self._tell(MemberSeen("main", operator, operator, device, paused=False, in_call=talks), at)

    def _free(self, operator: str, at: float) -> None:
        self.free.append(operator)
        self._member(operator, at, talks=False)

    def _join(self, name: str, at: float) -> None:
        found = self.watch.expected(self.floor, "main", _moment(at))
        told = (found.low_s, found.middle_s, found.high_s) if found is not None and found.told else None
        caller = _Caller(name, at, self.draws.expovariate(1 / self.day.patience_s), told, self.average)
        self._tell(CallerJoined("main", name, _moment(at)), at)
        self.waiting.append(caller)
        self._serve(at)

    def _until(self, at: float) -> None:
        while self.ends and self.ends[0][0] <= at:
            ended, operator = heapq.heappop(self.ends)
            self._give_up(ended)
            self._free(operator, ended)
            self._serve(ended)
        if at < math.inf:
            self._give_up(at)

    def _give_up(self, at: float) -> None:
        for caller in [each for each in self.waiting if each.joined + each.patience <= at]:
            self.waiting.remove(caller)
            self._tell(CallerLeft("main", caller.name, abandoned=True), caller.joined + caller.patience)

    def _serve(self, at: float) -> None:
        while self.waiting and self.free:
            caller, operator = self.waiting.popleft(), self.free.pop(0)
            waited = at - caller.joined
            self._tell(CallerLeft("main", caller.name), at)
            self._member(operator, at, talks=True)
            heapq.heappush(self.ends, (at + self._talk(), operator))
            self.average = (3 * self.average + waited) / 4
            if waited > 0:
                self.seen.append((caller, waited))


def _moment(at: float) -> datetime:
    return START + timedelta(seconds=at)


def measure(days: Sequence[Day] = DAYS, seed: int = 1) -> list[Figures]:
    return [_figures(day, _Queue(day, random.Random(seed)).run()) for day in days]


def _figures(day: Day, seen: list[tuple[_Caller, float]]) -> Figures:
    told = [(caller, waited, caller.expected) for caller, waited in seen if caller.expected is not None]
    return Figures(
        name=day.name,
        callers=len(seen),
        mean_wait_s=statistics.fmean(waited for _, waited in seen),
        told_share=len(told) / len(seen),
        error_s=statistics.fmean(abs(middle - waited) for _, waited, (_, middle, _) in told),
        average_error_s=statistics.fmean(abs(caller.average - waited) for caller, waited, _ in told),
        within=statistics.fmean(low <= waited <= high for _, waited, (low, _, high) in told),
    )


def table(found: Sequence[Figures]) -> list[str]:
    rows = [
        f"waits: {each.name:<30} {each.callers:>6} waited {each.mean_wait_s:>5.0f} s on average; told"
        f" {each.told_share:>4.0%} of them, error {each.error_s:>4.0f} s"
        f" (app_queue's average {each.average_error_s:.0f} s), ratio {each.ratio:.2f};"
        f" {each.within:.0%} within the range"
        for each in found
    ]
    return [*rows, "       a range is made to hold four of five"]
