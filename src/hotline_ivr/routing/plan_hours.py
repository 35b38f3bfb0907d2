"""What a changed configuration does to opening hours, told day by day, as callers would notice it.

Days that change alike on the same weekday, week after week, are told once. An opening belongs to the day on
which it begins, also where it ends after midnight.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from hotline_ivr.config.hours import DAY_NAMES
from hotline_ivr.routing.situation import Change

Span = tuple[datetime, datetime]
"""From, until (aware, UTC)."""

WEEKLY_FROM = 3
"""So many weeks of the same change are a change of that weekday."""

LONGEST_GAP = timedelta(weeks=5)
"""So long holidays may interrupt what is still told as one change of a weekday."""


@dataclass(frozen=True, slots=True)
class HoursDifference:
    """One sentence about a line's hours, and the times at which callers meet something else than before."""

    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Day:
    day: date
    words: str
    spans: tuple[Span, ...]


def hours_differences(
    old: Sequence[Change], new: Sequence[Change], zone: ZoneInfo
) -> tuple[HoursDifference, ...]:
    """What is different between two courses of the same stretch of time, in the order in which it begins."""
    differing = list(_differing(old, new))
    if not differing:
        return ()
    if differing == [(old[0].at, old[-1].at)]:
        state = "open round the clock" if new[0].situation.open else "never open"
        return (HoursDifference(f"is {state} from now on", tuple(differing)),)
    before, after = _by_day(_openings(old), zone), _by_day(_openings(new), zone)
    touched = sorted({_local(start, zone).date() for start, _ in differing} | _changed(before, after))
    first_day, last_day = (_local(changes.at, zone).date() for changes in (old[0], old[-1]))
    whole = first_day + (last_day - first_day) // timedelta(7) * timedelta(7)
    days = []
    for day in touched:
        if day >= whole:
            break  # the last week is cut somewhere, which is no difference
        was, becomes = before.get(day, ()), after.get(day, ())
        if was != becomes:
            spans = tuple(span for span in differing if _local(span[0], zone).date() == day)
            days.append(_Day(day, _in_words(was, becomes), spans))
    return tuple(_told(days, first_day))


def _differing(old: Sequence[Change], new: Sequence[Change]) -> Iterator[Span]:
    """The longest stretches in which one is open and the other is not."""
    moments = sorted({change.at for change in (*old, *new)})
    was, becomes = _reader(old), _reader(new)
    states = ((start, end, was(start) != becomes(start)) for start, end in pairwise(moments))
    for differs, run in groupby(states, key=lambda state: state[2]):
        if differs:
            stretch = list(run)
            yield stretch[0][0], stretch[-1][1]


def _reader(changes: Sequence[Change]) -> Callable[[datetime], bool]:
    moments = [change.at for change in changes]
    return lambda moment: changes[bisect_right(moments, moment) - 1].situation.open


def _openings(changes: Sequence[Change]) -> Iterator[Span]:
    for is_open, run in groupby(pairwise(changes), key=lambda pair: pair[0].situation.open):
        if is_open:
            stretch = list(run)
            yield stretch[0][0].at, stretch[-1][1].at


def _by_day(openings: Iterable[Span], zone: ZoneInfo) -> dict[date, tuple[str, ...]]:
    """Openings as words, by the day on which they begin; what lasts for days is told for each of them."""
    found: dict[date, tuple[str, ...]] = {}
    for opening in openings:
        for start, end in _pieces(opening, zone):
            local_start, local_end = _local(start, zone), _local(end, zone)
            until = "24:00" if local_end.time() == time() else f"{local_end:%H:%M}"
            day = local_start.date()
            found[day] = (*found.get(day, ()), f"{local_start:%H:%M}-{until}")
    return found


def _pieces(opening: Span, zone: ZoneInfo) -> Iterator[Span]:
    start, end = opening
    while end - start > timedelta(hours=24):
        midnight = datetime.combine(
            _local(start, zone).date() + timedelta(1), time(), tzinfo=zone
        ).astimezone(UTC)
        yield start, midnight
        start = midnight
    yield start, end


def _changed(before: dict[date, tuple[str, ...]], after: dict[date, tuple[str, ...]]) -> set[date]:
    return {day for day in before.keys() | after.keys() if before.get(day) != after.get(day)}


def _in_words(was: tuple[str, ...], becomes: tuple[str, ...]) -> str:
    if not becomes:
        return f"is closed instead of open {', '.join(was)}"
    if not was:
        return f"is open {', '.join(becomes)} instead of closed"
    if len(was) == len(becomes) == 1:
        (old_start, _, old_end), (new_start, _, new_end) = was[0].partition("-"), becomes[0].partition("-")
        if old_start == new_start:
            return f"closes {new_end} instead of {old_end}"
        if old_end == new_end:
            return f"opens {new_start} instead of {old_start}"
    return f"is open {', '.join(becomes)} instead of {', '.join(was)}"


def _told(days: Sequence[_Day], first_day: date) -> Iterator[HoursDifference]:
    """Weekdays that change week after week as one sentence, then the single days."""
    told: list[tuple[date, HoursDifference]] = []
    weekly: dict[tuple[str, int, int], list[list[_Day]]] = {}
    for weekday in range(7):
        for run in _runs([day for day in days if day.day.weekday() == weekday]):
            if len(run) < WEEKLY_FROM:
                told += [(one.day, _single(one)) for one in run]
            else:
                weeks = [(each.day - first_day) // timedelta(7) for each in (run[0], run[-1])]
                weekly.setdefault((run[0].words, weeks[0], weeks[1]), []).append(run)
    told += [_weekly(runs) for runs in weekly.values()]
    yield from (difference for _, difference in sorted(told, key=lambda entry: entry[0]))


def _weekly(runs: Sequence[list[_Day]]) -> tuple[date, HoursDifference]:
    first, last = min(run[0].day for run in runs), max(run[-1].day for run in runs)
    names = _weekdays([run[0].day.weekday() for run in runs])
    spans = tuple(sorted(span for run in runs for each in run for span in each.spans))
    dates = f"{first.day} {first:%b %Y} to {last.day} {last:%b %Y}"
    return first, HoursDifference(f"every {names} {runs[0][0].words}, {dates}", spans)


def _single(one: _Day) -> HoursDifference:
    return HoursDifference(f"{one.day:%a} {one.day.day} {one.day:%b %Y} {one.words}", one.spans)


def _runs(days: Sequence[_Day]) -> Iterator[list[_Day]]:
    """Stretches of the same change of one weekday."""
    run: list[_Day] = []
    for day in days:
        if run and (day.words != run[-1].words or day.day - run[-1].day > LONGEST_GAP):
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _weekdays(numbers: Sequence[int]) -> str:
    names = [DAY_NAMES[number] for number in numbers]
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{names[0]} to {names[-1]}"
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone)
