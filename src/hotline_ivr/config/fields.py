"""What the models say about a path: its type, choices, keys and example."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hotline_ivr.config.described import Described
from hotline_ivr.config.hours import WeeklyHours
from hotline_ivr.config.models import Configuration


@dataclass(frozen=True, slots=True)
class Spot:
    """The type that belongs at a path, and the field it belongs to, if it is a field's own."""

    annotation: Any
    described: Described | None
    field: FieldInfo | None = None

    @property
    def metadata(self) -> tuple[Any, ...]:
        """What bounds the field's value."""
        return tuple(self.field.metadata) if self.field else ()

    @property
    def is_duration(self) -> bool:
        return self.described is not None and self.described.words == "duration"

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys known here; none where any id may stand."""
        return tuple(written_fields(self.annotation)) if _is_model(self.annotation) else ()

    @property
    def choices(self) -> tuple[str, ...]:
        """The words of which one must be written; none where the text is free."""
        return get_args(self.annotation) if get_origin(self.annotation) is Literal else ()

    @property
    def example(self) -> str:
        """A value as it would be written; empty for what holds other keys."""
        if self.field is not None and self.field.examples:
            return str(self.field.examples[0])
        if get_origin(self.annotation) is tuple:
            return f"[{_spot(get_args(self.annotation)[0]).example}]"
        return self.described.example if self.described else "".join(self.choices[:1])

    @property
    def words(self) -> str:
        """The type in an admin's words."""
        if self.described:
            return self.described.words
        if self.choices:
            return " \\| ".join(f"`{choice}`" for choice in self.choices)
        if get_origin(self.annotation) is tuple:
            return f"list of: {_spot(get_args(self.annotation)[0]).words}"
        if get_origin(self.annotation) is dict:
            return "mapping of ids"
        return {int: "whole number", WeeklyHours: "hours"}.get(self.annotation, "mapping")


def written_fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields by the keys they are written with; `from` and the like are no names in Python."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def spot_of_field(field: FieldInfo) -> Spot:
    described = next((item for item in field.metadata if isinstance(item, Described)), None)
    spot = _spot(field.annotation)
    return Spot(spot.annotation, described or spot.described, field)


def spot_at(path: tuple[str | int, ...]) -> Spot | None:
    """Return what belongs at a path of the configuration; None where nothing is known."""
    spot = Spot(Configuration, None)
    for step in path:
        annotation = spot.annotation
        if _is_model(annotation):
            field = written_fields(annotation).get(str(step))
            if field is None:
                return None
            spot = spot_of_field(field)
        elif get_origin(annotation) is dict:
            spot = _spot(get_args(annotation)[1])
        elif get_origin(annotation) is tuple:
            spot = _spot(get_args(annotation)[0])
        else:
            return None
    return spot


def _spot(annotation: Any) -> Spot:
    """Take an annotation apart: `X | None` is X, and what Annotated adds is kept."""
    real = [part for part in get_args(annotation) if part is not type(None)]
    if type(None) in get_args(annotation) and len(real) == 1:
        return _spot(real[0])
    if get_origin(annotation) is Annotated:
        kind, *metadata = get_args(annotation)
        return Spot(kind, next((item for item in metadata if isinstance(item, Described)), None))
    return Spot(annotation, None)


def _is_model(annotation: Any) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, BaseModel)
