"""What people ask about: a line by its id or by a number that is dialled, at a moment on its clock."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hotline_ivr.config.hours import DAYS
from hotline_ivr.config.models import Plan
from hotline_ivr.config.phone import to_e164
from hotline_ivr.config.refusal import did_you_mean
from hotline_ivr.errors import ArgumentError

_CLOCK_LENGTH = len("17:55")
_DAY = re.compile(rf"(?P<day>today|tomorrow|{'|'.join(DAYS)})(?: (?P<clock>\d?\d:\d\d))?", re.ASCII)


def line_of(plan: Plan, line: str | None, number: str | None) -> tuple[str, str]:
    """The line's id, and the number that was dialled; one of the two is given.

    Raises ArgumentError for a line or number that is not there.
    """
    if line is not None:
        if line not in plan.lines:
            hint = did_you_mean(line, plan.lines) or "."
            known = ", ".join(sorted(plan.lines))
            raise ArgumentError(f"there is no line '{line[:60]}'{hint} Lines are: {known}")
        return line, plan.lines[line].numbers[0]
    try:
        dialled = to_e164(number or "", plan.organisation.country)
    except ValueError:
        raise ArgumentError(f"'{(number or '')[:40]}' is no telephone number") from None
    for line_id, each in plan.lines.items():
        if dialled in each.numbers:
            return line_id, dialled
    raise ArgumentError(f"{dialled} reaches no line: such a call is refused")


def moment_of(at: str | None, zone: ZoneInfo, now: datetime) -> datetime:
    """The moment that is meant, aware; unlike an override's end it may be past. None is `now`.

    A day's name is the next day of that name, today too. Raises ArgumentError for what is no moment.
    """
    if at is None:
        return now
    text = at.strip()
    try:
        if named := _DAY.fullmatch(text.lower()):
            day = _day(named["day"], now.astimezone(zone).date())
            clock = (named["clock"] or "00:00").zfill(_CLOCK_LENGTH)
            return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone)
        if len(text) <= _CLOCK_LENGTH:
            today = f"{now.astimezone(zone):%Y-%m-%d}"
            return datetime.fromisoformat(f"{today}T{text.zfill(_CLOCK_LENGTH)}").replace(tzinfo=zone)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentError(
            f"'{text[:40]}' is no moment: write 2026-12-24 17:55, 17:55 or sat 12:00"
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _day(name: str, today: date) -> date:
    if name in DAYS:
        return today + timedelta((DAYS.index(name) - today.weekday()) % 7)
    return today + timedelta(name == "tomorrow")
