"""The piece of a text in which what was looked for stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hotline_ivr.routing.search_words import QueryWord, placed_words

LONGEST = 160
_BEFORE = 40
"""Characters of a snippet, and of them before the first hit."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text on one line; `marks` are the hits in it, from where to where."""

    field: str
    text: str
    marks: tuple[tuple[int, int], ...] = ()


def snippet(texts: Sequence[tuple[str, str]], words: Sequence[QueryWord]) -> Snippet:
    """Of texts by the name of their field, the piece with the first hits; else the beginning of the first."""
    for field, text in texts:
        hits = [
            (each.start, each.end)
            for each in placed_words(text)
            if any(word.fits(each.word) for word in words)
        ]
        if hits:
            return _piece(field, text, hits)
    field, text = next(((field, text) for field, text in texts if text), ("question", ""))
    return _piece(field, text, [])


def _piece(field: str, text: str, hits: Sequence[tuple[int, int]]) -> Snippet:
    first = hits[0][0] if hits else 0
    start = 0 if len(text) <= LONGEST else max(0, min(first - _BEFORE, len(text) - LONGEST))
    if start:
        # From the beginning of a word on.
        start = text.find(" ", start, first) + 1 or start
    piece = text[start : start + LONGEST]
    head, tail = "… " if start else "", " …" if start + LONGEST < len(text) else ""
    shift = len(head) - start
    # Blanks stay one for one, so that places stay what they are.
    shown = "".join(" " if c.isspace() else c for c in piece)
    marks = tuple(
        (begin + shift, end + shift) for begin, end in hits if begin >= start and end <= start + LONGEST
    )
    return Snippet(field, f"{head}{shown}{tail}", marks)
