"""What a look at the weeks to come says of shift plans: open hours nobody staffs, breaks that leave nobody.

Only of queues all of whose operators have plans: anybody else may sign in at any hour.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from hotline_ivr.config.dates import DateSpan
from hotline_ivr.config.hours import DAY_NAMES, DAYS
from hotline_ivr.routing.duties import Duty, DutyBreak
from hotline_ivr.routing.remark import Path, Remark
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.shifts import ShiftBook
from hotline_ivr.routing.staffing import Span, Staffing, Stretch
from hotline_ivr.routing.wall import zone_of

REVIEWED = timedelta(weeks=8)
"""So far a plan of work is looked at: further ahead plans are seldom written."""

MOST_REMARKS = 12
"""Of one kind about one queue; more of them have one cause."""

NAMED_DATES = 3
"""So many dates of what happens again are named, if it is no more."""

_MINUTE = timedelta(minutes=1)


def shift_review(book: Rulebook, today: date) -> Iterator[Remark]:
    """Yield what an admin should know of the eight weeks from today on."""
    plan = book.plan
    if not (plan.shift_plans or plan.shift_changes):
        return
    shifts = ShiftBook(book)
    staffing = Staffing(book, shifts)
    start = shifts.midnight(today)
    end = start + REVIEWED
    for queue in plan.queues:
        if staffing.is_planned(queue):
            stretches = list(staffing.stretches(queue, start, end))
            yield from _gaps(staffing, queue, stretches)
            yield from _empty_breaks(staffing, queue, stretches)
    yield from _idle(staffing, start, end)
    yield from _past(book, today)


def _gaps(staffing: Staffing, queue: str, stretches: list[Stretch]) -> Iterator[Remark]:
    """Open hours with nobody on duty."""
    spans = _runs([part for part in stretches if part.open and not part.on_duty])
    lines = ", ".join(staffing.lines[queue])
    for when in _merged(spans, staffing.shifts.zone):
        message = f"nobody staffs this queue while it is open ({lines}): {when}"
        yield Remark(
            ("queues", queue, "operators"),
            message,
            "plan a shift then, or close: see `hotline shifts coverage`",
        )


def _empty_breaks(staffing: Staffing, queue: str, stretches: list[Stretch]) -> Iterator[Remark]:
    """Open hours in which all who are on duty are on a break; floating breaks without a stand-in."""
    spans = _runs([part for part in stretches if part.open and part.on_duty and not part.present])
    for when in _merged(spans, staffing.shifts.zone):
        message = f"breaks leave nobody: {when}"
        remedy = "let the breaks of those on duty take turns, or let them float: `between`"
        yield Remark(("queues", queue, "operators"), message, remedy)
    if not stretches:
        return
    alone: dict[tuple[Path, str], list[Span]] = {}
    for duty in staffing.duties(queue, stretches[0].start, stretches[-1].end):
        for each in duty.breaks:
            if each.floats and _leaves_nobody(each, duty, stretches):
                path: Path = ("shifts", duty.shift, "breaks", each.id)
                alone.setdefault((path, duty.operator), []).append((each.opens, each.closes))
    for (path, operator), windows in alone.items():
        for when in _merged(windows, staffing.shifts.zone):
            message = f"whenever {operator} takes this break, nobody is left for queue {queue}: {when}"
            yield Remark(path, message, "widen the hours to where somebody else is there")


def _leaves_nobody(each: DutyBreak, duty: Duty, stretches: list[Stretch]) -> bool:
    """Whether the queue is deserted for a part of a floating break, whenever it begins."""
    first = bisect_right(stretches, each.opens, key=lambda part: part.end)
    last = bisect_left(stretches, each.closes, key=lambda part: part.start)
    around = stretches[first:last]
    bad = [part for part in around if part.open and not (part.on_duty - part.away - {duty.operator})]
    free_from = each.opens
    for part in bad:
        if part.start - free_from >= each.length:
            return False
        free_from = max(free_from, part.end)
    return each.closes - free_from < each.length


def _idle(staffing: Staffing, start: datetime, end: datetime) -> Iterator[Remark]:
    """Duties during which no line of the operator is open at all."""
    opened: dict[str, tuple[Span, ...]] = {}
    idle: dict[Path, list[tuple[Span, str]]] = {}
    for operator in sorted(staffing.shifts.planned):
        queues = [name for name, queue in staffing.plan.queues.items() if operator in queue.operators]
        for name in queues:
            if name not in opened:
                opened[name] = staffing.open_spans(name, start, end)
        for duty in staffing.shifts.duties(operator, start, end) if queues else ():
            inside = duty.start >= start and duty.end <= end
            if inside and not any(
                first < duty.end and last > duty.start for name in queues for first, last in opened[name]
            ):
                idle.setdefault(duty.source, []).append(((duty.start, duty.end), operator))
    for path, found in idle.items():
        names = sorted({operator for _, operator in found})
        few = ", ".join(names[:NAMED_DATES]) + (" and others" if len(names) > NAMED_DATES else "")
        spans = sorted({span for span, _ in found})
        for when in _merged(spans, staffing.shifts.zone):
            message = f"works while all lines of {few} are closed: {when}"
            remedy = "write `open_days_of` with a line, or a change for these days"
            yield Remark(path, message, remedy)


def _past(book: Rulebook, today: date) -> Iterator[Remark]:
    """Changes and plans whose last day is past."""
    for name, change in book.plan.shift_changes.items():
        spans = [when for when in change.on if isinstance(when, DateSpan) and not when.yearly]
        if len(spans) == len(change.on) and (last := max(date(*span.last) for span in spans)) < today:
            yield Remark(
                ("shift_changes", name), f"has been over since {last}", "delete it, or give it new days"
            )
    for name, plan in book.plan.shift_plans.items():
        if plan.until and not plan.until.yearly and (last := date(*plan.until.last)) < today:
            yield Remark(("shift_plans", name, "until"), f"has been over since {last}", "delete the plan")


def _runs(parts: list[Stretch]) -> list[Span]:
    """Stretches put together where one follows the other."""
    runs: list[Span] = []
    for part in parts:
        if runs and runs[-1][1] == part.start:
            runs[-1] = (runs[-1][0], part.end)
        else:
            runs.append((part.start, part.end))
    return runs


def _merged(spans: list[Span], zone: str) -> Iterator[str]:
    """Say when, the same hours once: `mon-fri 16:00-18:00, 20 times from 2026-11-30 on`."""
    by_hours: dict[str, list[date]] = {}
    for start, end in sorted(spans):
        first, last = start.astimezone(zone_of(zone)), end.astimezone(zone_of(zone))
        by_hours.setdefault(_hours(first, last), []).append(first.date())
    ordered = sorted(by_hours.items(), key=lambda each: each[1])
    for hours, dates in ordered[:MOST_REMARKS]:
        if len(dates) <= NAMED_DATES:
            yield f"{', '.join(f'{day:%a} {day}' for day in dates)} {hours}"
        else:
            days = _weekdays({day.weekday() for day in dates})
            yield f"{days} {hours}, {len(dates)} times from {dates[0]} on"
    if len(ordered) > MOST_REMARKS:
        more = sum(len(dates) for _, dates in ordered[MOST_REMARKS:])
        yield f"and {more} times more, on other days or at other hours"


def _weekdays(days: set[int]) -> str:
    """Days as an admin would write them: `mon-fri`, `mon, wed`."""
    ordered = sorted(days)
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{DAYS[ordered[0]]}-{DAYS[ordered[-1]]}"
    return ", ".join(DAYS[day] for day in ordered)


def _hours(first: datetime, last: datetime) -> str:
    same = last.date() == first.date()
    if not same and (last - _MINUTE).date() == first.date():
        return f"{first:%H:%M}-24:00"
    return (
        f"{first:%H:%M}-{last:%H:%M}"
        if same
        else f"{first:%H:%M} to {DAY_NAMES[last.weekday()]} {last:%H:%M}"
    )
