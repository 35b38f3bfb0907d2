"""Priced connections, page by page.

Nothing is kept between pages: each reckons its month anew where minutes are included, so prices are those of
what the record has by now, and what is erased is nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hotline_ivr.exports.columns import Row, Source, Wanted
from hotline_ivr.exports.costs import Place, priced_calls, priced_months

MOST_READ = 200_000
"""Calls after which a page ends with the month, whatever it has: of a rare line it else reads years."""

_PLACE = re.compile(r"(\d{4})-(0[1-9]|1[0-2])\|(\d{1,17})\|([A-Za-z0-9._-]{0,64})\|(\d{1,4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class CostsWanted:
    """Which page: of calls that arrived from `since` to before `until` (aware; now, unless earlier).

    `beyond` is the place of the last row of the page before.
    """

    since: datetime | None
    until: datetime | None
    line: str | None
    limit: int
    beyond: Place | None = None
    #: Whether dialled numbers are told in full.
    numbers: bool = False

    def span(self, now: datetime) -> Wanted:
        lines = () if self.line is None else (self.line,)
        return Wanted(self.since, min(self.until or now, now), lines)


def words_of(place: Place) -> tuple[str, ...]:
    """The place in words; see `place_in`."""
    year, month, *rest = place
    return f"{year:04}-{month:02}", *(str(each) for each in rest)


def place_in(words: Sequence[str]) -> Place:
    """The place that these words name. Raises ValueError if they name none."""
    found = _PLACE.fullmatch("|".join(words))
    if found is None:
        raise ValueError("no place of a row")
    year, month, arrived_at, call, number = found.groups()
    return Place(int(year), int(month), int(arrived_at), call, int(number))


def cost_page(source: Source, wanted: CostsWanted, now: datetime) -> tuple[list[Row], Place | None]:
    """The rows, and from where to go on: None if there are no more. There may be fewer than `limit`."""
    span, rows, read = wanted.span(now), list[Row](), 0
    last: Place | None = None
    for month in priced_months(source, span, wanted.beyond):
        if read >= MOST_READ:
            return rows, Place(*month, 0, "", 0)
        for placed in priced_calls(source, span, month, wanted.beyond):
            read += 1
            for place, row in placed:
                if len(rows) == wanted.limit:
                    return rows, last
                rows.append(row)
                last = place
    return rows, None
