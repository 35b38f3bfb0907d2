"""Words of a text as they are searched by: the same on every database.

Both databases have a search of their own, and they differ: in what a word is, in accents, in languages. So
words are made here, and a database is only given words, parted by blanks. A word is letters and digits, in
small letters, without accents and strokes: `Søknad` is found by `soknad`. Beside each stand its stems in
Norwegian and in English, so that `eksamenen` finds `eksamen`; which language a note is in nobody says.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

LONGEST_WORD = 40
"""Characters of a word that count; longer ones are no words that anybody types."""

MOST_WORDS = 12
"""Words of a query that count."""

SHORTEST_BEGINNING = 2
"""Letters from which on a word of a query also finds longer ones: one letter begins a tenth of all words."""

# Marks that stand upon a letter belong to its word.
_WORD = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+")
_STROKES = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "đ": "d", "ð": "d", "þ": "th", "ł": "l"})
_STEMMERS = tuple(snowballstemmer.stemmer(language) for language in ("norwegian", "english"))


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word, and from where to where it stands in the text."""

    word: str
    start: int
    end: int


def placed_words(text: str) -> Iterator[PlacedWord]:
    """The words of a text in their order."""
    for found in _WORD.finditer(text):
        if word := folded(found[0]):
            yield PlacedWord(word, found.start(), found.end())


@lru_cache(maxsize=65_536)
def folded(word: str) -> str:
    """A word in small letters, without accents and strokes, at most so long."""
    # A few characters become several, so look at more than are kept; not at all of a long one.
    plain = unicodedata.normalize("NFKD", word[: 4 * LONGEST_WORD].casefold()).translate(_STROKES)
    return "".join(c for c in plain if c.isalnum())[:LONGEST_WORD]


@lru_cache(maxsize=65_536)
def stems(word: str) -> tuple[str, ...]:
    """What is left of a word without its endings, by each language; without the word itself."""
    found = dict.fromkeys(str(each.stemWord(word)) for each in _STEMMERS)
    return tuple(stem for stem in found if stem and stem != word)


def searchable(text: str) -> str:
    """The words of a text with their stems, as they are given to a database."""
    parts: list[str] = []
    for each in placed_words(text):
        parts.append(each.word)
        parts.extend(stems(each.word))
    return " ".join(parts)


@dataclass(frozen=True, slots=True)
class QueryWord:
    """A word that is looked for: any word that begins with `word` counts, and any of `exact`."""

    word: str
    exact: tuple[str, ...]

    def fits(self, word: str) -> bool:
        """Whether a word of a text is what is looked for."""
        if word == self.word or word in self.exact:
            return True
        if len(self.word) >= SHORTEST_BEGINNING and word.startswith(self.word):
            return True
        return not {self.word, *self.exact}.isdisjoint(stems(word))


def query_words(text: str) -> tuple[QueryWord, ...]:
    """What somebody looks for, whatever they typed; every one of the words has to be there."""
    found = dict.fromkeys(each.word for each in placed_words(text[:1000]))
    return tuple(QueryWord(word, stems(word)) for word in list(found)[:MOST_WORDS])


def fts5_query(words: tuple[QueryWord, ...]) -> str:
    """For SQLite's FTS5. Words hold letters and digits only, so nothing in them has a meaning there."""
    return " AND ".join(f"({' OR '.join(_fts5_terms(each))})" for each in words)


def _fts5_terms(each: QueryWord) -> Iterator[str]:
    yield f'"{each.word}"' + ("*" if len(each.word) >= SHORTEST_BEGINNING else "")
    yield from (f'"{stem}"' for stem in each.exact)


def tsquery(words: tuple[QueryWord, ...]) -> str:
    """For PostgreSQL, as a literal of type tsquery."""
    return " & ".join(f"({' | '.join(_tsquery_terms(each))})" for each in words)


def _tsquery_terms(each: QueryWord) -> Iterator[str]:
    yield f"'{each.word}'" + (":*" if len(each.word) >= SHORTEST_BEGINNING else "")
    yield from (f"'{stem}'" for stem in each.exact)
