"""What is wrong with shift plans as they are written: names that point nowhere, breaks that do not fit.

As in cross_checks, the data is looked at as it was written, so that one mistake does not hide another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from itertools import islice, pairwise
from typing import Any

from pydantic import ValidationError

from hotline_ivr.config.breaks import Break, BreakKind
from hotline_ivr.config.hours import DAY, Interval, clock, parse_interval
from hotline_ivr.config.problems import FOUND_PROBLEMS, Problem
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.refusal import did_you_mean, quoted
from hotline_ivr.config.shift_words import work
from hotline_ivr.config.types import duration_text
from hotline_ivr.config.work_days import PlacedBreak, place_break
from hotline_ivr.config.yaml_tree import Path

_WORDS = {"operators": "operator", "shifts": "shift", "break_kinds": "kind of break", "lines": "line"}


def shift_checks(reading: Reading) -> Iterator[Problem]:
    """Yield the problems of shifts, breaks, plans and changes."""
    yield from islice(_references(reading), FOUND_PROBLEMS)
    yield from islice(_breaks(reading), FOUND_PROBLEMS)
    yield from _zones(reading)
    yield from _unused(reading)
    yield from _without_shifts(reading)


def _section(reading: Reading, name: str) -> dict[str, dict[str, Any]]:
    section = reading.data.get(name)
    if not isinstance(section, dict):
        return {}
    return {key: value for key, value in section.items() if isinstance(value, dict)}


def _ids(reading: Reading, name: str) -> list[str]:
    section = reading.data.get(name)
    return list(section) if isinstance(section, dict) else []


def _references(reading: Reading) -> Iterator[Problem]:
    for section in ("shift_plans", "shift_changes"):
        for name, written in _section(reading, section).items():
            operators = written.get("operators")
            for index, operator in enumerate(operators if isinstance(operators, list) else ()):
                yield from _known(reading, (section, name, "operators", index), "operators", operator)
            yield from _known(reading, (section, name, "open_days_of"), "lines", written.get("open_days_of"))
    for path, worked in _worked(reading):
        for item in _templates(worked):
            yield from _known(reading, path, "shifts", item)
    for name, shift in _section(reading, "shifts").items():
        for break_id, each in _mappings(shift.get("breaks")).items():
            place: Path = ("shifts", name, "breaks", break_id)
            if "kind" in each:
                place = (*place, "kind")
            yield from _known(reading, place, "break_kinds", each.get("kind", break_id))


def _known(reading: Reading, path: Path, section: str, name: object) -> Iterator[Problem]:
    known = _ids(reading, section)
    if not isinstance(name, str) or name in known or (section in {"operators", "lines"} and not known):
        return
    word = _WORDS[section]
    message = f"there is no {word} {quoted(name)}{did_you_mean(name, known)}"
    few = f"write one of: {', '.join(known[:10])}; or add" if known else "add"
    yield reading.problem(path, message, f"{few} {quoted(name)} under {section}", at=name)


def _mappings(value: object) -> dict[str, dict[str, Any]]:
    if not isinstance(value, dict):
        return {}
    return {str(key): each for key, each in value.items() if isinstance(each, dict)}


def _worked(reading: Reading) -> Iterator[tuple[Path, object]]:
    """Every place at which it is written what is worked on a day."""
    for name, plan in _section(reading, "shift_plans").items():
        weeks: list[tuple[Path, object]] = [(("shift_plans", name, "week"), plan.get("week"))]
        several = plan.get("weeks")
        for index, week in enumerate(several if isinstance(several, list) else ()):
            weeks.append((("shift_plans", name, "weeks", index), week))
        for path, week in weeks:
            for days, worked in week.items() if isinstance(week, dict) else ():
                yield (*path, days), worked
    for name, change in _section(reading, "shift_changes").items():
        if "shift" in change:
            yield ("shift_changes", name, "shift"), change["shift"]


def _templates(worked: object) -> list[str]:
    with suppress(ValueError):
        return [item for item in work(worked) if isinstance(item, str)]
    return []  # the model has said what is wrong


def _breaks(reading: Reading) -> Iterator[Problem]:
    kinds = _lengths(reading)
    for name, shift in _section(reading, "shifts").items():
        with suppress(ValueError):
            hours = parse_interval(shift.get("hours"))
            placed: list[PlacedBreak] = []
            for break_id, written in _mappings(shift.get("breaks")).items():
                path: Path = ("shifts", name, "breaks", break_id)
                each = _read_break(break_id, written, kinds, hours.start)
                if each is None:
                    continue
                if (problem := _misplaced(reading, path, each, hours)) is None:
                    placed.append(each)
                else:
                    yield problem
            yield from _overlaps(reading, name, placed)


def _lengths(reading: Reading) -> Mapping[str, BreakKind]:
    """The kinds of breaks that can be read."""
    found: dict[str, BreakKind] = {}
    for name, written in _section(reading, "break_kinds").items():
        with suppress(ValidationError):
            found[name] = BreakKind.model_validate(written)
    return found


def _read_break(
    break_id: str, written: Mapping[str, Any], kinds: Mapping[str, BreakKind], start: int
) -> PlacedBreak | None:
    with suppress(ValidationError):
        each = Break.model_validate(written)
        if kind := kinds.get(each.kind or break_id):
            return place_break(break_id, each, kind, start=start, length=each.length or kind.length)
    return None


def _misplaced(reading: Reading, path: Path, each: PlacedBreak, hours: Interval) -> Problem | None:
    length, shift = duration_text(each.length), (hours.end - hours.start) * 60
    if each.length >= shift:
        message = f"this break of {length} is not shorter than its shift ({duration_text(shift)})"
        return reading.problem(path, message, "make the break shorter, or the shift longer", key=True)
    window = (each.end - each.start) * 60
    if window < each.length:
        message = f"{length} do not fit into {_clocks(each)} ({duration_text(window)})"
        return reading.problem((*path, "between"), message, "widen the hours, or give it a shorter `length`")
    if each.end > hours.end:
        key = "between" if each.floats else "at"
        message = f"this break, {_clocks(each)}, lies outside of its shift, {hours.text}"
        return reading.problem((*path, key), message, "let it begin and end within the shift")
    return None


def _overlaps(reading: Reading, shift: str, placed: Collection[PlacedBreak]) -> Iterator[Problem]:
    """Breaks of a shift that cannot both be had: planned ones that meet, and windows that are too full."""
    fixed = sorted((each for each in placed if not each.floats), key=lambda each: each.start)
    for before, after in pairwise(fixed):
        if after.start < before.end:
            message = f"this break, {_clocks(after)}, overlaps {quoted(before.id)}, {_clocks(before)}"
            path = ("shifts", shift, "breaks", after.id, "at")
            yield reading.problem(path, message, "let one end before the other begins")
    told: list[set[str]] = []
    for each in placed:
        if each.floats:
            if _longest_gap(each, fixed) * 60 < each.length:
                message = (
                    f"{duration_text(each.length)} do not fit into {_clocks(each)} beside the planned breaks"
                )
                path = ("shifts", shift, "breaks", each.id, "between")
                yield reading.problem(path, message, "widen the hours, or move one of them")
                continue
            inside = [other for other in placed if each.start <= other.start and other.end <= each.end]
            needed, window = sum(other.length for other in inside), (each.end - each.start) * 60
            if needed > window and {other.id for other in inside} not in told:
                told.append({other.id for other in inside})
                names = ", ".join(quoted(other.id) for other in inside)
                message = f"{names} take {duration_text(needed)} together, more than {_clocks(each)}"
                path = ("shifts", shift, "breaks", each.id, "between")
                yield reading.problem(path, message, "widen the hours, or move one of them")


def _longest_gap(window: PlacedBreak, fixed: Collection[PlacedBreak]) -> int:
    """Minutes of the longest stretch of a window that no planned break covers; `fixed` are in order."""
    longest, free_from = 0, window.start
    for each in fixed:
        longest = max(longest, min(each.start, window.end) - free_from)
        free_from = max(free_from, each.end)
    return max(longest, window.end - free_from)


def _clocks(each: PlacedBreak) -> str:
    return f"{clock(each.start % DAY)}-{clock(each.end % DAY)}"


def _zones(reading: Reading) -> Iterator[Problem]:
    """Lines of several time zones leave open by which clock shifts go."""
    plans = next((name for name in ("shift_plans", "shift_changes") if _ids(reading, name)), None)
    organisation = reading.data.get("organisation")
    if plans is None or (isinstance(organisation, dict) and "time_zone" in organisation):
        return
    lines = _section(reading, "lines").values()
    zones = sorted({zone for line in lines if isinstance(zone := line.get("time_zone"), str)})
    if len(zones) > 1:
        message = f"the lines go by {len(zones)} time zones, so nobody knows by which the shifts go"
        remedy = f"write `time_zone: {zones[0]}` under organisation"
        yield reading.problem((plans,), message, remedy, key=True)


def _unused(reading: Reading) -> Iterator[Problem]:
    """Shifts that nobody works, and kinds of break that nobody takes."""
    worked = {item for _, each in _worked(reading) for item in _templates(each)}
    taken = {
        str(each.get("kind", break_id))
        for shift in _section(reading, "shifts").values()
        for break_id, each in _mappings(shift.get("breaks")).items()
    }
    for section, used, what in (
        ("shifts", worked, "nobody works shift"),
        ("break_kinds", taken, "no shift has a break of kind"),
    ):
        for name in _ids(reading, section):
            if name not in used:
                message, remedy = f"{what} {quoted(name)}", "name it in a plan, or delete it"
                yield reading.problem((section, name), message, remedy, severity="warning", key=True)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _without_shifts(reading: Reading) -> Iterator[Problem]:
    """Operators whom shifts shall sign in, but who have none."""
    planned: set[object] = set()
    for section in ("shift_plans", "shift_changes"):
        for written in _section(reading, section).values():
            operators = written.get("operators")
            planned.update(each for each in _listed(operators) if isinstance(each, str))
    for name, operator in _section(reading, "operators").items():
        if operator.get("sign_in") == "shift" and name not in planned:
            yield reading.problem(
                ("operators", name, "sign_in"),
                f"no shift ever signs {quoted(name)} in",
                "name the operator in a plan of shift_plans, or write `sign_in: self`",
            )
