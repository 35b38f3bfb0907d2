"""Who is on duty at a moment, by the rota. Pure: the time comes in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hotline_ivr.config.duty_rota import DutyRota
from hotline_ivr.routing.wall import zone_of
from hotline_ivr.routing.wall_times import first_time

LONGEST_TURN = timedelta(days=400)
"""So far ahead the end of a turn is looked for; somebody who always has duty has no end."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody on duty; `until` (aware, UTC) is when another is, None when nobody else ever is."""

    id: str
    name: str
    mail: str
    number: str | None
    until: datetime | None

    @property
    def text(self) -> str:
        """Name and how to reach them, on one line."""
        return ", ".join(part for part in (self.name, self.number, self.mail) if part)


@dataclass(frozen=True, slots=True)
class Turn:
    """From `start` until before `end` (aware, UTC) this person is on duty; None is nobody."""

    start: datetime
    end: datetime
    who: str | None


def on_duty(rota: DutyRota | None, zone: str, now: datetime) -> OnDuty | None:
    """Who is on duty at `now` (aware); None where nobody is."""
    if rota is None:
        return None
    day = _duty_day(rota, zone, now)
    who = person_of_day(rota, day)
    if who is None or who not in rota.people:
        return None
    person = rota.people[who]
    ends = day + _DAY
    while person_of_day(rota, ends) == who and ends - day < LONGEST_TURN:
        ends += _DAY
    until = None if ends - day >= LONGEST_TURN else _begins(rota, zone, ends)
    return OnDuty(who, person.name, person.mail, person.number, until)


def turns(rota: DutyRota, zone: str, start: datetime, days: int) -> Iterator[Turn]:
    """Who is on duty in the days from `start` (aware) on, neighbouring days of one person together."""
    first = _duty_day(rota, zone, start)
    begun = first
    for number in range(1, days + 1):
        day = first + number * _DAY
        if number == days or person_of_day(rota, day) != person_of_day(rota, begun):
            yield Turn(_begins(rota, zone, begun), _begins(rota, zone, day), person_of_day(rota, begun))
            begun = day


def person_of_day(rota: DutyRota, day: date) -> str | None:
    """Whose duty begins on this day: single days before weeks, and of two such days the later written."""
    for change in reversed(rota.days):
        if any(True for when in change.on for _ in when.ranges(day, day)):
            return change.who
    if not rota.weeks:
        return None
    if rota.first_week is None:
        return rota.weeks[0]
    return rota.weeks[(day - rota.first_week).days // 7 % len(rota.weeks)]


def _duty_day(rota: DutyRota, zone: str, now: datetime) -> date:
    """The day whose duty holds at a moment: before the handover that is the day before."""
    day = now.astimezone(zone_of(zone)).date()
    return day if now.astimezone(UTC) >= _begins(rota, zone, day) else day - _DAY


def _begins(rota: DutyRota, zone: str, day: date) -> datetime:
    return first_time(zone, day, rota.handover or 0)
