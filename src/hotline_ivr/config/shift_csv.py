"""Shifts as a spreadsheet has them: one row for an operator and a day, or a run of days.

    operator;date;shift;from;until;why
    anna;2026-12-01;early;;;
    Bjørn Dahl;01.12.2026;;10:00;14:00;swapped
    chandra;2026-12-21 to 2026-12-31;off;;;holiday

Commas, semicolons and tabs part the columns, in UTF-8 or as Excel writes it. Every bad row is told of.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import get_args

from hotline_ivr.config.dates import DateSpan, parse_when
from hotline_ivr.config.hours import parse_interval
from hotline_ivr.config.models import Configuration
from hotline_ivr.config.refusal import choices, did_you_mean, quoted
from hotline_ivr.config.shift_words import OFF, Item, Work, clock_time, work, written
from hotline_ivr.config.shifts import Why

COLUMNS = ("operator", "date", "shift", "from", "until", "breaks", "why")
"""What `hotline shifts export` writes; `breaks` are only for people and are not read."""

MOST_ROWS = 20_000
"""A year of 50 operators."""

LONGEST_RUN = 366
"""Days in one row."""

_WHYS: tuple[Why, ...] = get_args(Why)
_NORWEGIAN_DATE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", re.ASCII)
_NEEDED = ("operator", "date")


@dataclass(frozen=True, slots=True)
class WorkRow:
    """What one row says: on these days an operator works so, and no otherwise."""

    line: int
    operator: str
    days: tuple[date, ...]
    work: Work
    why: Why


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a row; the heading is line 1."""

    line: int
    message: str


Rows = tuple[tuple[WorkRow, ...], tuple[RowProblem, ...]]


def decoded(raw: bytes) -> str:
    """The text of a file as Excel and others write it: UTF-8 or UTF-16 with a mark, else Windows' own."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def read_rows(raw: bytes, configuration: Configuration) -> Rows:
    """Read all rows; the problems of all that are bad come with them. Raises nothing."""
    text = decoded(raw)
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [name.strip().casefold() for name in next(reader, [])]
    if missing := [name for name in _NEEDED if name not in names]:
        wanted = ", ".join(COLUMNS)
        return (), (RowProblem(1, f"there is no column {choices(missing)}; the heading is {wanted}"),)
    rows: list[WorkRow] = []
    problems: list[RowProblem] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(rows) + len(problems) >= MOST_ROWS:
                problems.append(RowProblem(reader.line_num, f"more than {MOST_ROWS} rows"))
                break
            values = {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
            try:
                rows.append(_row(reader.line_num, values, configuration))
            except ValueError as error:
                problems.append(RowProblem(reader.line_num, _words(error)))
    except csv.Error as error:
        problems.append(RowProblem(reader.line_num, f"cannot be read: {error}"))
    problems += _contradictions(rows)
    return tuple(rows), tuple(sorted(problems, key=lambda problem: problem.line))


def _words(error: ValueError) -> str:
    context = getattr(error, "context", None)
    if not isinstance(context, dict):
        return str(error)
    return f"{context['message']}; {context['remedy']}" if context["remedy"] else str(context["message"])


def _row(line: int, values: Mapping[str, str], configuration: Configuration) -> WorkRow:
    operator = _operator(values.get("operator", ""), configuration)
    days = tuple(_days(values.get("date", "")))
    items = _work(values, configuration)
    why = values.get("why", "").casefold() or "other"
    if why not in _WHYS:
        raise ValueError(f"{quoted(why)} is no reason{did_you_mean(why, _WHYS)}; write {choices(_WHYS)}")
    return WorkRow(line, operator, days, items, why)


def _operator(text: str, configuration: Configuration) -> str:
    known = configuration.operators
    if text in known:
        return text
    named = [name for name, each in known.items() if each.name.casefold() == text.casefold()]
    if len(named) == 1:
        return named[0]
    if not text:
        raise ValueError("names no operator")
    raise ValueError(f"there is no operator {quoted(text)}{did_you_mean(text, known)}")


def _days(text: str) -> Iterator[date]:
    if not text:
        raise ValueError("has no date")
    found = parse_when(_NORWEGIAN_DATE.sub(r"\3-\2-\1", text))
    if not isinstance(found, DateSpan) or found.yearly:
        raise ValueError(f"{quoted(text)} is not a date with a year; write 2026-12-24")
    first, last = date(*found.first), date(*found.last)
    if (last - first).days >= LONGEST_RUN:
        raise ValueError(f"{quoted(text)} is more than {LONGEST_RUN} days")
    for step in range((last - first).days + 1):
        yield first + timedelta(days=step)


def _work(values: Mapping[str, str], configuration: Configuration) -> Work:
    text, start, end = values.get("shift", ""), values.get("from", ""), values.get("until", "")
    if bool(start) != bool(end):
        raise ValueError("has one of `from` and `until` without the other")
    if not text and not start:
        raise ValueError("has no shift; write one, `from` and `until`, or off")
    items = work(text) if text else ()
    for item in items:
        if isinstance(item, str) and item not in configuration.shifts:
            raise ValueError(f"there is no shift {quoted(item)}{did_you_mean(item, configuration.shifts)}")
    if not start:
        return items
    clock_time(start)
    hours = parse_interval(f"{start}-{end}")
    if not text:
        return (hours,)
    if len(items) == 1 and _same_hours(items[0], hours.start, hours.end, configuration):
        return items
    raise ValueError(f"{quoted(text)} is not {start}-{end}; write the shift or the hours")


def _same_hours(item: Item, start: int, end: int, configuration: Configuration) -> bool:
    hours = configuration.shifts[item].hours if isinstance(item, str) else item
    return (hours.start, hours.end) == (start, end)


def _contradictions(rows: Iterable[WorkRow]) -> Iterator[RowProblem]:
    """Rows that say off and a shift of one operator and day, or the same twice."""
    seen: dict[tuple[str, date], list[WorkRow]] = {}
    for row in rows:
        for day in row.days:
            for other in seen.setdefault((row.operator, day), []):
                if not row.work or not other.work or set(row.work) & set(other.work):
                    message = f"{row.operator} has another row for {day}, line {other.line}"
                    yield RowProblem(row.line, message)
                    break
            else:
                seen[row.operator, day].append(row)
                continue
            break


Worked = dict[tuple[str, date], tuple[Work, Why]]
"""What each operator works on each day, and why; several rows of one day are put together."""


def by_day(rows: Iterable[WorkRow]) -> Worked:
    found: Worked = {}
    for row in rows:
        for day in row.days:
            before = found.get((row.operator, day), ((), row.why))
            found[row.operator, day] = ((*before[0], *row.work), row.why)
    return found


def texts(items: Work) -> str:
    """What is worked as one cell."""
    return ", ".join(map(written, items)) or OFF
