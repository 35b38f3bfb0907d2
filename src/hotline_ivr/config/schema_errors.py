"""Pydantic's findings in an admin's words: the path, what is wrong there, and what to write instead."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic_core import ErrorDetails

from hotline_ivr.config.fields import Spot, spot_at
from hotline_ivr.config.problems import FOUND_PROBLEMS
from hotline_ivr.config.refusal import REFUSED, choices, did_you_mean, kind_of, nearest, quoted
from hotline_ivr.config.types import duration_text
from hotline_ivr.config.yaml_tree import Path

_KEY = "[key]"


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake, not yet placed. `key`: the key itself is wrong; `at`: the wrong part of the text."""

    path: Path
    message: str
    remedy: str
    key: bool = False
    at: str = ""


def findings(errors: Sequence[ErrorDetails]) -> list[Finding]:
    """Translate all errors of a validation; a misspelt key is not reported as missing as well."""
    misspelt = {
        (*error["loc"][:-1], meant)
        for error in errors[:FOUND_PROBLEMS]
        if error["type"] == "extra_forbidden" and (meant := _meant(error["loc"]))
    }
    told = (_finding(error) for error in errors if not _follows(error, misspelt))
    return list(itertools.islice(told, FOUND_PROBLEMS))


def _follows(error: ErrorDetails, misspelt: set[Path]) -> bool:
    """Say whether an error only follows from another one that is reported too."""
    if error["type"] == "too_short":
        # Entries that were refused are not counted; each has its own message.
        return bool(error["input"])
    return error["type"] == "missing" and error["loc"] in misspelt


def _meant(path: Path) -> str | None:
    around = spot_at(path[:-1])
    return nearest(str(path[-1]), around.keys) if around else None


def _finding(error: ErrorDetails) -> Finding:
    path, kind, value = error["loc"], error["type"], error["input"]
    context = error.get("ctx", {})
    if path[-1:] == (_KEY,):
        return Finding(
            path[:-1], context["message"], context["remedy"] or "write an id such as main", key=True
        )
    if kind == "extra_forbidden":
        return _unknown_key(path)
    spot = spot_at(path) or Spot(str, None)
    if kind == "missing":
        return Finding(path, f"{quoted(str(path[-1]))} is required here", _add(path, spot))
    if value is None:
        return Finding(path, f"{_last(path)} is empty", _fill(spot))
    if kind == REFUSED:
        return Finding(path, context["message"], context["remedy"] or _fill(spot), at=context["at"])
    message, remedy = _wrong_value(kind, value, spot, context)
    return Finding(path, message, remedy)


def _wrong_value(kind: str, value: object, spot: Spot, context: dict[str, object]) -> tuple[str, str]:
    example = f"such as {spot.example}" if spot.example else ""
    match kind:
        case "literal_error":
            hint = did_you_mean(str(value), spot.choices)
            what = quoted(value) if isinstance(value, str) else kind_of(value)
            return f"{what} is not possible here{hint}", f"write {choices(spot.choices)}"
        case "greater_than_equal" | "less_than_equal":
            return _out_of_range(kind, value, spot, context)
        case "tuple_type":
            return f"expects a list, not {kind_of(value)}", f"write it in brackets, {example}".removesuffix(
                ", "
            )
        case "too_short":
            return "needs at least one entry", f"write one {example}".rstrip()
        case "dict_type" | "model_type" | "model_attributes_type":
            keys = f", such as {spot.keys[0]}:" if spot.keys else ", each with its own keys below it"
            named = "keys" if spot.keys else "ids"
            return f"expects {named} below it, not {kind_of(value)}", f"write {named} on indented lines{keys}"
        case _ if kind.startswith("int_"):
            return (
                f"expects a whole number, not {kind_of(value)}",
                f"write digits only, {example}".removesuffix(", "),
            )
        case _:
            return f"{kind_of(value)} cannot stand here", f"write a value {example}".rstrip()


def _out_of_range(kind: str, value: object, spot: Spot, context: dict[str, object]) -> tuple[str, str]:
    low, high = ("short", "long") if spot.is_duration else ("small", "large")

    def shown(number: object) -> str:
        # Where nothing may stand too, the value is told as it was written.
        is_number = str(number).isdecimal()
        return duration_text(int(str(number))) if spot.is_duration and is_number else str(number)

    if kind == "greater_than_equal":
        return f"{shown(value)} is too {low}", f"write {shown(context['ge'])} or more"
    return f"{shown(value)} is too {high}", f"write {shown(context['le'])} or less"


def _unknown_key(path: Path) -> Finding:
    around = spot_at(path[:-1])
    known = around.keys if around else ()
    message = f"unknown key {quoted(str(path[-1]))}{did_you_mean(str(path[-1]), known)}"
    return Finding(path, message, f"known here: {', '.join(known)}", key=True)


def _add(path: Path, spot: Spot) -> str:
    written = (
        f"add `{path[-1]}: {spot.example}`" if spot.example else f"add `{path[-1]}:` with its keys below it"
    )
    about = spot.field.description if spot.field else None
    return f"{written}. {about}" if about else written


def _fill(spot: Spot) -> str:
    value = f"write a value such as {spot.example}" if spot.example else "write its keys below it, indented"
    optional = spot.field is not None and not spot.field.is_required()
    return f"{value}; or delete the key, and the default holds" if optional else value


def _last(path: Path) -> str:
    return "this entry" if path and isinstance(path[-1], int) else quoted(str(path[-1] if path else ""))
