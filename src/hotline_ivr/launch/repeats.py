"""Who called again, counted from the record: at once, or by a process beside the service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection

from hotline_ivr.control.number_key import pseudonyms
from hotline_ivr.errors import StoreError
from hotline_ivr.launch.apart import ask_apart
from hotline_ivr.launch.plans import running_plan
from hotline_ivr.routing.repeats import (
    LOOKED_AT_DAYS,
    LineRepeats,
    RepeatCounter,
    RepeatWish,
    person_key,
)
from hotline_ivr.settings import Settings
from hotline_ivr.store.columns import to_micros
from hotline_ivr.store.repeats import arrivals
from hotline_ivr.store.streaming import read_at_length

log = structlog.get_logger()

SCHEMA = "hotline/repeats/1"

FIRST, PACE = 600.0, 6 * 3600.0
"""Seconds until the figure is made first, so that a start has the machine for itself, and between."""

LONGEST = 300.0
"""Seconds after which counting is given up: ten million calls take about two minutes."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """The figure: of which calls, by line. `since` and `until` are aware."""

    since: datetime
    until: datetime
    days: int
    lines: tuple[LineRepeats, ...]

    def as_json(self) -> dict[str, Any]:
        span = {"since": self.since.isoformat(), "until": self.until.isoformat(), "days": self.days}
        return {"schema": SCHEMA, **span, "lines": [asdict(each) for each in self.lines]}


def count_repeats(settings: Settings, wish: RepeatWish, now: datetime) -> Repeated:
    """Count them. Raises ConfigError, SetupError and StoreError.

    What is younger than the window is left out, whatever is wished: it may yet be repeated.
    """
    window = timedelta(days=wish.days)
    until = min(wish.until or now, now - window)
    since = min(wish.since or until - timedelta(days=LOOKED_AT_DAYS), until)
    country, keyed = running_plan(settings).organisation.country, pseudonyms(settings.number_key_file)
    counter = RepeatCounter(to_micros(since), to_micros(until), to_micros(until + window) - to_micros(until))

    def count(connection: Connection) -> None:
        for each in arrivals(
            connection, since, until + window, lambda caller: person_key(keyed, caller, country), wish.line
        ):
            counter.add(each)

    read_at_length(settings.database, count)
    return Repeated(since, until, wish.days, counter.found())


async def repeats_apart(wish: RepeatWish) -> Mapping[str, Any]:
    """Have a process count them; what `hotline calls repeat --json` prints. Raises StoreError."""
    words = ["calls", "repeat", "--json", "--days", str(wish.days)]
    for name, value in (("--since", wish.since), ("--until", wish.until)):
        words += [name, value.isoformat()] if value is not None else []
    words += ["--line", wish.line] if wish.line is not None else []
    said = await ask_apart(*words, longest=LONGEST)
    try:
        found: Mapping[str, Any] = json.loads(said)
    except ValueError:
        raise StoreError("who called again was counted, and the figure cannot be read") from None
    return found


class RepeatObserver(Protocol):
    """Is told of the newest figure."""

    def repeats(self, lines: Sequence[Mapping[str, Any]]) -> None: ...


class RepeatWatch:
    """Keeps the figure of the last weeks for the metrics, and makes others: one at a time."""

    def __init__(
        self,
        observer: RepeatObserver,
        *,
        count: Callable[[RepeatWish], Awaitable[Mapping[str, Any]]] = repeats_apart,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._observer, self._count, self._sleep = observer, count, sleep
        self._one = asyncio.Lock()

    async def figure(self, wish: RepeatWish) -> Mapping[str, Any]:
        """Raises StoreError."""
        async with self._one:
            return await self._count(wish)

    async def run(self) -> None:
        """Until cancelled; the tables must be there."""
        pause = FIRST
        while True:
            await self._sleep(pause)
            try:
                self._observer.repeats((await self.figure(RepeatWish()))["lines"])
            except StoreError as error:
                log.warning("who called again could not be counted", reason=str(error))
            pause = PACE
