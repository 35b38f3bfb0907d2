"""What the reference and the remedies say about a type."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Described:
    """Stands in a type's annotation: the type in words, and a value as one writes it."""

    words: str
    example: str
