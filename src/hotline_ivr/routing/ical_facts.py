"""The events of a calendar program's file as facts about days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hotline_ivr.config.hours import DAY
from hotline_ivr.config.ical import IcalFile, Occurrence, occurrences
from hotline_ivr.routing.facts import DayPlan, Part, facing, standing
from hotline_ivr.routing.situation import RuleKind

_NO_HOURS = ((),) * 7
_WHOLE = ((0, DAY),)


def ical_facts(
    name: str, level: int, file: IcalFile, zone: ZoneInfo, *, start: date, end: date
) -> Iterator[DayPlan | Part]:
    """What the events say from `start` to `end`; moments are put on the wall clock of `zone`."""
    seen: set[Occurrence] = set()
    for year in range(start.year, end.year + 1):
        for event in occurrences(file.file, year):
            opens = _opens(file, event)
            if opens is not None and event not in seen:
                seen.add(event)
                yield from _facts(name, level, file, event, zone, opens=opens)


def _opens(file: IcalFile, event: Occurrence) -> bool | None:
    if file.events != "by-category":
        return file.events == "openings"
    if "open" in event.categories:
        return True
    return False if "closed" in event.categories else None


def _facts(
    name: str, level: int, file: IcalFile, event: Occurrence, zone: ZoneInfo, *, opens: bool
) -> Iterator[DayPlan | Part]:
    kind = RuleKind.OPENING if opens else RuleKind.CLOSURE
    rule = facing(kind, f"{name}.ical.{event.summary or event.uid}"[:120], file)
    first, last = _wall(event.start, zone), _wall(event.end, zone)
    minutes = int((last - first).total_seconds()) // 60
    # As if written before the calendar's own rules: of equal length, those win.
    rank = standing(kind, level, minutes, -1)
    if not isinstance(event.start, datetime):
        until = last.date() - timedelta(days=1)
        if opens:
            yield Part(first.date(), until, rank, rule, opens, _WHOLE)
        else:
            yield DayPlan(first.date(), until, rank, rule, _NO_HOURS)
        return
    day = first.date()
    while datetime.combine(day, datetime.min.time()) < last:
        midnight = datetime.combine(day, datetime.min.time())
        begin = max(0, int((first - midnight).total_seconds()) // 60)
        finish = min(DAY, int((last - midnight).total_seconds()) // 60)
        if begin < finish:
            yield Part(day, day, rank, rule, opens, ((begin, finish),))
        day += timedelta(days=1)


def _wall(moment: date | datetime, zone: ZoneInfo) -> datetime:
    """The naive time on the line's wall clock; a time without a zone is already there."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, datetime.min.time())
    return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment
