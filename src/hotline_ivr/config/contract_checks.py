"""What is wrong between contracts and the rest: numbers priced twice, unknown trunks, prefixes in vain.

As in cross_checks, the data is looked at as it was written, so that one mistake does not hide another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import combinations, islice
from typing import Any

from hotline_ivr.config.phone import to_e164
from hotline_ivr.config.problems import FOUND_PROBLEMS, Problem
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.refusal import did_you_mean, quoted
from hotline_ivr.config.yaml_tree import Path

_LAST_DAY = date.max


def contract_checks(reading: Reading, country: str | None) -> Iterator[Problem]:
    """Yield the problems of contracts; `country` reads national numbers."""
    contracts = _mappings(reading.data.get("contracts"))
    yield from islice(_trunks(reading, contracts), FOUND_PROBLEMS)
    yield from islice(_twice(reading, contracts, country), FOUND_PROBLEMS)
    yield from islice(_prefixes(reading, contracts), FOUND_PROBLEMS)
    yield from _numbers_of_no_line(reading, contracts, country)


def _mappings(value: object) -> dict[str, dict[str, Any]]:
    if not isinstance(value, dict):
        return {}
    return {str(key): each for key, each in value.items() if isinstance(each, dict)}


def _texts(value: object) -> list[tuple[int, str]]:
    items = enumerate(value) if isinstance(value, list) else ()
    return [(index, item.strip()) for index, item in items if isinstance(item, str)]


def _numbers(value: object, country: str | None) -> Iterator[tuple[int, str]]:
    """The numbers of a list in E.164; of those that are none the model has told."""
    for index, text in _texts(value):
        try:
            yield index, to_e164(text, country)
        except ValueError:
            continue


def _trunks(reading: Reading, contracts: dict[str, dict[str, Any]]) -> Iterator[Problem]:
    section = reading.data.get("trunks")
    known = list(section) if isinstance(section, dict) else []
    for contract_id, contract in contracts.items():
        for index, name in _texts(contract.get("trunks")):
            if known and name not in known:
                yield reading.problem(
                    ("contracts", contract_id, "trunks", index),
                    f"there is no trunk {quoted(name)}{did_you_mean(name, known)}",
                    f"write one of: {', '.join(known[:10])}",
                )


def _twice(reading: Reading, contracts: dict[str, dict[str, Any]], country: str | None) -> Iterator[Problem]:
    """One number, or one trunk, in two contracts on the same day."""
    places: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for contract_id, contract in contracts.items():
        if contract.get("offer") in {"yes", "true", "on"}:
            continue
        for index, number in _numbers(contract.get("numbers"), country):
            places["number", number].append(("contracts", contract_id, "numbers", index))
        for index, trunk in _texts(contract.get("trunks")):
            places["trunk", trunk].append(("contracts", contract_id, "trunks", index))
    for (kind, name), paths in places.items():
        # Compared with its neighbours only, a number in thousands of contracts would still take seconds.
        for one, other in combinations(paths[:20], 2):
            since = _in_both(contracts[str(one[1])], contracts[str(other[1])])
            if since is not None:
                message = (
                    f"{kind} {quoted(name)} is in contract {quoted(str(one[1]))} too,"
                    f" at {reading.place_of(one)}; both are in force on {since}"
                )
                yield reading.problem(
                    other, message, "end one contract before the other begins, or name it once"
                )


def _in_both(one: dict[str, Any], other: dict[str, Any]) -> date | None:
    """The first day on which both are in force; None without one, or where a day cannot be read."""
    first, second = _period(one), _period(other)
    if first is None or second is None:
        return None
    begin, end = max(first[0], second[0]), min(first[1], second[1])
    return begin if begin <= end else None


def _period(contract: dict[str, Any]) -> tuple[date, date] | None:
    begin, end = _day(contract.get("from")), _day(contract.get("until"))
    if begin is None or (end is None and contract.get("until") is not None):
        return None
    return begin, end or _LAST_DAY


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def _prefixes(reading: Reading, contracts: dict[str, dict[str, Any]]) -> Iterator[Problem]:
    for contract_id, contract in contracts.items():
        owners: dict[str, Path] = {}
        rest: str | None = None
        for class_id, rate in _mappings(contract.get("outbound")).items():
            where: Path = ("contracts", contract_id, "outbound", class_id)
            prefixes = [
                (index, text.replace(" ", ""), (*where, "prefixes", index))
                for index, text in _texts(rate.get("prefixes"))
            ]
            if "prefixes" not in rate:
                if rest is not None:
                    message = f"has no prefixes, as has class {quoted(rest)}: neither of the two is the rest"
                    yield reading.problem(where, message, "give one of them its prefixes", key=True)
                rest = rest or class_id
            for _, prefix, path in prefixes:
                if owner := owners.get(prefix):
                    message = f"prefix {prefix} stands at {reading.place_of(owner)} already"
                    yield reading.problem(path, message, "a prefix belongs to one class, once")
                owners.setdefault(prefix, path)
        yield from _in_vain(reading, owners)


def _in_vain(reading: Reading, owners: dict[str, Path]) -> Iterator[Problem]:
    """Prefixes that begin with another of their own class, and so change nothing."""
    for prefix, path in owners.items():
        shorter = next(
            (prefix[:end] for end in range(len(prefix) - 1, 1, -1) if prefix[:end] in owners), None
        )
        if shorter is not None and owners[shorter][3] == path[3]:
            message = f"prefix {prefix} is shadowed by {shorter} of the same class"
            yield reading.problem(
                path, message, "delete it, or put it into a class of its own", severity="warning"
            )


def _numbers_of_no_line(
    reading: Reading, contracts: dict[str, dict[str, Any]], country: str | None
) -> Iterator[Problem]:
    of_lines = {
        number
        for line in _mappings(reading.data.get("lines")).values()
        for _, number in _numbers(line.get("numbers"), country)
    }
    for contract_id, contract in contracts.items():
        for index, number in _numbers(contract.get("numbers"), country):
            if of_lines and number not in of_lines:
                yield reading.problem(
                    ("contracts", contract_id, "numbers", index),
                    f"{number} is paid for, and reaches no line",
                    "give it to a line, or give it back",
                    severity="warning",
                )
