"""Shift plans as a table of a week, rows of a spreadsheet, and JSON; coverage by half-hours."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hotline_ivr.config.shift_csv import COLUMNS
from hotline_ivr.routing.duties import Duty, DutyBreak
from hotline_ivr.routing.shifts import ShiftBook
from hotline_ivr.routing.staffing import HalfHour
from hotline_ivr.routing.wall import zone_of

SHOW_SCHEMA, COVERAGE_SCHEMA = "hotline/shifts/1", "hotline/coverage/1"
_ONE = timedelta(days=1)
_CELL = 13
MOST_BARS = 40
"""A bar is cut there; the numbers beside it are not."""


def week_table(book: ShiftBook, operators: Sequence[str], monday: date) -> str:
    """Operators by days of a week, with the paid hours at the end."""
    days = [monday + step * _ONE for step in range(7)]
    width = max((len(book.plan.operators[each].name) for each in operators), default=0) + 2
    head = "".join(f"{day:%a %d}".ljust(_CELL) for day in days)
    number = monday.isocalendar()
    lines = [f"Week {number.week} of {number.year}, {book.zone}", f"{'':{width}}{head}paid"]
    for operator in operators:
        name = book.plan.operators[operator].name
        if operator not in book.planned:
            lines.append(f"{name:{width}}signs in at any time: no plan")
            continue
        of_days = [book.duties_on(operator, day) for day in days]
        paid = sum((duty.paid for duties in of_days for duty in duties), timedelta())
        for row in range(max(1, *map(len, of_days))):
            cells = (_cell(book.zone, duties, row) for duties in of_days)
            end = f"{paid / timedelta(hours=1):.4g} h" if not row else ""
            lines.append(
                f"{name if not row else '':{width}}{''.join(f'{cell:{_CELL}}' for cell in cells)}{end}"
            )
    return "\n".join(line.rstrip() for line in lines)


def _cell(zone: str, duties: Sequence[Duty], row: int) -> str:
    if row >= len(duties):
        return "off" if not duties and not row else ""
    return _hours(zone, duties[row].start, duties[row].end)


def operator_table(book: ShiftBook, operator: str, monday: date) -> str:
    """One operator's week, a shift a line, with its breaks."""
    lines = [f"{book.plan.operators[operator].name} ({operator}), {book.zone}"]
    for step in range(7):
        day = monday + step * _ONE
        duties = book.duties_on(operator, day)
        for duty in duties:
            shift = duty.shift if duty.shift[0].isalpha() else "-"
            breaks = breaks_text(book.zone, duty.breaks)
            lines.append(f"  {day:%a} {day}  {_hours(book.zone, duty.start, duty.end)}  {shift:<12} {breaks}")
        if not duties:
            lines.append(f"  {day:%a} {day}  " + ("off" if operator in book.planned else "no plan"))
    return "\n".join(line.rstrip() for line in lines)


def breaks_text(zone: str, breaks: Iterable[DutyBreak]) -> str:
    """Breaks in a cell: `lunch 11:30-12:00, short 15m in 09:00-10:30`."""
    return ", ".join(
        f"{each.id} {f'{each.length // timedelta(minutes=1)}m in ' if each.floats else ''}"
        f"{_hours(zone, each.opens, each.closes)}"
        for each in breaks
    )


def _hours(zone: str, start: datetime, end: datetime) -> str:
    return f"{start.astimezone(zone_of(zone)):%H:%M}-{end.astimezone(zone_of(zone)):%H:%M}"


def shifts_csv(book: ShiftBook, operators: Sequence[str], first: date, days: int) -> str:
    """A row for each shift, and one for each day off of who works by a plan; a spreadsheet opens it as it is.

    Ids, times and words of ours only: nothing in it can be taken for a formula.
    """
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for operator in operators:
        for day in (first + step * _ONE for step in range(days)):
            duties = book.duties_on(operator, day)
            for duty in duties:
                start, end = _hours(book.zone, duty.start, duty.end).split("-")
                shift = duty.shift if duty.shift[0].isalpha() else ""
                times = ("", "") if shift else (start, end)
                writer.writerow((operator, day, shift, *times, breaks_text(book.zone, duty.breaks), ""))
            if not duties:
                writer.writerow((operator, day, "off", "", "", "", ""))
    # The mark by which Excel knows UTF-8.
    return "\ufeff" + out.getvalue()


def shifts_json(book: ShiftBook, operators: Sequence[str], first: date, days: int) -> dict[str, Any]:
    """What other programs read; times in UTC."""
    return {
        "schema": SHOW_SCHEMA,
        "time_zone": book.zone,
        "from": first.isoformat(),
        "days": days,
        "operators": [
            {
                "operator": operator,
                "name": book.plan.operators[operator].name,
                "planned": operator in book.planned,
                "duties": [
                    _duty_json(duty)
                    for step in range(days)
                    for duty in book.duties_on(operator, first + step * _ONE)
                ],
            }
            for operator in operators
        ],
    }


def _duty_json(duty: Duty) -> dict[str, Any]:
    return {
        "date": duty.day.isoformat(),
        "shift": duty.shift,
        "from": _utc(duty.start),
        "until": _utc(duty.end),
        "paid_minutes": duty.paid // timedelta(minutes=1),
        "source": ".".join(map(str, duty.source)),
        "breaks": [
            {
                "id": each.id,
                "kind": each.kind,
                "paid": each.paid,
                "minutes": each.length / timedelta(minutes=1),
                "floats": each.floats,
                "from": _utc(each.opens),
                "until": _utc(each.closes),
            }
            for each in duty.breaks
        ],
    }


def coverage_table(zone: str, queue: str, day: date, half_hours: Sequence[HalfHour]) -> str:
    """A day of a queue, an open half-hour a line: who is there, who is needed, and a bar."""
    lines = [f"{queue}, {day:%a} {day}, {zone}", "         there  need"]
    opened = [each for each in half_hours if each.open]
    for each in opened:
        away = each.on_duty - each.present
        bar = "#" * each.present + "b" * away + "." * max(0, each.short - away)
        notes = [f"{each.short} short"] if each.short else []
        notes += [f"{each.floating} may take a break"] if each.floating else []
        start = each.start.astimezone(zone_of(zone))
        lines.append(
            f"  {start:%H:%M}  {each.present:5}  {each.need:4}  {bar[:MOST_BARS]:<10}  {', '.join(notes)}"
        )
    if not opened:
        return f"{lines[0]}\n  closed"
    short = sum(each.short for each in opened) / 2
    lines.append(f"  # there, b on a planned break, . missing; {short:g} operator-hours are missing")
    return "\n".join(line.rstrip() for line in lines)


def coverage_json(zone: str, queue: str, half_hours: Iterable[HalfHour]) -> dict[str, Any]:
    """What other programs read; times in UTC."""
    return {
        "schema": COVERAGE_SCHEMA,
        "queue": queue,
        "time_zone": zone,
        "half_hours": [
            {
                "from": _utc(each.start),
                "open": each.open,
                "on_duty": each.on_duty,
                "present": each.present,
                "floating_breaks": each.floating,
                "need": each.need,
                "short": each.short,
            }
            for each in half_hours
        ],
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
