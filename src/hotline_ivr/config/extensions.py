"""Short numbers by which operators hand callers on: to a colleague, or to a queue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from hotline_ivr.config.described import Described
from hotline_ivr.config.problems import Problem
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.refusal import quoted, refusal, text_of
from hotline_ivr.config.yaml_tree import Path

_EXTENSION = r"[1-9][0-9]{1,3}"


def _extension(value: object) -> str:
    text = text_of(value, "a short number such as 21")
    # Telephone numbers have five digits or more.
    if not re.fullmatch(_EXTENSION, text, re.ASCII):
        raise refusal(
            f"{quoted(text)} is no short number", "write two to four digits, such as 21, not beginning with 0"
        )
    return text


Extension = Annotated[
    str,
    BeforeValidator(_extension),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": f"^{_EXTENSION}$"},
                {"type": "integer", "minimum": 10, "maximum": 9999},
            ]
        }
    ),
    Described("two to four digits", "21"),
]


def extension_checks(reading: Reading) -> Iterator[Problem]:
    """Yield short numbers that stand for two. As in cross_checks.py, what was written is looked at."""
    owners: dict[str, Path] = {}
    for section in ("operators", "queues"):
        written = reading.data.get(section)
        for name, content in written.items() if isinstance(written, dict) else ():
            number = str(content.get("extension", "")).strip() if isinstance(content, dict) else ""
            if not number:
                continue
            path: Path = (section, name, "extension")
            if (owner := owners.setdefault(number, path)) != path:
                what = f"{str(owner[0])[:-1]} {quoted(str(owner[1]))}"
                message = f"{number} already reaches {what}, at {reading.place_of(owner)}"
                yield reading.problem(path, message, "a short number reaches one: write another")
