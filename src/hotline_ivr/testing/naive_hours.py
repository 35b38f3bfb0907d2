"""Opening hours read the slow way: one moment at a time, straight from the YAML, nothing compiled.

An oracle for tests and the other side of a benchmark. It shares no code with what it is compared with: dates
are found by trying every day, Easter and the holidays come from other libraries' calendars.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays as holiday_calendars
from dateutil.easter import easter

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NUMBERS = ("first", "second", "third", "fourth", "fifth")
MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
          "november", "december")  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ORDER = ("opening", "closure", "special-day", "holiday", "season", "week")
ONE = timedelta(days=1)
Hours = list[tuple[int, int]]
Verdict = tuple[bool, str]


Found = list[tuple[tuple[int, ...], bool, str, Hours]]


class NaiveHours:
    """A line of a configuration as data. With `remember`, what was found out about a day is kept."""

    def __init__(self, data: Mapping[str, Any], line: str, *, remember: bool = True) -> None:
        written = data["lines"][line]
        self._zone = ZoneInfo(written["time_zone"])
        if "calendar" in written:
            self._chain = _chain(data["calendars"], written["calendar"])
        else:
            self._chain = [(line, {"hours": written["hours"]})]
        self._remember = remember
        self._known: dict[date, tuple[Found, tuple[tuple[int, ...], str, Hours]]] = {}

    def at(self, moment: datetime) -> Verdict:
        """Whether the line is open, and the name of the rule that says so. Campaigns are not known here."""
        wall = moment.astimezone(self._zone)
        day, minute = wall.date(), wall.hour * 60 + wall.minute
        parts, plan = self._day(day)
        parts_before, plan_before = self._day(day - ONE)
        found = [
            (place, is_open, name)
            for here, now in ((parts, minute), (parts_before, minute + 1440))
            for place, is_open, name, hours in here
            if any(start <= now < end for start, end in hours)
        ]
        place, name, hours = plan_before
        if any(start <= minute + 1440 < end for start, end in hours):
            found.append((place, True, name))
        else:
            place, name, hours = plan
            found.append((place, any(start <= minute < end for start, end in hours), name))
        _, is_open, name = min(found, key=lambda each: each[0])
        return is_open, name

    def _day(self, day: date) -> tuple[Found, tuple[tuple[int, ...], str, Hours]]:
        if day not in self._known or not self._remember:
            self._known[day] = list(_parts(self._chain, day)), _plan(self._chain, day)
        return self._known[day]


def _chain(calendars: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
    found = [(name, calendars[name])]
    for parent in calendars[name].get("extends", []):
        found += [entry for entry in _chain(calendars, parent) if entry[0] not in dict(found)]
    return found


def _parts(chain: list[tuple[str, Any]], day: date) -> Iterator[tuple[tuple[int, ...], bool, str, Hours]]:
    for level, (name, rules) in enumerate(chain):
        for kind, section in (("opening", "openings"), ("closure", "closures")):
            for number, (rule, what) in enumerate(rules.get(section, {}).items()):
                if "hours" not in what:
                    continue
                hours = _hours(what["hours"])
                for length in _runs(what["on"], day):
                    size = length * sum(end - start for start, end in hours)
                    place = (ORDER.index(kind), level, size, -number)
                    yield place, kind == "opening", f"{name}.{section}.{rule}", hours


def _plan(chain: list[tuple[str, Any]], day: date) -> tuple[tuple[int, ...], str, Hours]:
    """The strongest plan of a day: how strong, its name, its hours."""
    found: list[tuple[tuple[int, ...], str, Hours | str]] = []
    place: tuple[int, ...]
    for level, (name, rules) in enumerate(chain):
        for number, (rule, what) in enumerate(rules.get("closures", {}).items()):
            if "hours" not in what:
                for length in _runs(what["on"], day):
                    found.append(((1, level, length * 1440, -number), f"{name}.closures.{rule}", []))  # noqa: PERF401
        for number, (rule, what) in enumerate(rules.get("special_days", {}).items()):
            if _special(chain, what, day):
                hours = what["as"] if "as" in what else _hours(what.get("hours", "closed"))
                found.append(((2, level, 1440, -number), f"{name}.special_days.{rule}", hours))
        for number, (rule, what) in enumerate(rules.get("seasons", {}).items()):
            for length in _runs(f"{what['from']} to {what['until']}", day):
                place = (4, level, length * 1440, -number)
                found.append((place, f"{name}.seasons.{rule}", _week(what["hours"], day.weekday())))
    found += _holidays(chain, day)
    name, week = next(
        ((f"{name}.hours", rules["hours"]) for name, rules in chain if "hours" in rules),
        (f"{chain[0][0]}.hours", "closed"),
    )
    found.append(((5, 0, 0, 0), name, _week(week, day.weekday())))
    place, name, hours = min(found, key=lambda each: each[0])
    if isinstance(hours, str):
        weekday = DAYS.index(hours)
        holding = min((each for each in found if each[0][0] >= 4), key=lambda each: each[0])
        written = _written_week(chain, holding[1])
        return place, name, _week(written, weekday)
    return place, name, hours


def _written_week(chain: list[tuple[str, Any]], name: str) -> Any:
    where, section, *season = name.split(".")
    rules = dict(chain)[where]
    return rules["seasons"][season[0]]["hours"] if season else rules.get(section, "closed")


def _holidays(chain: list[tuple[str, Any]], day: date) -> Iterator[tuple[tuple[int, ...], str, Hours]]:
    for level, (name, rules) in enumerate(chain):
        block = rules.get("holidays", {})
        names = _names(block["country"], day) if "country" in block else []
        if names:
            said = _said(chain[: level + 1], names)
            if said != "no holiday":
                hours = _hours((said or block).get("hours", "closed"))
                yield (3, level, 1440, 0), f"{name}.holidays.{names[0]}", hours


def _said(chain: list[tuple[str, Any]], names: list[str]) -> Any:
    for _, rules in chain:
        block = rules.get("holidays", {})
        if set(names) & set(block.get("except", [])):
            return "no holiday"
        for name in reversed(block.get("days", {})):
            if name in names:
                return block["days"][name] or {"hours": "closed"}
    return None


@lru_cache(maxsize=4096)
def _names(country: str, day: date) -> list[str]:
    native = holiday_calendars.country_holidays(country).default_language
    names: list[str] = []
    for language in (native, "en_US"):
        names += [name for name in _listed(country, day.year, language).get_list(day) if name not in names]
    return names


@lru_cache(maxsize=256)
def _listed(country: str, year: int, language: str) -> Any:
    return holiday_calendars.country_holidays(country, years=year, language=language)


def _special(chain: list[tuple[str, Any]], what: Any, day: date) -> bool:
    if "moved" not in what:
        return bool(_runs(what["on"], day))
    around = [day + step * ONE for step in range(-15, 16)]
    return any(_moved(chain, each, what["moved"]) == day for each in around if _runs(what["on"], each))


def _moved(chain: list[tuple[str, Any]], day: date, how: str) -> date:
    def works(each: date) -> bool:
        return each.weekday() < 5 and not any(_holidays(chain, each))

    if works(day):
        return day
    if how == "next-monday":
        return next(day + n * ONE for n in range(1, 8) if (day + n * ONE).weekday() == 0)
    after = next(n for n in range(1, 30) if works(day + n * ONE))
    before = next(n for n in range(1, 30) if works(day - n * ONE))
    back = how == "previous-working-day" or (how == "nearest-working-day" and before < after)
    return day - before * ONE if back else day + after * ONE


def _runs(on: Any, day: date) -> list[int]:
    """Lengths (days) of the runs among these days that hold the day."""
    texts = on if isinstance(on, list) else str(on).split(", ")
    return [length for text in texts if (length := _run(str(text), day))]


def _run(text: str, day: date) -> int:
    if text.startswith("easter"):
        return int(easter(day.year) + int(text[6:] or 0) * ONE == day)
    if " of " in text:
        return int(_nth(text, day))
    first, _, last = text.partition(" to ")
    if not last and len(text) == 5:
        return int(f"{day:%m-%d}" == text)
    for year in (day.year - 1, day.year):
        begin = _date(first, year, "03-01")
        end = _date(last or first, year, "02-28")
        if end < begin:
            end = _date(last, year + 1, "02-28")
        if begin <= day <= end:
            return (end - begin).days + 1
    return 0


def _date(text: str, year: int, instead: str) -> date:
    if text == "02-29" and not isleap(year):
        text = instead
    return date.fromisoformat(text if len(text) == 10 else f"{year}-{text}")


def _nth(text: str, day: date) -> bool:
    number, weekday, _, *month = text.split()
    if WEEKDAYS[day.weekday()] != weekday or month not in (["every", "month"], [MONTHS[day.month - 1]]):
        return False
    if number == "last":
        return day.day > monthrange(day.year, day.month)[1] - 7
    return (day.day - 1) // 7 == NUMBERS.index(number)


def _week(written: Any, weekday: int) -> Hours:
    if written == "always":
        return [(0, 1440)]
    if written == "closed":
        return []
    found: Hours = []
    for days, hours in written.items():
        for part in days.split(","):
            first, _, last = part.strip().partition("-")
            begin, end = DAYS.index(first), DAYS.index(last or first)
            inside = begin <= weekday <= end if begin <= end else weekday >= begin or weekday <= end
            found += _hours(hours) if inside else []
    return found


def _hours(written: str) -> Hours:
    if written == "closed":
        return []
    found: Hours = []
    for part in written.split(","):
        start, end = (int(each[:2]) * 60 + int(each[3:]) for each in part.strip().split("-"))
        found.append((start, end if end > start else end + 1440))
    return found
