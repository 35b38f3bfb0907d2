"""How a value is refused: plain words, a remedy, and the part of the text that is wrong."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable

from pydantic_core import PydanticCustomError

REFUSED = "hotline_refused"
"""The error type by which our own refusals are known among pydantic's."""

SHOWN_CHARACTERS = 60
"""So much of a wrong value is repeated in a message; the source line shows the rest."""

COMPARED_WORDS = 700
"""A misspelt word is compared with so many known ones (there are 600 time zones); each takes some 10 us."""

COMPARED_LENGTH = 8
"""Known words that are longer or shorter by more than this are not what was meant."""


def refusal(message: str, remedy: str = "", *, at: str = "") -> PydanticCustomError:
    """Build the error that a validator raises; `at` is the wrong part of the value's text."""
    return PydanticCustomError(REFUSED, "{message}", {"message": message, "remedy": remedy, "at": at})


def text_of(value: object, wanted: str) -> str:
    """Return the stripped text of a scalar; numbers count as text. Refuses everything else."""
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise refusal(f"expects {wanted}, not {kind_of(value)}")


def kind_of(value: object) -> str:
    """Name what an admin wrote, in an admin's words."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    return quoted(str(value))


def quoted(text: str) -> str:
    """Repeat a piece of the configuration in a message, shortened."""
    return f"'{text}'" if len(text) <= SHOWN_CHARACTERS else f"'{text[:SHOWN_CHARACTERS]}...'"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant, whatever its capitals."""
    alike = (candidate for candidate in known if abs(len(candidate) - len(word)) <= COMPARED_LENGTH)
    by_folded = {candidate.casefold(): candidate for candidate in itertools.islice(alike, COMPARED_WORDS)}
    matches = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the tail of a message: empty, or `; did you mean '...'?`."""
    meant = nearest(word, known)
    return f"; did you mean '{meant}'?" if meant else ""


def choices(words: Iterable[str]) -> str:
    """Join words as `a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
