"""Days of operators, page by page: the rows of the export, cut by where the page before ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from hotline_ivr.exports.columns import Row, Source, Wanted
from hotline_ivr.exports.operators import days, midnight, zone_of_days
from hotline_ivr.store.columns import from_micros

MOST_DAYS = 100
"""Days that a page looks at: of an operator with a day a year it would else read years of calls."""


class Place(NamedTuple):
    """Where a row stands."""

    day: date
    operator: str


@dataclass(frozen=True, slots=True)
class DaysWanted:
    """Which page. `beyond` is the place of the last row of the page before."""

    span: Wanted
    operator: str | None = None
    limit: int = 50
    beyond: Place | None = None
    newest_first: bool = True


def day_page(source: Source, wanted: DaysWanted) -> tuple[list[Row], Place | None]:
    """The rows, and from where to go on: None if there are no more. There may be fewer than `limit`."""
    found: list[Row] = []
    seen: Place | None = None
    for looked, (day, rows) in enumerate(
        days(source, _span(source, wanted), newest_first=wanted.newest_first)
    ):
        if looked == MOST_DAYS:
            return found, seen
        seen = Place(day, "")
        for row in reversed(rows) if wanted.newest_first else rows:
            place = Place(day, row[1])
            if not _is_behind(place, wanted) or wanted.operator not in {None, place.operator}:
                continue
            if len(found) == wanted.limit:
                return found, Place(date.fromisoformat(found[-1][0]), found[-1][1])
            found.append(row)
        if rows:
            seen = Place(day, rows[0 if wanted.newest_first else -1][1])
    return found, None


def _span(source: Source, wanted: DaysWanted) -> Wanted:
    """The time from the day of the cursor on; parts of days stay the same parts."""
    span, beyond = wanted.span, wanted.beyond
    if beyond is None:
        return span
    zone = zone_of_days(source.plan)
    if wanted.newest_first:
        end = from_micros(midnight(beyond.day + timedelta(days=1), zone))
        return replace(span, until=min(span.until, end))
    start = from_micros(midnight(beyond.day, zone))
    return replace(span, since=start if span.since is None else max(span.since, start))


def _is_behind(place: Place, wanted: DaysWanted) -> bool:
    beyond = wanted.beyond
    return beyond is None or (place < beyond if wanted.newest_first else place > beyond)
