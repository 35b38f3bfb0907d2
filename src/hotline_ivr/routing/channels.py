"""How many calls there were at once, by number, trunk and contract, and how many channels that needs.

A caller takes a channel from arrival to the end, picked up or not; a connection that we dial takes another,
also where nobody rang us, as in a call back.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hotline_ivr.config.contracts import Contract
from hotline_ivr.routing.erlang import blocking, channels_needed, offered_from_carried
from hotline_ivr.routing.usage import RecordedCall, Usage, contract_in_force

HOUR = 3600


@dataclass(frozen=True, slots=True)
class ChannelUse:
    """`kind` is number, trunk or contract. Erlangs are of the busiest clock hour (UTC). Times are aware."""

    kind: str
    name: str
    calls: int
    peak: int
    peak_at: datetime
    busiest_hour: datetime
    erlangs: float
    needed: int
    bought: int
    #: Share of callers who meet busy channels in the busiest hour with what was bought; None: not counted.
    blocked: float | None


@dataclass(slots=True)
class _Watched:
    ends: list[float] = field(default_factory=list)
    peak: int = 0
    peak_at: float = 0.0
    calls: int = 0
    hours: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))


class ChannelWatch:
    """Takes calls in the order of their arrival; holds those of one moment, and a sum for each hour."""

    def __init__(self, contracts: Mapping[str, Contract]) -> None:
        self._contracts = contracts
        self._watched: defaultdict[tuple[str, str], _Watched] = defaultdict(_Watched)
        # Connections that begin after the last arrival: a later caller may still come before them.
        self._waiting: list[tuple[float, float, tuple[tuple[str, str], ...]]] = []

    def add(self, call: RecordedCall) -> None:
        if call.ended_at is None:
            return
        if call.rang_us:
            arrived = Usage(call.id, call.line, False, call.number, "", call.arrived_at, 1)
            self._push(arrived, call.arrived_at, call.ended_at)
        for leg in call.dialled:
            dialled = Usage(call.id, call.line, True, leg.number, leg.trunk, leg.started_at, 1)
            self._push(dialled, leg.started_at, leg.ended_at or call.ended_at)
        self._release(call.arrived_at.timestamp())

    def _push(self, usage: Usage, start: datetime, end: datetime) -> None:
        own = ("trunk", usage.trunk) if usage.outgoing else ("number", usage.number)
        contract = contract_in_force(self._contracts, usage)
        keys = (own,) if contract is None else (own, ("contract", contract))
        heapq.heappush(self._waiting, (start.timestamp(), max(start, end).timestamp(), keys))

    def _release(self, until: float) -> None:
        while self._waiting and self._waiting[0][0] <= until:
            start, end, keys = heapq.heappop(self._waiting)
            for key in keys:
                _note(self._watched[key], start, end)

    def report(self) -> Iterator[ChannelUse]:
        """By kind and name; the last call has been added."""
        self._release(float("inf"))
        for (kind, name), seen in sorted(self._watched.items()):
            bought = self._contracts[name].channels if kind == "contract" else 0
            hour, seconds = max(seen.hours.items(), key=lambda item: (item[1], -item[0]))
            erlangs = offered_from_carried(seconds / HOUR, bought)
            yield ChannelUse(
                kind,
                name,
                calls=seen.calls,
                peak=seen.peak,
                peak_at=datetime.fromtimestamp(seen.peak_at, UTC),
                busiest_hour=datetime.fromtimestamp(hour * HOUR, UTC),
                erlangs=erlangs,
                needed=channels_needed(erlangs),
                bought=bought,
                blocked=blocking(erlangs, bought) if bought else None,
            )


def _note(seen: _Watched, start: float, end: float) -> None:
    # What ends at the moment at which another begins has left its channel.
    while seen.ends and seen.ends[0] <= start:
        heapq.heappop(seen.ends)
    heapq.heappush(seen.ends, end)
    seen.calls += 1
    if len(seen.ends) > seen.peak:
        seen.peak, seen.peak_at = len(seen.ends), start
    hour = int(start // HOUR)
    seen.hours[hour] += 0.0
    while hour * HOUR < end:
        seen.hours[hour] += max(0.0, min(end, (hour + 1) * HOUR) - max(start, hour * HOUR))
        hour += 1
