"""Times, dates, numbers and opening hours as sentences put together from recorded parts.

A sentence is a tuple of prompt ids (`say-open`, `say-mon`, ...) that are played one after the other; their
texts stand in sounds/parts.yaml. How a language counts and tells the time stands in speech_grammars.py; what
is said about opening hours stands here. Days are plain dates and minutes on the line's own wall clock:
whoever asks has done the calendar's work, summer time included.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from hotline_ivr.routing.speech_grammars import GRAMMARS, Grammar, Parts

Span = tuple[int, int]
"""From and until, in minutes since midnight of its day; after 1440 the end is on the next day."""

Day = tuple[date, Sequence[Span]]

MOST_PARTS = 60
"""Parts of one sentence: Asterisk cuts a variable at 4,096 characters, and each part is a whole path
there."""

PART_PREFIX = "say-"

DAY = 24 * 60
WEEKDAYS = ("say-mon", "say-tue", "say-wed", "say-thu", "say-fri", "say-sat", "say-sun")

ROUND_THE_CLOCK: Span = (0, DAY)


def is_part(prompt: str) -> bool:
    """Whether a prompt is a word of sentences and no message of its own."""
    return prompt.startswith(PART_PREFIX)


def spoken_hours(language: str, days: Sequence[Day], today: date) -> Parts:
    """Today's hours, then those of the days given: what a caller hears who asks when we are open.

    `days` are the coming days in order, at most seven, today among them or not. Where the week would take
    more than MOST_PARTS, as many of its days are told as fit, each of them whole. Raises ValueError for a
    span that ends before it begins or more than a day after midnight.
    """
    grammar, checked = GRAMMARS[language], _checked(days)
    week = _week(grammar, checked)
    if len(week) > MOST_PARTS:
        return _day_by_day(grammar, checked, today)
    if _is_one_rule(checked):
        return week
    first = next((_today(grammar, spans) for day, spans in checked if day == today), ())
    return first + week if len(first) + len(week) <= MOST_PARTS else week


def hours_today(language: str, spans: Sequence[Span]) -> Parts:
    """`Vi har åpent i dag fra klokka åtte til klokka seksten.`"""
    return _today(GRAMMARS[language], _checked([(date.min, spans)])[0][1])


def week_hours(language: str, days: Sequence[Day]) -> Parts:
    """`Vi har åpent mandag til fredag fra klokka åtte til klokka seksten, lørdag og søndag har vi stengt.`

    Days with equal hours are told together, Monday first. Too long a week is told as by spoken_hours.
    """
    grammar, checked = GRAMMARS[language], _checked(days)
    week = _week(grammar, checked)
    return week if len(week) <= MOST_PARTS else _day_by_day(grammar, checked, None)


def next_opening(language: str, today: date, day: date, minute: int) -> Parts:
    """`Vi åpner igjen mandag klokka åtte.` The date is told where the weekday alone would be ambiguous."""
    grammar = GRAMMARS[language]
    ahead = (day - today).days
    if ahead == 0:
        when: Parts = ("say-today",)
    elif ahead == 1:
        when = ("say-tomorrow",)
    elif ahead < 7:
        when = (WEEKDAYS[day.weekday()],)
    else:
        when = (WEEKDAYS[day.weekday()], *grammar.date(day))
    return ("say-opens", *when, *grammar.at(minute))


def time_of_day(language: str, minute: int) -> Parts:
    """`klokka seksten tretti`, `four thirty P M`. Minutes since midnight, 0 to 1440."""
    return GRAMMARS[language].clock(minute)


def date_of(language: str, day: date) -> Parts:
    """`mandag den tredje oktober`, `Monday the third of October`."""
    return (WEEKDAYS[day.weekday()], *GRAMMARS[language].date(day))


def number(language: str, value: int) -> Parts:
    """A count from 0 to 9,999. Raises ValueError beyond."""
    return GRAMMARS[language].number(value)


def digits(text: str) -> Parts:
    """A customer or telephone number, figure by figure, alike in every language; other characters are
    skipped."""
    return tuple(f"say-{figure}" for figure in text if figure in "0123456789")


def duration(language: str, seconds: int) -> Parts:
    """`en time og tretti minutter`; rounded up to whole minutes, since nobody minds a shorter wait."""
    grammar = GRAMMARS[language]
    hours, minutes = divmod(-(-seconds // 60), 60)
    if seconds < 60:
        return ("say-under-a-minute",)
    told = [grammar.counted(count, noun) for count, noun in ((hours, "hour"), (minutes, "minute")) if count]
    return _listed(told)


def _checked(days: Sequence[Day]) -> list[tuple[date, tuple[Span, ...]]]:
    """The days, with evenings that go on past midnight joined to one span again."""
    result = [(day, tuple(spans)) for day, spans in days[: len(WEEKDAYS)]]
    for _, spans in result:
        for start, end in spans:
            if not (0 <= start < DAY and start < end <= 2 * DAY):
                raise ValueError(f"no span of a day: {start} to {end} minutes")
    for at, ((day, spans), (after, following)) in enumerate(pairwise(result)):
        night = spans and following and spans[-1][1] == DAY and following[0][0] == 0 and following[0][1] < DAY
        if night and spans[-1] != ROUND_THE_CLOCK and after == day + timedelta(days=1):
            result[at] = (day, (*spans[:-1], (spans[-1][0], DAY + following[0][1])))
            result[at + 1] = (after, following[1:])
    return result


def _is_one_rule(days: Sequence[tuple[date, tuple[Span, ...]]]) -> bool:
    """Whether all days are alike, so that today needs no sentence of its own."""
    return len({spans for _, spans in days}) <= 1


def _today(grammar: Grammar, spans: tuple[Span, ...]) -> Parts:
    if not spans:
        return ("say-closed", "say-today")
    return ("say-open", "say-today", *_hours(grammar, spans, MOST_PARTS - 2))


def _week(grammar: Grammar, days: Sequence[tuple[date, tuple[Span, ...]]]) -> Parts:
    """Days with equal hours together; the closed ones last. Of any length."""
    groups: dict[tuple[Span, ...], list[int]] = {}
    for day, spans in sorted(days, key=lambda entry: entry[0].weekday()):
        groups.setdefault(spans, []).append(day.weekday())
    closed = groups.pop((), [])
    if not groups:
        return ("say-closed", *_weekdays(closed)) if closed else ()
    clauses = [(*_weekdays(group), *_hours(grammar, spans)) for spans, group in groups.items()]
    said = ("say-open", *_listed(clauses))
    return (*said, *_weekdays(closed), "say-closed-then") if closed else said


def _day_by_day(grammar: Grammar, days: Sequence[tuple[date, tuple[Span, ...]]], today: date | None) -> Parts:
    """As many days as fit, in the order in which they come."""
    said: Parts = ()
    for day, spans in days:
        name = "say-today" if day == today else WEEKDAYS[day.weekday()]
        room = MOST_PARTS - len(said) - 2
        hours = _hours(grammar, spans, room if not said else None) if spans else ()
        clause = ("say-open", name, *hours) if spans else (name, "say-closed-then")
        if len(said) + len(clause) > MOST_PARTS:
            break
        said += clause
    return said


def _hours(grammar: Grammar, spans: tuple[Span, ...], room: int | None = None) -> Parts:
    """`fra klokka åtte til klokka tolv og fra ...`; only the spans that fit where there is little room."""
    if spans == (ROUND_THE_CLOCK,):
        return ("say-all-day",)
    told = [grammar.span(start, end) for start, end in spans]
    while room is not None and len(told) > 1 and len(_listed(told)) > room:
        told.pop()
    return _listed(told)


def _weekdays(group: Sequence[int]) -> Parts:
    """`mandag til onsdag og lørdag`; also around the end of the week: `lørdag til mandag`."""
    days = set(group)
    if len(days) == len(WEEKDAYS):
        return ("say-every-day",)
    runs: list[Parts] = []
    for first in sorted(day for day in days if (day - 1) % 7 not in days):
        length = next(count for count in range(1, 8) if (first + count) % 7 not in days)
        names = [WEEKDAYS[(first + step) % 7] for step in range(length)]
        runs += [(name,) for name in names] if length < 3 else [(names[0], "say-to", names[-1])]
    return _listed(runs)


def _listed(items: Sequence[Parts]) -> Parts:
    """`a, b og c`: the voice's own pause stands for the commas."""
    *first, last = items
    if not first:
        return last
    return (*(part for item in first for part in item), "say-and", *last)
