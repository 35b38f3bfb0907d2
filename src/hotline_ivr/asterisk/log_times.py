"""When a line of one of Asterisk's logs was written."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

_TIME = re.compile(rb'(?:\{"eventtype":"[^"]*","eventenum":"[^"]*","eventtime":"|)([0-9]{9,12})[.|]')
SAID_AT = re.compile(rb"\[([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})")
"""How lines of messages.log begin (`dateformat` in asterisk/render/instance.py), on this machine's clock."""

_BEGINNING = 1 << 14


def time_of_line(line: bytes) -> float:
    """Seconds since 1970 of a line of the record's logs; of what is none, as if it were long ago."""
    match = _TIME.match(line)
    return float(match[1]) if match else 0.0


def said_at(line: bytes) -> datetime | None:
    """The aware moment of a line of messages.log or console.log; None for one that goes on with another."""
    match = SAID_AT.match(line)
    if match is None:
        return None
    naive = datetime.strptime(match[1].decode("ascii"), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
    return naive.astimezone(UTC)


def begun_at(path: Path) -> datetime | None:
    """When a log's first line that tells a time was written (aware, UTC). Raises OSError."""
    with path.open("rb") as file:
        for line in file.read(_BEGINNING).splitlines():
            if (said := said_at(line)) is not None:
                return said
            if seconds := time_of_line(line):
                return datetime.fromtimestamp(seconds, UTC)
    return None
