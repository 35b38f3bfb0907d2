"""All kinds of rows that can be exported. A new one is a module with a `Kind`, and its name below."""

from __future__ import annotations

from collections.abc import Mapping

from hotline_ivr.errors import ArgumentError
from hotline_ivr.exports.calls import CALLS, LEGS
from hotline_ivr.exports.columns import Kind
from hotline_ivr.exports.costs import COSTS
from hotline_ivr.exports.entries import ENTRIES
from hotline_ivr.exports.operators import OPERATORS, PAUSES
from hotline_ivr.exports.promises import PROMISES

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        CALLS,
        LEGS,
        OPERATORS,
        PAUSES,
        COSTS,
        PROMISES,
        ENTRIES,
    )
}

ALL = "all"
"""Stands for every kind, where a file can hold several."""


def kinds_named(name: str) -> tuple[Kind, ...]:
    """The kind of this name, or all. Raises ArgumentError."""
    if name == ALL:
        return tuple(KINDS.values())
    if name not in KINDS:
        raise ArgumentError(f"there is no kind '{name[:40]}': write one of {', '.join(KINDS)}, or {ALL}")
    return (KINDS[name],)
