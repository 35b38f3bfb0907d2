"""Pages of costs for the REST interface, each reckoned by a process of its own at low priority."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import ExportBusy
from hotline_ivr.exports.cost_page import CostsWanted, words_of
from hotline_ivr.launch.apart import ask_apart
from hotline_ivr.launch.plans import plan_of_record, running_plan
from hotline_ivr.settings import Settings

AT_ONCE = 1
"""Pages that are reckoned at once: each takes a processor while it lasts, and exports want one too."""

LONGEST = 300.0
"""Seconds after which one is given up: a month of a million calls takes far less."""

Ask = Callable[..., Coroutine[Any, Any, bytes]]


class CostPages:
    """Has pages reckoned, so many at once. Nothing of a page stays here."""

    def __init__(self, ask: Ask = ask_apart, *, at_once: int = AT_ONCE) -> None:
        self._ask, self._free = ask, at_once

    async def page(self, wanted: CostsWanted, noted: str) -> bytes:
        """The body of the answer; `noted` is the request that stands in the trail where numbers are told.

        Raises ExportBusy and StoreError. The process ends with whoever waits for it.
        """
        if self._free <= 0:
            raise ExportBusy("Other costs are being reckoned: try again when they are done.")
        self._free -= 1
        try:
            return await self._ask(*_words(wanted, noted), longest=LONGEST)
        finally:
            self._free += 1


def _words(wanted: CostsWanted, noted: str) -> list[str]:
    words = ["costs", "page", "--limit", str(wanted.limit), f"--noted={noted}"]
    moments: tuple[tuple[str, datetime | None], ...] = (("since", wanted.since), ("until", wanted.until))
    words += [f"--{name}={value.isoformat()}" for name, value in moments if value is not None]
    words += [f"--line={wanted.line}"] if wanted.line is not None else []
    words += [f"--beyond={'|'.join(words_of(wanted.beyond))}"] if wanted.beyond is not None else []
    return words + (["--numbers"] if wanted.numbers else [])


def plan_of_costs(settings: Settings) -> Plan:
    """The configuration on disk, as exports have it; where that cannot be read, the one that calls go by.

    Raises ConfigError where there is neither.
    """
    return plan_of_record(settings) or running_plan(settings)
