"""Every name that an admin can write is looked up, and one that points nowhere is told with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel

from hotline_ivr.config.check import check
from hotline_ivr.config.models import Configuration
from hotline_ivr.config.types import Identifier, PromptId
from hotline_ivr.setup.prompt_sources import read_sources
from hotline_ivr.setup.share import sounds_source

TEXT = (Path(__file__).parent / "every_reference.yaml").read_text(encoding="utf-8")
EVENTS = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT", "UID:a", "SUMMARY:Move",
          "DTSTAMP:20260101T000000Z", "DTSTART:20300304T100000", "DTEND:20300304T113000", "END:VEVENT",
          "END:VCALENDAR", ""]  # fmt: skip

NAME = re.compile(
    r"(?<![\w-])[a-z]+(?:-[a-z]+)*-(?:line|calendar|menu|digits|box|queue|operator|skill|trunk|kind|shift|class"
    r"|centre|target|hook|person|topic|prompt)(?![\w-])(:?)"
)
NOWHERE = "points-nowhere"

LABELS = {("OverflowRule", "name")}
"""Ids that point at nothing, but are what reasons call a thing by."""


def references() -> Iterator[tuple[int, int, str]]:
    """Line and column (from 0) of each name that points somewhere else, and the name."""
    for number, line in enumerate(TEXT.splitlines()):
        by_key = line.endswith("# the key is a name")
        for found in NAME.finditer(line.partition("#")[0]):
            if not found[1] or by_key:
                yield number, found.start(), found[0].rstrip(":")


REFERENCES = list(references())
PROMPTS = {name.partition("/")[2] for name in read_sources(sounds_source())} | {
    name for _, _, name in REFERENCES if name.endswith("-prompt")
}


def write(folder: Path, text: str) -> None:
    (folder / "hotline.yaml").write_text(text, encoding="utf-8")
    (folder / "events.ics").write_bytes("\r\n".join(EVENTS).encode())


def test_the_configuration_with_every_name_is_right(tmp_path: Path) -> None:
    write(tmp_path, TEXT)
    assert check(tmp_path, PROMPTS).text == ""


@pytest.mark.parametrize(("line", "column", "name"), REFERENCES)
def test_a_name_that_points_nowhere_is_an_error_at_its_place(
    tmp_path: Path, line: int, column: int, name: str
) -> None:
    lines = TEXT.splitlines()
    lines[line] = lines[line][:column] + NOWHERE + lines[line][column + len(name) :]
    write(tmp_path, "\n".join(lines))
    result = check(tmp_path, PROMPTS)
    assert result.plan is None
    told = [each for each in result.errors if NOWHERE in each.message]
    assert [each.line for each in told] == [line + 1], result.text
    assert f"{tmp_path}/hotline.yaml:{line + 1}:" in result.text
    assert told[0].remedy


def test_every_key_that_holds_a_name_is_in_that_configuration(tmp_path: Path) -> None:
    """So that a new one is not forgotten, here or in the checks."""
    write(tmp_path, TEXT)
    plan = check(tmp_path, PROMPTS).plan
    assert plan is not None
    written = {place for place, value in _values(plan) if value}
    assert set(_naming(Configuration, set())) - LABELS - written == set()


def _naming(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[tuple[str, str]]:
    """Model and field of everything whose value is an id, or ids."""
    if model in seen:
        return
    seen.add(model)
    for name, hint in get_type_hints(model, include_extras=True).items():
        if name in model.model_fields:
            if _is_name(hint):
                yield _owner(model, name), name
            for inner in _models_in(hint):
                yield from _naming(inner, seen)


def _is_name(hint: Any) -> bool:
    if hint in (Identifier, PromptId):
        return True
    # The keys of a mapping are where things get their names.
    parts = get_args(hint)[1:] if get_origin(hint) is dict else get_args(hint)
    return any(_is_name(part) for part in parts)


def _models_in(hint: Any) -> Iterator[type[BaseModel]]:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
    for part in get_args(hint):
        yield from _models_in(part)


def _owner(model: type[BaseModel], field: str) -> str:
    """The class that has the field of itself: a choice of a menu is a destination, and more."""
    return next(
        each.__name__
        for each in reversed(model.__mro__)
        if issubclass(each, BaseModel) and field in each.model_fields
    )


def _values(item: object) -> Iterator[tuple[tuple[str, str], object]]:
    if isinstance(item, BaseModel):
        for name in type(item).model_fields:
            value = getattr(item, name)
            yield (_owner(type(item), name), name), value
            yield from _values(value)
    for inner in item.values() if isinstance(item, Mapping) else item if isinstance(item, tuple) else ():
        yield from _values(inner)
