"""What no single value shows about the world outside: numbers that may not be dialled, rotas, carriers.

As in menu_checks.py, what was written is looked at and not the models.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator

from hotline_ivr.config.outside import any_whole_country, is_allowed, read_prefix
from hotline_ivr.config.phone import to_e164
from hotline_ivr.config.problems import FOUND_PROBLEMS, Problem
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.refusal import did_you_mean, quoted
from hotline_ivr.config.yaml_tree import Path

_DEFAULT_PROMPT = "press-one"
_SECTIONS = ("lines", "calendars", "menus", "collects")


def centre_checks(
    reading: Reading, country: str | None, prompts: Collection[str] | None
) -> Iterator[Problem]:
    """Yield what is wrong; `country` reads national numbers, `prompts` None skips those."""
    yield from itertools.islice(_numbers(reading, country), FOUND_PROBLEMS)
    yield from itertools.islice(_references(reading), FOUND_PROBLEMS)
    yield from itertools.islice(_handing_on(reading), FOUND_PROBLEMS)
    if prompts is not None:
        yield from itertools.islice(_prompts(reading, prompts), FOUND_PROBLEMS)


def _mapping(value: object) -> dict[str, object]:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}


def _centres(reading: Reading) -> Iterator[tuple[str, dict[str, object]]]:
    for name, centre in _mapping(reading.data.get("centres")).items():
        if isinstance(centre, dict):
            yield name, _mapping(centre)


def _dialled(reading: Reading) -> Iterator[tuple[Path, str]]:
    """Every number that may be dialled outside, where it is written."""
    for section in _SECTIONS:
        yield from _transfers((section,), reading.data.get(section))
    for name, centre in _centres(reading):
        for target_id, target in _mapping(centre.get("targets")).items():
            number = _mapping(target).get("number")
            if isinstance(number, str):
                yield ("centres", name, "targets", target_id, "number"), number


def _transfers(path: Path, written: object) -> Iterator[tuple[Path, str]]:
    inside = written.items() if isinstance(written, dict) else ()
    listed = enumerate(written) if isinstance(written, list) else ()
    for key, value in (*inside, *listed):
        if key == "transfer" and isinstance(value, str):
            yield (*path, key), value
        elif isinstance(value, dict | list):
            yield from _transfers((*path, key), value)


def _numbers(reading: Reading, country: str | None) -> Iterator[Problem]:
    own = dict(_own_numbers(reading, country))
    allowed = tuple(_allowed(reading))
    for path, text in _dialled(reading):
        try:
            number = to_e164(text, country)
        except ValueError:
            continue  # the model has said so
        if number in own:
            message = f"{number} is a number of line {quoted(own[number])}: callers would go in circles"
            yield reading.problem(path, message, "write a number outside")
        elif not is_allowed(number, allowed, country):
            message = f"{number} may not be dialled: outside.allowed does not hold it"
            if not allowed:
                message = f"{number} may not be dialled: it is abroad, or costs a surcharge"
            yield reading.problem(path, message, f"write another number, or add {number} to outside.allowed")


def _own_numbers(reading: Reading, country: str | None) -> Iterator[tuple[str, str]]:
    for line_id, line in _mapping(reading.data.get("lines")).items():
        numbers = _mapping(line).get("numbers")
        for text in numbers if isinstance(numbers, list) else ():
            try:
                yield to_e164(str(text), country), line_id
            except ValueError:
                continue


def _allowed(reading: Reading) -> Iterator[str]:
    written = _mapping(reading.data.get("outside")).get("allowed")
    for text in written if isinstance(written, list) else ():
        try:
            yield read_prefix(text)
        except ValueError:
            continue


def _handing_on(reading: Reading) -> Iterator[Problem]:
    """Operators dial what they like within the list, so it has to be one, and to leave out what is dear."""
    outside = _mapping(reading.data.get("outside"))
    if str(outside.get("transfers", "no")).strip().lower() not in {"yes", "true", "on"}:
        return
    path: Path = ("outside", "transfers")
    written = outside.get("allowed")
    if not isinstance(written, list) or not written:
        message = "operators may hand callers on to numbers outside, and none is allowed"
        yield reading.problem(path, message, "list the beginnings of the numbers under `allowed`")
        return
    for index, text in enumerate(written):
        try:
            prefix = read_prefix(text)
        except ValueError:
            continue  # the model has said so
        if any_whole_country(prefix):
            message = f"operators may dial every number that begins with {prefix}, those with a surcharge too"
            yield reading.problem(("outside", "allowed", index), message, "write longer beginnings")
    if not any("outbound" in _mapping(each) for each in _mapping(reading.data.get("trunks")).values()):
        message = "operators may hand callers on to numbers outside, and no carrier takes calls from here"
        yield reading.problem(path, message, "give a trunk its `outbound` address")


def _references(reading: Reading) -> Iterator[Problem]:
    trunks = _mapping(reading.data.get("trunks"))
    for name, centre in _centres(reading):
        yield from _carrier(reading, ("centres", name), centre, trunks)
        targets = _mapping(centre.get("targets"))
        rota = centre.get("rota")
        for index, duty in enumerate(rota if isinstance(rota, list) else ()):
            listed = _mapping(duty).get("targets")
            for place, target in enumerate(listed if isinstance(listed, list) else ()):
                if isinstance(target, str) and target.strip() not in targets:
                    path: Path = ("centres", name, "rota", index, "targets", place)
                    message = f"there is no target {quoted(target)}{did_you_mean(target, targets)}"
                    yield reading.problem(path, message, f"write one of: {', '.join(list(targets)[:10])}")


def _carrier(
    reading: Reading, path: Path, centre: dict[str, object], trunks: dict[str, object]
) -> Iterator[Problem]:
    trunk = centre.get("trunk")
    if isinstance(trunk, str):
        if trunk not in trunks:
            message = f"there is no trunk {quoted(trunk)}{did_you_mean(trunk, trunks)}"
            yield reading.problem((*path, "trunk"), message, f"write one of: {', '.join(list(trunks)[:10])}")
        elif "outbound" not in _mapping(trunks[trunk]):
            message = f"trunk {quoted(trunk)} takes no calls from here"
            yield reading.problem((*path, "trunk"), message, f"give trunks.{trunk} its `outbound` address")
    elif not any("outbound" in _mapping(each) for each in trunks.values()):
        message = "no carrier takes calls from here, so nobody can be sent to this centre"
        yield reading.problem(path, message, "give a trunk its `outbound` address", key=True)


def _prompts(reading: Reading, prompts: Collection[str]) -> Iterator[Problem]:
    named: list[tuple[Path, object]] = []
    for name, centre in _centres(reading):
        named.append((("centres", name, "prompt"), centre.get("prompt", _DEFAULT_PROMPT)))
    for line_id, line in _mapping(reading.data.get("lines")).items():
        if isinstance(closing := _mapping(line).get("closing"), dict):
            named.append((("lines", line_id, "closing", "message"), closing.get("message", "closing")))
    for path, prompt in named:
        if isinstance(prompt, str) and prompt not in prompts:
            message = f"there is no prompt {quoted(prompt)}{did_you_mean(prompt, prompts)}"
            yield reading.problem(path, message, "write another, or add it to sounds/prompts.yaml")
