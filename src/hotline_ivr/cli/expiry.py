"""When a token or a PIN ends: as it is written on the command line, and as it is shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import typer

_SPAN = re.compile(r"(\d{1,4})([hdw])", re.ASCII)
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def end_of(text: str, now: datetime) -> datetime | None:
    """The end (aware, UTC) that `90d`, `2027-01-31` or `never` (None) means.

    Raises typer.BadParameter for anything else.
    """
    if text == "never":
        return None
    if span := _SPAN.fullmatch(text):
        return (now + int(span[1]) * _UNITS[span[2]]).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(text)
        # A moment without an offset is on this machine's clock.
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r} is no end: write 90d, 2027-01-31 or never") from None


def iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def shown(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M}"
