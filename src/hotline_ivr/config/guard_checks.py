"""What no single value shows about limits: numbers of other lines, reserves of nothing, prompts.

As in menu_checks.py, what was written is looked at and not the models.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator

from hotline_ivr.config.guard import MOST_LISTED
from hotline_ivr.config.outside import read_prefix, whole_country
from hotline_ivr.config.phone import to_e164
from hotline_ivr.config.problems import FOUND_PROBLEMS, Problem
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.refusal import did_you_mean, quoted
from hotline_ivr.config.yaml_tree import Path

_DEFAULT_MESSAGE = "all-busy"


def guard_checks(reading: Reading, country: str | None, prompts: Collection[str] | None) -> Iterator[Problem]:
    """Yield what is wrong; `country` reads national numbers, `prompts` None skips those."""
    yield from itertools.islice(_numbers(reading, country), FOUND_PROBLEMS)
    yield from itertools.islice(_reserves(reading), FOUND_PROBLEMS)
    yield from itertools.islice(_lists(reading, country), FOUND_PROBLEMS)
    if prompts is not None:
        yield from itertools.islice(_prompts(reading, prompts), FOUND_PROBLEMS)


def _mapping(value: object) -> dict[str, object]:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _lines(reading: Reading) -> Iterator[tuple[str, dict[str, object]]]:
    for line_id, line in _mapping(reading.data.get("lines")).items():
        yield line_id, _mapping(line)


def _trunks(reading: Reading) -> Iterator[tuple[str, dict[str, object]]]:
    for trunk_id, trunk in _mapping(reading.data.get("trunks")).items():
        yield trunk_id, _mapping(trunk)


def _numbers(reading: Reading, country: str | None) -> Iterator[Problem]:
    """Limits and emergency numbers that are none of the line's."""
    for line_id, line in _lines(reading):
        own = {number for text in _listed(line.get("numbers")) if (number := _e164(text, country))}
        named: list[tuple[Path, str]] = [
            (("lines", line_id, "number_channels", text), text)
            for text in _mapping(line.get("number_channels"))
        ]
        named += [
            (("lines", line_id, "emergency_numbers", place), str(text))
            for place, text in enumerate(_listed(line.get("emergency_numbers")))
        ]
        for path, text in named:
            number = _e164(text, country)
            if number is not None and number not in own:
                few = ", ".join(sorted(own)[:5])
                yield reading.problem(path, f"{number} is no number of this line", f"write one of: {few}")


def _e164(text: object, country: str | None) -> str | None:
    try:
        return to_e164(str(text), country)
    except ValueError:
        return None  # the model has said so


def _whole(value: object) -> int:
    text = str(value) if isinstance(value, str | int) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _reserves(reading: Reading) -> Iterator[Problem]:
    someone = any(
        str(line.get("emergency", "no")).lower() in {"yes", "true", "on"} or line.get("emergency_numbers")
        for _, line in _lines(reading)
    )
    for trunk_id, trunk in _trunks(reading):
        path: Path = ("trunks", trunk_id, "reserve")
        channels, reserve = _whole(trunk.get("channels")), _whole(trunk.get("reserve"))
        if reserve and not channels:
            message = "nothing can be kept of channels that have no limit"
            yield reading.problem(path, message, "write how many `channels` this carrier has")
        elif reserve and reserve >= channels:
            message = f"of {channels} channels {reserve} are kept: ordinary callers would never get in"
            yield reading.problem(path, message, "write a smaller reserve")
        elif reserve and not someone:
            message = "channels are kept for emergencies, and no line or number is for them"
            remedy = "give a line `emergency: yes` or `emergency_numbers`"
            yield reading.problem(path, message, remedy, severity="warning")


def _lists(reading: Reading, country: str | None) -> Iterator[Problem]:
    """Lists that are too long, or that block everybody, or a number of our own."""
    guard = _mapping(reading.data.get("guard"))
    own = {
        number: line_id
        for line_id, line in _lines(reading)
        for text in _listed(line.get("numbers"))
        if (number := _e164(text, country))
    }
    listed = 0
    for name in ("allow", "block"):
        for place, entry in enumerate(_listed(guard.get(name))):
            numbers, prefixes = (_listed(_mapping(entry).get(key)) for key in ("numbers", "prefixes"))
            listed += len(numbers) + len(prefixes)
            if name == "block":
                path: Path = ("guard", name, place)
                yield from _own_numbers(reading, (*path, "numbers"), numbers, own, country)
                yield from _too_many(reading, (*path, "prefixes"), prefixes, country)
    if listed > MOST_LISTED:
        message = f"the lists of callers hold {listed} numbers, more than {MOST_LISTED}"
        yield reading.problem(("guard",), message, "write prefixes in place of numbers", key=True)


def _own_numbers(
    reading: Reading, path: Path, numbers: list[object], own: dict[str, str], country: str | None
) -> Iterator[Problem]:
    for place, text in enumerate(numbers):
        number = _e164(text, country)
        if number is not None and number in own:
            message = f"{number} is a number of your own line {quoted(own[number])}"
            yield reading.problem((*path, place), message, "write callers' numbers")


def _too_many(reading: Reading, path: Path, prefixes: list[object], country: str | None) -> Iterator[Problem]:
    for place, text in enumerate(prefixes):
        try:
            prefix = read_prefix(text)
        except ValueError:
            continue  # the model has said so
        if whole_country(prefix, country):
            message = f"{prefix} blocks everybody in your own country"
            yield reading.problem((*path, place), message, "write more digits")


def _prompts(reading: Reading, prompts: Collection[str]) -> Iterator[Problem]:
    limited = any(_whole(trunk.get("channels")) for _, trunk in _trunks(reading))
    named: list[tuple[Path, object]] = []
    guard = _mapping(reading.data.get("guard"))
    told = _mapping(guard.get("over_limit"))
    named.append((("guard", "over_limit", "message"), told.get("message")))
    named.append((("guard", "blocked", "message"), _mapping(guard.get("blocked")).get("message")))
    away = _mapping(_mapping(guard.get("flood")).get("away"))
    named.append((("guard", "flood", "away", "message"), away.get("message")))
    for place, entry in enumerate(_listed(guard.get("block"))):
        named.append((("guard", "block", place, "message"), _mapping(entry).get("message")))
    for line_id, line in _lines(reading):
        own = _mapping(line.get("over_limit"))
        named.append((("lines", line_id, "over_limit", "message"), own.get("message")))
        is_limited = limited or _whole(line.get("channels")) or line.get("number_channels")
        if is_limited and not own and not told:
            named.append((("lines", line_id), _DEFAULT_MESSAGE))
    for path, prompt in named:
        if isinstance(prompt, str) and prompt not in prompts:
            message = f"there is no prompt {quoted(prompt)}{did_you_mean(prompt, prompts)}"
            yield reading.problem(path, message, "write another, or add it to sounds/prompts.yaml")
