"""What a centre has had in a month, beside what it writes on its invoice. Pure."""

from __future__ import annotations

import csv
import io
import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from hotline_ivr.errors import ArgumentError

REPEAT_WITHIN = timedelta(hours=24)
"""Who rings again so soon after a conversation there has not been helped."""

# An invoice of more lines than this is no invoice of a call centre.
_MOST_LINES = 1_000_000


class Handed(Protocol):
    """One call to the centre. Times are aware, durations milliseconds."""

    @property
    def arrived_at(self) -> datetime: ...
    @property
    def caller(self) -> str: ...
    @property
    def ring_ms(self) -> int | None: ...
    @property
    def talk_ms(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Settlement:
    """Calls handed over, answered there and lost there; durations in seconds."""

    handed_over: int
    answered: int
    lost: int
    ring_s: float
    talk_s: float
    #: Each conversation rounded up to whole minutes, as most invoices count.
    started_minutes: int
    #: Conversations after which the same caller rang again within 24 hours.
    repeats: int

    @property
    def talk_minutes(self) -> float:
        return self.talk_s / 60


@dataclass(frozen=True, slots=True)
class Invoice:
    """What the centre says: calls, and their minutes all together."""

    calls: int
    minutes: float


def settle(handed: Iterable[Handed], arrivals: Iterable[tuple[datetime, str]]) -> Settlement:
    """Sum calls up; `arrivals` are all calls of the time and the day after, oldest first."""
    rang: dict[str, list[datetime]] = defaultdict(list)
    for at, caller in arrivals:
        rang[caller].append(at)
    calls = list(handed)
    answered = [call for call in calls if call.talk_ms is not None]
    return Settlement(
        handed_over=len(calls),
        answered=len(answered),
        lost=len(calls) - len(answered),
        ring_s=sum(call.ring_ms or 0 for call in calls) / 1000,
        talk_s=sum(call.talk_ms or 0 for call in answered) / 1000,
        started_minutes=sum(math.ceil((call.talk_ms or 0) / 60_000) for call in answered),
        repeats=sum(_rang_again(call, rang.get(call.caller, [])) for call in answered),
    )


def _rang_again(call: Handed, times: list[datetime]) -> bool:
    if not call.caller:
        return False
    later = bisect_right(times, call.arrived_at)
    return later < len(times) and times[later] - call.arrived_at <= REPEAT_WITHIN


def read_invoice(text: str) -> Invoice:
    """An invoice as CSV: one line a call, with a column `minutes` or `seconds`; `,` or `;` between them.

    Raises ArgumentError with the line for anything else.
    """
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter)
    names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    unit = next((unit for unit in ("minutes", "seconds") if unit in names), None)
    if unit is None:
        raise ArgumentError(
            "the invoice has no column `minutes` or `seconds`: its first line names the columns"
        )
    calls, total = 0, 0.0
    for number, row in enumerate(reader, 2):
        if number > _MOST_LINES:
            raise ArgumentError(f"the invoice has more than {_MOST_LINES} lines")
        written = (row[names[unit]] or "").strip().replace(",", ".")
        try:
            length = float(written)
        except ValueError:
            length = math.nan
        if not 0 <= length < math.inf:
            raise ArgumentError(f"line {number} of the invoice: {written[:40]!r} are no {unit}")
        calls, total = calls + 1, total + length
    return Invoice(calls, total / 60 if unit == "seconds" else total)
