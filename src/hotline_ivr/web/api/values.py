"""Values that several routes take: moments, ids, and the cursor of a list."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

ID = r"^[a-z][a-z0-9-]{0,30}$"
"""An id of the configuration; see config/types.py."""

_MOST_CURSOR = 200


def _moment(text: object) -> datetime:
    if not isinstance(text, str) or "T" not in text.upper() or len(text) > 40:
        raise ValueError("write a moment with its offset: 2026-10-01T08:00:00+02:00 or 2026-10-01T06:00:00Z")
    try:
        # In a query string a `+` that nobody encoded arrives as a blank.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise ValueError("this is no moment: write 2026-10-01T06:00:00Z") from None
    if moment.tzinfo is None:
        raise ValueError("a moment needs its offset: 2026-10-01T08:00:00+02:00, or Z for UTC")
    if not 1970 <= moment.year < 9999:
        raise ValueError("this is no moment of our time")
    return moment.astimezone(UTC)


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-10-01T06:00:00Z"]}),
]
LineId = Annotated[str, Field(pattern=ID, description="Id of a line.", examples=["admission"])]
OverrideId = Annotated[
    str, Field(pattern=r"^[a-z0-9]{1,32}$", description="Id of an override.", examples=["k7m2qx"])
]
Cursor = Annotated[str, Field(max_length=_MOST_CURSOR)]
CURSOR = "`next` of the page before; without it the first page."


def to_cursor(*parts: str) -> str:
    """An opaque word for where a page ended."""
    return base64.urlsafe_b64encode("|".join(parts).encode()).decode().rstrip("=")


def from_cursor(cursor: str, parts: int) -> list[str]:
    """What the word stands for. Raises ValueError if it is none of ours."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, UnicodeError):
        raise ValueError("no cursor of ours") from None
    found = text.split("|")
    if len(found) != parts:
        raise ValueError("no cursor of ours")
    return found
