"""What is wrong between calendars and the rest: names that point nowhere, circles, hours that never come.

As in cross_checks, the data is looked at as it was written, so that one mistake does not hide another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from hotline_ivr.config.problems import FOUND_PROBLEMS, Problem
from hotline_ivr.config.public_holidays import countries, is_named, names_of
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.refusal import did_you_mean, quoted
from hotline_ivr.config.yaml_tree import Path

_RULES = ("seasons", "openings", "closures", "special_days")
_PROMPT_KEYS = ("greeting", "message", "before", "after")


def calendar_checks(reading: Reading, prompts: Collection[str] | None) -> Iterator[Problem]:
    """Yield the problems of calendars and campaigns; prompts are looked up if they are given."""
    calendars = _mappings(reading.data.get("calendars"))
    known = reading.data.get("calendars")
    ids = list(known) if isinstance(known, dict) else []
    yield from islice(_references(reading, calendars, ids), FOUND_PROBLEMS)
    if prompts is not None:
        yield from islice(_prompts(reading, prompts), FOUND_PROBLEMS)
    told: set[str] = set()
    for name in calendars:
        chain = _chain(calendars, name)
        if name in chain[1:]:
            # Each calendar of a circle finds it; it is one mistake.
            if name not in told:
                told.update(chain)
                yield _circle(reading, calendars, name)
        elif all(parent in calendars for parent in chain):
            yield from _holiday_names(reading, calendars, name, chain)
    yield from _lines(reading, calendars)


def _mappings(value: object) -> dict[str, dict[str, Any]]:
    if not isinstance(value, dict):
        return {}
    return {str(key): each for key, each in value.items() if isinstance(each, dict)}


def _list(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _references(reading: Reading, calendars: Mapping[str, Any], ids: list[str]) -> Iterator[Problem]:
    for line_id, line in _mappings(reading.data.get("lines")).items():
        name = line.get("calendar")
        if isinstance(name, str) and name not in ids:
            yield _no_such(reading, ("lines", line_id, "calendar"), name, ids)
    for calendar_id, calendar in calendars.items():
        for index, name in enumerate(_list(calendar.get("extends"))):
            if name not in ids:
                yield _no_such(reading, ("calendars", calendar_id, "extends", index), name, ids)


def _no_such(reading: Reading, path: Path, name: str, ids: list[str]) -> Problem:
    message = f"there is no calendar {quoted(name)}{did_you_mean(name, ids)}"
    remedy = f"write one of: {', '.join(ids[:10])}" if ids else "there is no calendar at all"
    return reading.problem(path, message, f"{remedy}; or add {quoted(name)} under calendars")


def calendars_of(reading: Reading, name: object) -> list[str]:
    """A calendar and all that it extends; nothing where there is no such calendar."""
    calendars = _mappings(reading.data.get("calendars"))
    return _chain(calendars, name) if isinstance(name, str) and name in calendars else []


def _chain(calendars: Mapping[str, Any], name: str) -> list[str]:
    """The calendar and all that it extends; the name itself comes again where they go in a circle."""
    order, waiting = [name], _list(calendars[name].get("extends"))[::-1]
    while waiting:
        one = waiting.pop()
        if one == name:
            return [*order, name]
        if one not in order:
            order.append(one)
            waiting += _list(calendars.get(one, {}).get("extends"))[::-1]
    return order


def _circle(reading: Reading, calendars: Mapping[str, Any], name: str) -> Problem:
    steps, seen = [name], {name}
    while (following := _towards(calendars, steps[-1], name)) not in {None, name} and following not in seen:
        steps.append(str(following))
        seen.add(str(following))
    message = f"these calendars extend one another in a circle: {' -> '.join([*steps, name])}"
    return reading.problem(("calendars", name, "extends"), message, "take one of them away", key=True)


def _towards(calendars: Mapping[str, Any], here: str, goal: str) -> str | None:
    for following in _list(calendars.get(here, {}).get("extends")):
        if following == goal or (following in calendars and goal in _chain(calendars, following)):
            return following
    return None


def _prompts(reading: Reading, prompts: Collection[str]) -> Iterator[Problem]:
    """Prompts that are named in calendars and campaigns and are not there."""
    for path, rule in rules_of(reading):
        for key in _PROMPT_KEYS:
            prompt = rule.get(key)
            if isinstance(prompt, str) and prompt not in prompts:
                message = f"there is no prompt {quoted(prompt)}{did_you_mean(prompt, prompts)}"
                remedy = f"write one of: {', '.join(sorted(prompts)[:10])}; or add it to sounds/prompts.yaml"
                yield reading.problem((*path, key), message, remedy)


def rules_of(reading: Reading) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every rule of a calendar and every campaign, as it is written: what they have in common are `greeting`,
    `message` and `to`."""
    for line_id, line in _mappings(reading.data.get("lines")).items():
        if isinstance(campaign := line.get("campaign"), dict):
            yield ("lines", line_id, "campaign"), campaign
    for name, calendar in _mappings(reading.data.get("calendars")).items():
        for section in _RULES:
            for rule_id, rule in _mappings(calendar.get(section)).items():
                yield ("calendars", name, section, rule_id), rule
        if isinstance(block := calendar.get("holidays"), dict):
            yield ("calendars", name, "holidays"), block
            for day, holiday in _mappings(block.get("days")).items():
                yield ("calendars", name, "holidays", "days", day), holiday
        files = calendar.get("ical")
        for index, file in enumerate(files if isinstance(files, list) else ()):
            if isinstance(file, dict):
                yield ("calendars", name, "ical", index), file


def _holiday_names(
    reading: Reading, calendars: Mapping[str, Any], name: str, chain: list[str]
) -> Iterator[Problem]:
    """Names of holidays that no country of the calendar or those it extends has."""
    block = calendars[name].get("holidays")
    if not isinstance(block, dict):
        return
    written: list[tuple[Path, str]] = [
        (("except", index), each) for index, each in enumerate(_list(block.get("except")))
    ]
    written += [(("days", each), each) for each in _mappings(block.get("days"))]
    blocks = [each for parent in chain if isinstance(each := calendars[parent].get("holidays"), dict)]
    known = [holiday for each in blocks for holiday in _names(each)]
    for path, each in written:
        if not is_named(tuple(known), each):
            message = f"there is no holiday {quoted(each)}{did_you_mean(each, known)}"
            few = ", ".join(known[:8]) if known else "none: write the country"
            yield reading.problem(
                ("calendars", name, "holidays", *path), message, f"known: {few}", key=path[0] == "days"
            )


def _names(block: Mapping[str, Any]) -> tuple[str, ...]:
    country, part = block.get("country"), block.get("subdivision")
    code = country.upper() if isinstance(country, str) else ""
    if code not in countries() or (part is not None and part not in countries()[code]):
        return ()
    return names_of(code, part)


def _lines(reading: Reading, calendars: Mapping[str, Any]) -> Iterator[Problem]:
    """Calendars that can open nothing, and calendars nobody goes by."""
    used: set[str] = set()
    for line_id, line in _mappings(reading.data.get("lines")).items():
        name = line.get("calendar")
        if not isinstance(name, str) or name not in calendars:
            continue
        chain = [each for each in _chain(calendars, name) if each in calendars]
        used.update(chain)
        if not any(_opens(calendars[each]) for each in chain):
            message = f"line {quoted(line_id)} would never open: calendar {quoted(name)} has no hours"
            remedy = "give the calendar `hours`, or `openings` for single days"
            yield reading.problem(("lines", line_id, "calendar"), message, remedy)
    for name in calendars:
        if name not in used:
            message = f"no line goes by calendar {quoted(name)}"
            remedy = f"give a line `calendar: {name}`, or delete it"
            yield reading.problem(("calendars", name), message, remedy, severity="warning", key=True)


def _opens(calendar: Mapping[str, Any]) -> bool:
    """Whether anything of a calendar can open a line: some hours that are not `closed`."""
    if calendar.get("hours") or calendar.get("openings"):
        return True
    files = calendar.get("ical")
    if any(isinstance(file, dict) and file.get("events", "closures") != "closures" for file in files or ()):
        return True
    block = calendar.get("holidays")
    holidays = [block, *_mappings(block.get("days")).values()] if isinstance(block, dict) else []
    rules = [
        rule for section in ("seasons", "special_days") for rule in _mappings(calendar.get(section)).values()
    ]
    return any(rule.get("hours", "closed") != "closed" for rule in (*rules, *holidays))
