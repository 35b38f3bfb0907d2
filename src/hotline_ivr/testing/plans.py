"""Configurations for tests, as an admin would write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

OPEN = "+4722851201"
CLOSED = "+4722851202"
DESERTED = "+4722851203"
IMPATIENT = "+4722851204"
"""Numbers of the lines that `plan` can make."""

_ZONE = "Europe/Oslo"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def plan(
    operators: Mapping[str, str | None],
    *,
    now: datetime,
    language: str = "en",
    ring_time: int = 15,
    extra_queues: Mapping[str, Sequence[str]] | None = None,
    extra_lines: Mapping[str, Mapping[str, object]] | None = None,
) -> dict[str, Any]:
    """An organisation with an open line and a closed one; `operators` maps ids to SIP contacts or None.

    Those that no extra queue names serve the queue `main`.
    """
    queues = dict(extra_queues or {})
    elsewhere = {name for members in queues.values() for name in members}
    queues["main"] = [name for name in operators if name not in elsewhere]
    return {
        "organisation": {"name": "Test University", "country": "NO"},
        "trunks": {"carrier": {"hosts": ["127.0.0.1"], "codecs": ["alaw", "ulaw"]}},
        "operators": {name: _operator(name, contact) for name, contact in operators.items()},
        "queues": {
            name: {
                "operators": list(members),
                "strategy": "leastrecent",
                "ring_time": f"{ring_time}s",
                "wrap_up": "0s",
            }
            for name, members in queues.items()
        },
        "lines": {
            "open": line("Open line", OPEN, language=language),
            "closed": line("Closed line", CLOSED, language=language, hours=closed_now(now)),
            **{name: dict(entry) for name, entry in (extra_lines or {}).items()},
        },
    }


def line(
    name: str,
    number: str,
    *,
    language: str = "en",
    hours: object = "always",
    queue: str = "main",
    max_wait: int = 300,
) -> dict[str, object]:
    return {
        "name": name,
        "numbers": [number],
        "time_zone": _ZONE,
        "language": language,
        "hours": hours,
        "queue": queue,
        "max_wait": f"{max_wait}s",
    }


def closed_now(now: datetime) -> dict[str, str]:
    """Weekly hours that do not hold `now`, nor anything within a day of it."""
    day = now.astimezone(ZoneInfo(_ZONE)) + timedelta(days=3)
    return {_DAYS[day.weekday()]: "10:00-11:00"}


def _operator(name: str, contact: str | None) -> dict[str, object]:
    return {"name": name.capitalize(), **({"sip_contact": contact} if contact else {})}
