"""What no single value shows: names that point nowhere, numbers on two lines, people nobody calls.

The checks go over the data as it was written, so that they also speak where a value beside is wrong; what has
not the expected shape is passed over, because the models have already complained about it.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress

from hotline_ivr.config.alert_checks import alert_checks
from hotline_ivr.config.calendar_checks import calendar_checks
from hotline_ivr.config.callback_checks import callback_checks
from hotline_ivr.config.centre_checks import centre_checks
from hotline_ivr.config.contract_checks import contract_checks
from hotline_ivr.config.control_checks import control_checks
from hotline_ivr.config.extensions import extension_checks
from hotline_ivr.config.guard_checks import guard_checks
from hotline_ivr.config.menu_checks import menu_checks, queues_in_use
from hotline_ivr.config.models import Line
from hotline_ivr.config.phone import is_assignable, to_e164
from hotline_ivr.config.problems import FOUND_PROBLEMS, Problem
from hotline_ivr.config.queue_checks import able_by_skill, queue_checks
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.recording_checks import recording_checks
from hotline_ivr.config.refusal import did_you_mean, nearest, quoted
from hotline_ivr.config.register_checks import register_checks
from hotline_ivr.config.shift_checks import shift_checks
from hotline_ivr.config.webhook_checks import webhook_checks
from hotline_ivr.config.yaml_tree import Path

LISTED = 100
"""So many misspelt names are taken for what they were meant to be."""

_PROMPT_KEYS = ("greeting", "closed_message", "sorry_message", "operator_announcement")


def cross_checks(reading: Reading, country: str | None, prompts: Collection[str] | None) -> Iterator[Problem]:
    """Yield what is wrong between the parts; `country` reads national numbers, `prompts` None skips these."""
    # Only checks that give nothing but errors are cut short: a warning must never crowd out an error.
    yield from itertools.islice(_references(reading), FOUND_PROBLEMS)
    if prompts is not None:
        yield from itertools.islice(_prompts(reading, prompts), FOUND_PROBLEMS)
    yield from menu_checks(reading, prompts)
    yield from itertools.islice(control_checks(reading, country, prompts), FOUND_PROBLEMS)
    yield from centre_checks(reading, country, prompts)
    yield from guard_checks(reading, country, prompts)
    yield from itertools.islice(callback_checks(reading, prompts), FOUND_PROBLEMS)
    yield from queue_checks(reading, country, prompts)
    yield from itertools.islice(extension_checks(reading), FOUND_PROBLEMS)
    yield from itertools.islice(recording_checks(reading, prompts), FOUND_PROBLEMS)
    yield from _numbers(reading, country)
    yield from _hosts(reading)
    yield from _unused(reading)
    yield from calendar_checks(reading, prompts)
    yield from shift_checks(reading)
    yield from contract_checks(reading, country)
    yield from alert_checks(reading)
    yield from register_checks(reading)
    yield from itertools.islice(webhook_checks(reading), FOUND_PROBLEMS)


def _section(reading: Reading, name: str) -> dict[str, dict[str, object]]:
    """Return the mappings of a section by id; empty when the section is not there or is something else."""
    section = reading.data.get(name)
    if not isinstance(section, dict):
        return {}
    return {key: value for key, value in section.items() if isinstance(value, dict)}


def _ids(reading: Reading, name: str) -> dict[str, object]:
    """Return all ids of a section (as keys), also those whose own content is wrong."""
    section = reading.data.get(name)
    return section if isinstance(section, dict) else {}


def _texts(value: object) -> list[tuple[int, str]]:
    """Return the text items of a list with their places in it."""
    items = enumerate(value) if isinstance(value, list) else ()
    return [(index, item.strip()) for index, item in items if isinstance(item, str)]


def _references(reading: Reading) -> Iterator[Problem]:
    queues, operators = _ids(reading, "queues"), _ids(reading, "operators")
    queue_names, operator_names = _as_meant(queues), _as_meant(operators)
    for line_id, line in _section(reading, "lines").items():
        queue = line.get("queue")
        # Without any queue, the missing section is the mistake, and not each line's.
        if isinstance(queue, str) and queues and queue not in queue_names:
            yield _no_such(reading, ("lines", line_id, "queue"), "queue", queue, queues)
    for queue_id, content in _section(reading, "queues").items():
        seen: dict[str, Path] = {}
        for index, operator in _texts(content.get("operators")):
            path: Path = ("queues", queue_id, "operators", index)
            if operator in seen:
                message = f"{quoted(operator)} is in this queue twice"
                yield reading.problem(
                    path, message, f"delete one; first at {reading.place_of(seen[operator])}"
                )
            elif operators and operator not in operator_names:
                yield _no_such(reading, path, "operator", operator, operators)
            seen.setdefault(operator, path)


def _as_meant(ids: Iterable[str]) -> set[str]:
    """Return the ids with their small-letter forms: an id in capitals is reported where it is defined."""
    return {form for name in ids for form in (name, name.lower())}


def _no_such(reading: Reading, path: Path, kind: str, name: str, known: Collection[str]) -> Problem:
    message = f"there is no {kind} {quoted(name)}{did_you_mean(name, known)}"
    few = ", ".join(itertools.islice(known, 10)) + (", ..." if len(known) > 10 else "")
    return reading.problem(path, message, f"write one of: {few}; or add {quoted(name)} under {kind}s")


def _numbers(reading: Reading, country: str | None) -> Iterator[Problem]:
    owners: dict[str, Path] = {}
    for line_id, line in _section(reading, "lines").items():
        for index, text in _texts(line.get("numbers")):
            try:
                number = to_e164(text, country)
            except ValueError:
                continue  # the model has said so
            path: Path = ("lines", line_id, "numbers", index)
            if owner := owners.get(number):
                message = (
                    f"{number} already reaches line {quoted(str(owner[1]))}, at {reading.place_of(owner)}"
                )
                yield reading.problem(path, message, "a number reaches one line: delete it from the other")
            elif not is_assignable(number):
                message = f"no such number is handed out in its country ({number})"
                yield reading.problem(
                    path, message, "compare it with the carrier's letter", severity="warning"
                )
            owners.setdefault(number, path)


def _unused(reading: Reading) -> Iterator[Problem]:
    lines, queues = _section(reading, "lines"), _section(reading, "queues")
    queue_ids, operator_ids = _ids(reading, "queues"), _ids(reading, "operators")
    of_lines = (str(line.get("queue")) for line in lines.values())
    wanted = _meant((*of_lines, *queues_in_use(reading)), queue_ids)
    if lines:
        for queue in queue_ids:
            if queue not in wanted:
                message, remedy = (
                    f"no line sends callers to queue {quoted(queue)}",
                    f"give a line `queue: {queue}`",
                )
                yield reading.problem(("queues", queue), message, remedy, severity="warning", key=True)
    listed = (name for queue in queues.values() for _, name in _texts(queue.get("operators")))
    serving = _meant((*listed, *able_by_skill(reading)), operator_ids)
    if queues:
        for operator in operator_ids:
            if operator not in serving:
                message, remedy = (
                    f"operator {quoted(operator)} is in no queue",
                    "add the id to a queue's operators",
                )
                yield reading.problem(("operators", operator), message, remedy, severity="warning", key=True)


def _meant(names: Iterable[str], known: Collection[str]) -> set[str]:
    """Return the known ids that are named, also by a misspelt name: that mistake is reported once, there."""
    named, ids = set(names), set(known)
    misspelt = sorted(named - ids)[:LISTED]
    return (named & ids) | {nearest(name, known) or "" for name in misspelt}


def _hosts(reading: Reading) -> Iterator[Problem]:
    """Asterisk knows a carrier by address: one that belongs to two carriers would be taken for either."""
    found: list[tuple[int, int, int, Path]] = []
    for trunk_id, trunk in _section(reading, "trunks").items():
        for index, text in _texts(trunk.get("hosts")):
            with suppress(ValueError):
                network = ipaddress.ip_network(text)
                first, last = int(network.network_address), int(network.broadcast_address)
                found.append((network.version, first, -last, ("trunks", trunk_id, "hosts", index)))
    # Networks are apart or within one another, so in this order each is compared with one before it only.
    order = {entry[3]: number for number, entry in enumerate(found)}
    widest: tuple[int, int, int, Path] | None = None
    for entry in sorted(found):
        if widest and widest[0] == entry[0] and entry[1] <= -widest[2]:
            earlier, later = sorted((widest[3], entry[3]), key=order.__getitem__)
            message = (
                f"this address belongs to trunk {quoted(str(earlier[1]))} too, at {reading.place_of(earlier)}"
            )
            yield reading.problem(
                later, message, "an address belongs to one trunk, once: delete one of the two"
            )
        else:
            widest = entry


def _prompts(reading: Reading, prompts: Collection[str]) -> Iterator[Problem]:
    for name, operator in _section(reading, "operators").items():
        prompt = operator.get("greeting")
        if isinstance(prompt, str) and prompt not in prompts:
            message = f"there is no prompt {quoted(prompt)}{did_you_mean(prompt, prompts)}"
            remedy = f"add {quoted(prompt)} to prompts/prompts.yaml with its words, then it can be recorded"
            yield reading.problem(("operators", name, "greeting"), message, remedy)
    for line_id, line in _section(reading, "lines").items():
        for key in _PROMPT_KEYS:
            prompt = line.get(key, Line.model_fields[key].default)
            if isinstance(prompt, str) and prompt not in prompts:
                message = f"there is no prompt {quoted(prompt)}{did_you_mean(prompt, prompts)}"
                few = ", ".join(sorted(prompts)[:10])
                remedy = f"write one of: {few}; or add {quoted(prompt)} to prompts/prompts.yaml"
                yield reading.problem(("lines", line_id, key), message, remedy)
