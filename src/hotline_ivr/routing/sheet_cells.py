"""What a cell of a spreadsheet holds, as text or as a moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

from hotline_ivr.config.refusal import quoted
from hotline_ivr.routing.sheet_dates import on_the_wall

Cell = str | int | float | bool | datetime | date | time | None


def cell_text(cell: Cell) -> str:
    """A cell as somebody would have typed it; a number that stands as 90012345.0 has no fraction."""
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() | date() | time():
            return cell.isoformat()
        case _:
            return str(cell).strip()


def cell_moment(cell: Cell, clock: Cell, read: Callable[[str, str], datetime], zone: Any) -> datetime:
    """The moment (UTC) of a day and a time, which may stand in one cell or in two; `read` reads texts.

    Raises ValueError for what is none.
    """
    if cell_text(cell) == "":
        raise ValueError("is empty")
    own = clock.time() if isinstance(clock, datetime) else clock
    if isinstance(cell, datetime):
        if cell.tzinfo is not None:
            return cell.astimezone(UTC)
        naive = cell
        if isinstance(own, time) and cell.time() == time(0):
            naive = datetime.combine(cell.date(), own)
        elif cell.time() == time(0):
            # A day without a time is how spreadsheets keep a date.
            return read(cell.date().isoformat(), cell_text(clock))
        return on_the_wall(naive, zone)
    if isinstance(cell, date):
        at = own if isinstance(own, time) else None
        return (
            on_the_wall(datetime.combine(cell, at), zone) if at else read(cell.isoformat(), cell_text(clock))
        )
    if isinstance(cell, int | float | time):
        message = f"{quoted(cell_text(cell))} is no date; format the column as a date"
        raise ValueError(message)  # noqa: TRY004  what is wrong is what stands in the cell
    return read(cell_text(cell), own.isoformat() if isinstance(own, time) else cell_text(clock))
