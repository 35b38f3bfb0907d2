"""Where a page of entries begins, from its cursor."""

from __future__ import annotations

from datetime import date, datetime

from hotline_ivr.store.columns import from_micros
from hotline_ivr.store.register_list import MOST_FOUND
from hotline_ivr.web.api.entries_given import EntryPath
from hotline_ivr.web.api.problems import ApiError, wrong_value
from hotline_ivr.web.api.values import from_cursor


def _no_cursor() -> ApiError:
    return wrong_value("query.cursor", "This is no cursor of this list.")


def moment_cursor(cursor: str) -> tuple[datetime, str]:
    """The moment and the entry behind which a page begins. Raises ApiError."""
    try:
        micros, entry_id = from_cursor(cursor, 2)
        return from_micros(int(micros)), EntryPath(id=entry_id).id
    except (ValueError, OverflowError):
        raise _no_cursor() from None


def day_cursor(cursor: str) -> tuple[date, str]:
    """The day and the entry behind which a page of follow-ups begins. Raises ApiError."""
    try:
        day, entry_id = from_cursor(cursor, 2)
        return date.fromisoformat(day), EntryPath(id=entry_id).id
    except ValueError:
        raise _no_cursor() from None


def skip_cursor(cursor: str) -> int:
    """How many of what was found stand on the pages before. Raises ApiError."""
    try:
        (place,) = from_cursor(cursor, 1)
        skip = int(place)
    except ValueError:
        raise _no_cursor() from None
    if not 0 <= skip <= MOST_FOUND:
        raise _no_cursor()
    return skip
