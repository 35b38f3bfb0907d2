"""Names as words that may travel through the dialplan and stand in a record."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_UNFIT = re.compile(r"[^A-Za-z0-9_.+-]+")
# Letters that Unicode does not take apart into a plain one and its mark.
_LETTERS = str.maketrans(
    {"ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "ß": "ss", "ł": "l", "Ł": "L", "đ": "d", "ð": "d"}
)


@lru_cache(maxsize=4096)
def fit_word(name: str) -> str:
    """The name in ASCII letters, digits and `_.+-`: holidays have names of several words, in any alphabet.

    What has no such form, as in `春节`, is told by its code points, so that two names never read alike.
    """
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    return _UNFIT.sub("-", "".join(_fit(letter) for letter in plain))


def _fit(letter: str) -> str:
    if letter.isascii():
        return letter
    return "" if unicodedata.combining(letter) else f"u{ord(letter):x}"
