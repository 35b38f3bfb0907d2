"""What operators can do, and what a queue asks for: skills with levels, 1 being the best."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from hotline_ivr.config.described import Described
from hotline_ivr.config.refusal import quoted, refusal, text_of
from hotline_ivr.config.types import ID_PATTERN, Duration, Identifier

WORST_LEVEL = 9
BEST_LEVEL = 1


def _levels(value: object) -> object:
    """A list is short for the best level in each."""
    if not isinstance(value, list):
        return value
    return dict.fromkeys(value, BEST_LEVEL) if all(isinstance(each, str) for each in value) else value


def _worse_level(value: object) -> int:
    text = text_of(value, "a level")
    if not re.fullmatch(f"[{BEST_LEVEL + 1}-{WORST_LEVEL}]", text, re.ASCII):
        raise refusal(f"{quoted(text)} is not a level that waits", "write 2 to 9; level 1 is rung at once")
    return int(text)


Level = Annotated[int, Field(ge=BEST_LEVEL, le=WORST_LEVEL)]
Skills = Annotated[
    dict[Identifier, Level],
    BeforeValidator(_levels),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": "string", "pattern": f"^{ID_PATTERN}$"}},
                {
                    "type": "object",
                    "propertyNames": {"pattern": f"^{ID_PATTERN}$"},
                    "additionalProperties": {
                        "type": "integer",
                        "minimum": BEST_LEVEL,
                        "maximum": WORST_LEVEL,
                    },
                },
            ]
        }
    ),
    Described("skills, with levels or without", "{billing: 1, english: 2}"),
]
WorseLevel = Annotated[
    int,
    BeforeValidator(_worse_level),
    WithJsonSchema({"type": "string", "pattern": f"^[{BEST_LEVEL + 1}-{WORST_LEVEL}]$"}),
    Described("level", "2"),
]
Relax = dict[WorseLevel, Duration]


def level_of(skills: Mapping[str, int], needs: Iterable[str]) -> int | None:
    """How well somebody with these skills does what is needed: the worst of the levels; None without one."""
    levels = [skills.get(skill) for skill in needs]
    known = [level for level in levels if level is not None]
    return max(known, default=BEST_LEVEL) if len(known) == len(levels) else None


def serves(skills: Mapping[str, int], needs: Iterable[str], relax: Mapping[int, int]) -> bool:
    """Whether somebody with these skills is ever rung: levels that `relax` leaves out are not."""
    level = level_of(skills, needs)
    return level is not None and (level == BEST_LEVEL or not relax or level in relax)
