"""What no single value shows about queues: known callers on two lists.

As in menu_checks.py, what was written is looked at and not the models.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from hotline_ivr.config.phone import to_e164
from hotline_ivr.config.problems import FOUND_PROBLEMS, Problem
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.refusal import quoted
from hotline_ivr.config.yaml_tree import Path


def queue_checks(reading: Reading, country: str | None) -> Iterator[Problem]:
    """Yield what is wrong; `country` reads national numbers."""
    yield from itertools.islice(_known_callers(reading, country), FOUND_PROBLEMS)


def _mapping(value: object) -> dict[str, object]:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}


def _known_callers(reading: Reading, country: str | None) -> Iterator[Problem]:
    seen: dict[str, Path] = {}
    for name, listed in _mapping(reading.data.get("known_callers")).items():
        numbers = _mapping(listed).get("numbers")
        for index, text in enumerate(numbers if isinstance(numbers, list) else ()):
            try:
                number = to_e164(str(text), country)
            except ValueError:
                continue  # the model has said so
            path: Path = ("known_callers", name, "numbers", index)
            if (first := seen.setdefault(number, path)) != path:
                message = f"{number} is in list {quoted(str(first[1]))} already, at {reading.place_of(first)}"
                yield reading.problem(path, message, "a caller has one priority: delete one of the two")
